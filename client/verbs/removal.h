/* Deleting what was listed: files, links and folders, whole trees of them. */
#ifndef DFS_REMOVAL_H
#define DFS_REMOVAL_H

#include "libdfs.h"
#include <stdbool.h>

/* What removal_run's result has for a code where whoever was asked said no. */
enum { REMOVAL_REFUSED = 1000 };

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

/*
 * Deletes it.  asks: more than 50 files at a terminal only if whoever sits there says so;
 * REMOVAL_REFUSED where he says no.  What could not be deleted is reported by itself; the
 * result has the code of all together.
 */
struct dfs_result removal_run(struct removal *removal, bool asks);

#endif
