/* What healing gives up: chunks that others hold. */
#include "store_trim.h"

#include "batch.h"
#include "sets.h"

#include <errno.h>

int store_batch_trim(struct store_batch *batch, const dfs_id *object, chunk_set chunks)
{
	struct index_object *held;
	struct batch_here here;

	if (chunks == 0 || chunks > CHUNKS_ALL)
		return EINVAL;
	held = batch_hold_object(batch->store, object, &here);
	if (!held)
		return ENOMEM;
	if (((here.chunks | here.damaged) & ~chunks) == 0) {
		batch_release_object(batch->store, held);
		return 0;
	}
	return batch_add_trim(batch, held, chunks, NULL);
}

int store_trim(struct store *store, const dfs_id *object, chunk_set chunks)
{
	struct store_batch *batch = store_batch_new(store);
	int rc = batch ? store_batch_trim(batch, object, chunks) : ENOMEM;

	if (rc != 0 || batch->op_count == 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_may_use_reserve(batch);
	return store_commit(batch);
}
