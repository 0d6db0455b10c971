/*
 * libdfs: files that come to other paths without their content travelling.
 *
 * The servers have the content already: it is bound to the other path too, and its key is
 * wrapped anew, for whoever owns that path and for the readers there.
 */
#ifndef DFS_LIBDFS_COPIES_H
#define DFS_LIBDFS_COPIES_H

#include "libdfs.h"

struct dfs_copy {
	const char *from, *to; /* canonical */
	bool create;           /* only where there is no file; else code 8 */
	struct dfs_result result;
	uint64_t size;                  /* bytes of the file */
	char version[DFS_VERSION_TEXT]; /* of what is at the other path now */
};

/*
 * Each file is at both paths, with its attributes.  Who copies it states that it is so,
 * and is its writer there.  Code 2: onto itself; 4: no such file; 7: it may not be read,
 * or not written there.
 */
void dfs_copy(struct dfs *dfs, struct dfs_copy *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context);

/*
 * Each file is at the other path alone.  Whoever else moves or changes it meanwhile may
 * be faster: code 4 where it is gone, 8 where it is another version; it is then not at
 * the other path, unless a file was replaced there.  A move that was cut off leaves the
 * file at both; whoever reads or writes the new path and may write both finishes it, and
 * the same call again goes on with it.
 */
void dfs_move(struct dfs *dfs, struct dfs_copy *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context);

#endif
