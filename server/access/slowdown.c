/* Slowing down who guesses. */
#include "slowdown.h"

#include "dfs.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Out of memory is an error like others: uthash reports it instead of ending the process.
 */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>
#include <utlist.h>

enum { ADDRESS_MAX = 64, KEY_MAX = DFS_USER_MAX + 1 + ADDRESS_MAX };

/*
 * In the list, the pair whose wrong try is the latest is the last.  A pair without wrong
 * tries is there only while one is under way.
 */
struct pair {
	char key[KEY_MAX]; /* user, a NUL, address; zeros behind it */
	unsigned wrong, under_way;
	int64_t last_ms;  /* of the wrong ones */
	int64_t until_ms; /* the answer to one that was abandoned would have gone out */
	bool lost;        /* set by uthash when it had no memory to add this */
	struct pair *prev, *next;
	UT_hash_handle hh;
};

struct slowdown {
	struct slowdown_rules rules;
	struct pair *pairs, *in_order;
};

struct slowdown *slowdown_new(const struct slowdown_rules *rules)
{
	struct slowdown *slowdown = calloc(1, sizeof *slowdown);

	if (slowdown)
		slowdown->rules = *rules;
	return slowdown;
}

static void drop(struct slowdown *slowdown, struct pair *pair)
{
	DL_DELETE(slowdown->in_order, pair);
	HASH_DEL(slowdown->pairs, pair);
	free(pair);
}

void slowdown_free(struct slowdown *slowdown)
{
	if (!slowdown)
		return;
	for (struct pair *next, *pair = slowdown->in_order; pair; pair = next) {
		next = pair->next;
		drop(slowdown, pair);
	}
	free(slowdown);
}

static struct pair *find(struct slowdown *slowdown, const char *user, const char *address)
{
	char key[KEY_MAX] = "";
	struct pair *pair;

	(void)snprintf(key, DFS_USER_MAX + 1, "%s", user);
	(void)snprintf(key + strlen(key) + 1, ADDRESS_MAX, "%s", address);
	HASH_FIND(hh, slowdown->pairs, key, sizeof key, pair);
	return pair;
}

/* Makes room by the rules; never at the cost of a pair with a try under way. */
static void make_room(struct slowdown *slowdown)
{
	struct pair *next;

	for (struct pair *pair = slowdown->in_order; pair; pair = next) {
		next = pair->next;
		if (!slowdown->pairs ||
		    HASH_COUNT(slowdown->pairs) < slowdown->rules.pairs)
			return;
		if (pair->under_way == 0)
			drop(slowdown, pair);
	}
}

static struct pair *add(struct slowdown *slowdown, const char *user, const char *address)
{
	struct pair *pair;

	make_room(slowdown);
	pair = calloc(1, sizeof *pair);
	if (!pair)
		return NULL;
	(void)snprintf(pair->key, DFS_USER_MAX + 1, "%s", user);
	(void)snprintf(pair->key + strlen(pair->key) + 1, ADDRESS_MAX, "%s", address);
	HASH_ADD(hh, slowdown->pairs, key, sizeof pair->key, pair);
	if (pair->lost) {
		free(pair);
		return NULL;
	}
	DL_APPEND(slowdown->in_order, pair);
	return pair;
}

enum slowdown_next slowdown_begin(struct slowdown *slowdown, const char *user,
				  const char *address, int64_t now_ms)
{
	struct pair *pair = find(slowdown, user, address);

	if (!pair)
		pair = add(slowdown, user, address);
	if (!pair)
		return SLOWDOWN_WAIT;
	if (pair->wrong > 0 && now_ms - pair->last_ms >= slowdown->rules.forget_ms)
		pair->wrong = 0;
	/* As if all that are under way were wrong. */
	if ((pair->under_way > 0 || now_ms < pair->until_ms) &&
	    pair->wrong + pair->under_way >= slowdown->rules.free_tries)
		return SLOWDOWN_WAIT;
	pair->under_way++;
	return SLOWDOWN_GO;
}

int64_t slowdown_wrong(struct slowdown *slowdown, const char *user, const char *address,
		       int64_t now_ms)
{
	const struct slowdown_rules *rules = &slowdown->rules;
	struct pair *pair = find(slowdown, user, address);
	int64_t wait = rules->slow_first_ms;

	if (!pair)
		return rules->slow_most_ms;
	pair->wrong++;
	pair->last_ms = now_ms;
	DL_DELETE(slowdown->in_order, pair);
	DL_APPEND(slowdown->in_order, pair);
	if (pair->wrong <= rules->free_tries)
		return rules->floor_ms;
	for (unsigned i = rules->free_tries + 1;
	     i < pair->wrong && wait < rules->slow_most_ms; i++)
		wait *= 2;
	return wait < rules->slow_most_ms ? wait : rules->slow_most_ms;
}

void slowdown_right(struct slowdown *slowdown, const char *user, const char *address)
{
	struct pair *pair = find(slowdown, user, address);

	if (pair)
		pair->wrong = 0;
}

void slowdown_abandon(struct slowdown *slowdown, const char *user, const char *address,
		      int64_t until_ms)
{
	struct pair *pair = find(slowdown, user, address);

	if (pair && until_ms > pair->until_ms)
		pair->until_ms = until_ms;
	slowdown_end(slowdown, user, address);
}

void slowdown_end(struct slowdown *slowdown, const char *user, const char *address)
{
	struct pair *pair = find(slowdown, user, address);

	if (!pair)
		return;
	pair->under_way--;
	if (pair->under_way == 0 && pair->wrong == 0)
		drop(slowdown, pair);
}
