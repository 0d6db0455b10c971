/* Uploads of one connection. */
#include "uploads.h"

#include "ballot.h"
#include "pieces.h"
#include "placement.h"
#include "space.h"
#include "store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each upload may have a file open.  A connection has few: when there is one more, the
 * one it used least recently is ended, because a client that gave it up tells nobody.
 * All records in memory, on all connections, stay below MEMORY_MAX, and all that notes
 * which units are there below NOTES_MAX, which is enough for uploads of 30 TiB.  These
 * two, and the uploads themselves, are shared out among users (portions.h).
 */
enum { COUNT_MAX = 8, MEMORY_MAX = 8 << 20, NOTES_MAX = 16 << 20 };

struct store_uploads {
	struct store *store;
	char user[DFS_USER_MAX + 1];
	enum space_use use;
	struct store_upload *first;
	unsigned count;
};

/* ---- what is shared out -------------------------------------------------------- */

void uploads_init(struct uploads_total *total, uint64_t most)
{
	pthread_mutex_init(&total->lock, NULL);
	portions_init(&total->count, most);
	portions_init(&total->memory, MEMORY_MAX);
	portions_init(&total->notes, NOTES_MAX);
}

void uploads_destroy(struct uploads_total *total)
{
	portions_clear(&total->count);
	portions_clear(&total->memory);
	portions_clear(&total->notes);
	pthread_mutex_destroy(&total->lock);
}

static bool take(struct store *store, struct portions *portions, const char *user,
		 uint64_t amount)
{
	pthread_mutex_lock(&store->uploads.lock);
	bool taken = portions_take(portions, user, amount);
	pthread_mutex_unlock(&store->uploads.lock);
	return taken;
}

static void give(struct store *store, struct portions *portions, const char *user,
		 uint64_t amount)
{
	pthread_mutex_lock(&store->uploads.lock);
	portions_give(portions, user, amount);
	pthread_mutex_unlock(&store->uploads.lock);
}

/* ---- the uploads of a connection ----------------------------------------------- */

struct store_uploads *store_uploads_new(struct store *store)
{
	struct store_uploads *uploads = calloc(1, sizeof *uploads);

	if (uploads)
		uploads->store = store;
	return uploads;
}

static void end_all(struct store_uploads *uploads)
{
	struct store_upload *upload;

	while ((upload = uploads->first)) {
		uploads_take(uploads, upload);
		uploads_free_one(uploads->store, upload);
	}
}

void store_uploads_free(struct store_uploads *uploads)
{
	if (!uploads)
		return;
	end_all(uploads);
	free(uploads);
}

void store_uploads_are_of(struct store_uploads *uploads, const char *user)
{
	if (strcmp(uploads->user, user) == 0)
		return;
	end_all(uploads);
	(void)snprintf(uploads->user, sizeof uploads->user, "%s", user);
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
	struct uploads_total *total = &store->uploads;

	if (!upload)
		return;
	uploads_unstake(store, upload);
	store_record_free_all(upload->records);
	give(store, &total->memory, upload->user, upload->memory);
	segment_image_free(upload->image);
	pack_free(&upload->entries);
	give(store, &total->notes, upload->user, unit_set_bytes(&upload->have));
	unit_set_free(&upload->have);
	give(store, &total->count, upload->user, 1);
	free(upload);
}

struct store_upload *uploads_find(struct store_uploads *uploads, const dfs_id *maker)
{
	struct store_upload *upload = uploads->first;

	while (upload && !id_equal(&upload->maker, maker))
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

chunk_set uploads_chunks(const struct store_upload *upload, uint64_t units,
			 chunk_set chunks)
{
	chunk_set whole = 0;

	if (upload->end > units || upload->pieces != tree_pieces(units))
		return 0;
	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++)
		if (upload->chunk_units[chunk - 1] ==
		    placement_units_of(units, set_of(chunk)))
			whole = set_with(whole, chunk);
	return whole & chunks;
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

static int add_upload(struct store_uploads *uploads, const dfs_id *maker)
{
	struct store *store = uploads->store;
	struct store_upload *upload;

	if (uploads->count == COUNT_MAX)
		end_last(uploads);
	if (!take(store, &store->uploads.count, uploads->user, 1))
		return EAGAIN;
	upload = calloc(1, sizeof *upload);
	if (!upload) {
		give(store, &store->uploads.count, uploads->user, 1);
		return ENOMEM;
	}
	upload->maker = *maker;
	memcpy(upload->user, uploads->user, sizeof upload->user);
	upload->records_end = &upload->records;
	put_first(uploads, upload);
	return 0;
}

/* Finds it or begins it; it is the one most recently used then.  NULL with *ret_rc. */
static struct store_upload *use_upload(struct store_uploads *uploads, const dfs_id *maker,
				       int *ret_rc)
{
	struct store_upload *upload = uploads_find(uploads, maker);

	if (upload) {
		uploads_take(uploads, upload);
		put_first(uploads, upload);
		return upload;
	}
	*ret_rc = add_upload(uploads, maker);
	return *ret_rc == 0 ? uploads->first : NULL;
}

/* ---- what is there ------------------------------------------------------------- */

int uploads_fetch(const struct store_upload *upload, uint64_t number, void **ret_record,
		  dfs_bytes *ret_data)
{
	struct frame_key key;
	size_t len;
	int rc;

	frame_key_unit(&key, &upload->maker, number);
	rc = upload->image ? segment_image_fetch(upload->image, &key, ret_record, &len)
			   : store_record_copy(upload->records, &key, ret_record, &len);
	if (rc != 0)
		return rc;
	if (frame_unpack(*ret_record, len, FRAME_UNIT, &key, ret_data))
		return 0;
	free(*ret_record);
	return EIO;
}

int uploads_add(struct store_upload *upload, uint64_t number, const void *data,
		size_t len)
{
	struct store_record *record;
	struct frame_key key;
	int rc = 0;

	frame_key_unit(&key, &upload->maker, number);
	record = store_record_new(FRAME_UNIT, &key, data, len);
	if (!record)
		return ENOMEM;
	upload->bytes += store_record_bytes(record);
	if (!upload->image) {
		*upload->records_end = record;
		upload->records_end = &record->next;
		return 0;
	}
	rc = segment_image_add(upload->image, &key, record->frame, record->len);
	store_record_free_all(record);
	return rc;
}

int uploads_rename(struct store_upload *upload, const dfs_id *object)
{
	for (struct store_record **at = &upload->records; *at; at = &(*at)->next) {
		struct store_record *old = *at, *renamed;
		struct frame_key key = {.len = old->key->len};
		dfs_bytes data;

		memcpy(key.bytes, old->key->bytes, key.len);
		if (!frame_unpack(old->frame, old->len, FRAME_UNIT, &key, &data))
			return EIO;
		memcpy(key.bytes + 1, object->bytes, DFS_ID_LEN);
		renamed = store_record_new(FRAME_UNIT, &key, data.data, data.len);
		if (!renamed)
			return ENOMEM;
		renamed->next = old->next;
		old->next = NULL;
		store_record_free_all(old);
		*at = renamed;
		if (!renamed->next)
			upload->records_end = &renamed->next;
	}
	return 0;
}

/* ---- which units are there ----------------------------------------------------- */

static int make_note_room(struct store *store, struct store_upload *upload, uint64_t unit)
{
	size_t cost = unit_set_cost(&upload->have, unit);

	if (cost == 0)
		return 0;
	if (!take(store, &store->uploads.notes, upload->user, cost))
		return EAGAIN;
	if (unit_set_make_room(&upload->have, unit))
		return 0;
	give(store, &store->uploads.notes, upload->user, cost);
	return ENOMEM;
}

static void note_unit(struct store_upload *upload, uint64_t unit, uint64_t len)
{
	unit_set_add(&upload->have, unit);
	upload->bytes += len;
	if (unit >= PIECES_FIRST) {
		upload->pieces++;
		return;
	}
	upload->chunk_units[placement_chunk(unit) - 1]++;
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
	const struct store_record *old = store_record_find(upload->records, record->key);

	return old && old->len == record->len &&
			       memcmp(old->frame, record->frame, old->len) == 0
		       ? 0
		       : EINVAL;
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
	give(store, &store->uploads.memory, upload->user, upload->memory);
	upload->memory = 0;
	return rc;
}

/* What does not fit, or is more than the user's portion, goes to a file. */
static bool take_memory(struct store *store, struct store_upload *upload, size_t len)
{
	if (upload->image || upload->bytes + len > store->rules.upload_in_memory ||
	    !take(store, &store->uploads.memory, upload->user, len))
		return false;
	upload->memory += len;
	return true;
}

/* Adds a record that is not there yet; an error ends the upload. */
static int add_unit(struct store *store, struct store_upload *upload,
		    struct store_record *record)
{
	int rc = 0;

	if (take_memory(store, upload, record->len)) {
		*upload->records_end = record;
		upload->records_end = &record->next;
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

bool uploads_are_proved(const struct store_uploads *uploads)
{
	return uploads->use == SPACE_REPAIR;
}

void store_uploads_are_repairs(struct store_uploads *uploads)
{
	uploads->use = SPACE_REPAIR;
}

int store_upload(struct store_uploads *uploads, const dfs_id *maker, const dfs_unit *unit)
{
	struct store *store = uploads->store;
	struct store_upload *upload;
	struct store_record *record;
	struct frame_key key;
	uint64_t len;
	int rc;

	if (unit->number >= PIECES_TOPS || unit->data.len > DFS_UNIT_MAX)
		return EINVAL;
	if (!has_room(uploads, unit->data.len))
		return ENOSPC;
	upload = use_upload(uploads, maker, &rc);
	if (!upload)
		return rc;
	if (upload->failed != 0)
		return upload->failed;
	rc = make_note_room(store, upload, unit->number);
	if (rc != 0)
		return rc;
	frame_key_unit(&key, maker, unit->number);
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

int store_upload_stake(struct store_uploads *uploads, const dfs_id *maker,
		       const struct store_stake *stake)
{
	const struct index_stake what = store_index_stake(maker, stake);
	struct store_upload *upload = uploads_find(uploads, maker);
	struct store *store = uploads->store;
	int rc = 0;

	if (upload && upload->has_size)
		return upload->size == stake->size ? 0 : EINVAL;
	if (!upload)
		return store_fits_quota(store, maker, stake) ? 0 : EDQUOT;
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

void store_upload_end(struct store_uploads *uploads, const dfs_id *maker)
{
	struct store_upload *upload = uploads_find(uploads, maker);

	if (!upload)
		return;
	uploads_take(uploads, upload);
	uploads_free_one(uploads->store, upload);
}
