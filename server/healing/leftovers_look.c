/* Looks over what is left behind: paths in batches, and what was there the last time. */
#include "leftovers_internal.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t leftovers_hash(const char *path, size_t len)
{
	return XXH3_64bits(path, len);
}

unsigned leftovers_turn(const struct leftovers *leftovers, uint64_t hash)
{
	return (unsigned)((leftovers->with.server - 1 + DFS_SERVERS -
			   hash % DFS_SERVERS) %
			  DFS_SERVERS);
}

/* ---- paths in batches ---------------------------------------------------------- */

bool leftovers_batch_add(struct leftovers_batch *batch, const char *path, size_t len,
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

void leftovers_batch_drop(struct leftovers_batch *batch)
{
	for (u_int i = 0; i < batch->count; i++)
		free(batch->paths[i].dfs_path_val);
	batch->count = 0;
}

/* ---- what was there the last time ---------------------------------------------- */

/*
 * Walks over what is wanted behind seen->from; each step's register, its path and its
 * hash.
 */
struct leftovers_walk {
	struct store_found at;
	uint64_t hash;
};

static int order_hashes(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Of where the walk is: the path, and the ballot if it counts. */
static uint64_t hash_of(const struct leftovers_kind *kind,
			const struct leftovers_walk *walk)
{
	const dfs_ballot *ballot = &walk->at.reg.ballot;
	const struct {
		uint64_t path, counter;
		uint64_t epoch;
		dfs_id proposer;
	} both = {walk->hash, ballot->counter, ballot->epoch, ballot->proposer};

	return kind->any_ballot ? walk->hash : XXH3_64bits(&both, sizeof both);
}

static bool was_seen(const struct leftovers_seen *seen, uint64_t hash)
{
	return seen->count > 0 && bsearch(&hash, seen->hashes, seen->count,
					  sizeof seen->hashes[0], order_hashes);
}

static bool find_wanted(struct leftovers *leftovers, struct leftovers_walk *walk,
			const struct leftovers_kind *kind)
{
	const char *after = walk->at.path_len > 0 ? walk->at.path : NULL;

	while (kind->next(leftovers->with.store, after, walk->at.path_len, &walk->at) ==
	       0) {
		walk->hash = leftovers_hash(walk->at.path, walk->at.path_len);
		if (kind->wants(leftovers, &walk->at.reg, walk->hash))
			return true;
		after = walk->at.path;
	}
	return false;
}

static void walk_from(struct leftovers_walk *walk, const struct leftovers_seen *seen)
{
	walk->at.path_len = seen->from_len;
	memcpy(walk->at.path, seen->from, seen->from_len);
}

/* Remembers the next ones behind where the walk is. */
static void remember(struct leftovers *leftovers, struct leftovers_seen *seen,
		     struct leftovers_walk *walk, const struct leftovers_kind *kind)
{
	memcpy(seen->from, walk->at.path, walk->at.path_len);
	seen->from_len = walk->at.path_len;
	seen->count = 0;
	while (seen->count < SEEN_MOST && find_wanted(leftovers, walk, kind))
		seen->hashes[seen->count++] = hash_of(kind, walk);
	qsort(seen->hashes, seen->count, sizeof seen->hashes[0], order_hashes);
}

uint64_t leftovers_look(struct leftovers *leftovers, struct leftovers_seen *seen,
			const struct leftovers_kind *kind)
{
	struct leftovers_batch batch = {.count = 0};
	size_t left = seen->count;
	uint64_t dealt = 0;
	struct leftovers_walk walk;

	walk_from(&walk, seen);
	while (left > 0 && find_wanted(leftovers, &walk, kind)) {
		if (!was_seen(seen, hash_of(kind, &walk)))
			continue;
		left--;
		if (!leftovers_batch_add(&batch, walk.at.path, walk.at.path_len,
					 &walk.at.reg.ballot) ||
		    batch.count == DFS_BATCH_MAX) {
			dealt += kind->treat(leftovers, &batch);
			leftovers_batch_drop(&batch);
		}
	}
	if (batch.count > 0)
		dealt += kind->treat(leftovers, &batch);
	leftovers_batch_drop(&batch);
	/* If fewer were found than before the walk is at its end. */
	if (left > 0)
		walk.at.path_len = 0;
	remember(leftovers, seen, &walk, kind);
	if (seen->count == 0 && seen->from_len > 0) {
		walk.at.path_len = 0;
		remember(leftovers, seen, &walk, kind);
	}
	return dealt;
}
