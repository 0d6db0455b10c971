/*
 * Counting files by what the servers were given of them, and what is to be done.
 *
 * One walk over all registers and one over all bindings, from memory; the last result is
 * kept for as long as nothing changes.
 */
#include "census.h"

#include "clock.h"
#include "placement.h"
#include "register.h"
#include "sets.h"
#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS = 2 * DFS_KEPT_MAX, /* of the table that finds a pattern */
	REST = 10                 /* times as long as a walk, before the next one */
};

struct counting {
	struct store *store;
	struct store_census *ret;
	dfs_kept *last;        /* most files are as the one before */
	uint16_t slots[SLOTS]; /* the pattern's number and one; 0: free */
	/* The path whose bindings the walk is at. */
	char path[DFS_PATH_MAX];
	size_t path_len;
};

/* ---- patterns -------------------------------------------------------------------- */

static dfs_kept *add_pattern(struct counting *counting, uint32_t holders, uint32_t full)
{
	struct store_census *ret = counting->ret;
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

static dfs_kept *find_pattern(struct counting *counting, uint32_t holders, uint32_t full)
{
	uint32_t slot = (holders * 5 + full) * UINT32_C(2654435761) >> 20;
	struct store_census *ret = counting->ret;
	dfs_kept *kept;

	_Static_assert(SLOTS == 1 << 12, "what the shift leaves");
	for (; counting->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		kept = &ret->kept[counting->slots[slot] - 1];
		if (kept->holders == holders && kept->full == full)
			return kept;
	}
	kept = add_pattern(counting, holders, full);
	/* What the last place stands for changes: it is not found by it. */
	if (kept < &ret->kept[DFS_KEPT_MAX - 1])
		counting->slots[slot] = (uint16_t)(kept - ret->kept + 1);
	return kept;
}

/* ---- the walk -------------------------------------------------------------------- */

static void count_file(struct counting *counting, const struct index_register *reg)
{
	struct store_census *ret = counting->ret;
	uint32_t full = set_count(placement_filled(reg->size));
	chunk_set unbrought = register_unbrought(counting->store, reg);
	chunk_set missing = register_missing(counting->store, reg) & ~unbrought;
	dfs_kept *kept = counting->last;

	if (!kept || kept->holders != reg->holders || kept->full != full)
		kept = counting->last = find_pattern(counting, reg->holders, full);
	kept->files++;
	kept->unbrought += unbrought != 0;
	if (missing != 0) {
		kept->owing[missing]++;
		ret->owed_files++;
		ret->owed_bytes +=
			(reg->size + DFS_SERVERS - 1) / DFS_SERVERS * set_count(missing);
	}
}

/* What others that name it need is not known from memory. */
static bool is_spare(const struct store *store, const struct index_register *reg)
{
	chunk_set given = placement_held(reg->holders, store->server);

	return reg->settled && given != 0 && reg->object_count > 0 &&
	       reg->objects[0]->refs == 1 && (index_chunks(reg->objects[0]) & ~given);
}

static bool count_register(void *context, struct index_register *reg)
{
	struct counting *counting = context;

	counting->ret->unsettled += !reg->settled;
	if (index_has_content(reg)) {
		count_file(counting, reg);
		counting->ret->spares += is_spare(counting->store, reg);
	}
	return false;
}

static bool count_binding(void *context, const struct index_binding *binding)
{
	struct counting *counting = context;

	if (index_is_named(counting->store->index, binding) ||
	    (counting->path_len == binding->path_len &&
	     memcmp(counting->path, binding->path, binding->path_len) == 0))
		return false;
	counting->ret->abandoned++;
	counting->path_len = binding->path_len;
	memcpy(counting->path, binding->path, binding->path_len);
	return false;
}

static void count_all(struct counting *counting)
{
	struct index_walk walk = {.store = counting->store,
				  .visit = count_register,
				  .visit_binding = count_binding,
				  .context = counting};

	for (unsigned tree = INDEX_LIVE; tree <= INDEX_DEAD; tree++) {
		walk.tree = (enum index_tree)tree;
		walk_from(&walk, NULL, 0);
		(void)walk_registers(&walk);
	}
	walk_from(&walk, NULL, 0);
	(void)walk_bindings(&walk);
}

/* ---- keeping the result ---------------------------------------------------------- */

static int copy_census(const struct store_census *census, struct store_census *ret)
{
	*ret = *census;
	ret->kept = malloc((census->kept_len + 1) * sizeof *ret->kept);
	if (!ret->kept)
		return ENOMEM;
	memcpy(ret->kept, census->kept, census->kept_len * sizeof *ret->kept);
	return 0;
}

/* With the census's lock held. */
static int count_again(struct store *store, uint64_t changes)
{
	struct store_census fresh = {.counted = clock_wall_ns()};
	struct counting *counting = calloc(1, sizeof *counting);
	struct census *census = &store->census;
	int64_t began = clock_now_ms();
	int rc = ENOMEM;

	fresh.kept = calloc(DFS_KEPT_MAX, sizeof *fresh.kept);
	if (counting && fresh.kept) {
		counting->store = store;
		counting->ret = &fresh;
		count_all(counting);
		store_census_free(&census->last);
		rc = copy_census(&fresh, &census->last);
		census->at_ms = clock_now_ms();
		census->took_ms = census->at_ms - began;
		census->changes = changes;
	}
	store_census_free(&fresh);
	free(counting);
	return rc;
}

int store_census(struct store *store, struct store_census *ret)
{
	struct census *census = &store->census;
	uint64_t changes;
	bool stands;
	int rc = 0;

	memset(ret, 0, sizeof *ret);
	pthread_mutex_lock(&census->lock);
	pthread_rwlock_rdlock(&store->lock);
	changes = store->changes;
	pthread_rwlock_unlock(&store->lock);
	stands = census->last.kept &&
		 (changes == census->changes ||
		  clock_now_ms() - census->at_ms < REST * census->took_ms);
	if (!stands)
		rc = count_again(store, changes);
	if (rc == 0)
		rc = copy_census(&census->last, ret);
	/* What it knows of files has no content behind it. */
	if (atomic_load(&store->gone))
		ret->kept_len = 0;
	pthread_mutex_unlock(&census->lock);
	return rc;
}

void store_census_free(struct store_census *census)
{
	free(census->kept);
	census->kept = NULL;
	census->kept_len = 0;
}

void census_init(struct census *census)
{
	pthread_mutex_init(&census->lock, NULL);
}

void census_free(struct census *census)
{
	store_census_free(&census->last);
	pthread_mutex_destroy(&census->lock);
}
