/* The parts that a batch is filled with. */
#include "batch.h"

#include "grow.h"
#include "uploads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_op *batch_add_op(struct store_batch *batch, enum seal_type type)
{
	struct store_op *op =
		grow_by_one(batch->ops, batch->op_count, &batch->op_room, sizeof *op);

	if (!op)
		return NULL;
	batch->ops = op;
	op = &batch->ops[batch->op_count++];
	memset(op, 0, sizeof *op);
	op->type = type;
	return op;
}

void batch_drop_op(struct store_batch *batch)
{
	batch->op_count--;
}

void batch_add_records(struct store_batch *batch, struct store_record *take_records)
{
	*batch->records_end = take_records;
	while (*batch->records_end) {
		batch->record_count++;
		batch->bytes += (*batch->records_end)->len;
		batch->records_end = &(*batch->records_end)->next;
	}
}

bool batch_put_entry(struct pack_out *entries, const struct seal_entry *entry)
{
	size_t len = entries->len;

	seal_put_entry(entries, entry);
	if (!entries->failed)
		return true;
	entries->failed = false;
	entries->len = len;
	return false;
}

bool batch_add_entry(struct store_batch *batch, const struct seal_entry *entry)
{
	if (!batch_put_entry(&batch->entries, entry))
		return false;
	batch->entry_count++;
	return true;
}

int batch_add_trim(struct store_batch *batch, struct index_object *take_object,
		   chunk_set chunks, struct store_upload *upload)
{
	struct seal_entry entry = {
		.type = SEAL_TRIM, .objects[0] = take_object->id, .chunks = chunks};
	struct store_op *op = batch_add_op(batch, SEAL_TRIM);
	bool added = op && (upload ? batch_put_entry(&upload->entries, &entry)
				   : batch_add_entry(batch, &entry));

	if (!added) {
		if (op)
			batch_drop_op(batch);
		batch_release_object(batch->store, take_object);
		return ENOMEM;
	}
	if (upload)
		upload->entry_count++;
	op->object = take_object;
	op->chunks = chunks;
	return 0;
}

bool batch_has_content(const struct store_batch *batch, const dfs_id *object)
{
	for (size_t i = 0; i < batch->op_count; i++)
		if (batch->ops[i].type == SEAL_CONTENT &&
		    memcmp(&batch->ops[i].object->id, object, sizeof *object) == 0)
			return true;
	return false;
}

struct index_object *batch_hold_object(struct store *store, const dfs_id *id,
				       struct batch_here *ret)
{
	struct index_object *object;

	for (;;) {
		pthread_rwlock_wrlock(&store->lock);
		object = index_find_object(store->index, id);
		if (!object || !object->dropping)
			break;
		compactor_wait_round(&store->compactor, &store->lock);
	}
	memset(ret, 0, sizeof *ret);
	object = index_hold(store->index, id);
	if (object && object->part.chunks != 0)
		*ret = (struct batch_here){.some = true,
					   .chunks = index_chunks(object),
					   .damaged = index_damaged(object),
					   .units = object->units};
	pthread_rwlock_unlock(&store->lock);
	return object;
}

void batch_release_object(struct store *store, struct index_object *object)
{
	pthread_rwlock_wrlock(&store->lock);
	index_release(store->index, object);
	pthread_rwlock_unlock(&store->lock);
}
