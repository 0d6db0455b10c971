/* A listing of a tree as a descent into it: folders are entered and left. */
#ifndef DFS_DESCENT_H
#define DFS_DESCENT_H

#include "libdfs_trees.h"
#include <stdbool.h>

/*
 * Each returns 0 to go on.  Depth is 1 for what lies in the folder where it begins,
 * which itself is not entered; one that is about a file gives that one, with depth 0.
 */
struct descent_callbacks {
	void *context;
	/* Or NULL, these two; folder is its path, without a '/' at the end. */
	int (*enter)(void *context, const char *folder, unsigned depth);
	int (*leave)(void *context, const char *folder, unsigned depth);
	int (*file)(void *context, const struct dfs_entry *entry, unsigned depth);
};

/*
 * Walks through all below a folder, or with flat through what is in it and no deeper, or
 * to a file, in byte order.  Results and detail are those of dfs_list; code 9 where a
 * server lists a name that cannot be, which is passed over.
 */
struct dfs_result descent_run(struct dfs *dfs, const char *path, bool flat, bool detail,
			      const struct descent_callbacks *callbacks);

#endif
