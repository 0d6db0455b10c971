/* The thread that cleans up, and what its looks share. */
#include "cleaning_internal.h"

#include "ballot.h"
#include "clock.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
	STEP_MS = 250,        /* what is due is looked for so often */
	UNSETTLED_MS = 60000, /* between two looks, or the time of what is abandoned */
	ABANDONED_LOOKS = 4   /* in the time after which it is */
};

uint64_t cleaning_hash(const char *path, size_t len)
{
	return XXH3_64bits(path, len);
}

unsigned cleaning_turn(const struct cleaning *cleaning, uint64_t hash)
{
	return (unsigned)((cleaning->server - 1 + DFS_SERVERS - hash % DFS_SERVERS) %
			  DFS_SERVERS);
}

/* ---- paths in batches ---------------------------------------------------------- */

bool cleaning_batch_add(struct cleaning_batch *batch, const char *path, size_t len,
			const dfs_ballot *ballot)
{
	dfs_path *to = &batch->paths[batch->count];

	to->dfs_path_val = malloc(len);
	if (!to->dfs_path_val)
		return false;
	memcpy(to->dfs_path_val, path, len);
	to->dfs_path_len = (u_int)len;
	batch->ballots[batch->count++] = *ballot;
	return true;
}

void cleaning_batch_drop(struct cleaning_batch *batch)
{
	for (u_int i = 0; i < batch->count; i++)
		free(batch->paths[i].dfs_path_val);
	batch->count = 0;
}

/* ---- what was there the last time ---------------------------------------------- */

static int compare_hashes(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Of a path and a ballot. */
static uint64_t hash_both(uint64_t path_hash, const dfs_ballot *ballot)
{
	const struct {
		uint64_t path, counter;
		uint64_t epoch;
		dfs_id proposer;
	} both = {path_hash, ballot->counter, ballot->epoch, ballot->proposer};

	return XXH3_64bits(&both, sizeof both);
}

static bool was_seen(const struct seen *seen, uint64_t hash)
{
	return seen->count > 0 && bsearch(&hash, seen->hashes, seen->count,
					  sizeof seen->hashes[0], compare_hashes);
}

/*
 * Walks over what is wanted behind seen->from; each step's register, its path and its
 * hash.
 */
struct walk {
	struct store_found at;
	uint64_t hash;
};

static bool step(struct cleaning *cleaning, struct walk *walk, seen_next *next,
		 seen_wants *wants)
{
	const char *after = walk->at.path_len > 0 ? walk->at.path : NULL;

	while (next(cleaning->store, after, walk->at.path_len, &walk->at) == 0) {
		walk->hash = cleaning_hash(walk->at.path, walk->at.path_len);
		if (wants(cleaning, &walk->at.reg, walk->hash))
			return true;
		after = walk->at.path;
	}
	return false;
}

static void walk_from(struct walk *walk, const struct seen *seen)
{
	walk->at.path_len = seen->from_len;
	memcpy(walk->at.path, seen->from, seen->from_len);
}

/* Remembers the next ones behind where the walk is. */
static void remember(struct cleaning *cleaning, struct seen *seen, struct walk *walk,
		     seen_next *next, seen_wants *wants)
{
	memcpy(seen->from, walk->at.path, walk->at.path_len);
	seen->from_len = walk->at.path_len;
	seen->count = 0;
	while (seen->count < SEEN_MOST && step(cleaning, walk, next, wants))
		seen->hashes[seen->count++] = hash_both(walk->hash, &walk->at.reg.ballot);
	qsort(seen->hashes, seen->count, sizeof seen->hashes[0], compare_hashes);
}

uint64_t cleaning_look(struct cleaning *cleaning, struct seen *seen, seen_next *next,
		       seen_wants *wants,
		       uint64_t (*treat)(struct cleaning *cleaning,
					 const struct cleaning_batch *batch))
{
	struct cleaning_batch batch = {.count = 0};
	size_t left = seen->count;
	uint64_t dealt = 0;
	struct walk walk;

	walk_from(&walk, seen);
	while (left > 0 && step(cleaning, &walk, next, wants)) {
		if (!was_seen(seen, hash_both(walk.hash, &walk.at.reg.ballot)))
			continue;
		left--;
		if (!cleaning_batch_add(&batch, walk.at.path, walk.at.path_len,
					&walk.at.reg.ballot) ||
		    batch.count == DFS_BATCH_MAX) {
			dealt += treat(cleaning, &batch);
			cleaning_batch_drop(&batch);
		}
	}
	if (batch.count > 0)
		dealt += treat(cleaning, &batch);
	cleaning_batch_drop(&batch);
	/* If fewer were found than before the walk is at its end. */
	if (left > 0)
		walk.at.path_len = 0;
	remember(cleaning, seen, &walk, next, wants);
	if (seen->count == 0 && seen->from_len > 0) {
		walk.at.path_len = 0;
		remember(cleaning, seen, &walk, next, wants);
	}
	return dealt;
}

/* ---- the thread ---------------------------------------------------------------- */

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Is it time?  Then not again for so long. */
static bool is_due(int64_t *next_ms, int64_t pause_ms)
{
	int64_t now = clock_now_ms();

	if (now < *next_ms)
		return false;
	*next_ms = now + pause_ms;
	return true;
}

static void *cleaning_main(void *argument)
{
	struct cleaning *cleaning = argument;
	const struct cleaning_rules *rules = &cleaning->rules;
	const struct cleaning_calls *calls = &cleaning->calls;
	int64_t unsettled_ms = lesser(rules->abandoned_after_ms, UNSETTLED_MS);
	int64_t abandoned_ms =
		lesser(rules->abandoned_after_ms / ABANDONED_LOOKS, UNSETTLED_MS);
	int64_t unsettled = 0, abandoned = 0, tombstones = 0;

	while (calls->pause(calls->context, STEP_MS)) {
		if (acceptor_state(cleaning->acceptor) != DFS_STATE_VOTING)
			continue;
		if (is_due(&unsettled, unsettled_ms))
			(void)cleaning_unsettled(cleaning);
		if (is_due(&abandoned, abandoned_ms))
			(void)cleaning_abandoned(cleaning);
		if (is_due(&tombstones, rules->tombstones_after_ms))
			(void)cleaning_tombstones(cleaning);
	}
	return NULL;
}

struct cleaning *cleaning_new(const struct cleaning_options *options)
{
	struct cleaning *cleaning = calloc(1, sizeof *cleaning);

	if (!cleaning)
		return NULL;
	cleaning->store = options->store;
	cleaning->acceptor = options->acceptor;
	cleaning->server = options->server;
	cleaning->calls = options->calls;
	cleaning->rules = options->rules;
	return cleaning;
}

bool cleaning_start(struct cleaning *cleaning)
{
	cleaning->runs =
		pthread_create(&cleaning->thread, NULL, cleaning_main, cleaning) == 0;
	return cleaning->runs;
}

void cleaning_stop(struct cleaning *cleaning)
{
	if (cleaning->runs)
		pthread_join(cleaning->thread, NULL);
	cleaning->runs = false;
}

void cleaning_free(struct cleaning *cleaning)
{
	if (!cleaning)
		return;
	cleaning_stop(cleaning);
	free(cleaning);
}
