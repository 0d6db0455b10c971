/* Group commit: the queue of batches, and the thread that empties it. */
#include "group.h"

#include "clock.h"
#include "commit.h"
#include "compactor.h"
#include "watermark.h"
#include "space.h"
#include "uploads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
static void take_group(struct group *group, struct commit_job *job, size_t *ret_records)
{
	struct store_batch **end = &job->batches, *batch;
	uint64_t bytes = group->notes.len, entries = group->notes.len;

	*ret_records = 0;
	while ((batch = group->queue)) {
		bytes += size_of(batch);
		entries += batch->entries.len;
		if (job->batches && (bytes > GROUP_BYTES || entries > SEAL_ENTRIES_MAX))
			break;
		group->queue = batch->next;
		batch->next = NULL;
		*end = batch;
		end = &batch->next;
		*ret_records += batch->record_count;
	}
	if (!group->queue)
		group->queue_end = &group->queue;
	job->notes = group->notes;
	job->note_count = group->note_count;
	memset(&group->notes, 0, sizeof group->notes);
	group->note_count = 0;
	group->watermark_waits = false;
}

/* Moves the batches that there is no room for to refused. */
static void judge_room(struct store *store, struct commit_job *job,
		       struct store_batch **refused)
{
	struct store_batch **at = &job->batches, *batch;
	uint64_t bytes = SEGMENT_MORE + job->notes.len;
	struct space space;

	if (space_read(store->folders.seg_fd, &space) != 0)
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

/* With the group's lock held. */
static void requeue(struct group *group, struct store_batch *batches)
{
	struct store_batch **end = &batches;

	while (*end)
		end = &(*end)->next;
	if (end == &batches)
		return;
	*end = group->queue;
	if (!group->queue)
		group->queue_end = end;
	group->queue = batches;
}

/*
 * With the group's lock held: notes that were not written wait on, in their order.  When
 * there are too many the older ones go: they are learned again.
 */
static void keep_notes(struct group *group, struct commit_job *job)
{
	group->watermark_waits = true;
	if (job->note_count == 0 || job->notes.len + group->notes.len > NOTES_MAX) {
		group->notes_due_ms = clock_now_ms() + NOTES_MS;
		return;
	}
	pack_put(&job->notes, group->notes.bytes, group->notes.len);
	if (!job->notes.failed) {
		pack_free(&group->notes);
		group->notes = job->notes;
		group->note_count += job->note_count;
		memset(&job->notes, 0, sizeof job->notes);
	}
	group->notes_due_ms = clock_now_ms() + NOTES_MS;
}

/* With the group's lock held. */
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
static bool has_watermarks(struct store *store)
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

/* With the group's lock held: something is to be written within a second. */
static void wait_a_second(struct group *group)
{
	if (group->note_count == 0 && !group->watermark_waits)
		group->notes_due_ms = clock_now_ms() + NOTES_MS;
	pthread_cond_signal(&group->more);
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
static void commit_group(struct store *store, struct commit_job *job)
{
	struct group *group = &store->group;
	struct store_batch *refused = NULL;
	size_t records;
	int rc = 0;

	memset(job, 0, sizeof *job);
	job->store = store;
	take_group(group, job, &records);
	pthread_mutex_unlock(&group->lock);

	judge_room(store, job, &refused);
	/* What waits for a store that is lost by now is learned again. */
	if (atomic_load(&store->phase) == STORE_LOST)
		rc = EIO;
	else if (job->batches || job->note_count > 0 || has_watermarks(store))
		rc = write_group(job, records);

	pthread_mutex_lock(&group->lock);
	if (rc != 0 && atomic_load(&store->phase) != STORE_LOST)
		keep_notes(group, job);
	requeue(group, job->later);
	answer(job->batches, rc);
	answer(refused, ENOSPC);
	pthread_cond_broadcast(&group->done);
	pack_free(&job->notes);
}

/* With the group's lock held: waits until there is something to write; false: the end. */
static bool wait_for_batches(struct group *group)
{
	bool has_notes;

	while (!group->queue) {
		has_notes = group->note_count > 0 || group->watermark_waits;
		if (group->stopping)
			return has_notes;
		if (has_notes && clock_now_ms() >= group->notes_due_ms)
			return true;
		(void)clock_wait(&group->more, &group->lock,
				 has_notes ? group->notes_due_ms : INT64_MAX);
	}
	return true;
}

static void *commit_groups(void *argument)
{
	struct store *store = argument;
	struct group *group = &store->group;
	struct commit_job job;
	bool last = false;

	pthread_mutex_lock(&group->lock);
	while (!last && wait_for_batches(group)) {
		/* Notes that cannot be written do not hold up the end. */
		last = group->stopping && !group->queue;
		commit_group(store, &job);
	}
	pthread_mutex_unlock(&group->lock);
	return NULL;
}

void group_init(struct group *group)
{
	pthread_mutex_init(&group->lock, NULL);
	clock_condition_init(&group->more);
	pthread_cond_init(&group->done, NULL);
	group->queue_end = &group->queue;
}

void group_free(struct group *group)
{
	pack_free(&group->notes);
	pthread_mutex_destroy(&group->lock);
	pthread_cond_destroy(&group->more);
	pthread_cond_destroy(&group->done);
}

int group_start(struct store *store)
{
	int rc = 0;

	if (!store->group.runs)
		rc = pthread_create(&store->group.thread, NULL, commit_groups, store);
	if (rc == 0)
		store->group.runs = true;
	return rc;
}

void group_stop(struct store *store)
{
	struct group *group = &store->group;

	if (!group->runs)
		return;
	pthread_mutex_lock(&group->lock);
	group->stopping = true;
	pthread_cond_signal(&group->more);
	pthread_mutex_unlock(&group->lock);
	pthread_join(group->thread, NULL);
	group->runs = false;
}

/* ---- for all ------------------------------------------------------------------- */

int store_commit(struct store_batch *take_batch)
{
	struct store_batch *batch = take_batch;
	struct store *store = batch->store;
	struct group *group = &store->group;
	int rc;

	if (atomic_load(&store->phase) == STORE_LOST) {
		rc = EIO;
	} else if (batch->entries.len > BATCH_ENTRIES) {
		rc = EINVAL;
	} else if (batch->upload_count > 0) {
		rc = commit_uploads(batch);
	} else {
		pthread_mutex_lock(&group->lock);
		batch->next = NULL;
		*group->queue_end = batch;
		group->queue_end = &batch->next;
		pthread_cond_signal(&group->more);
		while (!batch->done)
			pthread_cond_wait(&group->done, &group->lock);
		pthread_mutex_unlock(&group->lock);
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
	group_note(store, &entry);
	compactor_wake(&store->compactor);
}

void group_note(struct store *store, const struct seal_entry *entry)
{
	struct group *group = &store->group;

	pthread_mutex_lock(&group->lock);
	if (group->notes.len < NOTES_MAX && batch_put_entry(&group->notes, entry)) {
		wait_a_second(group);
		group->note_count++;
	}
	pthread_mutex_unlock(&group->lock);
}

void group_remember(struct store *store)
{
	struct group *group = &store->group;

	if (atomic_load(&store->phase) == STORE_LOST)
		return;
	pthread_mutex_lock(&group->lock);
	wait_a_second(group);
	group->watermark_waits = true;
	pthread_mutex_unlock(&group->lock);
}
