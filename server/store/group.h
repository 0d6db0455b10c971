/*
 * Group commit.
 *
 * A thread of the store takes all batches that wait, builds one segment of them in memory
 * and publishes them together.  A batch with a large upload is committed by the thread
 * that asks, so that its long fsync holds nobody up.
 */
#ifndef DFS_GROUP_H
#define DFS_GROUP_H

#include "pack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct store;
struct store_batch;

/* Of a store.  With its lock held no other is taken. */
struct group {
	pthread_mutex_t lock;      /* of what follows */
	pthread_cond_t more, done; /* for the thread; for who waits for an answer */
	struct store_batch *queue, **queue_end;
	struct pack_out notes; /* SEAL_SETTLED and SEAL_PROVED, not yet written */
	uint32_t note_count;
	int64_t notes_due_ms;
	bool watermark_waits; /* to be written, by notes_due_ms */
	bool stopping;
	bool runs; /* of who starts and stops it alone */
	pthread_t thread;
};

void group_init(struct group *group);
void group_free(struct group *group);

/* The thread; nothing where it runs already.  0 or an errno. */
int group_start(struct store *store);
/* Writes what waits and ends it. */
void group_stop(struct store *store);

/*
 * What is remembered of peers has changed: written with the next commit, or in a second.
 */
void group_remember(struct store *store);

/*
 * An entry that says what was found out: it is written likewise.  What does not fit is
 * lost at the next start only, and found out again then.
 */
struct seal_entry;
void group_note(struct store *store, const struct seal_entry *entry);

#endif
