/* Where the scrub is, in a file of one line: data/scrub. */
#ifndef DFS_SCRUBBER_FILE_H
#define DFS_SCRUBBER_FILE_H

#include "store_scrub.h"

struct scrubber_state {
	struct store_scrub_position position;
	uint64_t read, found; /* bytes, and damaged records, of this round */
	/* This round, and the last whole one: ns since 1970 UTC; 0: never. */
	int64_t began, ended;
};

/* All zero, and the scrub begins anew, when there is no such file or it is damaged. */
void scrubber_file_read(const char *file, struct scrubber_state *ret);

/*
 * Puts a new one in its place; 0 or an errno.  Not synced: one that is lost costs a
 * round.
 */
int scrubber_file_write(const char *file, const struct scrubber_state *state);

#endif
