/* Is a local file the same as a stored one? */
#ifndef DFS_SAME_H
#define DFS_SAME_H

#include <stdbool.h>

struct dfs_file;

/*
 * Compares the size, then the XXH3-128 of the content.  false also when it cannot be
 * read.
 */
bool same_content(int folder_fd, const char *name, const struct dfs_file *file);

#endif
