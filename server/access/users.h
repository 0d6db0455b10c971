/*
 * What the servers agree on of a user: read from three of them, and kept for a while.
 *
 * All functions may be called from any thread.
 */
#ifndef DFS_USERS_H
#define DFS_USERS_H

#include "peers.h"
#include <stdbool.h>
#include <stdint.h>

struct users;

/* Where registers come from; what tests replace.  As peers_read and peers_finish. */
struct users_source {
	struct peers *peers;
	dfs_key admin_key; /* signs the accounts */
	bool (*read)(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		     struct peers_register *ret);
	void (*finish)(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		       dfs_looked *items);
	int64_t (*now_ms)(void);
};

/* A user as he was at one moment; read only. */
struct user {
	bool checked; /* false: too few servers are in reach, and nothing is known */
	/* with an account that admin signed, which is not that of one who is gone, */
	bool exists; /* and with credentials */
	dfs_account account;
	dfs_credentials credentials;
	int64_t began_ms; /* when the reading began */
};

/* NULL when out of memory. */
struct users *users_new(const struct users_source *source);
void users_free(struct users *users);

/*
 * How the user is, as of a moment after this call began; or at most so long before it.
 * NULL when out of memory.  Several callers may share one reading.
 */
const struct user *users_look(struct users *users, const char *name, int64_t fresh_ms);
void users_release(struct users *users, const struct user *user);

#endif
