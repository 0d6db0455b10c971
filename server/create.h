/* "dfsN --create-store": a new store, and the registers that it begins with. */
#ifndef DFS_CREATE_H
#define DFS_CREATE_H

#include "settings.h"

/*
 * Reads one dfs_learn_args (XDR, rpc/dfs.x) from fd up to its end: at most DFS_BATCH_MAX
 * registers of users, each proposed first at its own ballot of epoch 0, the two of
 * "admin" among them.  The same bytes are given to all four servers, so that they agree
 * from the beginning.  Returns the exit code; what is wrong was told on stderr, and then
 * no store was made.
 */
int create_store(const struct settings *settings, int fd);

#endif
