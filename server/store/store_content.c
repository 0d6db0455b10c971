/* Filling a batch with content: a small file's units, or an upload. */
#include "batch.h"

#include "object.h"
#include "pieces.h"
#include "placement.h"
#include "uploads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is to be added: a share, and what follows from it. */
struct adding {
	const dfs_share *share;
	dfs_id object;
	uint64_t units;
	dfs_key root;
};

/* false: the share breaks a rule. */
static bool begin_adding(struct adding *adding, const dfs_share *share)
{
	adding->share = share;
	adding->units = placement_units(share->size, placement_unit_size(share->size));
	return share->chunks > 0 && share->chunks <= CHUNKS_ALL &&
	       adding->units <= DFS_FILE_UNITS_MAX &&
	       object_of_share(share, &adding->object) &&
	       tree_root(adding->units, share->tree.tree_val, share->tree.tree_len,
			 &adding->root);
}

static struct seal_entry describe(const struct adding *adding)
{
	return (struct seal_entry){.type = SEAL_CONTENT,
				   .objects = {adding->object, adding->share->maker},
				   .size = adding->share->size,
				   .units = adding->units,
				   .tree = adding->share->tree.tree_val,
				   .chunks = adding->share->chunks};
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
	op->content.tree = NULL; /* of the caller: packed by now */
	op->image = upload ? (unsigned)batch->upload_count : 0;
	return 0;
}

/*
 * What comes in place of damaged chunks: a start must not take the damaged ones for what
 * is here, so they are trimmed first.
 */
static int replace_damaged(struct store_batch *batch, struct index_object *object,
			   const struct batch_here *here, const struct seal_entry *entry,
			   struct store_upload *upload)
{
	chunk_set replaced = here->damaged & entry->chunks;
	struct batch_here again;

	if (replaced == 0)
		return 0;
	/* A reference of its own. */
	object = batch_hold_object(batch->store, &object->id, &again);
	return object ? batch_add_trim(batch, object, CHUNKS_ALL & ~replaced, upload)
		      : ENOMEM;
}

/* Does the unit, of a content of at most four, hash to its leaf? */
static bool unit_is_proved(const dfs_share *share, const dfs_unit *unit)
{
	dfs_key leaf;

	return tree_leaf(&share->maker, unit->number, unit->data.data, unit->data.len,
			 &leaf) &&
	       memcmp(&leaf, &share->tree.tree_val[unit->number], sizeof leaf) == 0;
}

/* Exactly the units of these chunks, each once, and proved? */
static bool units_are_complete(const struct adding *adding, bool prove,
			       const dfs_unit *units, size_t count)
{
	const dfs_share *share = adding->share;

	if (adding->units > DFS_SERVERS ||
	    count != placement_units_of(adding->units, share->chunks))
		return false;
	for (size_t i = 0; i < count; i++) {
		uint64_t number = units[i].number;

		if (number >= adding->units || units[i].data.len > DFS_UNIT_MAX ||
		    !set_has(share->chunks, placement_chunk(number)) ||
		    (prove && !unit_is_proved(share, &units[i])))
			return false;
		for (size_t j = 0; j < i; j++)
			if (units[j].number == number)
				return false;
	}
	return true;
}

static struct store_record *pack_units(const dfs_id *object, const dfs_unit *units,
				       size_t count, uint64_t *ret_bytes)
{
	struct store_record *records = NULL, **end = &records;
	struct frame_key key;

	*ret_bytes = 0;
	for (size_t i = 0; i < count; i++) {
		frame_key_unit(&key, object, units[i].number);
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
	struct store_record *records;
	struct index_object *object;
	struct seal_entry entry;
	struct batch_here here;
	struct adding adding;
	int rc;

	if (!begin_adding(&adding, share) || batch_has_content(batch, &adding.object) ||
	    !units_are_complete(&adding, batch->store->rules.prove, units, count))
		return EINVAL;
	entry = describe(&adding);
	entry.proved = true;
	records = pack_units(&adding.object, units, count, &entry.bytes);
	if (count > 0 && !records)
		return ENOMEM;
	object = batch_hold_object(batch->store, &adding.object, &here);
	if (!object) {
		store_record_free_all(records);
		return ENOMEM;
	}
	rc = replace_damaged(batch, object, &here, &entry, NULL);
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

/* ---- uploads ------------------------------------------------------------------- */

/* All units that have come, at most four: EINVAL when one does not hash to its leaf. */
static int prove_units(const struct store_upload *upload, const struct adding *adding)
{
	int rc = 0;

	for (uint64_t i = 0; i < adding->units && rc == 0; i++) {
		dfs_unit unit = {.number = i};
		void *record;

		if (!unit_set_has(&upload->have, i))
			continue;
		rc = uploads_fetch(upload, i, &record, &unit.data);
		if (rc != 0)
			break;
		rc = unit_is_proved(adding->share, &unit) ? 0 : EINVAL;
		free(record);
	}
	return rc;
}

/* The top over one piece that has come. */
static int read_top(const struct store_upload *upload, const struct adding *adding,
		    uint64_t piece, dfs_key *ret)
{
	size_t count = tree_piece_leaves(adding->units, piece);
	dfs_key leaves[DFS_PIECE_LEAVES];
	dfs_bytes data;
	void *record;
	bool good;
	int rc = uploads_fetch(upload, PIECES_FIRST + piece, &record, &data);

	if (rc != 0)
		return rc;
	good = data.len == count * sizeof leaves[0];
	if (good)
		memcpy(leaves, data.data, data.len);
	free(record);
	if (!good)
		return EINVAL;
	return tree_top(leaves, count, ret) ? 0 : ENOMEM;
}

/* The records of the tops, where there are several. */
static int add_tops(struct store_upload *upload, const struct adding *adding,
		    const dfs_key *tops)
{
	uint64_t pieces = tree_pieces(adding->units);
	int rc = 0;

	for (uint64_t i = 0; i < pieces_tops(adding->units) && rc == 0; i++) {
		uint64_t from = i * DFS_PIECE_LEAVES, count = pieces - from;

		if (count > DFS_PIECE_LEAVES)
			count = DFS_PIECE_LEAVES;
		rc = uploads_add(upload, PIECES_TOPS + i, &tops[from],
				 count * sizeof tops[0]);
	}
	return rc;
}

/* The pieces lead to the root, or EINVAL; and their tops are added. */
static int prove_pieces(struct store_upload *upload, const struct adding *adding)
{
	uint64_t pieces = tree_pieces(adding->units);
	dfs_key *tops = calloc(pieces, sizeof *tops), *nodes, root;
	int rc = tops ? 0 : ENOMEM;

	for (uint64_t i = 0; i < pieces && rc == 0; i++)
		rc = read_top(upload, adding, i, &tops[i]);
	nodes = rc == 0 ? malloc(pieces * sizeof *nodes) : NULL;
	if (nodes) {
		memcpy(nodes, tops, pieces * sizeof *nodes);
		if (!tree_top(nodes, pieces, &root))
			rc = ENOMEM;
		else if (memcmp(&root, &adding->root, sizeof root) != 0)
			rc = EINVAL;
	} else if (rc == 0) {
		rc = ENOMEM;
	}
	if (rc == 0)
		rc = add_tops(upload, adding, tops);
	free(nodes);
	free(tops);
	return rc;
}

/* What has come is this content as far as can be told without reading much of it. */
static int prove_upload(const struct store *store, struct store_upload *upload,
			const struct adding *adding)
{
	int rc = !store->rules.prove           ? 0
		 : adding->units > DFS_SERVERS ? prove_pieces(upload, adding)
					       : prove_units(upload, adding);

	/* From here on it is the object's. */
	return rc == 0 ? uploads_rename(upload, &adding->object) : rc;
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
	struct store_upload *upload = uploads_find(uploads, &share->maker);
	struct store_upload *own; /* one with a segment of its own */
	struct index_object *object;
	struct seal_entry entry;
	struct batch_here here;
	struct adding adding;
	chunk_set given;
	int rc = 0;

	if (!begin_adding(&adding, share) || batch_has_content(batch, &adding.object) ||
	    batch->upload_count == DFS_BATCH_MAX)
		return EINVAL;
	object = batch_hold_object(batch->store, &adding.object, &here);
	if (!object)
		return ENOMEM;
	entry = describe(&adding);
	/* Which chunks of those claimed are here or given, and so what is added. */
	own = upload && upload->image ? upload : NULL;
	given = upload ? uploads_chunks(upload, adding.units, share->chunks) : 0;
	if (upload && !upload->failed && (share->chunks & ~(here.chunks | given)) != 0)
		rc = EINVAL;
	else if ((share->chunks & ~here.chunks) == 0)
		entry.chunks = 0;
	else if (!upload)
		rc = ENOENT;
	else
		rc = upload->failed;
	entry.chunks &= given;
	if (rc == 0 && entry.chunks != 0)
		rc = prove_upload(batch->store, upload, &adding);
	entry.by_maker = own;
	entry.proved = adding.units <= DFS_SERVERS || uploads_are_proved(uploads);
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
