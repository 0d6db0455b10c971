/* Items that come from one path to another, batch by batch. */
#ifndef DFS_COPY_BATCHES_H
#define DFS_COPY_BATCHES_H

#include "copying.h"
#include "libdfs_copies.h"

struct copy_batch {
	struct dfs *dfs;
	const dfs_id *tree; /* that all of them are of, or NULL */
	size_t count;
	struct dfs_copy *items[DFS_BATCH_MAX];
	struct copying of[DFS_BATCH_MAX];
	struct lookup from[DFS_BATCH_MAX]; /* what the old paths have */
};

/*
 * Runs `run` on the items, as many at a time as a call has room for; no path that is
 * written by one of them is in a batch twice.  Items that cannot be (code 2) are ended
 * without it; `run` sets the result of each of `of`.  moves: their new paths get notes.
 */
struct copy_batches {
	struct dfs *dfs;
	bool moves;
	const dfs_id *tree; /* the operation that brings a tree whose files they are */
	void (*run)(struct copy_batch *batch);
	void (*finished)(void *context, size_t item);
	void *context;
};
void copy_batches_run(const struct copy_batches *batches, struct dfs_copy *items,
		      size_t count);

/* What dfs_copy and dfs_move do, of the files of a tree. */
void copy_batches_copy(struct copy_batches *batches, struct dfs_copy *items,
		       size_t count);
void copy_batches_move(struct copy_batches *batches, struct dfs_copy *items,
		       size_t count);

#endif
