/*
 * Who is who: log-ins, and looking again whether they still hold.
 *
 * A user's record is read from three servers, never from this one alone.  What was read
 * is kept for ten seconds, for all connections of the user; a log-in is judged by what
 * was read after it came.  Whoever is refused learns nothing from it, nor from the time
 * that it took: unknown and disabled users, wrong proofs and sessions that have ended are
 * all alike.
 *
 * All functions may be called from any thread, with a caller that is the thread's own.
 */
#ifndef DFS_ACCOUNTS_H
#define DFS_ACCOUNTS_H

#include "caller.h"
#include "slowdown.h"
#include "users.h"

struct accounts;
struct secrets;

/* What tests replace; the product uses accounts_rules_default. */
struct accounts_rules {
	int64_t fresh_ms; /* that a record is taken for true without asking again */
	int64_t ask_ms;   /* after which it is told how a proof is made */
	int64_t wait_ms;  /* that a log-in waits for others of its user and address */
	struct slowdown_rules slowdown;
	int64_t (*now_ms)(void);
	int64_t (*wall_ns)(void);
	/* Peers to read from, as peers_read and peers_finish do. */
	bool (*read)(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		     struct peers_register *ret);
	void (*finish)(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       dfs_looked *items);
};
extern const struct accounts_rules accounts_rules_default;

/* What log-ins are judged by. */
struct accounts_options {
	struct peers *peers; /* outlive it */
	unsigned server;
	struct secrets *secrets; /* that the four servers share; outlives the accounts */
	dfs_key admin_key;       /* of cluster.conf: signs every account */
	const struct accounts_rules *rules;
};

/* NULL when out of memory. */
struct accounts *accounts_new(const struct accounts_options *options);
/* Nobody may be inside a call. */
void accounts_free(struct accounts *accounts);
/* Ends what is being waited for: the server is going to stop. */
void accounts_cancel(struct accounts *accounts);

/*
 * LOGIN, of a user whose name is one and of a known kind.  On success caller->user is who
 * it is; a proof that is refused leaves the caller nobody.
 */
void accounts_login(struct accounts *accounts, struct caller *caller,
		    const dfs_login_args *args, dfs_login_res *res);

/*
 * DFS_OK while the caller is who he said; DFS_DENIED, also to nobody (and he is nobody
 * from then on); DFS_UNCHECKED.
 */
dfs_status accounts_check(struct accounts *accounts, struct caller *caller);

#endif
