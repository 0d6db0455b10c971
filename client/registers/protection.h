/*
 * How well the files are kept, from what the servers count of them (dfs_kept of dfs.x).
 *
 * Every server that votes has counted all files that it knows, grouped by who was given
 * which chunks, and says of each group how many lack something on itself.  A living copy
 * of a chunk is a server that answers, was given the chunk and does not lack it; a file
 * is as safe as the worst of its chunks that have units.  Servers may differ while one of
 * them catches up: then the worst of what they say counts.  Where two of them lack
 * something of one group, it is not known whether that is the same file: then the worst
 * that is possible counts, until names tell.
 *
 * All functions are pure.
 */
#ifndef DFS_PROTECTION_H
#define DFS_PROTECTION_H

#include "dfs.h"
#include "sets.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one server counts. */
struct protection_view {
	/* otherwise it may lack what it does not know, and what it knows is not all */
	bool votes;
	bool counted;         /* there are counts */
	const dfs_kept *kept; /* borrowed */
	size_t count;
};

/* A file of which it is known by name what each server lacks. */
struct protection_file {
	uint32_t holders, full;
	chunk_set missing[DFS_SERVERS];
};

struct protection_counts {
	unsigned
		/* servers whose counts are in it; of fewer than two nothing is known */
		views;
	uint64_t files;
	uint64_t by_copies[3]; /* two or more, one, no living copy of the worst chunk */
	bool at_most; /* the last two are as bad as it can be, and perhaps less */
};

/*
 * Living copies of the worst chunk of a file that has units: 2 means two or more.
 * living: servers.
 */
unsigned protection_copies(const struct protection_file *file, server_set living);

/*
 * Of all files.  living: the servers that are to count as answering.  files: all
 * those of which a server that votes lacks something, or NULL if they are not known by
 * name.
 */
struct protection_counts protection_count(const struct protection_view views[DFS_SERVERS],
					  server_set living,
					  const struct protection_file *files,
					  size_t files_count);

/* Files of which this server says that it lacks something. */
uint64_t protection_owing(const struct protection_view *view);

/*
 * The servers that vote and lack something; of how many files each, in each.  0
 * also where one of them lacks something of more than `most` files.
 */
server_set protection_owers(const struct protection_view views[DFS_SERVERS],
			    uint64_t most, uint64_t each[DFS_SERVERS]);

#endif
