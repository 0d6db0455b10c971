/*
 * A thread that works, rests, can be woken and is told to stop: what background work has
 * in common.  The work itself is a function that calls worker_rest between its steps:
 *
 *	while (worker_rest(worker, pause_ms))
 *		pause_ms = step();
 */
#ifndef DFS_WORKER_H
#define DFS_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed, it is one that was never started. */
struct worker {
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool woken, stopping;
	bool runs; /* the owner's alone */
	pthread_t thread;
};

/* Starts the thread; 0, or an errno and nothing is left to stop. */
int worker_start(struct worker *worker, void *(*work)(void *), void *argument);

/*
 * For the thread: rests so long (INT64_MAX: for ever), or until it is woken; one wake
 * ends one rest, also a rest that begins after it.  false: it is to end.
 */
bool worker_rest(struct worker *worker, int64_t ms);

/* For the thread: rests so long, or until it is told to stop: then false. */
bool worker_rest_undisturbed(struct worker *worker, int64_t ms);

/* For any thread, while it has been started and not been stopped. */
void worker_wake(struct worker *worker);

/* Tells it to end, and returns at once; nothing where it was not started. */
void worker_end(struct worker *worker);
bool worker_is_ending(struct worker *worker);

/* Tells it to end, and waits until it has; nothing where it was not started. */
void worker_stop(struct worker *worker);

#endif
