/*
 * Many items, a proposal each, as few calls as can be: whatever changes a path without
 * bringing content goes through here.
 */
#ifndef DFS_PROPOSALS_H
#define DFS_PROPOSALS_H

#include "proposer.h"

struct proposals {
	struct dfs *dfs;
	void *context;
	/* Fills the zeroed proposal of an item; false when the item has ended. */
	bool (*begin)(void *context, size_t item, struct proposal *proposal);
	/* What became of it; NULL: it was not tried, being out of memory. */
	void (*report)(void *context, size_t item, const struct proposal *proposal);
};

/*
 * Runs the proposals of all items, in batches of DFS_BATCH_MAX, in which no path is there
 * twice: one ballot cannot serve two operations on one path.  Items that begin ends are
 * not reported.
 */
void proposals_run(const struct proposals *proposals, size_t count);

#endif
