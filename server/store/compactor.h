/*
 * The compactor: the one thread of a store that gives space back.  It drops what nothing
 * refers to any more, once its grace is over, and merges segments.
 */
#ifndef DFS_COMPACTOR_H
#define DFS_COMPACTOR_H

#include "worker.h"

#include <pthread.h>
#include <stdbool.h>

struct store;

/* Of a store.  Its lock is taken inside the store's lock, the worker's inside of it. */
struct compactor {
	struct worker worker;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t round_ended;
	bool runs;
};

void compactor_init(struct compactor *compactor);
void compactor_free(struct compactor *compactor);

/* The thread; nothing where it runs already.  0 or an errno. */
int compactor_start(struct store *store);
/* Ends it after the step that it is at. */
void compactor_stop(struct store *store);

/* Something has changed: it looks again soon. */
void compactor_wake(struct compactor *compactor);

/*
 * With the store's lock held, which is given up: waits until the round of drops that
 * is under way has ended.
 */
void compactor_wait_round(struct compactor *compactor, pthread_rwlock_t *held_lock);
/* For the thread itself: a round has ended.  false when it is to end as well. */
bool compactor_end_round(struct compactor *compactor);

#endif
