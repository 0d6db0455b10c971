/* Which units of a content have the bytes of a range, and where in them they are. */
#include "range.h"

#include "placement.h"

struct dfs_range range_whole(uint64_t size)
{
	return (struct dfs_range){.offset = 0, .length = size};
}

struct dfs_range range_clip(const struct dfs_range *range, uint64_t size)
{
	struct dfs_range clipped = {range->offset < size ? range->offset : size,
				    range->length};

	if (clipped.length > size - clipped.offset)
		clipped.length = size - clipped.offset;
	return clipped;
}

struct range_units range_units(const struct dfs_range *range, uint32_t unit_size)
{
	struct range_units units = {0, 0};

	if (range->length > 0 && unit_size > 0) {
		units.first = range->offset / unit_size;
		units.end = (range->offset + range->length - 1) / unit_size + 1;
	}
	return units;
}

chunk_set range_chunks(const struct range_units *units)
{
	chunk_set chunks = 0;

	for (uint64_t u = units->first; u < units->end && chunks != CHUNKS_ALL; u++)
		chunks = set_with(chunks, placement_chunk(u));
	return chunks;
}

size_t range_cut(const struct dfs_range *range, uint64_t unit, uint32_t unit_size,
		 size_t len, size_t *ret_skip)
{
	uint64_t begin = unit * unit_size, end = begin + len;
	uint64_t from = range->offset > begin ? range->offset : begin;
	uint64_t to = range->offset + range->length;

	to = to < end ? to : end;
	*ret_skip = from < to ? (size_t)(from - begin) : 0;
	return from < to ? (size_t)(to - from) : 0;
}
