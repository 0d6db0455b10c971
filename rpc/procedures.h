/*
 * The procedures of dfs.x as a caller needs them: what goes there, and what comes back.
 */
#ifndef DFS_PROCEDURES_H
#define DFS_PROCEDURES_H

#include "dfs.h"
#include <stddef.h>

struct procedure {
	uint32_t number;
	xdrproc_t args, result;
	size_t args_size; /* 0: it takes none */
	size_t result_size;
};

/* The one of this number (DFS_HELLO and so on); NULL when dfs.x has none. */
const struct procedure *procedures_find(uint32_t number);

#endif
