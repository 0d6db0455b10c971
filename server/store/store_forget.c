/*
 * What healing takes back: registers, under a floor that keeps them from coming back; and
 * what it gives up: chunks that others hold.
 */
#include "store_forget.h"

#include "ballot.h"
#include "batch.h"
#include "sets.h"
#include "store_trim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int store_batch_floor(struct store_batch *batch, const dfs_ballot *floor)
{
	if (ballot_compare(floor, &batch->floor) > 0)
		batch->floor = *floor;
	return 0;
}

static struct store_forgotten *forgotten_new(const char *path, size_t len,
					     const dfs_ballot *ballot)
{
	struct store_forgotten *forgotten = malloc(sizeof *forgotten + len);

	if (!forgotten)
		return NULL;
	forgotten->ballot = *ballot;
	forgotten->len = len;
	memcpy(forgotten->path, path, len);
	return forgotten;
}

int store_batch_forget(struct store_batch *batch, const char *path, size_t len,
		       const dfs_ballot *ballot, const dfs_ballot *floor)
{
	struct seal_entry entry = {
		.type = SEAL_FORGET, .path = path, .path_len = len, .ballot = *ballot};
	struct store_op *op;

	if (len == 0 || len > DFS_PATH_MAX || ballot_compare(floor, ballot) < 0)
		return EINVAL;
	op = batch_add_op(batch, SEAL_FORGET);
	if (!op)
		return ENOMEM;
	op->forgotten = forgotten_new(path, len, ballot);
	if (!op->forgotten || !batch_add_entry(batch, &entry)) {
		free(op->forgotten);
		batch_drop_op(batch);
		return ENOMEM;
	}
	return store_batch_floor(batch, floor);
}

/* ---- chunks -------------------------------------------------------------------- */

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
