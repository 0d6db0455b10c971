/* Servers that a session goes without, because they answered wrongly. */
#ifndef DFS_LEFT_OUT_H
#define DFS_LEFT_OUT_H

#include "libdfs.h"

/*
 * Was this server (1..4) left out of all that came since dfs_open, because it answered
 * what breaks a rule of the protocol?  Then why, which is empty otherwise, names both.
 * Asked at the end of a command: what is to be told to the servers is told first.
 */
bool dfs_left_out(struct dfs *dfs, unsigned server, char why[DFS_WHY]);

#endif
