/*
 * The index of bindings: for which paths and ballots content was staged; and what of it
 * is known to have been brought, or not.
 */
#include "index_internal.h"

#include "path.h"
#include "ballot.h"
#include "clock.h"
#include "store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int compare_binding(const char *path, size_t len, const dfs_id *object,
			   const struct index_binding *binding)
{
	int order = path_compare(path, len, binding->path, binding->path_len);

	if (order != 0)
		return order;
	return memcmp(object->bytes, binding->object->id.bytes, DFS_ID_LEN);
}

static int compare_bindings(const struct index_binding *a, const struct index_binding *b)
{
	return compare_binding(a->path, a->path_len, &a->object->id, b);
}

static struct index_binding *find_binding(const struct index *index, const dfs_id *object,
					  const char *path, size_t len)
{
	struct index_binding *binding = RB_ROOT(&index->bindings);

	while (binding) {
		int order = compare_binding(path, len, object, binding);

		if (order == 0)
			return binding;
		binding = order < 0 ? RB_LEFT(binding, entry) : RB_RIGHT(binding, entry);
	}
	return NULL;
}

const struct index_binding *index_find_binding(const struct index *index,
					       const dfs_id *object, const char *path,
					       size_t len)
{
	return find_binding(index, object, path, len);
}

/* The first one of the path. */
static struct index_binding *find_first(const struct index *index, const char *path,
					size_t len)
{
	struct index_binding *binding = RB_ROOT(&index->bindings), *best = NULL;

	while (binding) {
		int order = path_compare(path, len, binding->path, binding->path_len);

		if (order == 0)
			best = binding;
		binding = order <= 0 ? RB_LEFT(binding, entry) : RB_RIGHT(binding, entry);
	}
	return best;
}

/* cppcheck-suppress unknownMacro ; see index_internal.h */
INDEX_TREE(index_bindings, index_binding, compare_bindings)

/* Of the same path; or NULL. */
static struct index_binding *next_of_path(struct index_binding *binding)
{
	struct index_binding *next = RB_NEXT(index_bindings, NULL, binding);

	return next && path_compare(binding->path, binding->path_len, next->path,
				    next->path_len) == 0
		       ? next
		       : NULL;
}

/*
 * What has next to no content takes an entry on the disk, too, and its path in memory: as
 * much as the smallest file.
 */
uint64_t index_cost_bound(size_t path_len)
{
	return STORE_FILE_LEAST + path_len;
}

/* What of the owner's is besides: 0 for what does not count. */
static uint64_t cost_of(const struct index_binding *binding)
{
	return binding->staging && binding->counts ? index_cost_bound(binding->path_len)
						   : 0;
}

static struct index_owner *owner_of(const struct index *index,
				    const struct index_binding *binding)
{
	return index->owner_at[binding->staging->owner];
}

/* From now on it counts, unless a value names it already. */
static bool stage_binding(struct index *index, struct index_binding *binding,
			  const struct seal_entry *entry)
{
	const struct index_stake stake = {.path = binding->path,
					  .path_len = binding->path_len,
					  .owner = entry->owner,
					  .owner_len = entry->owner_len};

	if (entry->owner_len == 0)
		return true;
	binding->counts = !index_is_named_ever(index, binding->object, binding->path,
					       binding->path_len);
	binding->staging =
		index_stage(index, &stake, binding->counts ? binding->size : 0);
	if (binding->staging)
		owner_of(index, binding)->bound += cost_of(binding);
	return binding->staging;
}

struct index_binding *index_binding_new(struct index *index,
					const struct seal_entry *entry)
{
	struct index_binding *binding = calloc(1, sizeof *binding + entry->path_len);

	if (!binding)
		return NULL;
	binding->object = index_hold(index, &entry->objects[0]);
	if (!binding->object) {
		free(binding);
		return NULL;
	}
	binding->ballot = entry->ballot;
	binding->since_ms = clock_now_ms();
	binding->size = entry->size;
	binding->path_len = entry->path_len;
	memcpy(binding->path, entry->path, entry->path_len);
	if (!stage_binding(index, binding, entry)) {
		index_binding_free(index, binding);
		return NULL;
	}
	return binding;
}

void index_binding_free(struct index *index, struct index_binding *binding)
{
	if (!binding)
		return;
	if (binding->staging)
		owner_of(index, binding)->bound -= cost_of(binding);
	index_unstage(index, binding->staging, binding->counts ? binding->size : 0);
	index_release(index, binding->object);
	free(binding);
}

static void remove_binding(struct index *index, struct index_binding *binding)
{
	RB_REMOVE(index_bindings, &index->bindings, binding);
	index->counts.bindings--;
	index_binding_free(index, binding);
}

/*
 * The ballot, and what counts; what the old one counted is the other's.  What counts
 * against somebody does so for no longer because it is bound once more, by whomever.
 */
static void take_over(struct index_binding *old, struct index_binding *binding)
{
	struct index_staging *staging = old->staging;
	uint64_t size = old->size;
	bool counts = old->counts;

	old->ballot = binding->ballot;
	if (!counts)
		old->since_ms = binding->since_ms;
	old->staging = binding->staging;
	old->size = binding->size;
	old->counts = binding->counts;
	binding->staging = staging;
	binding->size = size;
	binding->counts = counts;
}

void index_put_binding(struct index *index, struct index_binding *take_binding)
{
	struct index_binding *binding = take_binding, *old;
	const struct index_register *reg =
		index_find_register(index, binding->path, binding->path_len);

	binding->object->last_path =
		index_hash_path(index, binding->path, binding->path_len);
	if (reg && reg->settled && ballot_compare(&reg->ballot, &binding->ballot) >= 0) {
		index_binding_free(index, binding);
		return;
	}
	old = find_binding(index, &binding->object->id, binding->path, binding->path_len);
	if (old) {
		if (ballot_compare(&binding->ballot, &old->ballot) > 0)
			take_over(old, binding);
		index_binding_free(index, binding);
		index_restage(index, old->path, old->path_len);
		return;
	}
	RB_INSERT(index_bindings, &index->bindings, binding);
	index->counts.bindings++;
	/* Values may have come since it was made. */
	index_restage(index, binding->path, binding->path_len);
}

struct index_binding *index_first_binding(const struct index *index, const char *after,
					  size_t len)
{
	struct index_binding *binding = RB_ROOT(&index->bindings), *best = NULL;

	while (binding) {
		if (path_compare(after, len, binding->path, binding->path_len) < 0) {
			best = binding;
			binding = RB_LEFT(binding, entry);
		} else {
			binding = RB_RIGHT(binding, entry);
		}
	}
	return best;
}

struct index_binding *index_step_binding(struct index_binding *binding)
{
	return RB_NEXT(index_bindings, NULL, binding);
}

uint32_t index_hash_path(const struct index *index, const char *path, size_t len)
{
	return (uint32_t)XXH3_64bits_withSeed(path, len, index->seed);
}

static bool names(const struct index_register *reg, const struct index_object *object)
{
	for (unsigned i = 0; i < reg->object_count; i++)
		if (reg->objects[i] == object)
			return true;
	return false;
}

bool index_is_named_ever(const struct index *index, const struct index_object *object,
			 const char *path, size_t len)
{
	const struct index_register *reg = index_find_register(index, path, len);

	for (; reg; reg = reg->older)
		if (names(reg, object))
			return true;
	return false;
}

bool index_is_of_path(const struct index *index, const struct index_object *object,
		      const char *path, size_t len)
{
	return object->last_path == index_hash_path(index, path, len) ||
	       find_binding(index, &object->id, path, len) ||
	       index_is_named_ever(index, object, path, len);
}

bool index_is_of_others(const struct index *index, const struct index_object *object,
			const char *path, size_t len)
{
	uint32_t own = find_binding(index, &object->id, path, len) ? 1 : 0;

	for (const struct index_register *reg = index_find_register(index, path, len);
	     reg; reg = reg->older)
		for (unsigned i = 0; i < reg->object_count; i++)
			own += reg->objects[i] == object;
	return object->refs > own;
}

void index_resolve_bindings(struct index *index, const char *path, size_t len,
			    const dfs_ballot *ballot)
{
	struct index_binding *binding, *next;

	for (binding = find_first(index, path, len); binding; binding = next) {
		next = next_of_path(binding);
		if (ballot_compare(&binding->ballot, ballot) <= 0)
			remove_binding(index, binding);
	}
}

bool index_is_named(const struct index *index, const struct index_binding *binding)
{
	const struct index_register *reg =
		index_find_register(index, binding->path, binding->path_len);

	return reg && names(reg, binding->object);
}

/* ---- what of them counts ------------------------------------------------------- */

uint64_t index_staged_for(const struct index *index, const struct index_staging *staging,
			  const struct index_register *reg)
{
	struct index_binding *binding = find_first(index, index_path(reg), reg->path_len);
	uint64_t bytes = 0;

	for (; binding; binding = next_of_path(binding))
		if (binding->staging == staging && binding->counts &&
		    names(reg, binding->object))
			bytes += binding->size;
	return bytes;
}

void index_recount_bindings(struct index *index, const char *path, size_t len)
{
	struct index_binding *binding = find_first(index, path, len);

	for (; binding; binding = next_of_path(binding)) {
		if (!binding->staging)
			continue;
		owner_of(index, binding)->bound -= cost_of(binding);
		if (binding->counts)
			binding->staging->bytes -= binding->size;
		binding->counts = !index_is_named_ever(index, binding->object, path, len);
		if (binding->counts)
			binding->staging->bytes += binding->size;
		owner_of(index, binding)->bound += cost_of(binding);
	}
}

void index_prune(struct index *index)
{
	struct index_binding *binding, *next;

	for (binding = RB_MIN(index_bindings, &index->bindings); binding;
	     binding = next) {
		next = RB_NEXT(index_bindings, &index->bindings, binding);
		if (binding->object->part.chunks == 0)
			remove_binding(index, binding);
	}
	index_objects_prune(index);
}

void index_bindings_free(struct index *index)
{
	while (!RB_EMPTY(&index->bindings))
		remove_binding(index, RB_ROOT(&index->bindings));
}

/* ---- what was brought, and not --------------------------------------------------- */

chunk_set index_brought(const struct index_object *object)
{
	unsigned chunks = 0;

	for (const struct index_part *part = &object->part; part; part = part->more)
		chunks |= part->chunks & ~(unsigned)part->unbrought;
	return chunks;
}

chunk_set index_unbrought(const struct index_object *object)
{
	return object->unbrought == INDEX_UNBROUGHT ||
			       object->unbrought == INDEX_UNBROUGHT_EVER
		       ? CHUNKS_ALL & ~index_brought(object)
		       : 0;
}

chunk_set index_unbrought_ever(const struct index_object *object)
{
	return object->unbrought == INDEX_UNBROUGHT_EVER ? index_unbrought(object) : 0;
}

void index_was_proved(struct index *index, struct index_object *object, chunk_set chunks)
{
	for (struct index_part *part = &object->part; part; part = part->more)
		if (part->chunks == chunks && part->segment)
			index_prove(index, object, part->segment, chunks);
}
