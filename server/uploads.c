/* Uploads of one connection. */
#include "uploads.h"

#include "batch.h"
#include "ballot.h"
#include "placement.h"
#include "space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A connection that binds nothing is stopped at so many uploads (two full BINDs): each
 * may have a file open.  All that is in memory, on all connections, stays below
 * MEMORY_MAX.
 */
enum { COUNT_MAX = 2 * DFS_BATCH_MAX, MEMORY_MAX = 8 << 20 };

struct store_uploads {
	struct store *store;
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
	while ((upload = uploads->first) != NULL) {
		uploads_take(uploads, upload);
		uploads_free_one(uploads->store, upload);
	}
	free(uploads);
}

void uploads_free_one(struct store *store, struct store_upload *upload)
{
	if (!upload)
		return;
	batch_records_free(upload->records);
	atomic_fetch_sub(&store->upload_memory, upload->memory);
	segment_image_free(upload->image);
	pack_free(&upload->entries);
	free(upload->have);
	free(upload);
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

unsigned uploads_chunks(const struct store_upload *upload, const dfs_share *share)
{
	unsigned chunks = 0;

	if (upload->end > share->units)
		return 0;
	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++)
		if (upload->chunk_units[chunk - 1] ==
		    placement_units_of(share->units, 1U << (chunk - 1)))
			chunks |= 1U << (chunk - 1);
	return chunks & share->chunks;
}

static struct store_upload *add_upload(struct store_uploads *uploads,
				       const dfs_id *object)
{
	struct store_upload *upload;

	if (uploads->count == COUNT_MAX)
		return NULL;
	upload = calloc(1, sizeof *upload);
	if (!upload)
		return NULL;
	upload->object = *object;
	upload->records_end = &upload->records;
	upload->next = uploads->first;
	uploads->first = upload;
	uploads->count++;
	return upload;
}

/* ---- which units are there ----------------------------------------------------- */

static bool has_unit(const struct store_upload *upload, uint64_t unit)
{
	return unit < upload->have_room && (upload->have[unit / 8] & 1U << unit % 8) != 0;
}

static int make_room(struct store_upload *upload, uint64_t unit)
{
	uint64_t room = upload->have_room ? upload->have_room : 64;
	uint8_t *have;

	if (unit < upload->have_room)
		return 0;
	while (room <= unit)
		room *= 2;
	have = realloc(upload->have, room / 8);
	if (!have)
		return ENOMEM;
	memset(have + upload->have_room / 8, 0, (room - upload->have_room) / 8);
	upload->have = have;
	upload->have_room = room;
	return 0;
}

static void note_unit(struct store_upload *upload, uint64_t unit, uint64_t len)
{
	upload->have[unit / 8] |= (uint8_t)(1U << unit % 8);
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
	char name[STORE_TMP_NAME];
	int rc = 0;

	store_tmp_name(store, name);
	errno = 0;
	upload->image = segment_image_in_file(store->tmp_fd, name);
	if (!upload->image)
		return errno ? errno : ENOMEM;
	for (struct store_record *record = upload->records; record && rc == 0;
	     record = record->next)
		rc = segment_image_add(upload->image, record->key, record->frame,
				       record->len);
	batch_records_free(upload->records);
	upload->records = NULL;
	upload->records_end = &upload->records;
	atomic_fetch_sub(&store->upload_memory, upload->memory);
	upload->memory = 0;
	return rc;
}

static bool fits_memory(struct store *store, const struct store_upload *upload,
			size_t len)
{
	return !upload->image && upload->bytes + len <= store->rules.upload_in_memory &&
	       atomic_load(&store->upload_memory) + len <= MEMORY_MAX;
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
		atomic_fetch_add(&store->upload_memory, record->len);
		return 0;
	}
	if (!upload->image)
		rc = spill(store, upload);
	if (rc == 0)
		rc = segment_image_add(upload->image, record->key, record->frame,
				       record->len);
	batch_records_free(record);
	return rc;
}

int store_upload(struct store_uploads *uploads, const dfs_id *object,
		 const dfs_unit *unit)
{
	struct store *store = uploads->store;
	struct store_upload *upload = uploads_find(uploads, object);
	struct store_record *record;
	struct frame_key key;
	uint64_t len;
	int rc;

	if (unit->number >= DFS_FILE_UNITS_MAX || unit->data.len > DFS_UNIT_MAX)
		return EINVAL;
	if (upload && upload->failed != 0)
		return upload->failed;
	if (!store_has_room(store, unit->data.len))
		return ENOSPC;
	if (!upload)
		upload = add_upload(uploads, object);
	if (!upload || make_room(upload, unit->number) != 0)
		return ENOMEM;
	frame_key_unit(&key, object, unit->number);
	record = batch_record_new(FRAME_UNIT, &key, unit->data.data, unit->data.len);
	if (!record)
		return ENOMEM;
	if (has_unit(upload, unit->number)) {
		rc = compare_unit(upload, record);
		batch_records_free(record);
		return rc;
	}
	len = batch_record_bytes(record);
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

void store_upload_end(struct store_uploads *uploads, const dfs_id *object)
{
	struct store_upload *upload = uploads_find(uploads, object);

	if (!upload)
		return;
	uploads_take(uploads, upload);
	uploads_free_one(uploads->store, upload);
}
