/* What the store's other files want of the compactor, whose thread stands above them. */
#include "compactor.h"

void compactor_init(struct compactor *compactor)
{
	pthread_mutex_init(&compactor->lock, NULL);
	pthread_cond_init(&compactor->round_ended, NULL);
}

void compactor_free(struct compactor *compactor)
{
	pthread_mutex_destroy(&compactor->lock);
	pthread_cond_destroy(&compactor->round_ended);
}

void compactor_wake(struct compactor *compactor)
{
	pthread_mutex_lock(&compactor->lock);
	if (compactor->runs)
		worker_wake(&compactor->worker);
	pthread_mutex_unlock(&compactor->lock);
}

void compactor_wait_round(struct compactor *compactor, pthread_rwlock_t *held_lock)
{
	pthread_mutex_lock(&compactor->lock);
	pthread_rwlock_unlock(held_lock);
	pthread_cond_wait(&compactor->round_ended, &compactor->lock);
	pthread_mutex_unlock(&compactor->lock);
}

bool compactor_end_round(struct compactor *compactor)
{
	pthread_mutex_lock(&compactor->lock);
	pthread_cond_broadcast(&compactor->round_ended);
	pthread_mutex_unlock(&compactor->lock);
	return !worker_is_ending(&compactor->worker);
}
