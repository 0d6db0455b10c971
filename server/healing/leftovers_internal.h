/* Inside the leftovers: state, paths in batches, and what was there the last time. */
#ifndef DFS_LEFTOVERS_INTERNAL_H
#define DFS_LEFTOVERS_INTERNAL_H

#include "leftovers.h"

#include "worker.h"

/*
 * Registers that were found in one look, to be known again in the next: then they are as
 * old as the time between the two.  Hashes, so that a million cost nothing more; one that
 * is taken for another is only treated as older than it is.
 */
enum { SEEN_MOST = 16384 };
struct leftovers_seen {
	uint64_t hashes[SEEN_MOST];
	size_t count;
	char from[DFS_PATH_MAX]; /* the look goes on behind this path; */
	size_t from_len;         /* 0: from the beginning */
};

struct leftovers {
	struct leftovers_options with;
	struct leftovers_seen unsettled, tombstones;
	/*
	 * Tombstones were proposed and not confirmed by all, a disk being full or so:
	 * then so many looks are passed over, twice as many each time, for proposing them
	 * costs all servers a commit.
	 */
	bool in_vain;
	unsigned pass_over, passed_over;
	struct worker worker;
};

/* store_next_tombstone and its like. */
typedef int leftovers_next(struct store *store, const char *after, size_t after_len,
			   struct store_found *ret);

/* Is the register one to look at?  With the path's hash. */
typedef bool leftovers_wants(struct leftovers *leftovers,
			     const struct store_register *reg, uint64_t hash);

/* Paths for one call, at most DFS_BATCH_MAX. */
struct leftovers_batch {
	dfs_path paths[DFS_BATCH_MAX];
	dfs_ballot ballots[DFS_BATCH_MAX];
	u_int count;
};
bool leftovers_batch_add(struct leftovers_batch *batch, const char *path, size_t len,
			 const dfs_ballot *ballot);
void leftovers_batch_drop(struct leftovers_batch *batch);

/* One kind of what is left behind. */
struct leftovers_kind {
	leftovers_next *next;
	leftovers_wants *wants;
	/* A path counts as seen before whatever its ballot was then. */
	bool any_ballot;
	/* Deals with those of a batch that it can, and says with how many. */
	uint64_t (*treat)(struct leftovers *leftovers,
			  const struct leftovers_batch *batch);
};

/*
 * Treats what was seen before and is still the same, in batches; then remembers what
 * comes next for the next look.  How many were dealt with.
 */
uint64_t leftovers_look(struct leftovers *leftovers, struct leftovers_seen *seen,
			const struct leftovers_kind *kind);

uint64_t leftovers_hash(const char *path, size_t len);

/* How many servers are to propose on this path before this one: 0 to 3. */
unsigned leftovers_turn(const struct leftovers *leftovers, uint64_t hash);

#endif
