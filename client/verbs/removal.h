/* Deleting what was listed: files, links and folders, whole trees of them. */
#ifndef DFS_REMOVAL_H
#define DFS_REMOVAL_H

#include "libdfs.h"
#include <stdbool.h>
#include <stddef.h>

struct removal;
struct run;

/* After run_open.  NULL when out of memory. */
struct removal *removal_new(struct run *run);
void removal_free(struct removal *removal);

/*
 * What the path (a folder's may end in '/') has, and all that is below it.  Code 4 when
 * that is nothing.
 */
struct dfs_result removal_add(struct removal *removal, const char *path);

/* How many files and links that are. */
size_t removal_files(const struct removal *removal);

/* May so many files go?  Asks for more than 50 of them, if there is somebody to ask. */
bool removal_is_meant(struct run *run, size_t files);

/*
 * Deletes it.  What could not be deleted is reported by itself; the result has the code
 * of all together.
 */
struct dfs_result removal_run(struct removal *removal);

#endif
