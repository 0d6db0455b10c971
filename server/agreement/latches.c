/* Latches on keys.  One mutex, one condition: the table is small. */
#include "latches.h"

#include "path.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

struct latch {
	bool lost; /* set by uthash when it had no memory to add this */
	UT_hash_handle hh;
	const char *key;
};

struct latches {
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct latch *taken[LATCHES_KINDS]; /* under lock */
};

struct latches *latches_new(void)
{
	struct latches *latches = calloc(1, sizeof *latches);

	if (!latches)
		return NULL;
	pthread_mutex_init(&latches->lock, NULL);
	pthread_cond_init(&latches->given, NULL);
	return latches;
}

void latches_free(struct latches *latches)
{
	if (!latches)
		return;
	pthread_cond_destroy(&latches->given);
	pthread_mutex_destroy(&latches->lock);
	free(latches);
}

static int compare(const void *a, const void *b)
{
	const struct latches_key *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return path_compare(left->bytes, left->len, right->bytes, right->len);
}

/* With the lock held. */
static void remove_key(struct latches *latches, const struct latches_key *key)
{
	struct latch *latch;

	HASH_FIND(hh, latches->taken[key->kind], key->bytes, key->len, latch);
	if (latch) {
		HASH_DEL(latches->taken[key->kind], latch);
		free(latch);
	}
}

/* With the lock held; waits while another has the key. */
static int add_key(struct latches *latches, const struct latches_key *key)
{
	struct latch *latch;

	for (;;) {
		HASH_FIND(hh, latches->taken[key->kind], key->bytes, key->len, latch);
		if (!latch)
			break;
		pthread_cond_wait(&latches->given, &latches->lock);
	}
	latch = calloc(1, sizeof *latch);
	if (!latch)
		return ENOMEM;
	latch->key = key->bytes;
	HASH_ADD_KEYPTR(hh, latches->taken[key->kind], latch->key, key->len, latch);
	if (latch->lost) {
		free(latch);
		return ENOMEM;
	}
	return 0;
}

int latches_take(struct latches *latches, struct latches_key *keys, size_t count)
{
	int rc = 0;
	size_t taken = 0;

	qsort(keys, count, sizeof *keys, compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&keys[i - 1], &keys[i]) == 0)
			return EINVAL;

	pthread_mutex_lock(&latches->lock);
	while (taken < count && rc == 0) {
		rc = add_key(latches, &keys[taken]);
		if (rc == 0)
			taken++;
	}
	if (rc != 0) {
		while (taken > 0)
			remove_key(latches, &keys[--taken]);
		pthread_cond_broadcast(&latches->given);
	}
	pthread_mutex_unlock(&latches->lock);
	return rc;
}

void latches_give(struct latches *latches, const struct latches_key *keys, size_t count)
{
	pthread_mutex_lock(&latches->lock);
	for (size_t i = 0; i < count; i++)
		remove_key(latches, &keys[i]);
	pthread_cond_broadcast(&latches->given);
	pthread_mutex_unlock(&latches->lock);
}
