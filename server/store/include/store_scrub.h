/*
 * Reading everything again, and proving it.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_SCRUB_H
#define DFS_STORE_SCRUB_H

#include "store.h"
#include <stdint.h>

/* Where a scrub is; all zero: at the beginning.  Small enough to keep in a file. */
struct store_scrub_position {
	uint64_t lo, hi; /* the segment's range */
	uint64_t record; /* the entries of its @seal that are done */
	uint64_t unit;   /* of the entry that is next */
};

struct store_scrubbed {
	uint64_t bytes, records; /* read in this step, lists of segments too */
	uint64_t damaged;        /* of these; marked as on reading, and logged by name */
	uint64_t unbrought;      /* chunks found to be other bytes, since they came */
	bool seal_damaged; /* the list of a segment: the next start will not be whole */
	bool end;          /* of the round: the position is at the beginning again */
};

/*
 * Reads and verifies all that is stored, in the order of segments; content is proved,
 * too, unit by unit, by its tree and the id of its object.  What merges have moved was
 * read by them.  One thread at a time; the store outlives it.  NULL when out of memory.
 */
struct store_scrub;
struct store_scrub *store_scrub_new(struct store *store,
				    const struct store_scrub_position *from);
/*
 * Reads only what came unproved (store_numbers.unproved) and so proves it, the newest
 * segment first: it counts as proved from then on, but for what was found damaged.  The
 * end: each such segment had its turn.
 */
struct store_scrub *store_scrub_new_prover(struct store *store);
void store_scrub_free(struct store_scrub *scrub);

/*
 * The next records, until so many bytes were read (at least one, and the list that it
 * stands in). 0, or an errno, such as ENOMEM or EMFILE, after which it goes on where it
 * was.
 */
int store_scrub_step(struct store_scrub *scrub, uint64_t bytes,
		     struct store_scrubbed *ret);
void store_scrub_position(const struct store_scrub *scrub,
			  struct store_scrub_position *ret);

#endif
