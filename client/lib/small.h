/* The contents of several small files at once, one call to each server. */
#ifndef DFS_SMALL_H
#define DFS_SMALL_H

#include "lookup.h"
#include "range.h"

struct small_file {
	/*
	 * As long as the whole content; of it the wanted units, proved.  NULL: not had
	 * this way.
	 */
	uint8_t *bytes;
};

/*
 * An entry for each lookup (at most DFS_BATCH_MAX), its opening, and what is wanted of
 * its bytes; only small files that opened[] says can be read are tried, each chunk at one
 * of its living holders.
 * What fails is left NULL.  NULL when out of memory; freed with small_free.
 */
struct small_file *small_fetch(struct dfs *dfs, const struct lookup *lookups,
			       const struct manifest_secret *openings,
			       const struct dfs_range *ranges, const bool *opened,
			       size_t count);
void small_free(struct small_file *files, size_t count);

#endif
