/* Keys that somebody is at work on.  One mutex, one condition: the table is small. */
#include "busy.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

struct entry {
	bool lost; /* set by uthash when it had no memory to add this */
	UT_hash_handle hh;
	const char *key;
};

struct busy {
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct entry *entries; /* under lock */
};

struct busy *busy_new(void)
{
	struct busy *busy = calloc(1, sizeof *busy);

	if (!busy)
		return NULL;
	pthread_mutex_init(&busy->lock, NULL);
	pthread_cond_init(&busy->given, NULL);
	return busy;
}

void busy_free(struct busy *busy)
{
	if (!busy)
		return;
	pthread_cond_destroy(&busy->given);
	pthread_mutex_destroy(&busy->lock);
	free(busy);
}

static int compare(const void *a, const void *b)
{
	const struct busy_key *left = a, *right = b;
	size_t shorter = left->len < right->len ? left->len : right->len;
	int order = memcmp(left->bytes, right->bytes, shorter);

	if (order != 0)
		return order;
	return (left->len > right->len) - (left->len < right->len);
}

/* With the lock held. */
static void remove_key(struct busy *busy, const struct busy_key *key)
{
	struct entry *entry;

	HASH_FIND(hh, busy->entries, key->bytes, key->len, entry);
	if (entry) {
		HASH_DEL(busy->entries, entry);
		free(entry);
	}
}

/* With the lock held; waits while another has the key. */
static int add_key(struct busy *busy, const struct busy_key *key)
{
	struct entry *entry;

	for (;;) {
		HASH_FIND(hh, busy->entries, key->bytes, key->len, entry);
		if (!entry)
			break;
		pthread_cond_wait(&busy->given, &busy->lock);
	}
	entry = calloc(1, sizeof *entry);
	if (!entry)
		return ENOMEM;
	entry->key = key->bytes;
	HASH_ADD_KEYPTR(hh, busy->entries, entry->key, key->len, entry);
	if (entry->lost) {
		free(entry);
		return ENOMEM;
	}
	return 0;
}

int busy_take(struct busy *busy, struct busy_key *keys, size_t count)
{
	int rc = 0;
	size_t taken = 0;

	qsort(keys, count, sizeof *keys, compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&keys[i - 1], &keys[i]) == 0)
			return EINVAL;

	pthread_mutex_lock(&busy->lock);
	while (taken < count && rc == 0) {
		rc = add_key(busy, &keys[taken]);
		if (rc == 0)
			taken++;
	}
	if (rc != 0) {
		while (taken > 0)
			remove_key(busy, &keys[--taken]);
		pthread_cond_broadcast(&busy->given);
	}
	pthread_mutex_unlock(&busy->lock);
	return rc;
}

void busy_give(struct busy *busy, const struct busy_key *keys, size_t count)
{
	pthread_mutex_lock(&busy->lock);
	for (size_t i = 0; i < count; i++)
		remove_key(busy, &keys[i]);
	pthread_cond_broadcast(&busy->given);
	pthread_mutex_unlock(&busy->lock);
}
