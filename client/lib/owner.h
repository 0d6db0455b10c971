/* Whose a path is where content is stored. */
#ifndef DFS_OWNER_H
#define DFS_OWNER_H

#include "proposer.h"

/*
 * The owner of the proposal's path, and his account where he is another: the file's key
 * is wrapped for him.
 */
void owner_find(struct dfs *dfs, struct proposal *proposal);

#endif
