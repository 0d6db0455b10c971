/* Comparing: a digest over a range of registers, and walking through it. */
#include "store_digest.h"

#include "path.h"
#include "register.h"
#include "walk.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

/* ---- the sum --------------------------------------------------------------------- */

struct sum {
	uint64_t registers;
	uint64_t high, low; /* modulo 2^128 */
};

/* The path needs no length: what follows it has always the same. */
static XXH128_hash_t hash_register(const struct index_register *reg)
{
	uint8_t bytes[DFS_PATH_MAX + PACK_BALLOT + 8], *at = bytes;

	memcpy(at, index_path(reg), reg->path_len);
	at += reg->path_len;
	at += pack_number(at, reg->ballot.epoch, 4);
	at += pack_number(at, reg->ballot.counter, 8);
	memcpy(at, reg->ballot.proposer.bytes, DFS_ID_LEN);
	(void)pack_number(at + DFS_ID_LEN, reg->digest, 8);
	return XXH3_128bits(bytes, reg->path_len + PACK_BALLOT + 8);
}

static bool add_register(void *context, struct index_register *reg)
{
	struct sum *sum = context;
	XXH128_hash_t hash = hash_register(reg);

	sum->registers++;
	sum->low += hash.low64;
	sum->high += hash.high64 + (sum->low < hash.low64);
	return false;
}

static void add_tree(struct store *store, const struct store_range *range,
		     enum index_tree tree, struct sum *sum)
{
	struct index_walk walk = {.store = store,
				  .tree = tree,
				  .to = range->to,
				  .to_len = range->to_len,
				  .visit = add_register,
				  .context = sum};

	walk_from(&walk, range->from, range->from_len);
	(void)walk_registers(&walk);
}

void store_digest(struct store *store, const struct store_range *range,
		  struct store_digest *ret)
{
	struct sum sum = {0};
	uint8_t *at = (uint8_t *)ret->digest.bytes;

	add_tree(store, range, INDEX_LIVE, &sum);
	if (range->tombstones)
		add_tree(store, range, INDEX_DEAD, &sum);
	ret->registers = sum.registers;
	at += pack_number(at, sum.high, 8);
	(void)pack_number(at, sum.low, 8);
}

/* ---- one by one ------------------------------------------------------------------ */

/* The first of a tree from the cursor on, in the range; with the store's lock held. */
static const struct index_register *first_in(const struct store *store,
					     const struct store_range *range,
					     enum index_tree tree, const char *after,
					     size_t after_len)
{
	const char *path = after ? after : range->from;
	size_t len = after ? after_len : range->from_len;
	const struct index_register *reg =
		index_first(store->index, tree, path ? path : "", path ? len : 0, after);

	if (reg && range->to &&
	    path_compare(index_path(reg), reg->path_len, range->to, range->to_len) >= 0)
		return NULL;
	return reg;
}

int store_next_in(struct store *store, const struct store_range *range, const char *after,
		  size_t after_len, struct store_found *ret)
{
	const struct index_register *live, *dead = NULL;

	pthread_rwlock_rdlock(&store->lock);
	live = first_in(store, range, INDEX_LIVE, after, after_len);
	if (range->tombstones)
		dead = first_in(store, range, INDEX_DEAD, after, after_len);
	if (!live || (dead && path_compare(index_path(dead), dead->path_len,
					   index_path(live), live->path_len) < 0))
		live = dead;
	if (live)
		register_tell(store, live, ret);
	pthread_rwlock_unlock(&store->lock);
	return live ? 0 : ENOENT;
}
