/* The thread that drops and merges. */
#include "keeper.h"

#include "clean.h"
#include "clock.h"
#include "merge.h"
#include "store_internal.h"

#include <stdlib.h>
#include <time.h>

/*
 * Between two steps: under load more segments gather meanwhile and are merged at once.
 * After a step that failed, say for want of space: longer.
 */
enum { PAUSE_MS = 50, FAILED_MS = 2000 };

static struct timespec as_timespec(int64_t ms)
{
	return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

/* With the keeper's lock held: until the time, or the end. */
static void wait_until(struct store *store, int64_t until_ms)
{
	struct timespec when = as_timespec(until_ms);

	while (!store->keeper_stopping && clock_now_ms() < until_ms)
		pthread_cond_timedwait(&store->keeper_more, &store->keeper_lock, &when);
}

/* With the keeper's lock held: until somebody wakes us, the time, or the end. */
static void wait_for_work(struct store *store, int64_t due_ms)
{
	struct timespec when = as_timespec(due_ms);

	while (!store->keeper_stopping && !store->keeper_look && clock_now_ms() < due_ms)
		if (due_ms == INT64_MAX)
			pthread_cond_wait(&store->keeper_more, &store->keeper_lock);
		else
			pthread_cond_timedwait(&store->keeper_more, &store->keeper_lock,
					       &when);
	store->keeper_look = false;
}

/*
 * One step of each; the pause before the next, or -1 when there is nothing more to do.  A
 * lost store is left as it is, and until a recovery has ended nobody knows what content
 * is for.
 */
static int64_t step(struct store *store)
{
	enum store_phase phase = atomic_load(&store->phase);
	bool more = false;

	if ((phase == STORE_WHOLE && clean_step(store, &more) != 0) ||
	    (phase != STORE_LOST && merge_step(store, &more) != 0))
		return FAILED_MS;
	return more ? PAUSE_MS : -1;
}

/* When the next content may be dropped. */
static int64_t due_ms(struct store *store)
{
	int64_t due;

	if (atomic_load(&store->phase) != STORE_WHOLE)
		return INT64_MAX;
	pthread_rwlock_rdlock(&store->lock);
	due = index_due_ms(store->index);
	pthread_rwlock_unlock(&store->lock);
	return due;
}

static void *keep(void *argument)
{
	struct store *store = argument;
	int64_t pause, due;

	pthread_mutex_lock(&store->keeper_lock);
	while (!store->keeper_stopping) {
		pthread_mutex_unlock(&store->keeper_lock);
		pause = step(store);
		due = due_ms(store);
		pthread_mutex_lock(&store->keeper_lock);
		wait_until(store, clock_now_ms() + (pause > 0 ? pause : PAUSE_MS));
		if (pause < 0)
			wait_for_work(store, due);
	}
	pthread_mutex_unlock(&store->keeper_lock);
	return NULL;
}

int keeper_start(struct store *store)
{
	int rc = pthread_create(&store->keeper, NULL, keep, store);

	store->keeper_runs = rc == 0;
	return rc;
}

void keeper_stop(struct store *store)
{
	if (!store->keeper_runs)
		return;
	pthread_mutex_lock(&store->keeper_lock);
	store->keeper_stopping = true;
	pthread_cond_signal(&store->keeper_more);
	pthread_mutex_unlock(&store->keeper_lock);
	pthread_join(store->keeper, NULL);
	store->keeper_runs = false;
}

void keeper_wake(struct store *store)
{
	pthread_mutex_lock(&store->keeper_lock);
	store->keeper_look = true;
	pthread_cond_signal(&store->keeper_more);
	pthread_mutex_unlock(&store->keeper_lock);
}
