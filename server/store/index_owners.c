/* The index of owners: how much everyone has stored and staged, and may. */
#include "index_internal.h"

#include "path.h"
#include "store.h"
#include <stdlib.h>
#include <string.h>

static struct index_owner *find_owner(const struct index *index, const char *name,
				      size_t len)
{
	struct index_owner *owner = RB_ROOT(&index->owners);

	while (owner) {
		int order = path_compare(name, len, owner->name, owner->name_len);

		if (order == 0)
			return owner;
		owner = order < 0 ? RB_LEFT(owner, entry) : RB_RIGHT(owner, entry);
	}
	return NULL;
}

const struct index_owner *index_find_owner(const struct index *index, const char *name,
					   size_t len)
{
	return find_owner(index, name, len);
}

/* ---- what counts ---------------------------------------------------------------- */

/*
 * Of the contents that a value names: a file's own, and those of the earlier versions
 * that it, or what is left of a deleted one, keeps.
 */
static uint64_t contents_of(const struct index_register *reg)
{
	uint64_t earlier = 0;

	if (reg->object_count > 1)
		memcpy(&earlier, index_path(reg) + reg->path_len, sizeof earlier);
	return reg->size + earlier;
}

/* What an accepted register takes of its owner's quota; nothing where it has none. */
static uint64_t cost_of(const struct index_register *reg)
{
	if (reg->owner == INDEX_OWNER_NOBODY)
		return 0;
	return index_has_content(reg) || reg->kind == DFS_FOLDER ||
			       reg->kind == DFS_TOMBSTONE
		       ? contents_of(reg) + reg->bytes
		       : 0;
}

void index_count_owner(struct index *index, const struct index_register *reg)
{
	struct index_owner *owner;

	if (reg->owner == INDEX_OWNER_NOBODY)
		return;
	owner = index->owner_at[reg->owner];
	if (index_has_content(reg)) {
		owner->contents += contents_of(reg);
		owner->registers += reg->bytes;
		owner->shared += reg->has_readers;
	} else if (reg->kind == DFS_FOLDER) {
		owner->registers += reg->bytes;
	} else if (reg->kind == DFS_TOMBSTONE) {
		owner->contents += contents_of(reg);
		owner->registers += reg->bytes;
		owner->tombstones += reg->bytes;
	} else if (reg->kind == DFS_ACCOUNT) {
		memcpy(&owner->quota, index_path(reg) + reg->path_len,
		       sizeof owner->quota);
	}
}

void index_uncount_owner(struct index *index, const struct index_register *reg)
{
	struct index_owner *owner;

	if (reg->owner == INDEX_OWNER_NOBODY)
		return;
	owner = index->owner_at[reg->owner];
	if (index_has_content(reg)) {
		owner->contents -= contents_of(reg);
		owner->registers -= reg->bytes;
		owner->shared -= reg->has_readers;
	} else if (reg->kind == DFS_FOLDER) {
		owner->registers -= reg->bytes;
	} else if (reg->kind == DFS_TOMBSTONE) {
		owner->contents -= contents_of(reg);
		owner->registers -= reg->bytes;
		owner->tombstones -= reg->bytes;
	} else if (reg->kind == DFS_ACCOUNT) {
		owner->quota = 0;
	}
}

void index_count_overtaken(struct index *index, const struct index_register *reg)
{
	if (reg->owner != INDEX_OWNER_NOBODY)
		index->owner_at[reg->owner]->overtaken += cost_of(reg);
}

void index_uncount_overtaken(struct index *index, const struct index_register *reg)
{
	if (reg->owner != INDEX_OWNER_NOBODY)
		index->owner_at[reg->owner]->overtaken -= cost_of(reg);
}

/* What the owner has of the path now, and would no longer have. */
static uint64_t cost_now(const struct index *index, uint32_t owner, const char *path,
			 size_t len)
{
	const struct index_register *reg = index_find_register(index, path, len);

	return reg && reg->owner == owner ? cost_of(reg) : 0;
}

/* ---- what is staged ------------------------------------------------------------- */

static int compare_staging(const char *path, size_t len, uint32_t owner,
			   const struct index_staging *staging)
{
	int order = path_compare(path, len, staging->path, staging->path_len);

	return order != 0 ? order : (owner > staging->owner) - (owner < staging->owner);
}

static int compare_stagings(const struct index_staging *a, const struct index_staging *b)
{
	return compare_staging(a->path, a->path_len, a->owner, b);
}

/* cppcheck-suppress unknownMacro */
INDEX_TREE(index_stagings, index_staging, compare_stagings)

/* The first one from this owner on: the one of the path with the next number. */
static struct index_staging *
find_staging_from(const struct index *index, const char *path, size_t len, uint32_t owner)
{
	struct index_staging *staging = RB_ROOT(&index->stagings), *best = NULL;

	while (staging) {
		if (compare_staging(path, len, owner, staging) <= 0) {
			best = staging;
			staging = RB_LEFT(staging, entry);
		} else {
			staging = RB_RIGHT(staging, entry);
		}
	}
	return best && path_compare(path, len, best->path, best->path_len) == 0 ? best
										: NULL;
}

static struct index_staging *find_staging(const struct index *index, const char *path,
					  size_t len, uint32_t owner)
{
	struct index_staging *staging = find_staging_from(index, path, len, owner);

	return staging && staging->owner == owner ? staging : NULL;
}

/* What of the staged is more than what it is to replace. */
static uint64_t beyond(uint64_t staged, uint64_t now)
{
	return staged > now ? staged - now : 0;
}

static void recount(struct index *index, struct index_staging *staging)
{
	struct index_owner *owner = index->owner_at[staging->owner];
	uint64_t now = cost_now(index, staging->owner, staging->path, staging->path_len);

	owner->staged -= staging->counted;
	staging->counted = beyond(staging->bytes, now);
	owner->staged += staging->counted;
}

void index_restage(struct index *index, const char *path, size_t len)
{
	struct index_staging *staging = find_staging_from(index, path, len, 0);

	if (!staging)
		return;
	index_recount_bindings(index, path, len);
	for (; staging; staging = find_staging_from(index, path, len, staging->owner + 1))
		recount(index, staging);
}

static struct index_staging *make_staging(struct index *index, const char *path,
					  size_t len, uint32_t owner)
{
	struct index_staging *staging = calloc(1, sizeof *staging + len);

	if (!staging)
		return NULL;
	staging->owner = owner;
	staging->path_len = len;
	memcpy(staging->path, path, len);
	RB_INSERT(index_stagings, &index->stagings, staging);
	return staging;
}

struct index_staging *index_stage(struct index *index, const struct index_stake *stake,
				  uint64_t bytes)
{
	struct index_staging *staging;
	uint32_t owner;

	if (!index_number_owner(index, stake->owner, stake->owner_len, &owner))
		return NULL;
	staging = find_staging(index, stake->path, stake->path_len, owner);
	if (!staging)
		staging = make_staging(index, stake->path, stake->path_len, owner);
	if (!staging)
		return NULL;
	staging->refs++;
	staging->bytes += bytes;
	recount(index, staging);
	return staging;
}

void index_unstage(struct index *index, struct index_staging *staging, uint64_t bytes)
{
	if (!staging)
		return;
	staging->bytes -= bytes;
	recount(index, staging);
	if (--staging->refs > 0)
		return;
	RB_REMOVE(index_stagings, &index->stagings, staging);
	free(staging);
}

/* ---- what fits ------------------------------------------------------------------ */

/* Sizes are far from overflowing; quotas are anything. */
static bool fits(const struct index_owner *owner, uint64_t more)
{
	uint64_t taken =
		owner->contents + owner->registers + owner->staged + owner->claimed;

	return more == 0 || owner->quota == 0 ||
	       (taken <= owner->quota && more <= owner->quota - taken);
}

/* As much as the quota once more; or as there is, where that is more. */
static bool fits_besides(const struct index_owner *owner, uint64_t taken, uint64_t more)
{
	uint64_t most = owner->contents + owner->registers;

	if (most < owner->quota)
		most = owner->quota;
	return owner->quota == 0 || (taken <= most && more <= most - taken);
}

void index_charge(const struct index *index, struct index_stake *stake)
{
	const struct index_binding *binding =
		index_find_binding(index, stake->object, stake->path, stake->path_len);
	const struct index_owner *owner;

	if (!binding || !binding->counts)
		return;
	owner = index->owner_at[binding->staging->owner];
	stake->owner = owner->name;
	stake->owner_len = owner->name_len;
	stake->size = binding->size;
}

/* What of the object counts already as staged for the path. */
static uint64_t staged_already(const struct index *index, const struct index_stake *stake)
{
	const struct index_object *object = index_find_object(index, stake->object);
	const struct index_binding *binding;

	if (!object)
		return 0;
	if (index_is_named_ever(index, object, stake->path, stake->path_len))
		return stake->size;
	binding = index_find_binding(index, stake->object, stake->path, stake->path_len);
	return binding && binding->counts ? binding->size : 0;
}

/* What staging it adds to what counts against this owner, who brings it. */
static uint64_t more_staged(const struct index *index, const struct index_owner *owner,
			    const struct index_stake *stake)
{
	const struct index_staging *staging =
		find_staging(index, stake->path, stake->path_len, owner->number);
	uint64_t now = cost_now(index, owner->number, stake->path, stake->path_len);
	uint64_t staged = staging ? staging->bytes : 0;
	uint64_t already = staged_already(index, stake);

	if (already > stake->size)
		already = stake->size;
	return beyond(staged + stake->size - already, now) - beyond(staged, now);
}

/* One that counts already may be bound again. */
static bool may_bind(const struct index *index, const struct index_owner *bringer,
		     const struct index_stake *stake)
{
	const struct index_binding *binding =
		index_find_binding(index, stake->object, stake->path, stake->path_len);

	return (binding && binding->counts) ||
	       fits_besides(bringer, bringer->bound, index_cost_bound(stake->path_len));
}

/* A path that is to have a value. */
struct change {
	const char *path;
	size_t path_len;
	uint32_t owner; /* against whom it counts */
	uint64_t cost;
	uint64_t brought; /* of what he has staged there: what the value names */
};

/* What the value takes more than what it replaces, and what was staged for it. */
static uint64_t more_accepted(const struct index *index, const struct change *change)
{
	const struct index_staging *staging =
		find_staging(index, change->path, change->path_len, change->owner);
	uint64_t now = cost_now(index, change->owner, change->path, change->path_len);
	uint64_t staged = staging ? staging->bytes : 0, left = staged - change->brought;

	return beyond(change->cost + beyond(left, change->cost),
		      now + beyond(staged, now));
}

/* Whom a file at this path will count against: below /shared/ who brings it. */
static const struct index_owner *find_keeper(const struct index *index,
					     const struct index_stake *stake)
{
	const char *whose = stake->owner;
	size_t len = stake->owner_len;

	if (!path_is_shared(stake->path, stake->path_len))
		whose = path_of_whom(stake->path, stake->path_len, &len);
	return find_owner(index, whose, len);
}

bool index_fits_quota(const struct index *index, const struct index_stake *stake)
{
	const struct index_owner *keeper = find_keeper(index, stake), *bringer;
	struct index_stake charged = *stake;
	uint64_t more = 0, reg = 0;

	index_charge(index, &charged);
	bringer = find_owner(index, charged.owner, charged.owner_len);
	if (bringer)
		more = more_staged(index, bringer, &charged);
	if (bringer && (!fits(bringer, more) || !may_bind(index, bringer, stake)))
		return false;
	if (!keeper)
		return true;
	if (keeper == bringer) {
		reg = beyond(STORE_FILE_LEAST, cost_now(index, keeper->number,
							stake->path, stake->path_len));
		return fits(keeper, more + reg);
	}
	const struct change change = {.path = stake->path,
				      .path_len = stake->path_len,
				      .owner = keeper->number,
				      .cost = stake->size + STORE_FILE_LEAST};

	return fits(keeper, more_accepted(index, &change));
}

static uint64_t more_with(const struct index *index, const struct index_register *reg)
{
	const struct index_staging *staging =
		find_staging(index, index_path(reg), reg->path_len, reg->owner);
	const struct change change = {
		.path = index_path(reg),
		.path_len = reg->path_len,
		.owner = reg->owner,
		.cost = cost_of(reg),
		.brought = staging ? index_staged_for(index, staging, reg) : 0};

	return more_accepted(index, &change);
}

/*
 * A tombstone that keeps nothing must always be possible; of what never was, not any
 * number of them.
 */
static bool may_delete(const struct index *index, const struct index_owner *owner,
		       const struct index_register *reg, uint64_t more)
{
	const struct index_register *now =
		index_find_register(index, index_path(reg), reg->path_len);

	return reg->kind == DFS_TOMBSTONE && reg->object_count == 0 &&
	       ((now && now->kind != DFS_TOMBSTONE) ||
		owner->tombstones + owner->claimed + more <= INDEX_TOMBSTONES_MOST);
}

/*
 * What a value overtakes is kept until it is settled, which is up to who proposes it.
 * What deletes may overtake any.
 */
static bool may_overtake(const struct index *index, const struct index_owner *owner,
			 const struct index_register *reg)
{
	const char *path = index_path(reg);
	uint64_t now = cost_now(index, owner->number, path, reg->path_len);

	return reg->object_count == 0 ||
	       !index_find_register(index, path, reg->path_len) ||
	       fits_besides(owner, owner->overtaken, now);
}

bool index_claim(struct index *index, const struct index_register *reg,
		 uint64_t *ret_claimed)
{
	struct index_owner *owner;
	uint64_t more;

	*ret_claimed = 0;
	if (reg->owner == INDEX_OWNER_NOBODY)
		return true;
	owner = index->owner_at[reg->owner];
	if (!may_overtake(index, owner, reg))
		return false;
	more = more_with(index, reg);
	if (!fits(owner, more) && !may_delete(index, owner, reg, more))
		return false;
	*ret_claimed = more;
	owner->claimed += more;
	return true;
}

void index_unclaim(struct index *index, const struct index_register *reg,
		   uint64_t claimed)
{
	if (claimed > 0)
		index->owner_at[reg->owner]->claimed -= claimed;
}

/* ---- their numbers -------------------------------------------------------------- */

static bool make_owner_room(struct index *index)
{
	uint32_t room = index->owner_room ? 2 * index->owner_room : 16;
	struct index_owner **grown;

	if (index->owner_count < index->owner_room)
		return true;
	if (index->owner_count > INDEX_OWNER_LAST)
		return false;
	grown = realloc(index->owner_at, room * sizeof(struct index_owner *));
	if (!grown)
		return false;
	index->owner_at = grown;
	index->owner_room = room;
	return true;
}

static int compare_owners(const struct index_owner *a, const struct index_owner *b)
{
	return path_compare(a->name, a->name_len, b->name, b->name_len);
}

/* cppcheck-suppress unknownMacro */
INDEX_TREE(index_owners, index_owner, compare_owners)

bool index_number_owner(struct index *index, const char *name, size_t len,
			uint32_t *ret_number)
{
	struct index_owner *owner = find_owner(index, name, len);

	if (!owner) {
		owner = make_owner_room(index) ? calloc(1, sizeof *owner + len) : NULL;
		if (!owner)
			return false;
		memcpy(owner->name, name, len);
		owner->name_len = len;
		owner->number = index->owner_count;
		index->owner_at[index->owner_count++] = owner;
		RB_INSERT(index_owners, &index->owners, owner);
	}
	*ret_number = owner->number;
	return true;
}

void index_owners_free(struct index *index)
{
	for (uint32_t i = 0; i < index->owner_count; i++)
		free(index->owner_at[i]);
	free(index->owner_at);
}
