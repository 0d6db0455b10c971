/* Group commit: the queue of batches, and the thread that empties it. */
#include "group.h"

#include "clock.h"
#include "commit.h"
#include "keeper.h"
#include "watermark.h"
#include "space.h"
#include "uploads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	GROUP_BYTES = 8 << 20,
	NOTES_MAX = 1 << 20, /* bytes of notes that wait, but for the last one */
	BATCH_ENTRIES = SEAL_ENTRIES_MAX - 2 * NOTES_MAX, /* bytes of @seal */
	NOTES_MS = 1000,
	/* A gdbm file is larger than its records: what is added to each, and once. */
	RECORD_MORE = 64,
	SEGMENT_MORE = 64 << 10
};

/* ---- with uploads -------------------------------------------------------------- */

static int commit_uploads(struct store_batch *batch)
{
	struct store *store = batch->store;
	struct commit_job *job;
	int rc;

	if (!store_has_room(store, batch->bytes + SEGMENT_MORE) &&
	    batch->use == SPACE_ORDINARY)
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
	rc = commit_run(job);
	free(job);
	return rc;
}

/* ---- together ------------------------------------------------------------------ */

static uint64_t size_of(const struct store_batch *batch)
{
	return batch->bytes + batch->entries.len + RECORD_MORE * batch->record_count;
}

/* Takes the batches that fit into one group; the notes too. */
static void take_group(struct store *store, struct commit_job *job, size_t *ret_records)
{
	struct store_batch **end = &job->batches, *batch;
	uint64_t bytes = store->notes.len, entries = store->notes.len;

	*ret_records = 0;
	while ((batch = store->queue)) {
		bytes += size_of(batch);
		entries += batch->entries.len;
		if (job->batches && (bytes > GROUP_BYTES || entries > SEAL_ENTRIES_MAX))
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
	store->watermark_waits = false;
}

/* Moves the batches that there is no room for to refused. */
static void judge_room(struct store *store, struct commit_job *job,
		       struct store_batch **refused)
{
	struct store_batch **at = &job->batches, *batch;
	uint64_t bytes = SEGMENT_MORE + job->notes.len;
	struct space space;

	if (space_read(store->seg_fd, &space) != 0)
		return;
	while ((batch = *at)) {
		if (space_has_room(&space, bytes + size_of(batch), batch->use)) {
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

/*
 * With the queue's lock held: notes that were not written wait on, in their order.  When
 * there are too many the older ones go: they are learned again.
 */
static void keep_notes(struct store *store, struct commit_job *job)
{
	store->watermark_waits = true;
	if (job->note_count == 0 || job->notes.len + store->notes.len > NOTES_MAX) {
		store->notes_due_ms = clock_now_ms() + NOTES_MS;
		return;
	}
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

/* Is more remembered of peers than a segment tells? */
static bool has_memory(struct store *store)
{
	bool has = false;

	pthread_rwlock_rdlock(&store->lock);
	for (unsigned i = 0; i < DFS_SERVERS && !has; i++) {
		dfs_watermark told = store->head.peers[i];

		has = watermark_take(&told, &store->heard[i]);
	}
	pthread_rwlock_unlock(&store->lock);
	return has;
}

/* With the queue's lock held: something is to be written within a second. */
static void wait_a_second(struct store *store)
{
	if (store->note_count == 0 && !store->watermark_waits)
		store->notes_due_ms = clock_now_ms() + NOTES_MS;
	pthread_cond_signal(&store->queue_more);
}

static int write_group(struct commit_job *job, size_t records)
{
	errno = 0;
	job->own_image = true;
	job->segment_count = 1;
	job->images[0] = segment_image_in_memory(records);
	if (!job->images[0])
		return errno ? errno : ENOMEM;
	return commit_run(job);
}

/* One group, from the queue to its answers. */
static void run_group(struct store *store, struct commit_job *job)
{
	struct store_batch *refused = NULL;
	size_t records;
	int rc = 0;

	memset(job, 0, sizeof *job);
	job->store = store;
	take_group(store, job, &records);
	pthread_mutex_unlock(&store->queue_lock);

	judge_room(store, job, &refused);
	/* What waits for a store that is lost by now is learned again. */
	if (atomic_load(&store->phase) == STORE_LOST)
		rc = EIO;
	else if (job->batches || job->note_count > 0 || has_memory(store))
		rc = write_group(job, records);

	pthread_mutex_lock(&store->queue_lock);
	if (rc != 0 && atomic_load(&store->phase) != STORE_LOST)
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
			return store->note_count > 0 || store->watermark_waits;
		if (store->note_count == 0 && !store->watermark_waits)
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
	struct commit_job job;
	bool last = false;

	pthread_mutex_lock(&store->queue_lock);
	while (!last && wait_for_work(store)) {
		/* Notes that cannot be written do not hold up the end. */
		last = store->stopping && !store->queue;
		run_group(store, &job);
	}
	pthread_mutex_unlock(&store->queue_lock);
	return NULL;
}

int group_start(struct store *store)
{
	int rc = pthread_create(&store->committer, NULL, committer, store);

	store->committer_runs = rc == 0;
	return rc;
}

void group_stop(struct store *store)
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

	if (atomic_load(&store->phase) == STORE_LOST) {
		rc = EIO;
	} else if (batch->entries.len > BATCH_ENTRIES) {
		rc = EINVAL;
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

	if (atomic_load(&store->phase) == STORE_LOST)
		return;
	pthread_rwlock_wrlock(&store->lock);
	news = index_settle(store->index, path, len, ballot);
	store->changes += news;
	pthread_rwlock_unlock(&store->lock);
	if (!news)
		return;
	/* What does not fit is only forgotten at the next start, and then learned again.
	 */
	pthread_mutex_lock(&store->queue_lock);
	if (store->notes.len < NOTES_MAX && batch_put_entry(&store->notes, &entry)) {
		wait_a_second(store);
		store->note_count++;
	}
	pthread_mutex_unlock(&store->queue_lock);
	keeper_wake(store);
}

void group_remember(struct store *store)
{
	if (atomic_load(&store->phase) == STORE_LOST)
		return;
	pthread_mutex_lock(&store->queue_lock);
	wait_a_second(store);
	store->watermark_waits = true;
	pthread_mutex_unlock(&store->queue_lock);
}
