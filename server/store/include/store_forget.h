/*
 * Forgetting registers, and the floor below which nothing comes back.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_FORGET_H
#define DFS_STORE_FORGET_H

#include "store.h"

/* Raises the floor; never lowers it. */
int store_batch_floor(struct store_batch *batch, const dfs_ballot *floor);

/*
 * The path's register goes, if its accepted ballot is then not above this one, with all
 * that it overtook; the floor is raised with it, in the same segment.  EINVAL: the floor
 * is below the ballot, so that a late LEARN would bring it back.
 */
int store_batch_forget(struct store_batch *batch, const char *path, size_t len,
		       const dfs_ballot *ballot, const dfs_ballot *floor);

#endif
