/* Files of which the holders are to be named anew. */
#include "store_survey.h"

#include "placement.h"
#include "walk.h"

#include <errno.h>
#include <string.h>

struct misheld {
	const struct store *store;
	struct store_misheld *ret;
};

/* With the store's lock held. */
static bool is_misheld(const struct store *store, const struct index_register *reg)
{
	chunk_set own = placement_held(reg->holders, store->server), pair;
	chunk_set opposite =
		placement_held(reg->holders, placement_opposite(store->server));
	unsigned row;

	if (!index_has_content(reg) || !reg->settled || reg->object_count == 0)
		return false;
	row = placement_row(reg->holders);
	if (own != 0 && (opposite != CHUNKS_ALL || row >= DFS_SERVERS))
		return false;
	pair = row < DFS_SERVERS ? placement_pair(row, store->server) : CHUNKS_ALL;
	/* What was not proved makes up for no spare. */
	return (pair & placement_filled(reg->size) & ~index_proved(reg->objects[0])) == 0;
}

static bool tell_misheld(void *context, struct index_register *reg)
{
	struct misheld *misheld = context;

	if (!is_misheld(misheld->store, reg))
		return false;
	misheld->ret->object = reg->objects[0]->id;
	misheld->ret->path_len = reg->path_len;
	memcpy(misheld->ret->path, index_path(reg), reg->path_len);
	return true;
}

int store_next_misheld(struct store *store, const char *after, size_t after_len,
		       struct store_misheld *ret)
{
	struct misheld misheld = {.store = store, .ret = ret};
	struct index_walk walk = {.store = store,
				  .tree = INDEX_LIVE,
				  .visit = tell_misheld,
				  .context = &misheld};

	walk_after(&walk, after, after_len);
	return walk_registers(&walk) ? 0 : ENOENT;
}
