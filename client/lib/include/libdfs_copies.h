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
	bool refused_there; /* a failure has to do with `to`, and not `from` */
	uint64_t size;      /* bytes of the file */
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

/* ---- trees --------------------------------------------------------------------- */

/* All that is below a folder, on its way to another, which is made if it is not there. */
struct dfs_copy_tree {
	const char *from, *to; /* canonical, without a '/' at the end */
	bool create;           /* of files: only where there is none */
	struct dfs_result result;
	bool refused_there;      /* where it did not begin: as of a file */
	uint64_t files, folders; /* that have come there, links among the files */
	uint64_t failed;         /* that have not, which `one` was told of */
};

struct dfs_copy_tree_callbacks {
	void *context;
	/* What has become of one of them; folders are told of where they were made. */
	void (*one)(void *context, size_t item, const struct dfs_copy *of, bool folder);
	void (*finished)(void *context, size_t item);
};

/*
 * Files, links, and folders that are there by themselves.  What was cut off goes on when
 * it is called again: the new folder knows of it until all is there.  The result is of
 * the whole: code 3 or that of the files, if some could not come; 2: into itself; 4:
 * there is no such folder; 8: a file is in the way.
 */
void dfs_copy_trees(struct dfs *dfs, struct dfs_copy_tree *items, size_t count,
		    const struct dfs_copy_tree_callbacks *callbacks);

/*
 * Likewise, and what has come goes from the old folder, which goes in the end.  Into a
 * folder that has something in it nothing is moved, and of those who move the same folder
 * to different ones one is first: code 8.
 */
void dfs_move_trees(struct dfs *dfs, struct dfs_copy_tree *items, size_t count,
		    const struct dfs_copy_tree_callbacks *callbacks);

/* Was a tree begun to be copied or moved from one folder to the other, and not ended? */
bool dfs_copy_goes_on(struct dfs *dfs, const char *from, const char *to);

#endif
