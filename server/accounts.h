/*
 * Who is who: log-ins, and looking again whether they still hold.
 *
 * A user's record is read from three servers, never from this one alone.  What was read is
 * kept for ten seconds, for all connections of the user.  All functions may be called from
 * any thread, with a caller that is the thread's own.
 */
#ifndef DFS_ACCOUNTS_H
#define DFS_ACCOUNTS_H

#include "procs.h"

struct accounts;
struct peers;

/* What tests replace; the product uses accounts_rules_default. */
struct accounts_rules {
	int64_t fresh_ms;      /* that a record is taken for true without asking again */
	int64_t floor_ms;      /* before a refusal is answered */
	unsigned free_tries;   /* wrong ones of a pair of user and address, before */
	int64_t slow_first_ms; /* each further one waits: so long, then twice as long, */
	int64_t slow_most_ms;  /* up to this */
	int64_t forget_ms;
	size_t pairs;
};
extern const struct accounts_rules accounts_rules_default;

/* NULL when out of memory.  secret: 32 bytes that the four servers share. */
struct accounts *accounts_new(struct peers *peers, unsigned server,
			      const uint8_t secret[32],
			      const struct accounts_rules *rules);
void accounts_free(struct accounts *accounts);

/* LOGIN: on success caller->user is who it is. */
void accounts_login(struct accounts *accounts, struct caller *caller,
		    const dfs_login_args *args, dfs_login_res *res);

/* DFS_OK while the caller is who he said: DFS_DENIED (and he is nobody from then on), DFS_UNCHECKED. */
dfs_status accounts_check(struct accounts *accounts, struct caller *caller);

#endif
