/* The thread that drops and merges. */
#include "compactor.h"

#include "clock.h"
#include "drop.h"
#include "merge.h"
#include "store_internal.h"

/*
 * Between two steps: under load more segments gather meanwhile and are merged at once.
 * After a step that failed, say for want of space: longer.
 */
enum { PAUSE_MS = 50, FAILED_MS = 2000 };

/*
 * One step of each; the pause before the next, or -1 when there is nothing more to do.  A
 * lost store is left as it is, and until a recovery has ended nobody knows what content
 * is for.
 */
static int64_t compact_step(struct store *store)
{
	enum store_phase phase = atomic_load(&store->phase);
	bool more = false;

	if (atomic_load(&store->gone))
		return -1;
	if ((phase == STORE_WHOLE && drop_step(store, &more) != 0) ||
	    (phase != STORE_LOST && merge_step(store, &more) != 0))
		return FAILED_MS;
	return more ? PAUSE_MS : -1;
}

/* When the next content may be dropped. */
static int64_t next_due_ms(struct store *store)
{
	int64_t due;

	if (atomic_load(&store->phase) != STORE_WHOLE)
		return INT64_MAX;
	pthread_rwlock_rdlock(&store->lock);
	due = index_due_ms(store->index);
	pthread_rwlock_unlock(&store->lock);
	return due;
}

/* Until something is due, or somebody wakes us.  false: it is to end. */
static bool rest_until(struct worker *worker, int64_t due_ms)
{
	return worker_rest(worker,
			   due_ms == INT64_MAX ? INT64_MAX : due_ms - clock_now_ms());
}

static void *compact(void *argument)
{
	struct store *store = argument;
	struct worker *worker = &store->compactor.worker;
	bool goes_on = !worker_is_ending(worker);

	while (goes_on) {
		int64_t pause = compact_step(store), due = next_due_ms(store);

		goes_on = worker_rest_undisturbed(worker, pause > 0 ? pause : PAUSE_MS);
		if (goes_on && pause < 0)
			goes_on = rest_until(worker, due);
	}
	return NULL;
}

int compactor_start(struct store *store)
{
	struct compactor *compactor = &store->compactor;
	int rc = 0;

	pthread_mutex_lock(&compactor->lock);
	if (!compactor->runs)
		rc = worker_start(&compactor->worker, compact, store);
	if (rc == 0)
		compactor->runs = true;
	pthread_mutex_unlock(&compactor->lock);
	return rc;
}

void compactor_stop(struct store *store)
{
	struct compactor *compactor = &store->compactor;

	/* Commits go on meanwhile, and nobody may wake a worker that is gone. */
	pthread_mutex_lock(&compactor->lock);
	compactor->runs = false;
	pthread_mutex_unlock(&compactor->lock);
	worker_stop(&compactor->worker);
}
