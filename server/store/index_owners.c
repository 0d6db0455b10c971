/* The index of owners: how much everyone has stored. */
#include "index_internal.h"

#include "path.h"
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

/* What the owner has of the path now, and would no longer have. */
static uint64_t size_now(const struct index *index, const struct index_owner *owner,
			 const char *path, size_t len)
{
	const struct index_register *reg = index_find_register(index, path, len);

	return reg && index_has_content(reg) && reg->owner == owner->number ? reg->size
									    : 0;
}

/* Sizes are far from overflowing; quotas are anything. */
static bool fits(const struct index_owner *owner, uint64_t now, uint64_t size)
{
	uint64_t taken = owner->used + owner->claimed - now;

	return size <= now || owner->quota == 0 ||
	       (taken <= owner->quota && size <= owner->quota - taken);
}

bool index_fits_quota(const struct index *index, const char *name, size_t name_len,
		      const dfs_path *path, uint64_t size)
{
	const struct index_owner *owner = find_owner(index, name, name_len);

	return !owner ||
	       fits(owner, size_now(index, owner, path->dfs_path_val, path->dfs_path_len),
		    size);
}

bool index_claim(struct index *index, const struct index_register *reg,
		 uint64_t *ret_claimed)
{
	struct index_owner *owner = index->owner_at[reg->owner];
	uint64_t now = size_now(index, owner, index_path(reg), reg->path_len);

	if (!fits(owner, now, reg->size))
		return false;
	*ret_claimed = reg->size > now ? reg->size - now : 0;
	owner->claimed += *ret_claimed;
	return true;
}

void index_unclaim(struct index *index, const struct index_register *reg,
		   uint64_t claimed)
{
	if (claimed > 0)
		index->owner_at[reg->owner]->claimed -= claimed;
}

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
