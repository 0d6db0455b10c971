/*
 * Comparing stores: a digest over a range of registers, and a walk through it.
 *
 * Results, threads and ownership are as in store.h.  What walks over registers holds the
 * store's lock for some thousand of them at a time: if they change meanwhile the result
 * is that of some moment in between.
 */
#ifndef DFS_STORE_DIGEST_H
#define DFS_STORE_DIGEST_H

#include "store.h"
#include <stdint.h>

/*
 * The paths from "from" (NULL: the first) to before "to" (NULL: the end), in byte order.
 */
struct store_range {
	const char *from, *to;
	size_t from_len, to_len;
	bool tombstones; /* count too */
};

/*
 * How many registers there are, and the sum, modulo 2^128, of the XXH3-128 (seed 0,
 * canonical form) of each one's path followed by its ballot: epoch (4 bytes, big endian),
 * counter (8), proposer (16); and by the digest of its value (8).  So stores that
 * accepted the same have the same digest, in whatever order.
 */
struct store_digest {
	uint64_t registers;
	dfs_id digest; /* big endian */
};
void store_digest(struct store *store, const struct store_range *range,
		  struct store_digest *ret);

/* As store_next, within the range; after NULL: its first. */
int store_next_in(struct store *store, const struct store_range *range, const char *after,
		  size_t after_len, struct store_found *ret);

#endif
