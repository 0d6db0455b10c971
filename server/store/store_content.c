/* Filling a batch with content: a small file's units, or an upload. */
#include "batch.h"

#include "placement.h"
#include "uploads.h"

#include <errno.h>
#include <stdlib.h>

static bool share_is_good(const dfs_share *share)
{
	return share->chunks > 0 && share->chunks <= CHUNKS_ALL &&
	       share->units <= DFS_FILE_UNITS_MAX;
}

static struct seal_entry describe(const dfs_share *share)
{
	return (struct seal_entry){.type = SEAL_CONTENT,
				   .objects[0] = share->object,
				   .units = share->units,
				   .chunks = share->chunks};
}

/*
 * What becomes visible with the batch, and the entry that says so, in the @seal of the
 * batch or of an upload.  entry->chunks 0 adds nothing and only holds the object until
 * the commit.
 */
static int add_content(struct store_batch *batch, const struct seal_entry *entry,
		       struct index_object *take_object, struct store_upload *upload)
{
	struct index_part *spare = calloc(1, sizeof *spare);
	struct store_op *op = spare ? batch_add_op(batch, SEAL_CONTENT) : NULL;
	bool added = op && entry->chunks == 0;

	if (op && !added)
		added = upload ? batch_put_entry(&upload->entries, entry)
			       : batch_add_entry(batch, entry);
	if (added && upload)
		upload->entry_count++;
	if (!added) {
		if (op)
			batch_drop_op(batch);
		free(spare);
		batch_release_object(batch->store, take_object);
		return ENOMEM;
	}
	op->object = take_object;
	op->spare = spare;
	op->content = *entry;
	op->image = upload ? (unsigned)batch->upload_count : 0;
	return 0;
}

/* Something good is here, of an object with another number of units. */
static bool contradicts(const struct batch_here *here, const dfs_share *share)
{
	return here->some && here->chunks != 0 && here->units != share->units;
}

/*
 * What comes in place of damaged chunks: a start must not take the damaged ones for what
 * is here, so they are trimmed first; all of them, where it is something else that is
 * here.
 */
static int replace_damaged(struct store_batch *batch, struct index_object *object,
			   const struct batch_here *here, const struct seal_entry *entry,
			   struct store_upload *upload)
{
	chunk_set replaced = here->damaged & entry->chunks;
	struct batch_here again;

	if (here->some && here->units != entry->units && entry->chunks != 0)
		replaced = CHUNKS_ALL;
	if (replaced == 0)
		return 0;
	/* A reference of its own. */
	object = batch_hold_object(batch->store, &object->id, &again);
	return object ? batch_add_trim(batch, object, CHUNKS_ALL & ~replaced, upload)
		      : ENOMEM;
}

/* Exactly the units of these chunks, each once? */
static bool units_are_complete(const dfs_share *share, const dfs_unit *units,
			       size_t count)
{
	if (count != placement_units_of(share->units, share->chunks))
		return false;
	for (size_t i = 0; i < count; i++) {
		uint64_t number = units[i].number;

		if (number >= share->units || units[i].data.len > DFS_UNIT_MAX ||
		    !set_has(share->chunks, placement_chunk(number)))
			return false;
		for (size_t j = 0; j < i; j++)
			if (units[j].number == number)
				return false;
	}
	return true;
}

static struct store_record *pack_units(const dfs_share *share, const dfs_unit *units,
				       size_t count, uint64_t *ret_bytes)
{
	struct store_record *records = NULL, **end = &records;
	struct frame_key key;

	*ret_bytes = 0;
	for (size_t i = 0; i < count; i++) {
		frame_key_unit(&key, &share->object, units[i].number);
		*end = store_record_new(FRAME_UNIT, &key, units[i].data.data,
					units[i].data.len);
		if (!*end) {
			store_record_free_all(records);
			return NULL;
		}
		*ret_bytes += store_record_bytes(*end);
		end = &(*end)->next;
	}
	return records;
}

int store_batch_content(struct store_batch *batch, const dfs_share *share,
			const dfs_unit *units, size_t count)
{
	struct seal_entry entry = describe(share);
	struct store_record *records;
	struct index_object *object;
	struct batch_here here;
	int rc;

	if (!share_is_good(share) || batch_has_content(batch, &share->object) ||
	    count > DFS_UNITS_MAX || !units_are_complete(share, units, count))
		return EINVAL;
	records = pack_units(share, units, count, &entry.bytes);
	if (count > 0 && !records)
		return ENOMEM;
	object = batch_hold_object(batch->store, &share->object, &here);
	if (!object) {
		store_record_free_all(records);
		return ENOMEM;
	}
	rc = contradicts(&here, share)
		     ? EINVAL
		     : replace_damaged(batch, object, &here, &entry, NULL);
	if (rc != 0)
		batch_release_object(batch->store, object);
	else
		rc = add_content(batch, &entry, object, NULL);
	if (rc != 0)
		store_record_free_all(records);
	else
		batch_add_records(batch, records);
	return rc;
}

/* Moves the upload, all of it described, from the connection to the batch; or ends it. */
static void take_upload(struct store_batch *batch, struct store_uploads *uploads,
			struct store_upload *upload, bool wanted)
{
	uploads_take(uploads, upload);
	/* From here on its binding counts. */
	uploads_unstake(batch->store, upload);
	if (wanted && upload->image) {
		batch->uploads[batch->upload_count++] = upload;
		return;
	}
	if (wanted) {
		batch_add_records(batch, upload->records);
		upload->records = NULL;
	}
	uploads_free_one(batch->store, upload);
}

int store_batch_upload(struct store_batch *batch, struct store_uploads *uploads,
		       const dfs_share *share)
{
	struct store_upload *upload = uploads_find(uploads, &share->object);
	struct seal_entry entry = describe(share);
	struct store_upload *own; /* one with a segment of its own */
	struct index_object *object;
	struct batch_here here;
	chunk_set given;
	int rc = 0;

	if (!share_is_good(share) || batch_has_content(batch, &share->object) ||
	    batch->upload_count == DFS_BATCH_MAX)
		return EINVAL;
	object = batch_hold_object(batch->store, &share->object, &here);
	if (!object)
		return ENOMEM;
	/* Which chunks of those claimed are here or given, and so what is added. */
	own = upload && upload->image ? upload : NULL;
	given = upload ? uploads_chunks(upload, share) : 0;
	if (contradicts(&here, share) ||
	    (upload && !upload->failed && (share->chunks & ~(here.chunks | given)) != 0))
		rc = EINVAL;
	else if ((share->chunks & ~here.chunks) == 0)
		entry.chunks = 0;
	else if (!upload)
		rc = ENOENT;
	else
		rc = upload->failed;
	entry.chunks &= given;
	if (rc == 0)
		rc = replace_damaged(batch, object, &here, &entry, own);
	if (rc != 0) {
		batch_release_object(batch->store, object);
		return rc;
	}
	/* Into the batch: from here on the object is the op's. */
	entry.bytes = upload ? upload->bytes : 0;
	rc = add_content(batch, &entry, object, own);
	if (rc == 0 && upload)
		take_upload(batch, uploads, upload, entry.chunks != 0);
	return rc;
}
