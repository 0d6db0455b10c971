/* Uploads of one connection. */
#include "uploads.h"

#include "ballot.h"
#include "placement.h"
#include "space.h"
#include "store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each upload may have a file open.  A connection has few: when there is one more, the
 * one it used least recently is ended, because a client that gave it up tells nobody.
 * All records in memory, on all connections, stay below MEMORY_MAX, and all that notes
 * which units are there below NOTES_MAX, which is enough for uploads of 30 TiB.
 */
enum { COUNT_MAX = 8, MEMORY_MAX = 8 << 20, NOTES_MAX = 16 << 20 };

struct store_uploads {
	struct store *store;
	enum space_use use;
	struct store_upload *first;
	unsigned count;
};

struct store_uploads *store_uploads_new(struct store *store)
{
	struct store_uploads *uploads = calloc(1, sizeof *uploads);

	if (uploads)
		uploads->store = store;
	return uploads;
}

void store_uploads_free(struct store_uploads *uploads)
{
	struct store_upload *upload;

	if (!uploads)
		return;
	while ((upload = uploads->first)) {
		uploads_take(uploads, upload);
		uploads_free_one(uploads->store, upload);
	}
	free(uploads);
}

void uploads_unstake(struct store *store, struct store_upload *upload)
{
	if (!upload->staging)
		return;
	pthread_rwlock_wrlock(&store->lock);
	index_unstage(store->index, upload->staging, upload->size);
	pthread_rwlock_unlock(&store->lock);
	upload->staging = NULL;
}

void uploads_free_one(struct store *store, struct store_upload *upload)
{
	if (!upload)
		return;
	uploads_unstake(store, upload);
	store_record_free_all(upload->records);
	atomic_fetch_sub(&store->uploads.memory, upload->memory);
	segment_image_free(upload->image);
	pack_free(&upload->entries);
	atomic_fetch_sub(&store->uploads.notes, unit_set_bytes(&upload->have));
	unit_set_free(&upload->have);
	free(upload);
	atomic_fetch_sub(&store->uploads.count, 1);
}

struct store_upload *uploads_find(struct store_uploads *uploads, const dfs_id *object)
{
	struct store_upload *upload = uploads->first;

	while (upload && !id_equal(&upload->object, object))
		upload = upload->next;
	return upload;
}

void uploads_take(struct store_uploads *uploads, struct store_upload *upload)
{
	struct store_upload **at = &uploads->first;

	while (*at != upload)
		at = &(*at)->next;
	*at = upload->next;
	upload->next = NULL;
	uploads->count--;
}

chunk_set uploads_chunks(const struct store_upload *upload, const dfs_share *share)
{
	chunk_set chunks = 0;

	if (upload->end > share->units)
		return 0;
	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++)
		if (upload->chunk_units[chunk - 1] ==
		    placement_units_of(share->units, set_of(chunk)))
			chunks = set_with(chunks, chunk);
	return chunks & share->chunks;
}

static void put_first(struct store_uploads *uploads, struct store_upload *upload)
{
	upload->next = uploads->first;
	uploads->first = upload;
	uploads->count++;
}

static void end_last(struct store_uploads *uploads)
{
	struct store_upload *upload = uploads->first;

	while (upload->next)
		upload = upload->next;
	uploads_take(uploads, upload);
	uploads_free_one(uploads->store, upload);
}

static int add_upload(struct store_uploads *uploads, const dfs_id *object)
{
	struct store *store = uploads->store;
	struct store_upload *upload;

	if (uploads->count == COUNT_MAX)
		end_last(uploads);
	if (atomic_fetch_add(&store->uploads.count, 1) >= store->rules.uploads) {
		atomic_fetch_sub(&store->uploads.count, 1);
		return EAGAIN;
	}
	upload = calloc(1, sizeof *upload);
	if (!upload) {
		atomic_fetch_sub(&store->uploads.count, 1);
		return ENOMEM;
	}
	upload->object = *object;
	upload->records_end = &upload->records;
	put_first(uploads, upload);
	return 0;
}

/* Finds it or begins it; it is the one most recently used then.  NULL with *ret_rc. */
static struct store_upload *use_upload(struct store_uploads *uploads,
				       const dfs_id *object, int *ret_rc)
{
	struct store_upload *upload = uploads_find(uploads, object);

	if (upload) {
		uploads_take(uploads, upload);
		put_first(uploads, upload);
		return upload;
	}
	*ret_rc = add_upload(uploads, object);
	return *ret_rc == 0 ? uploads->first : NULL;
}

/* ---- which units are there ----------------------------------------------------- */

static int make_note_room(struct store *store, struct store_upload *upload, uint64_t unit)
{
	size_t cost = unit_set_cost(&upload->have, unit);
	int rc = 0;

	if (cost == 0)
		return 0;
	if (atomic_fetch_add(&store->uploads.notes, cost) + cost > NOTES_MAX)
		rc = EAGAIN;
	else if (!unit_set_make_room(&upload->have, unit))
		rc = ENOMEM;
	if (rc != 0)
		atomic_fetch_sub(&store->uploads.notes, cost);
	return rc;
}

static void note_unit(struct store_upload *upload, uint64_t unit, uint64_t len)
{
	unit_set_add(&upload->have, unit);
	upload->chunk_units[placement_chunk(unit) - 1]++;
	upload->bytes += len;
	if (unit >= upload->end)
		upload->end = unit + 1;
}

/* A unit given again: 0 when it is the same, EINVAL when it is not. */
static int compare_unit(struct store_upload *upload, const struct store_record *record)
{
	void *stored;
	size_t len;
	int rc;

	if (upload->image) {
		rc = segment_image_fetch(upload->image, record->key, &stored, &len);
		if (rc != 0)
			return rc;
		rc = len == record->len && memcmp(stored, record->frame, len) == 0
			     ? 0
			     : EINVAL;
		free(stored);
		return rc;
	}
	for (const struct store_record *old = upload->records; old; old = old->next)
		if (old->key->len == record->key->len &&
		    memcmp(old->key->bytes, record->key->bytes, old->key->len) == 0)
			return old->len == record->len &&
					       memcmp(old->frame, record->frame,
						      old->len) == 0
				       ? 0
				       : EINVAL;
	return EINVAL;
}

/* ---- taking units -------------------------------------------------------------- */

/* What was in memory moves to a file. */
static int spill(struct store *store, struct store_upload *upload)
{
	char name[FOLDERS_NAME];
	int rc = 0;

	folders_tmp_name(&store->folders, name);
	errno = 0;
	upload->image = segment_image_in_file(store->folders.tmp_fd, name);
	if (!upload->image)
		return errno ? errno : ENOMEM;
	for (struct store_record *record = upload->records; record && rc == 0;
	     record = record->next)
		rc = segment_image_add(upload->image, record->key, record->frame,
				       record->len);
	store_record_free_all(upload->records);
	upload->records = NULL;
	upload->records_end = &upload->records;
	atomic_fetch_sub(&store->uploads.memory, upload->memory);
	upload->memory = 0;
	return rc;
}

static bool fits_memory(struct store *store, const struct store_upload *upload,
			size_t len)
{
	return !upload->image && upload->bytes + len <= store->rules.upload_in_memory &&
	       atomic_load(&store->uploads.memory) + len <= MEMORY_MAX;
}

/* Adds a record that is not there yet; an error ends the upload. */
static int add_unit(struct store *store, struct store_upload *upload,
		    struct store_record *record)
{
	int rc = 0;

	if (fits_memory(store, upload, record->len)) {
		*upload->records_end = record;
		upload->records_end = &record->next;
		upload->memory += record->len;
		atomic_fetch_add(&store->uploads.memory, record->len);
		return 0;
	}
	if (!upload->image)
		rc = spill(store, upload);
	if (rc == 0)
		rc = segment_image_add(upload->image, record->key, record->frame,
				       record->len);
	store_record_free_all(record);
	return rc;
}

static bool has_room(const struct store_uploads *uploads, uint64_t bytes)
{
	struct space space;

	return space_read(uploads->store->folders.seg_fd, &space) == 0 &&
	       space_has_room(&space, bytes, uploads->use);
}

void store_uploads_are_repairs(struct store_uploads *uploads)
{
	uploads->use = SPACE_REPAIR;
}

int store_upload(struct store_uploads *uploads, const dfs_id *object,
		 const dfs_unit *unit)
{
	struct store *store = uploads->store;
	struct store_upload *upload;
	struct store_record *record;
	struct frame_key key;
	uint64_t len;
	int rc;

	if (unit->number >= DFS_FILE_UNITS_MAX || unit->data.len > DFS_UNIT_MAX)
		return EINVAL;
	if (!has_room(uploads, unit->data.len))
		return ENOSPC;
	upload = use_upload(uploads, object, &rc);
	if (!upload)
		return rc;
	if (upload->failed != 0)
		return upload->failed;
	rc = make_note_room(store, upload, unit->number);
	if (rc != 0)
		return rc;
	frame_key_unit(&key, object, unit->number);
	record = store_record_new(FRAME_UNIT, &key, unit->data.data, unit->data.len);
	if (!record)
		return ENOMEM;
	if (unit_set_has(&upload->have, unit->number)) {
		rc = compare_unit(upload, record);
		store_record_free_all(record);
		return rc;
	}
	len = store_record_bytes(record);
	rc = add_unit(store, upload, record);
	if (rc == 0) {
		note_unit(upload, unit->number, len);
		return 0;
	}
	/* The file may be half changed; its space is wanted back at once. */
	upload->failed = rc;
	segment_image_free(upload->image);
	upload->image = NULL;
	return rc;
}

int store_upload_stake(struct store_uploads *uploads, const dfs_id *object,
		       const struct store_stake *stake)
{
	const struct index_stake what = store_index_stake(object, stake);
	struct store_upload *upload = uploads_find(uploads, object);
	struct store *store = uploads->store;
	int rc = 0;

	if (upload && upload->has_size)
		return upload->size == stake->size ? 0 : EINVAL;
	if (!upload)
		return store_fits_quota(store, object, stake) ? 0 : EDQUOT;
	pthread_rwlock_wrlock(&store->lock);
	if (what.owner_len > 0 && !index_fits_quota(store->index, &what))
		rc = EDQUOT;
	else if (what.owner_len > 0)
		upload->staging = index_stage(store->index, &what, what.size);
	pthread_rwlock_unlock(&store->lock);
	if (rc == 0 && what.owner_len > 0 && !upload->staging)
		rc = ENOMEM;
	if (rc != 0)
		return rc;
	upload->size = stake->size;
	upload->has_size = true;
	return 0;
}

void store_upload_end(struct store_uploads *uploads, const dfs_id *object)
{
	struct store_upload *upload = uploads_find(uploads, object);

	if (!upload)
		return;
	uploads_take(uploads, upload);
	uploads_free_one(uploads->store, upload);
}
