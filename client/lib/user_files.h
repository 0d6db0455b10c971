/* What a user has stored, seen from admin. */
#ifndef DFS_USER_FILES_H
#define DFS_USER_FILES_H

#include "libdfs.h"

/* Code 8 when there is a file below "/NAME/". */
struct dfs_result user_files_none(struct dfs *dfs, const char *user);

/* Deletes all files below "/NAME/"; stops at the first that cannot be deleted. */
struct dfs_result user_files_delete(struct dfs *dfs, const char *user);

#endif
