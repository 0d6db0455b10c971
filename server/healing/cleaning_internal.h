/* Inside the cleaning: its state, paths in batches, and what was there the last time. */
#ifndef DFS_CLEANING_INTERNAL_H
#define DFS_CLEANING_INTERNAL_H

#include "cleaning.h"

#include <pthread.h>

/*
 * Registers that were found in one look, to be known again in the next: then they are as
 * old as the time between the two.  Hashes, so that a million cost nothing more; one that
 * is taken for another is only treated as older than it is.
 */
enum { SEEN_MOST = 16384 };
struct seen {
	uint64_t hashes[SEEN_MOST];
	size_t count;
	char from[DFS_PATH_MAX]; /* the look goes on behind this path; */
	size_t from_len;         /* 0: from the beginning */
};

struct cleaning {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct cleaning_calls calls;
	struct cleaning_rules rules;
	struct seen unsettled, tombstones;
	/*
	 * Tombstones were proposed and not confirmed by all, a disk being full or so:
	 * then so many looks are passed over, twice as many each time, for proposing them
	 * costs all servers a commit.
	 */
	bool in_vain;
	unsigned pass_over, passed_over;
	bool runs;
	pthread_t thread;
};

/* store_next_tombstone and its like. */
typedef int seen_next(struct store *store, const char *after, size_t after_len,
		      struct store_found *ret);

/* Is the register one to look at?  With the path's hash. */
typedef bool seen_wants(struct cleaning *cleaning, const struct store_register *reg,
			uint64_t hash);

/* Paths for one call, at most DFS_BATCH_MAX. */
struct cleaning_batch {
	dfs_path paths[DFS_BATCH_MAX];
	dfs_ballot ballots[DFS_BATCH_MAX];
	u_int count;
};
bool cleaning_batch_add(struct cleaning_batch *batch, const char *path, size_t len,
			const dfs_ballot *ballot);
void cleaning_batch_drop(struct cleaning_batch *batch);

/*
 * Looks at what was seen before and is still the same, in batches that `treat` is called
 * with, which returns how many it dealt with; then remembers what comes next for the next
 * look.  The sum.
 */
uint64_t cleaning_look(struct cleaning *cleaning, struct seen *seen, seen_next *next,
		       seen_wants *wants,
		       uint64_t (*treat)(struct cleaning *cleaning,
					 const struct cleaning_batch *batch));

uint64_t cleaning_hash(const char *path, size_t len);

/* How many servers are to propose on this path before this one: 0 to 3. */
unsigned cleaning_turn(const struct cleaning *cleaning, uint64_t hash);

#endif
