/* Reading registers: what the four servers say of a path, made into one answer. */
#ifndef DFS_READING_H
#define DFS_READING_H

#include "lookup.h"

/*
 * Reads all, in batches: what three tell, or what is left after finishing (by a server,
 * where it is another's to write), so that the next reader cannot see something older;
 * from two servers alone the newer answer.  Moves that were begun to one of them are
 * finished, where this user may (moves.h).  Freed with lookup_free.
 */
void reading_run(struct dfs *dfs, struct lookup *lookups, size_t count);

/* Finishes a move to this path, if one was begun; for what proposals are to `meet`. */
void reading_meet(struct dfs *dfs, const char *path);

#endif
