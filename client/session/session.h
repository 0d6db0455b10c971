/*
 * What the parts of libdfs share: the session, its servers, its ballots and its notices.
 *
 * A session is used by one thread; the links below it have threads of their own.
 */
#ifndef DFS_SESSION_H
#define DFS_SESSION_H

#include "dfs.h"
#include "identity.h"
#include "libdfs.h"
#include "links.h"
#include "result.h"
#include "round.h"
#include "sets.h"
#include "status.h"

struct login;
struct account_cache;
struct statement_seen;

/* Settled ballots that wait to be told to the servers. */
struct session_notices;

struct dfs {
	struct links *links;
	struct login *login;             /* the links' own; lives as long as they do */
	const struct identity *identity; /* who it is; NULL before dfs_login */
	struct account_cache *accounts;  /* of others, as they are needed */
	bool reads_account;              /* one of these is being read */
	struct statement_seen *seen_batches; /* signatures that were verified */
	struct cluster *cluster;
	int64_t ca_ends_ns; /* tls_ca_ends */
	char user[DFS_USER_MAX + 1];
	dfs_seen seen[DFS_SERVERS]; /* the highest that each server told */
	uint64_t counter;           /* of the last ballot made */
	struct session_notices *notices;
	struct round *told; /* the last notices sent, or NULL */
};

/*
 * Makes sure that the servers have had their chance to answer: waits up to a second for
 * those not heard of yet, and up to ten while fewer than needed vote.  Returns the
 * servers that vote.
 */
server_set session_servers(struct dfs *dfs, unsigned needed);

/*
 * Who is asked what is to be read: the servers that vote; where no three do, also those
 * that have just started and may not vote yet, for which nobody waits longer than a
 * second.
 */
server_set session_tellers(struct dfs *dfs, unsigned needed);

/*
 * Who is asked what each server tells of itself: those that answer, whether they vote or
 * may vote soon.  Others are waited for up to ten seconds while fewer than two answer.
 */
server_set session_reached(struct dfs *dfs);

/* A ballot for these servers, from what they told so far: see ballot_next. */
bool session_ballot(struct dfs *dfs, server_set servers, bool again, dfs_ballot *ret);
void session_saw(struct dfs *dfs, unsigned server, const dfs_seen *seen);

/* Three accepted this value of the path under this ballot: tell the servers, soon. */
void session_settled(struct dfs *dfs, const char *path, const dfs_ballot *ballot,
		     const dfs_value *value);
void session_tell(struct dfs *dfs);

/* The last of them: waits until they are sent.  Nothing is settled after that. */
void session_end(struct dfs *dfs);

/* Waits for about so long, at random between half and all of it. */
void session_pause(unsigned most_ms);

/*
 * "dfs1: connection refused; dfs2 does not answer": those that are not in the set, into
 * text, which is returned.
 */
const char *session_absent(struct dfs *dfs, server_set present, char text[DFS_WHY]);

/* "dfs1 and dfs3": the servers in the set, into text, which is returned. */
const char *session_names(server_set servers, char text[DFS_WHY]);

/* Too few voters for what is to be done: code 10 when nobody is there, else 5. */
void session_too_few(struct dfs *dfs, struct dfs_result *result, server_set present,
		     const char *what);

#endif
