/* Group commit, and the serial section in which numbers are given. */
#include "commit.h"

#include "clock.h"
#include "keeper.h"
#include "log.h"
#include "space.h"
#include "uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	GROUP_BYTES = 16 << 20,
	NOTES_MAX = 1 << 20,                          /* bytes of notes that wait */
	GROUP_ENTRIES = SEAL_ENTRIES_MAX - NOTES_MAX, /* bytes of @seal */
	NOTES_MS = 1000,
	/* A gdbm file is larger than its records: what is added to each, and once. */
	RECORD_MORE = 64,
	SEGMENT_MORE = 64 << 10
};

/* What is made durable together. */
struct job {
	struct store *store;
	struct store_batch *batches; /* linked by next */
	struct store_batch *later;   /* for the next group */
	struct pack_out notes;       /* entries taken from the store */
	uint32_t note_count;
	uint32_t seal_bytes; /* of the first segment */
	size_t segment_count;
	struct segment_image *images[DFS_BATCH_MAX]; /* an upload's own are borrowed */
	struct index_segment *segments[DFS_BATCH_MAX];
	char names[DFS_BATCH_MAX][STORE_TMP_NAME];
	bool own_image; /* images[0] is freed with the job */
};

/* ---- building ------------------------------------------------------------------ */

static struct seal_head next_head(struct job *job)
{
	struct store *store = job->store;
	struct seal_head head;

	pthread_rwlock_rdlock(&store->lock);
	head = store->head;
	pthread_rwlock_unlock(&store->lock);
	for (const struct store_batch *batch = job->batches; batch; batch = batch->next) {
		if (batch->reserve > head.reserved)
			head.reserved = batch->reserve;
		if (batch->epoch > head.epoch)
			head.epoch = batch->epoch;
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
		record = batch_record_new(FRAME_SEAL, &key, seal.bytes, seal.len);
	if (record)
		rc = segment_image_add(image, &key, record->frame, record->len);
	batch_records_free(record);
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
static int add_batches(struct job *job, struct pack_out *entries, uint32_t *count)
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
static int build(struct job *job)
{
	struct store_upload *const *uploads = job->batches ? job->batches->uploads : NULL;
	struct seal_head head;
	struct pack_out entries = {0};
	uint32_t count = job->note_count;
	int rc;

	pack_put(&entries, job->notes.bytes, job->notes.len);
	if (!job->own_image) {
		pack_put(&entries, uploads[0]->entries.bytes, uploads[0]->entries.len);
		count++;
	}
	rc = add_batches(job, &entries, &count);
	head = next_head(job);
	if (rc == 0 && entries.len > SEAL_ENTRIES_MAX)
		rc = EINVAL;
	if (rc == 0)
		rc = commit_add_seal(job->images[0], &head, count, &entries);
	for (size_t i = 1; i < job->segment_count && rc == 0; i++)
		rc = commit_add_seal(job->images[i], &head, 1, &uploads[i]->entries);
	job->seal_bytes = (uint32_t)entries.len;
	pack_free(&entries);
	return rc;
}

/* Everything to the disk, in tmp/. */
static int seal_images(struct job *job)
{
	struct store *store = job->store;
	int rc = 0;

	for (size_t i = 0; i < job->segment_count && rc == 0; i++) {
		uint64_t bytes;
		char name[STORE_TMP_NAME];

		store_tmp_name(store, name);
		rc = segment_image_seal(job->images[i], store->tmp_fd, name,
					store->rules.fsync_segments);
		if (rc != 0)
			break;
		snprintf(job->names[i], sizeof job->names[i], "%s",
			 segment_image_file(job->images[i]));
		bytes = segment_image_bytes(job->images[i]);
		job->segments[i] = store_segment_new(store, 0, 0, bytes);
		if (!job->segments[i])
			rc = ENOMEM;
	}
	return rc;
}

/* ---- publishing ---------------------------------------------------------------- */

void commit_unlink_tmp(struct store *store, const char *name)
{
	if (name[0] != '\0')
		unlinkat(store->tmp_fd, name, 0);
}

void commit_sync_folder(struct store *store)
{
	if (!store->rules.fsync_folder || fsync(store->seg_fd) == 0)
		return;
	log_event(LOG_ERROR, "folder", "error=%s state=unknown ending=yes",
		  strerror(errno));
	abort();
}

int commit_rename(struct store *store, const char *name, uint64_t lo, uint64_t hi,
		  bool replaces)
{
	char segment[SEGMENT_NAME];

	segment_name(lo, hi, segment);
	if (renameat2(store->tmp_fd, name, store->seg_fd, segment,
		      replaces ? 0 : RENAME_NOREPLACE) != 0)
		return errno == EEXIST ? EIO : errno;
	return 0;
}

static void publish_op(struct store *store, struct store_op *op, struct job *job)
{
	struct index_segment *segment = job->segments[op->image];

	switch (op->type) {
	case SEAL_REGISTER:
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
		index_drop_content(store->index, op->object);
		op->object = NULL;
		break;
	case SEAL_SETTLED:
		break;
	}
}

/* With the store's lock held. */
static void publish(struct job *job, uint64_t first)
{
	struct store *store = job->store;

	for (size_t i = 0; i < job->segment_count; i++) {
		struct index_segment *segment = job->segments[i];

		TAILQ_INSERT_TAIL(&store->segments, segment, order);
		store->segment_count++;
		store->stored_bytes += segment_bytes(segment->file);
		store->newest = first + i;
	}
	for (struct store_batch *batch = job->batches; batch; batch = batch->next) {
		for (size_t i = 0; i < batch->op_count; i++)
			publish_op(store, &batch->ops[i], job);
		if (batch->reserve > store->head.reserved)
			store->head.reserved = batch->reserve;
		if (batch->epoch > store->head.epoch)
			store->head.epoch = batch->epoch;
	}
	for (size_t i = 0; i < job->segment_count; i++)
		job->segments[i]->full = job->segments[i]->live;
	job->segments[0]->seal_bytes = job->seal_bytes;
	memset(job->segments, 0, sizeof job->segments);
	memset(job->names, 0, sizeof job->names);
}

/*
 * Gives the numbers.  A rename that fails after another succeeded leaves half a batch in
 * the folder; that is as unknown as a folder that could not be synced.
 */
static int number(struct job *job)
{
	struct store *store = job->store;
	uint64_t first;
	int rc = 0;

	pthread_mutex_lock(&store->serial);
	first = store->newest + 1;
	for (size_t i = 0; i < job->segment_count && rc == 0; i++) {
		segment_set_range(job->segments[i]->file, first + i, first + i);
		rc = commit_rename(store, job->names[i], first + i, first + i, false);
		if (rc != 0 && i > 0) {
			log_event(LOG_ERROR, "rename",
				  "error=%s state=unknown ending=yes", strerror(rc));
			abort();
		}
	}
	if (rc == 0) {
		commit_sync_folder(store);
		pthread_rwlock_wrlock(&store->lock);
		publish(job, first);
		pthread_rwlock_unlock(&store->lock);
	}
	pthread_mutex_unlock(&store->serial);
	return rc;
}

/* From filled images to visible batches; frees what is left of the job. */
static int finish(struct job *job)
{
	struct store *store = job->store;
	int rc = build(job);

	if (rc == 0)
		rc = seal_images(job);
	if (rc == 0)
		rc = number(job);
	for (size_t i = 0; i < job->segment_count; i++) {
		commit_unlink_tmp(store, job->names[i]);
		store_segment_free(job->segments[i]);
	}
	if (job->own_image)
		segment_image_free(job->images[0]);
	if (rc == 0)
		keeper_wake(store);
	else
		log_event(LOG_WARN, "commit", "error=%s", strerror(rc));
	return rc;
}

/* ---- with uploads -------------------------------------------------------------- */

static int commit_uploads(struct store_batch *batch)
{
	struct store *store = batch->store;
	struct job *job;
	int rc;

	if (!store_has_room(store, batch->bytes + SEGMENT_MORE) &&
	    !batch->may_use_reserve)
		return ENOSPC;
	job = calloc(1, sizeof *job);
	if (!job)
		return ENOMEM;
	batch->next = NULL;
	job->store = store;
	job->batches = batch;
	job->segment_count = batch->upload_count;
	for (size_t i = 0; i < batch->upload_count; i++)
		job->images[i] = batch->uploads[i]->image;
	rc = finish(job);
	free(job);
	return rc;
}

/* ---- together ------------------------------------------------------------------ */

static uint64_t size_of(const struct store_batch *batch)
{
	return batch->bytes + batch->entries.len + RECORD_MORE * batch->record_count;
}

/* Takes the batches that fit into one group; the notes too. */
static void take_group(struct store *store, struct job *job, size_t *ret_records)
{
	struct store_batch **end = &job->batches, *batch;
	uint64_t bytes = 0, entries = 0;

	*ret_records = 0;
	while ((batch = store->queue) != NULL) {
		bytes += size_of(batch);
		entries += batch->entries.len;
		if (job->batches && (bytes > GROUP_BYTES || entries > GROUP_ENTRIES))
			break;
		store->queue = batch->next;
		batch->next = NULL;
		*end = batch;
		end = &batch->next;
		*ret_records += batch->record_count;
	}
	if (!store->queue)
		store->queue_end = &store->queue;
	job->notes = store->notes;
	job->note_count = store->note_count;
	memset(&store->notes, 0, sizeof store->notes);
	store->note_count = 0;
}

/* Moves the batches that there is no room for to refused. */
static void judge_room(struct store *store, struct job *job, struct store_batch **refused)
{
	struct store_batch **at = &job->batches, *batch;
	uint64_t bytes = SEGMENT_MORE + job->notes.len;
	struct space space;

	if (space_read(store->seg_fd, &space) != 0)
		return;
	while ((batch = *at) != NULL) {
		if (space_has_room(&space, bytes + size_of(batch),
				   batch->may_use_reserve)) {
			bytes += size_of(batch);
			at = &batch->next;
			continue;
		}
		*at = batch->next;
		batch->next = *refused;
		*refused = batch;
	}
}

/* With the queue's lock held. */
static void requeue(struct store *store, struct store_batch *batches)
{
	struct store_batch **end = &batches;

	while (*end)
		end = &(*end)->next;
	if (end == &batches)
		return;
	*end = store->queue;
	if (!store->queue)
		store->queue_end = end;
	store->queue = batches;
}

/* With the queue's lock held: notes that were not written wait on, in their order. */
static void keep_notes(struct store *store, struct job *job)
{
	if (job->note_count == 0)
		return;
	pack_put(&job->notes, store->notes.bytes, store->notes.len);
	if (!job->notes.failed) {
		pack_free(&store->notes);
		store->notes = job->notes;
		store->note_count += job->note_count;
		memset(&job->notes, 0, sizeof job->notes);
	}
	store->notes_due_ms = clock_now_ms() + NOTES_MS;
}

/* With the queue's lock held. */
static void answer(struct store_batch *batches, int result)
{
	struct store_batch *next;

	for (; batches; batches = next) {
		next = batches->next;
		batches->result = result;
		batches->done = true;
	}
}

static int commit_group(struct job *job, size_t records)
{
	errno = 0;
	job->own_image = true;
	job->segment_count = 1;
	job->images[0] = segment_image_in_memory(records);
	if (!job->images[0])
		return errno ? errno : ENOMEM;
	return finish(job);
}

/* One group, from the queue to its answers. */
static void run_group(struct store *store, struct job *job)
{
	struct store_batch *refused = NULL;
	size_t records;
	int rc = 0;

	memset(job, 0, sizeof *job);
	job->store = store;
	take_group(store, job, &records);
	pthread_mutex_unlock(&store->queue_lock);

	judge_room(store, job, &refused);
	if (job->batches || job->note_count > 0)
		rc = commit_group(job, records);

	pthread_mutex_lock(&store->queue_lock);
	if (rc != 0)
		keep_notes(store, job);
	requeue(store, job->later);
	answer(job->batches, rc);
	answer(refused, ENOSPC);
	pthread_cond_broadcast(&store->queue_done);
	pack_free(&job->notes);
}

/* With the queue's lock held: waits until there is something to write, or nothing any
 * more. */
static bool wait_for_work(struct store *store)
{
	while (!store->queue) {
		int64_t due = store->notes_due_ms;
		struct timespec when = {.tv_sec = due / 1000,
					.tv_nsec = due % 1000 * 1000000};

		if (store->stopping)
			return store->note_count > 0;
		if (store->note_count == 0)
			pthread_cond_wait(&store->queue_more, &store->queue_lock);
		else if (clock_now_ms() >= due)
			return true;
		else
			pthread_cond_timedwait(&store->queue_more, &store->queue_lock,
					       &when);
	}
	return true;
}

static void *committer(void *argument)
{
	struct store *store = argument;
	struct job *job = calloc(1, sizeof *job);
	bool last = false;

	if (!job)
		abort();
	pthread_mutex_lock(&store->queue_lock);
	while (!last && wait_for_work(store)) {
		/* Notes that cannot be written do not hold up the end. */
		last = store->stopping && !store->queue;
		run_group(store, job);
	}
	pthread_mutex_unlock(&store->queue_lock);
	free(job);
	return NULL;
}

int commit_start(struct store *store)
{
	int rc = pthread_create(&store->committer, NULL, committer, store);

	store->committer_runs = rc == 0;
	return rc;
}

void commit_stop(struct store *store)
{
	if (!store->committer_runs)
		return;
	pthread_mutex_lock(&store->queue_lock);
	store->stopping = true;
	pthread_cond_signal(&store->queue_more);
	pthread_mutex_unlock(&store->queue_lock);
	pthread_join(store->committer, NULL);
	store->committer_runs = false;
}

/* ---- for all ------------------------------------------------------------------- */

int store_commit(struct store_batch *take_batch)
{
	struct store_batch *batch = take_batch;
	struct store *store = batch->store;
	int rc;

	if (!store->committer_runs || batch->entries.len > GROUP_ENTRIES) {
		rc = store->committer_runs ? EINVAL : EIO;
	} else if (batch->upload_count > 0) {
		rc = commit_uploads(batch);
	} else {
		pthread_mutex_lock(&store->queue_lock);
		batch->next = NULL;
		*store->queue_end = batch;
		store->queue_end = &batch->next;
		pthread_cond_signal(&store->queue_more);
		while (!batch->done)
			pthread_cond_wait(&store->queue_done, &store->queue_lock);
		pthread_mutex_unlock(&store->queue_lock);
		rc = batch->result;
	}
	store_batch_free(batch);
	return rc;
}

void store_settled(struct store *store, const char *path, size_t len,
		   const dfs_ballot *ballot)
{
	struct seal_entry entry = {
		.type = SEAL_SETTLED, .path = path, .path_len = len, .ballot = *ballot};
	bool news;

	if (!store->whole)
		return;
	pthread_rwlock_wrlock(&store->lock);
	news = index_settle(store->index, path, len, ballot);
	pthread_rwlock_unlock(&store->lock);
	if (!news)
		return;
	/* What does not fit is only forgotten at the next start, and then learned again.
	 */
	pthread_mutex_lock(&store->queue_lock);
	if (store->notes.len < NOTES_MAX && batch_put_entry(&store->notes, &entry)) {
		if (store->note_count++ == 0)
			store->notes_due_ms = clock_now_ms() + NOTES_MS;
		pthread_cond_signal(&store->queue_more);
	}
	pthread_mutex_unlock(&store->queue_lock);
	keeper_wake(store);
}
