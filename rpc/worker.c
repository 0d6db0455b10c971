/* A thread that works, rests, can be woken and is told to stop. */
#include "worker.h"

#include "clock.h"

int worker_start(struct worker *worker, void *(*work)(void *), void *argument)
{
	int rc;

	pthread_mutex_init(&worker->lock, NULL);
	clock_condition_init(&worker->changed);
	worker->woken = worker->stopping = false;
	rc = pthread_create(&worker->thread, NULL, work, argument);
	worker->runs = rc == 0;
	if (rc != 0) {
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->lock);
	}
	return rc;
}

static bool rest(struct worker *worker, int64_t ms, bool disturbed)
{
	int64_t now = clock_now_ms();
	int64_t until = ms < INT64_MAX - now ? now + ms : INT64_MAX;
	bool goes_on, in_time = true;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && !(disturbed && worker->woken) && in_time)
		in_time = clock_wait(&worker->changed, &worker->lock, until);
	if (disturbed)
		worker->woken = false;
	goes_on = !worker->stopping;
	pthread_mutex_unlock(&worker->lock);
	return goes_on;
}

bool worker_rest(struct worker *worker, int64_t ms)
{
	return rest(worker, ms, true);
}

bool worker_rest_undisturbed(struct worker *worker, int64_t ms)
{
	return rest(worker, ms, false);
}

void worker_wake(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->woken = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

void worker_end(struct worker *worker)
{
	if (!worker->runs)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

bool worker_is_ending(struct worker *worker)
{
	bool ending;

	pthread_mutex_lock(&worker->lock);
	ending = worker->stopping;
	pthread_mutex_unlock(&worker->lock);
	return ending;
}

void worker_stop(struct worker *worker)
{
	if (!worker->runs)
		return;
	worker_end(worker);
	pthread_join(worker->thread, NULL);
	worker->runs = false;
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
}
