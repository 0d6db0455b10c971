/* Which units of a content have the bytes of a range, and where in them they are. */
#ifndef DFS_RANGE_H
#define DFS_RANGE_H

#include "libdfs.h"
#include "sets.h"
#include <stddef.h>
#include <stdint.h>

/* All of a content of this size. */
struct dfs_range range_whole(uint64_t size);

/* As much of the range as such a content has; nothing of it behind its end. */
struct dfs_range range_clip(const struct dfs_range *range, uint64_t size);

/* Units first to end - 1. */
struct range_units {
	uint64_t first, end;
};

/* Those that have a byte of the range, which has been clipped. */
struct range_units range_units(const struct dfs_range *range, uint32_t unit_size);

/* The chunks that these units are of. */
chunk_set range_chunks(const struct range_units *units);

/*
 * How many bytes of this unit, which has len, are in the range; they begin behind
 * *ret_skip others.
 */
size_t range_cut(const struct dfs_range *range, uint64_t unit, uint32_t unit_size,
		 size_t len, size_t *ret_skip);

#endif
