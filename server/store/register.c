/* What the index says of a register. */
#include "register.h"

#include "placement.h"
#include "store_internal.h"

#include <string.h>

chunk_set register_missing(const struct store *store, const struct index_register *reg)
{
	chunk_set wanted = placement_held(reg->holders, store->server);
	unsigned row;

	if (!index_has_content(reg) || reg->object_count == 0)
		return 0;
	if (wanted == 0) {
		row = placement_row(reg->holders);
		wanted = row < DFS_SERVERS ? placement_pair(row, store->server)
					   : CHUNKS_ALL;
	}
	return wanted & placement_filled(reg->size) & ~index_chunks(reg->objects[0]);
}

chunk_set register_unbrought(const struct store *store, const struct index_register *reg)
{
	chunk_set missing = register_missing(store, reg);

	return missing != 0 ? missing & index_unbrought(reg->objects[0]) : 0;
}

void register_describe(const struct store *store, const struct index_register *reg,
		       struct store_register *ret)
{
	*ret = (struct store_register){.ballot = reg->ballot,
				       .kind = (dfs_kind)reg->kind,
				       .digest = reg->digest,
				       .holders = reg->holders,
				       .size = index_has_content(reg) ? reg->size : 0,
				       .has_readers = reg->has_readers,
				       .settled = reg->settled,
				       .confirmed = reg->confirmed};
	if (reg->object_count > 0)
		ret->object = reg->objects[0]->id;
	if (!index_has_content(reg))
		return;
	ret->full = set_count(placement_filled(reg->size));
	ret->missing = register_missing(store, reg);
	ret->unbrought = register_unbrought(store, reg);
}

void register_tell(const struct store *store, const struct index_register *reg,
		   struct store_found *ret)
{
	ret->path_len = reg->path_len;
	memcpy(ret->path, index_path(reg), reg->path_len);
	register_describe(store, reg, &ret->reg);
}
