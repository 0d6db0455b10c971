/*
 * Who may do what to which path: the one place where that is decided.
 *
 * The dispatcher asks, with what the procedure table says of each call; what no rule allows
 * is refused.
 */
#ifndef DFS_PERMIT_H
#define DFS_PERMIT_H

#include "procs.h"

/* What a call does to a path. */
enum permit_right {
	PERMIT_READ,    /* its register */
	PERMIT_CONTENT, /* tickets for its object */
	PERMIT_WRITE,
	PERMIT_DELETE, /* take part in making it a tombstone: without content */
	PERMIT_LIST
};

struct permit_demand {
	enum permit_right right;
	const dfs_path *path;
};

/*
 * Decides each demand (at most DFS_BATCH_MAX): DFS_OK, DFS_DENIED, DFS_INVALID for what is no path of
 * a register, DFS_UNCHECKED where it depends on servers that are not in reach.
 * Where the register here does not permit, the newest of three is asked for, in one batch.
 */
void permit_judge(struct caller *caller, const struct permit_demand *demands,
		  size_t count, dfs_status *ret);

#endif
