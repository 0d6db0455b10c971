/*
 * libdfs: folders, and what of a path can be changed without a new version.
 *
 * A folder is there as long as anything is below it; one that was made is there by
 * itself.
 */
#ifndef DFS_LIBDFS_FOLDERS_H
#define DFS_LIBDFS_FOLDERS_H

#include "libdfs.h"

struct dfs_mkdir {
	const char *path;
	/*
	 * One that is there already is no failure, and it is not asked for the folder
	 * that it lies in.  Else these are codes 8, and 4 where that is missing.
	 */
	bool may_exist;
	bool parents;        /* with may_exist: the folders on the way are made too */
	int64_t modified_ns; /* 0: now */
	struct dfs_result result;
	bool made;        /* it was not there before */
	int64_t found_ns; /* of one that was: its time */
};

/* Where several make the same folder at once, one of them has made it. */
void dfs_mkdir(struct dfs *dfs, struct dfs_mkdir *items, size_t count,
	       void (*finished)(void *context, size_t item), void *context);

struct dfs_rmdir {
	const char *path;
	struct dfs_result result;
	bool populated; /* not removed (8), because something is below it */
};

/* Removes folders that are empty.  Code 4: no such folder; 2: it is a file. */
void dfs_rmdir(struct dfs *dfs, struct dfs_rmdir *items, size_t count,
	       void (*finished)(void *context, size_t item), void *context);

/* ---- attributes ---------------------------------------------------------------- */

/* What is to be different of a file, a link or a folder; its version stays. */
struct dfs_setting {
	const char *path;
	bool set_modified;
	int64_t modified_ns;
	bool set_executable, executable; /* of files alone */
	struct dfs_result result;
};

/*
 * Code 4: there is nothing of that name, or a folder that is not there by itself; 7:
 * below /shared/ it is its owner who can.
 */
void dfs_set_attributes(struct dfs *dfs, struct dfs_setting *items, size_t count,
			void (*finished)(void *context, size_t item), void *context);

#endif
