/*
 * Counting files by what the servers were given of them, and what is to be done.
 *
 * One walk over all registers and one over all bindings, from memory; the last result is
 * kept for as long as nothing changes.
 */
#include "store_heal.h"

#include "clock.h"
#include "placement.h"
#include "survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 2 * DFS_KEPT_MAX, /* of the table that finds a pattern */
	REST = 10                 /* times as long as a walk, before the next one */
};

struct census {
	struct store *store;
	struct store_census *ret;
	dfs_kept *last;        /* most files are as the one before */
	uint16_t slots[SLOTS]; /* the pattern's number and one; 0: free */
	/* The path whose bindings the walk is at. */
	char path[DFS_PATH_MAX];
	size_t path_len;
};

/* ---- patterns -------------------------------------------------------------------- */

static dfs_kept *add_pattern(struct census *census, uint32_t holders, uint32_t full)
{
	struct store_census *ret = census->ret;
	dfs_kept *kept = &ret->kept[ret->kept_len];

	/* The last place is for all that have none: it says only what is true of each. */
	if (ret->kept_len == DFS_KEPT_MAX) {
		kept--;
		kept->holders &= holders;
		kept->full = full > kept->full ? full : kept->full;
		return kept;
	}
	ret->kept_len++;
	kept->holders = holders;
	kept->full = full;
	return kept;
}

static dfs_kept *find_pattern(struct census *census, uint32_t holders, uint32_t full)
{
	uint32_t slot = (holders * 5 + full) * UINT32_C(2654435761) >> 20;
	struct store_census *ret = census->ret;
	dfs_kept *kept;

	_Static_assert(SLOTS == 1 << 12, "what the shift leaves");
	for (; census->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		kept = &ret->kept[census->slots[slot] - 1];
		if (kept->holders == holders && kept->full == full)
			return kept;
	}
	kept = add_pattern(census, holders, full);
	/* What the last place stands for changes: it is not found by it. */
	if (kept < &ret->kept[DFS_KEPT_MAX - 1])
		census->slots[slot] = (uint16_t)(kept - ret->kept + 1);
	return kept;
}

/* ---- the walk -------------------------------------------------------------------- */

static void count_file(struct census *census, const struct index_register *reg)
{
	struct store_census *ret = census->ret;
	uint32_t full = (uint32_t)__builtin_popcount(placement_filled(reg->size));
	unsigned missing = survey_missing(census->store, reg);
	dfs_kept *kept = census->last;

	if (!kept || kept->holders != reg->holders || kept->full != full)
		kept = census->last = find_pattern(census, reg->holders, full);
	kept->files++;
	if (missing != 0) {
		kept->owing[missing]++;
		ret->owed_files++;
		ret->owed_bytes += (reg->size + DFS_SERVERS - 1) / DFS_SERVERS *
				   (unsigned)__builtin_popcount(missing);
	}
}

/* What others that name it need is not known from memory. */
static bool is_spare(const struct store *store, const struct index_register *reg)
{
	unsigned given = placement_held(reg->holders, store->server);

	return reg->settled && given != 0 && reg->object_count > 0 &&
	       reg->objects[0]->refs == 1 && (index_chunks(reg->objects[0]) & ~given);
}

static bool count_register(void *context, struct index_register *reg)
{
	struct census *census = context;

	census->ret->unsettled += !reg->settled;
	if (reg->kind == DFS_FILE) {
		count_file(census, reg);
		census->ret->spares += is_spare(census->store, reg);
	}
	return false;
}

static bool count_binding(void *context, const struct index_binding *binding)
{
	struct census *census = context;

	if (survey_is_named(census->store, binding) ||
	    (census->path_len == binding->path_len &&
	     memcmp(census->path, binding->path, binding->path_len) == 0))
		return false;
	census->ret->abandoned++;
	census->path_len = binding->path_len;
	memcpy(census->path, binding->path, binding->path_len);
	return false;
}

static void walk(struct census *census)
{
	struct survey survey = {.store = census->store,
				.visit = count_register,
				.visit_binding = count_binding,
				.context = census};

	for (unsigned tree = INDEX_LIVE; tree <= INDEX_DEAD; tree++) {
		survey.tree = (enum index_tree)tree;
		survey_from(&survey, NULL, 0);
		(void)survey_run(&survey);
	}
	survey_from(&survey, NULL, 0);
	(void)survey_bindings(&survey);
}

/* ---- keeping the result ---------------------------------------------------------- */

static int copy(const struct store_census *census, struct store_census *ret)
{
	*ret = *census;
	ret->kept = malloc((census->kept_len + 1) * sizeof *ret->kept);
	if (!ret->kept)
		return ENOMEM;
	memcpy(ret->kept, census->kept, census->kept_len * sizeof *ret->kept);
	return 0;
}

/* With the census lock held. */
static int count(struct store *store, uint64_t changes)
{
	struct store_census fresh = {.counted = clock_wall_ns()};
	struct census *census = calloc(1, sizeof *census);
	int64_t began = clock_now_ms();
	int rc = ENOMEM;

	fresh.kept = calloc(DFS_KEPT_MAX, sizeof *fresh.kept);
	if (census && fresh.kept) {
		census->store = store;
		census->ret = &fresh;
		walk(census);
		store_census_free(&store->census);
		rc = copy(&fresh, &store->census);
		store->census_ms = clock_now_ms();
		store->census_took_ms = store->census_ms - began;
		store->census_changes = changes;
	}
	store_census_free(&fresh);
	free(census);
	return rc;
}

int store_census(struct store *store, struct store_census *ret)
{
	uint64_t changes;
	bool stands;
	int rc = 0;

	memset(ret, 0, sizeof *ret);
	pthread_mutex_lock(&store->census_lock);
	pthread_rwlock_rdlock(&store->lock);
	changes = store->changes;
	pthread_rwlock_unlock(&store->lock);
	stands = store->census.kept &&
		 (changes == store->census_changes ||
		  clock_now_ms() - store->census_ms < REST * store->census_took_ms);
	if (!stands)
		rc = count(store, changes);
	if (rc == 0)
		rc = copy(&store->census, ret);
	pthread_mutex_unlock(&store->census_lock);
	return rc;
}

void store_census_free(struct store_census *census)
{
	free(census->kept);
	census->kept = NULL;
	census->kept_len = 0;
}
