/*
 * The ballots that were promised and not yet accepted, in memory.
 *
 * At most so many: of whose paths there are most (each user's, and those below /shared/),
 * the oldest is given up, and raises a lower bound for all these paths, as a restart does
 * for all there are.  Not for several threads at once; the acceptor has a lock.
 */
#ifndef DFS_PROMISES_H
#define DFS_PROMISES_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct promises;

/*
 * At most so many promises, and so many bytes of paths in them.  lowest: counters up to
 * it are refused from the start, on all paths.  NULL when out of memory.
 */
struct promises *promises_new(size_t most, size_t most_bytes, uint64_t lowest);
void promises_free(struct promises *promises);

/* Counters up to this one are refused on the path. */
uint64_t promises_lowest(const struct promises *promises, const dfs_path *path);

/* The ballot promised for the path, or NULL; valid until the next change. */
const dfs_ballot *promises_find(const struct promises *promises, const dfs_path *path);

/* Promises the ballot, in place of a lower one; false when out of memory. */
bool promises_set(struct promises *promises, const dfs_path *path,
		  const dfs_ballot *ballot);

/*
 * Notes, with the promise, that a value with this digest is confirmed for its ballot;
 * false where another one is.
 */
bool promises_confirm(struct promises *promises, const dfs_path *path,
		      const dfs_key *digest);

/* The path has accepted this ballot: a promise not above it is not kept. */
void promises_accepted(struct promises *promises, const dfs_path *path,
		       const dfs_ballot *ballot);

#endif
