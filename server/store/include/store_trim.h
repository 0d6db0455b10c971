/*
 * Giving up chunks that others hold.
 *
 * Results, threads and ownership are as in store.h.
 */
#ifndef DFS_STORE_TRIM_H
#define DFS_STORE_TRIM_H

#include "store.h"

/*
 * The object keeps only these of its chunks (not 0), durably; their space comes back by
 * merging.  At once and without a grace: the other holders have them.  The caller has the
 * object to itself, so that nobody relies on what goes.  0 also where nothing had to go.
 */
int store_trim(struct store *store, const dfs_id *object, chunk_set chunks);
/* The object is trimmed with what else is in the batch; store_trim says how. */
int store_batch_trim(struct store_batch *batch, const dfs_id *object, chunk_set chunks);

#endif
