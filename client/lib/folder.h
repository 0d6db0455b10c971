/* Folders that are there because something is below them. */
#ifndef DFS_FOLDER_H
#define DFS_FOLDER_H

#include "session.h"

/*
 * Is there anything live below the folder (without a final '/')?  One look at the
 * servers' listings; false also with a result that is no longer done.
 */
bool folder_has_any(struct dfs *dfs, const char *folder, struct dfs_result *result);

/* The length of the folder that a path lies in; 0: one that is always there. */
size_t folder_parent_len(const char *path);

#endif
