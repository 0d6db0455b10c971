/* For a server that lies: what it was told once, and chance that a seed begins. */
#ifndef DFS_BAD_MEMORY_H
#define DFS_BAD_MEMORY_H

#include "dfs.h"
#include <stdbool.h>
#include <stdint.h>

void bad_memory_begin(uint64_t seed);

/* Below count, which is not 0. */
unsigned bad_memory_random(unsigned count);

/* A copy, in the place of one that is older where there are many. */
void bad_memory_keep(const dfs_path *path, const dfs_accepted *accepted);

/*
 * One of those, of this path or (NULL) of any; its value is freed with value_free.
 * false: there is none.
 */
bool bad_memory_tell(const dfs_path *path, dfs_accepted *ret);

#endif
