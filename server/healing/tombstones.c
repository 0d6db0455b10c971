/*
 * Cleaning: tombstones.
 *
 * A tombstone may go once all four have accepted it under one ballot, through ACCEPT,
 * since they started: then no quorum can miss it, and each raises its floor above it
 * before it forgets the path, so that nothing late is taken for news.  While a server is
 * away, or the servers differ by more than tombstones, none goes: who comes back could
 * not tell what was deleted from what is new.
 */
#include "cleaning_internal.h"

#include "ballot.h"
#include "log.h"
#include "store_survey.h"
#include "value.h"

#include <string.h>

enum { THREE = 3, PASS_OVER_MOST = 60 };

/* Everybody votes, and has the same files. */
static bool may_forget_now(struct cleaning *cleaning)
{
	const struct cleaning_calls *calls = &cleaning->calls;
	unsigned others = ((1U << DFS_SERVERS) - 1) & ~(1U << (cleaning->server - 1));

	return !cleaning->rules.all_four ||
	       ((calls->voting(calls->context) & others) == others &&
		(calls->alike(calls->context) & others) == others);
}

static bool is_mine(struct cleaning *cleaning, const struct store_register *reg,
		    uint64_t hash)
{
	return reg->settled && cleaning_turn(cleaning, hash) == 0;
}

/* A file that is locked is not deleted for good, nor is one that is being moved. */
static bool is_plain(const dfs_value *value)
{
	return value->body.kind == DFS_TOMBSTONE && !value->lock && !value->note;
}

static bool confirmed(const struct cleaning *cleaning, const dfs_looked *item,
		      unsigned accepted_by)
{
	const dfs_register *reg = &item->dfs_looked_u.reg;
	int needed = cleaning->rules.all_four ? DFS_SERVERS : THREE;

	return __builtin_popcount(accepted_by) >= needed && item->status == DFS_OK &&
	       reg->known && is_plain(&reg->dfs_register_u.accepted.value);
}

static bool here_is_plain(struct cleaning *cleaning, const dfs_path *path)
{
	struct store_register reg;
	dfs_value value;
	bool plain;

	if (store_value(cleaning->store, path->dfs_path_val, path->dfs_path_len, &reg,
			&value) != 0)
		return false;
	plain = is_plain(&value);
	value_free(&value);
	return plain;
}

static uint64_t forget(struct cleaning *cleaning, dfs_path *paths, u_int count)
{
	const struct cleaning_calls *calls = &cleaning->calls;
	const dfs_paths args = {{count, paths}};
	dfs_settled_item forgotten[DFS_BATCH_MAX];
	unsigned accepted_by[DFS_BATCH_MAX] = {0};
	dfs_looked items[DFS_BATCH_MAX];
	dfs_forget_args forget = {{0, forgotten}};
	dfs_settled_res res = {0};

	memset(items, 0, sizeof items);
	calls->settle(calls->context, &args, NULL, items, accepted_by);
	for (u_int i = 0; i < count; i++)
		if (confirmed(cleaning, &items[i], accepted_by[i]))
			forgotten[forget.items.items_len++] = (dfs_settled_item){
				paths[i],
				items[i].dfs_looked_u.reg.dfs_register_u.accepted.ballot};
	if (forget.items.items_len > 0) {
		calls->forget(calls->context, &forget);
		acceptor_forget(cleaning->acceptor, &forget, &res);
	}
	for (u_int i = 0; i < count; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
	return res.status == DFS_OK ? forget.items.items_len : 0;
}

static uint64_t treat(struct cleaning *cleaning, const struct cleaning_batch *batch)
{
	dfs_path paths[DFS_BATCH_MAX];
	u_int count = 0;

	uint64_t forgotten = 0;

	if (cleaning->in_vain || !may_forget_now(cleaning))
		return 0;
	for (u_int i = 0; i < batch->count; i++)
		if (here_is_plain(cleaning, &batch->paths[i]))
			paths[count++] = batch->paths[i];
	if (count > 0) {
		forgotten = forget(cleaning, paths, count);
		cleaning->in_vain = forgotten == 0;
	}
	return forgotten;
}

/* Is it to wait yet, because the last ones were in vain? */
static bool is_passed_over(struct cleaning *cleaning)
{
	if (cleaning->passed_over >= cleaning->pass_over)
		return false;
	cleaning->passed_over++;
	return true;
}

static void note_end(struct cleaning *cleaning, uint64_t forgotten)
{
	cleaning->passed_over = 0;
	if (!cleaning->in_vain || forgotten > 0)
		cleaning->pass_over = 0;
	else if (cleaning->pass_over < PASS_OVER_MOST)
		cleaning->pass_over = 2 * cleaning->pass_over + 1;
	cleaning->in_vain = false;
}

uint64_t cleaning_tombstones(struct cleaning *cleaning)
{
	uint64_t forgotten;

	if (is_passed_over(cleaning))
		return 0;
	forgotten = cleaning_look(cleaning, &cleaning->tombstones, store_next_tombstone,
				  is_mine, treat);
	note_end(cleaning, forgotten);
	log_event(LOG_DEBUG, "tombstones", "next=%zu forgotten=%llu",
		  cleaning->tombstones.count, (unsigned long long)forgotten);
	if (forgotten > 0)
		log_event(LOG_INFO, "forgotten", "tombstones=%llu",
			  (unsigned long long)forgotten);
	return forgotten;
}
