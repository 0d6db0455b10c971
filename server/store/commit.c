/*
 * From filled batches to a durable segment, and the serial section in which numbers are
 * given.
 */
#include "commit.h"

#include "ballot.h"
#include "compactor.h"
#include "log.h"
#include "watermark.h"
#include "uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- building ------------------------------------------------------------------ */

static struct seal_head next_head(struct commit_job *job)
{
	struct store *store = job->store;
	struct seal_head head;

	pthread_rwlock_rdlock(&store->lock);
	head = store->head;
	memcpy(head.peers, store->heard, sizeof head.peers);
	pthread_rwlock_unlock(&store->lock);
	for (const struct store_batch *batch = job->batches; batch; batch = batch->next) {
		if (batch->reserve > head.reserved)
			head.reserved = batch->reserve;
		if (batch->epoch > head.epoch)
			head.epoch = batch->epoch;
		if (store->rules.raise_floor &&
		    ballot_compare(&batch->floor, &head.floor) > 0)
			head.floor = batch->floor;
		if (batch->votes) {
			head.votes = true;
			head.born = batch->epoch;
		}
	}
	return head;
}

static int add_records(struct segment_image *image, const struct store_batch *batch)
{
	int rc = 0;

	for (const struct store_record *record = batch->records; record && rc == 0;
	     record = record->next)
		rc = segment_image_add(image, record->key, record->frame, record->len);
	return rc == EEXIST ? EINVAL : rc;
}

int commit_add_seal(struct segment_image *image, const struct seal_head *head,
		    uint32_t count, const struct pack_out *entries)
{
	struct pack_out seal = {0};
	struct store_record *record = NULL;
	struct frame_key key;
	int rc = ENOMEM;

	seal_put(&seal, head, count, entries);
	frame_key_seal(&key);
	if (!seal.failed)
		record = store_record_new(FRAME_SEAL, &key, seal.bytes, seal.len);
	if (record)
		rc = segment_image_add(image, &key, record->frame, record->len);
	store_record_free_all(record);
	pack_free(&seal);
	return rc;
}

static bool collides(struct segment_image *image, const struct store_batch *batch)
{
	for (const struct store_record *record = batch->records; record;
	     record = record->next)
		if (segment_image_has(image, record->key))
			return true;
	return false;
}

/*
 * The records of all batches into the first segment.  A batch that writes a record which
 * one before it wrote is left, with those after it, for the next group.
 */
static int add_batches(struct commit_job *job, struct pack_out *entries, uint32_t *count)
{
	int rc = 0;

	for (struct store_batch **at = &job->batches; *at && rc == 0; at = &(*at)->next) {
		struct store_batch *batch = *at;

		if (batch != job->batches && collides(job->images[0], batch)) {
			job->later = batch;
			*at = NULL;
			break;
		}
		pack_put(entries, batch->entries.bytes, batch->entries.len);
		*count += batch->entry_count;
		rc = add_records(job->images[0], batch);
	}
	return rc;
}

/* The first segment has all that is not an upload; each upload is one. */
static int build_images(struct commit_job *job)
{
	struct store_upload *const *uploads =
		job->own_image || !job->batches ? NULL : job->batches->uploads;
	struct seal_head head;
	struct pack_out entries = {0};
	uint32_t count = job->note_count;
	int rc;

	pack_put(&entries, job->notes.bytes, job->notes.len);
	if (uploads) {
		pack_put(&entries, uploads[0]->entries.bytes, uploads[0]->entries.len);
		count += uploads[0]->entry_count;
	}
	rc = add_batches(job, &entries, &count);
	head = next_head(job);
	if (rc == 0 && entries.len > SEAL_ENTRIES_MAX)
		rc = EINVAL;
	if (rc == 0)
		rc = commit_add_seal(job->images[0], &head, count, &entries);
	for (size_t i = 1; uploads && i < job->segment_count && rc == 0; i++)
		rc = commit_add_seal(job->images[i], &head, uploads[i]->entry_count,
				     &uploads[i]->entries);
	job->seal_bytes = (uint32_t)entries.len;
	memcpy(job->peers, head.peers, sizeof job->peers);
	pack_free(&entries);
	return rc;
}

/* Everything to the disk, in tmp/. */
static int seal_images(struct commit_job *job)
{
	struct store *store = job->store;
	int rc = 0;

	for (size_t i = 0; i < job->segment_count && rc == 0; i++) {
		uint64_t bytes;
		char name[FOLDERS_NAME];

		folders_tmp_name(&store->folders, name);
		rc = segment_image_seal(job->images[i], store->folders.tmp_fd, name,
					store->rules.fsync_segments);
		if (rc != 0)
			break;
		(void)snprintf(job->names[i], sizeof job->names[i], "%s",
			       segment_image_file(job->images[i]));
		bytes = segment_image_bytes(job->images[i]);
		job->segments[i] = index_segment_new(store->cache, 0, 0, bytes);
		if (!job->segments[i])
			rc = ENOMEM;
	}
	return rc;
}

/* ---- publishing ---------------------------------------------------------------- */

void commit_sync_folder(struct store *store)
{
	if (!store->rules.fsync_folder || fsync(store->folders.seg_fd) == 0)
		return;
	log_event(LOG_ERROR, "folder", "error=%s state=unknown ending=yes",
		  strerror(errno));
	log_flush();
	abort();
}

int commit_rename(struct store *store, const char *name, uint64_t lo, uint64_t hi,
		  bool replaces)
{
	char segment[SEGMENT_NAME];

	segment_name(lo, hi, segment);
	if (renameat2(store->folders.tmp_fd, name, store->folders.seg_fd, segment,
		      replaces ? 0 : RENAME_NOREPLACE) != 0)
		return errno == EEXIST ? EIO : errno;
	return 0;
}

static void publish_op(struct store *store, struct store_op *op, struct commit_job *job)
{
	struct index_segment *segment = job->segments[op->image];

	switch (op->type) {
	case SEAL_REGISTER:
		index_unclaim(store->index, op->reg, op->claimed);
		index_put_register(store->index, op->reg, segment);
		op->reg = NULL;
		break;
	case SEAL_BINDING:
		index_put_binding(store->index, op->binding);
		op->binding = NULL;
		break;
	case SEAL_CONTENT:
		index_put_content(store->index, op->object, &op->content, segment,
				  op->spare);
		index_release(store->index, op->object);
		op->spare = NULL;
		op->object = NULL;
		break;
	case SEAL_DROP:
		index_segment_add_undo(segment, seal_undo_bytes(op->type, 0));
		index_drop_content(store->index, op->object);
		op->object = NULL;
		break;
	case SEAL_TRIM:
		index_segment_add_undo(segment, seal_undo_bytes(op->type, 0));
		index_trim(store->index, op->object, op->chunks);
		index_release(store->index, op->object);
		op->object = NULL;
		break;
	case SEAL_FORGET:
		index_segment_add_undo(segment,
				       seal_undo_bytes(op->type, op->forgotten->len));
		index_forget(store->index, op->forgotten->path, op->forgotten->len,
			     &op->forgotten->ballot);
		break;
	case SEAL_SETTLED:
	case SEAL_PROVED:
		break;
	}
}

/* With the store's lock held. */
static void publish_numbers(struct store *store, const struct store_batch *batch)
{
	if (batch->reserve > store->head.reserved)
		store->head.reserved = batch->reserve;
	if (batch->epoch > store->head.epoch)
		store->head.epoch = batch->epoch;
	if (ballot_compare(&batch->floor, &store->head.floor) > 0)
		store->head.floor = batch->floor;
	if (!batch->votes)
		return;
	store->head.votes = true;
	store->head.born = batch->epoch;
	atomic_store(&store->phase, STORE_WHOLE);
}

/* With the store's lock held. */
static void publish_job(struct commit_job *job, uint64_t first)
{
	struct store *store = job->store;

	for (size_t i = 0; i < job->segment_count; i++) {
		index_segments_append(&store->segments, job->segments[i]);
		store->newest = first + i;
	}
	for (struct store_batch *batch = job->batches; batch; batch = batch->next) {
		for (size_t i = 0; i < batch->op_count; i++)
			publish_op(store, &batch->ops[i], job);
		publish_numbers(store, batch);
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		(void)watermark_take(&store->head.peers[i], &job->peers[i]);
	for (size_t i = 0; i < job->segment_count; i++)
		job->segments[i]->full = job->segments[i]->live;
	job->segments[0]->seal_bytes = job->seal_bytes;
	memset(job->segments, 0, sizeof job->segments);
	memset(job->names, 0, sizeof job->names);
}

/*
 * Nothing is written into a lost store, nor what was begun before a recovery into a new
 * one.
 */
static bool may_write(const struct commit_job *job)
{
	const struct store *store = job->store;

	if (atomic_load(&store->phase) == STORE_LOST)
		return false;
	for (const struct store_batch *batch = job->batches; batch; batch = batch->next)
		if (batch->generation != atomic_load(&store->generation))
			return false;
	return true;
}

/*
 * Gives the numbers.  A rename that fails after another succeeded leaves half a batch in
 * the folder; that is as unknown as a folder that could not be synced.
 */
static int number(struct commit_job *job)
{
	struct store *store = job->store;
	uint64_t first;
	int rc;

	pthread_mutex_lock(&store->serial);
	rc = may_write(job) ? 0 : EIO;
	first = store->newest + 1;
	for (size_t i = 0; i < job->segment_count && rc == 0; i++) {
		segment_set_range(job->segments[i]->file, first + i, first + i);
		rc = commit_rename(store, job->names[i], first + i, first + i, false);
		if (rc != 0 && i > 0) {
			log_event(LOG_ERROR, "rename",
				  "error=%s state=unknown ending=yes", strerror(rc));
			log_flush();
			abort();
		}
	}
	if (rc == 0) {
		commit_sync_folder(store);
		pthread_rwlock_wrlock(&store->lock);
		publish_job(job, first);
		store->changes++;
		pthread_rwlock_unlock(&store->lock);
	}
	pthread_mutex_unlock(&store->serial);
	return rc;
}

int commit_run(struct commit_job *job)
{
	struct store *store = job->store;
	int rc = build_images(job);

	if (rc == 0)
		rc = seal_images(job);
	/* Nothing is written into a lost store: that is EIO, too. */
	if (atomic_load(&store->phase) != STORE_LOST)
		atomic_store(&store->disk_error, rc == EIO || rc == EROFS ? rc : 0);
	if (rc == 0)
		rc = number(job);
	for (size_t i = 0; i < job->segment_count; i++) {
		folders_unlink_tmp(&store->folders, job->names[i]);
		index_segment_free(job->segments[i]);
	}
	if (job->own_image)
		segment_image_free(job->images[0]);
	if (rc == 0)
		compactor_wake(&store->compactor);
	/* A cause is told once, not with each commit that meets it. */
	if (atomic_exchange(&store->told_error, rc) != rc && rc != 0)
		log_event(LOG_WARN, "commit", "error=%s", strerror(rc));
	return rc;
}
