/*
 * Counting files by what the servers were given of them, and what is to be done.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_CENSUS_H
#define DFS_STORE_CENSUS_H

#include "store.h"
#include <stdint.h>

/* From memory alone; the current contents of files count, not earlier versions. */
struct store_census {
	int64_t counted; /* when; nanoseconds since 1970 UTC */
	/*
	 * Live files by what the servers were given of them.  At most DFS_KEPT_MAX: what
	 * is beyond is told together, as having only what all of it has.
	 */
	dfs_kept *kept;
	uint32_t kept_len;
	/*
	 * Files of which it does not have what it should (struct store_register) and was
	 * brought or may have been,
	 */
	uint64_t owed_files;
	uint64_t owed_bytes; /* and about what has to be fetched for them */
	uint64_t spares; /* objects of which more is here than the settled value gives */
	uint64_t unsettled; /* registers not known to be settled */
	/*
	 * Paths with content that was staged and that their value does not name: uploads
	 * that came to nothing, and those that are under way.
	 */
	uint64_t abandoned;
};

/*
 * Counts again if anything has changed; but what took long is not repeated before ten
 * times as long has passed: then it tells what was counted last.  ENOMEM.
 */
int store_census(struct store *store, struct store_census *ret);
void store_census_free(struct store_census *census); /* what it has, not itself */

#endif
