/*
 * Leftovers: tombstones.
 *
 * A tombstone may go once all four have accepted it under one ballot, through ACCEPT,
 * since they started: then no quorum can miss it, and each raises its floor above it
 * before it forgets the path, so that nothing late is taken for news.  While a server is
 * away, or the servers differ by more than tombstones, none goes: who comes back could
 * not tell what was deleted from what is new.
 */
#include "leftovers_internal.h"

#include "ballot.h"
#include "log.h"
#include "statement.h"
#include "store_survey.h"
#include "value.h"

#include <string.h>

enum { THREE = 3, PASS_OVER_MOST = 60 };

/* ---- which may go -------------------------------------------------------------- */

/* Everybody votes, and has the same files. */
static bool may_forget_now(struct leftovers *leftovers)
{
	const struct peer_calls *calls = &leftovers->with.calls.peers;
	server_set others = set_without(SERVERS_ALL, leftovers->with.server);

	return !leftovers->with.rules.all_four ||
	       ((calls->voting(calls->context) & others) == others &&
		(leftovers->with.alike(leftovers->with.alike_context) & others) ==
			others);
}

static bool is_mine(struct leftovers *leftovers, const struct store_register *reg,
		    uint64_t hash)
{
	return reg->settled && leftovers_turn(leftovers, hash) == 0;
}

/* A file that is locked is not deleted for good, nor is one that is being moved. */
static bool is_plain(const dfs_value *value)
{
	return value->body.kind == DFS_TOMBSTONE && !value->lock && !value->note;
}

static bool confirmed(const struct leftovers *leftovers, const dfs_looked *item,
		      server_set accepted_by)
{
	const dfs_register *reg = &item->dfs_looked_u.reg;
	unsigned needed = leftovers->with.rules.all_four ? DFS_SERVERS : THREE;

	return set_count(accepted_by) >= needed && item->status == DFS_OK && reg->known &&
	       is_plain(&reg->dfs_register_u.accepted.value);
}

static bool here_is_plain(struct leftovers *leftovers, const dfs_path *path)
{
	struct store_register reg;
	dfs_value value;
	bool plain;

	if (store_value(leftovers->with.store, path->dfs_path_val, path->dfs_path_len,
			&reg, &value) != 0)
		return false;
	plain = is_plain(&value);
	value_free(&value);
	return plain;
}

/* ---- forgetting ---------------------------------------------------------------- */

static uint64_t forget_confirmed(struct leftovers *leftovers, dfs_path *paths,
				 u_int count)
{
	const struct peer_calls *calls = &leftovers->with.calls.peers;
	const dfs_paths args = {.paths = {count, paths}};
	dfs_settled_item forgotten[DFS_BATCH_MAX];
	unsigned accepted_by[DFS_BATCH_MAX] = {0};
	dfs_looked items[DFS_BATCH_MAX];
	dfs_forget_args order = {{0, forgotten}};
	dfs_settled_res res = {0};

	memset(items, 0, sizeof items);
	/* All that take part have the same ballot after this. */
	calls->renew(calls->context, &args, NULL, items, accepted_by);
	for (u_int i = 0; i < count; i++) {
		const dfs_accepted *accepted =
			&items[i].dfs_looked_u.reg.dfs_register_u.accepted;
		dfs_key digest;

		if (confirmed(leftovers, &items[i], accepted_by[i]) &&
		    statement_digest(&accepted->value, &digest))
			forgotten[order.items.items_len++] = (dfs_settled_item){
				paths[i], accepted->ballot, statement_short(&digest)};
	}
	/* The others first: if it ends in between, this one has them yet to propose. */
	if (order.items.items_len > 0) {
		leftovers->with.calls.forget(calls->context, &order);
		acceptor_forget(leftovers->with.acceptor, &order, &res);
	}
	for (u_int i = 0; i < count; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
	return res.status == DFS_OK ? order.items.items_len : 0;
}

static uint64_t forget_batch(struct leftovers *leftovers,
			     const struct leftovers_batch *batch)
{
	dfs_path paths[DFS_BATCH_MAX];
	u_int count = 0;
	uint64_t forgotten = 0;

	if (leftovers->in_vain || !may_forget_now(leftovers))
		return 0;
	for (u_int i = 0; i < batch->count; i++)
		if (here_is_plain(leftovers, &batch->paths[i]))
			paths[count++] = batch->paths[i];
	if (count > 0) {
		forgotten = forget_confirmed(leftovers, paths, count);
		leftovers->in_vain = forgotten == 0;
	}
	return forgotten;
}

/* Is it to wait yet, because the last ones were in vain? */
static bool is_passed_over(struct leftovers *leftovers)
{
	if (leftovers->passed_over >= leftovers->pass_over)
		return false;
	leftovers->passed_over++;
	return true;
}

static void note_end(struct leftovers *leftovers, uint64_t forgotten)
{
	leftovers->passed_over = 0;
	if (!leftovers->in_vain || forgotten > 0)
		leftovers->pass_over = 0;
	else if (leftovers->pass_over < PASS_OVER_MOST)
		leftovers->pass_over = 2 * leftovers->pass_over + 1;
	leftovers->in_vain = false;
}

uint64_t leftovers_tombstones(struct leftovers *leftovers)
{
	const struct leftovers_kind kind = {
		.next = store_next_tombstone, .wants = is_mine, .treat = forget_batch};
	uint64_t forgotten;

	if (is_passed_over(leftovers))
		return 0;
	forgotten = leftovers_look(leftovers, &leftovers->tombstones, &kind);
	note_end(leftovers, forgotten);
	log_event(LOG_DEBUG, "tombstones", "next=%zu forgotten=%llu",
		  leftovers->tombstones.count, (unsigned long long)forgotten);
	if (forgotten > 0)
		log_event(LOG_INFO, "forgotten", "tombstones=%llu",
			  (unsigned long long)forgotten);
	return forgotten;
}
