/*
 * Who calls: HELLO and LOGIN on each new connection of a session, as its links'
 * introduction.
 *
 * With a password each server first tells how a proof of it is made.  What two of them
 * tell alike is believed, so that no single server can choose the salt, and the dear
 * computation (scrypt) is made once for all.  With a session's secret the proof is made
 * at once.  A proof is good for one server alone.
 *
 * The links own it (links_options.take_context); all functions may be called from any
 * thread.
 */
#ifndef DFS_LOGIN_H
#define DFS_LOGIN_H

#include "cluster.h"
#include "identity.h"
#include "libdfs.h"
#include "links.h"

struct login;

/* From the options of dfs_open; NULL when out of memory. */
struct login *login_new(const struct cluster *cluster, const struct dfs_options *options);
/* Wipes its secrets; the context is a login. */
void login_free(void *context);

/* For links_options.introduce. */
bool login_introduce(void *context, unsigned server, struct call *call,
		     struct links_introduction *ret, char *why);

/* For links_wait: has the log-in come to an end that more answers would not change? */
bool login_is_decided(void *context, server_set on_the_way);

/* Ends what waits for other servers: the session is being closed. */
void login_cancel(struct login *login);

enum login_end {
	LOGIN_NOBODY,  /* neither password nor session was given */
	LOGIN_DONE,    /* the identity is there */
	LOGIN_REFUSED, /* by two servers */
	LOGIN_WRONG,   /* it cannot be right, or cannot be proved here: login_wrong */
	LOGIN_FEW      /* too few servers in reach */
};

enum login_end login_end_of(struct login *login);
/*
 * Of LOGIN_WRONG: code 9 when what servers told is not what it should be, 1 when memory
 * is short.
 */
struct dfs_result login_wrong(struct login *login);
/* Servers that answered HELLO, whatever became of the log-in. */
server_set login_reached(struct login *login);
/* Who it is; NULL before LOGIN_DONE.  Lives as long as the login. */
const struct identity *login_identity(struct login *login);

/* How it was, or is being, logged in: by the password; by a session that ends. */
bool login_by_password(const struct login *login);
bool login_by_session(const struct login *login);

/* After LOGIN_DONE: is this password still the one that it was logged in with? */
bool login_made(struct login *login, const dfs_verifiers *verifiers);
/*
 * Would these credentials still take the password, or the recovery file, that it was
 * logged in with?
 */
bool login_stands(struct login *login, const dfs_credentials *credentials);

#endif
