/*
 * From lost to whole: the phases of a store.
 *
 * A recovery is durable from its first segment on, whose head has a new store id and says
 * that the store begins with it and does not vote.  Every later head says the same, until
 * one says that it votes.  So a start at any moment finds the old store, a recovery that
 * had not ended, or one that had, with all that was committed before.
 */
#include "store_phase.h"

#include "ballot.h"
#include "batch.h"
#include "commit.h"
#include "group.h"
#include "compactor.h"
#include "log.h"
#include "space.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char gone_why[] =
	"The folder of its store is gone: it was removed, or its disk is not mounted "
	"any more.  Mount it and start the server again; or, where the store is lost, "
	"start it with --replace-store.";

bool store_whole(struct store *store, const char **ret_why)
{
	if (atomic_load(&store->gone)) {
		*ret_why = gone_why;
		return false;
	}
	if (atomic_load(&store->phase) == STORE_WHOLE)
		return true;
	*ret_why = whys_text(&store->whys);
	return false;
}

/* ---- losing -------------------------------------------------------------------- */

void store_condemn(struct store *store, const char *why)
{
	char quoted[1024];

	whys_set(&store->whys, why);
	pthread_mutex_lock(&store->serial);
	atomic_store(&store->phase, STORE_LOST);
	pthread_mutex_unlock(&store->serial);
	log_event(LOG_ERROR, "recovering", "why=%s",
		  log_sentence(why, quoted, sizeof quoted));
}

bool store_in_place(struct store *store)
{
	bool there = folders_in_place(&store->folders);

	if (atomic_exchange(&store->gone, !there) && there)
		compactor_wake(&store->compactor);
	return there;
}

/* ---- beginning ----------------------------------------------------------------- */

/* The first segment of a recovery: a head, and nothing else. */
static int seal_first(struct store *store, const struct seal_head *head, char *name,
		      uint64_t *ret_bytes)
{
	struct segment_image *image = segment_image_in_memory(1);
	struct pack_out none = {0};
	int rc = image ? commit_add_seal(image, head, 0, &none) : ENOMEM;

	folders_tmp_name(&store->folders, name);
	if (rc == 0)
		rc = segment_image_seal(image, store->folders.tmp_fd, name,
					store->rules.fsync_segments);
	if (rc == 0)
		*ret_bytes = segment_image_bytes(image);
	segment_image_free(image);
	return rc;
}

/* With the serial lock held: what was there is behind us, but for its content. */
static void publish_beginning(struct store *store, struct index_segment *segment,
			      const struct seal_head *head)
{
	pthread_rwlock_wrlock(&store->lock);
	index_reset(store->index);
	store->changes++;
	index_segments_append(&store->segments, segment);
	index_segments_look_again(&store->segments);
	store->newest = head->begun;
	store->head = *head;
	pthread_rwlock_unlock(&store->lock);
	atomic_fetch_add(&store->generation, 1);
}

static struct seal_head first_head(struct store *store, uint64_t number)
{
	struct seal_head head = {.cluster = store->cluster,
				 .server = store->server,
				 .begun = number,
				 .votes = !store->rules.seal_recovering};

	pthread_rwlock_rdlock(&store->lock);
	memcpy(head.peers, store->heard, sizeof head.peers);
	pthread_rwlock_unlock(&store->lock);
	return head;
}

/* With the serial lock held. */
static int begin(struct store *store, uint64_t number)
{
	struct seal_head head = first_head(store, number);
	struct index_segment *segment;
	char name[FOLDERS_NAME];
	uint64_t bytes;
	int rc = id_random(&head.store) ? 0 : EIO;

	if (rc == 0)
		rc = seal_first(store, &head, name, &bytes);
	if (rc != 0)
		return rc;
	segment = index_segment_new(store->cache, number, number, bytes);
	rc = segment ? commit_rename(store, name, number, number, false) : ENOMEM;
	if (rc != 0) {
		index_segment_free(segment);
		folders_unlink_tmp(&store->folders, name);
		return rc;
	}
	commit_sync_folder(store);
	publish_beginning(store, segment, &head);
	return 0;
}

/* A store that was lost when it was opened has none. */
static int start_threads(struct store *store)
{
	int rc = group_start(store);

	return rc == 0 ? compactor_start(store) : rc;
}

int store_recover_begin(struct store *store, uint64_t at_least)
{
	uint64_t number;
	int rc = 0;

	pthread_mutex_lock(&store->serial);
	number = (at_least > store->newest ? at_least : store->newest) + 1;
	if (atomic_load(&store->phase) == STORE_WHOLE)
		rc = EINVAL;
	else if (number == 0 || number > SEGMENT_NUMBER_MAX / 2)
		rc = ERANGE;
	else
		rc = begin(store, number);
	if (rc == 0)
		rc = start_threads(store);
	if (rc == 0) {
		whys_set(&store->whys, "It takes its registers from its peers.");
		atomic_store(&store->phase, STORE_RECOVERING);
	}
	pthread_mutex_unlock(&store->serial);
	log_event(rc == 0 ? LOG_INFO : LOG_ERROR, "recovery", "begun=%llu result=\"%s\"",
		  (unsigned long long)number, strerror(rc));
	return rc;
}

/* ---- ending -------------------------------------------------------------------- */

int store_recover_end(struct store *store, uint32_t epoch)
{
	struct store_numbers numbers;
	struct store_batch *batch;
	int rc;

	store_get_numbers(store, &numbers);
	if (atomic_load(&store->phase) != STORE_RECOVERING || epoch == 0 ||
	    epoch < numbers.epoch)
		return EINVAL;
	batch = store_batch_new(store);
	if (!batch)
		return ENOMEM;
	batch->votes = true;
	batch->epoch = epoch;
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	if (rc == 0)
		compactor_wake(&store->compactor);
	log_event(rc == 0 ? LOG_INFO : LOG_ERROR, "recovery",
		  "epoch=%u files=%llu result=\"%s\"", epoch,
		  (unsigned long long)numbers.files, strerror(rc));
	return rc;
}
