/*
 * Leftovers: values that are not known to be settled here.
 *
 * A client that has counted three yes says so before it ends; if it cannot, nobody else
 * does, and the content that its value overtook would stay.  What three servers that vote
 * name is settled.  What fewer name is the work of comparing (compare.h), which finishes
 * it.
 */
#include "leftovers_internal.h"

#include "ballot.h"
#include "store_survey.h"

#include <string.h>

enum { THREE = 3 };

static bool is_any(struct leftovers *leftovers, const struct store_register *reg,
		   uint64_t hash)
{
	(void)leftovers;
	(void)reg;
	(void)hash;
	return true;
}

/* Has it accepted this very ballot for the path? */
static bool names_ballot(const dfs_lookup_res *res, u_int at, const dfs_ballot *ballot)
{
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	if (!ok->votes || at >= ok->items.items_len ||
	    ok->items.items_val[at].status != DFS_OK)
		return false;
	const dfs_register *reg = &ok->items.items_val[at].dfs_looked_u.reg;

	return reg->known &&
	       ballot_compare(&reg->dfs_register_u.accepted.ballot, ballot) == 0;
}

static uint64_t settle_batch(struct leftovers *leftovers,
			     const struct leftovers_batch *batch)
{
	const struct peer_calls *calls = &leftovers->with.calls.peers;
	dfs_path paths[DFS_BATCH_MAX];
	const dfs_paths args = {.paths = {batch->count, paths}};
	dfs_lookup_res res[DFS_SERVERS];
	uint64_t settled = 0;
	server_set answered;

	memset(res, 0, sizeof res);
	memcpy(paths, batch->paths, batch->count * sizeof paths[0]);
	answered =
		calls->lookup(calls->context, calls->voting(calls->context), &args, res);
	acceptor_lookup(leftovers->with.acceptor, &args,
			&res[leftovers->with.server - 1]);
	answered = set_with(answered, leftovers->with.server);
	for (u_int i = 0; i < batch->count; i++) {
		unsigned named = 0;

		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			named += set_has(answered, s) && res[s - 1].status == DFS_OK &&
				 names_ballot(&res[s - 1], i, &batch->ballots[i]);
		if (named < THREE)
			continue;
		store_settled(leftovers->with.store, paths[i].dfs_path_val,
			      paths[i].dfs_path_len, &batch->ballots[i]);
		settled++;
	}
	for (unsigned s = 0; s < DFS_SERVERS; s++)
		xdr_free((xdrproc_t)xdr_dfs_lookup_res, (char *)&res[s]);
	return settled;
}

uint64_t leftovers_unsettled(struct leftovers *leftovers)
{
	/*
	 * Who goes on writing a path, and tells of nothing that it is settled, must not
	 * have all that he overtook kept for him.
	 */
	const struct leftovers_kind kind = {.next = store_next_unsettled,
					    .wants = is_any,
					    .any_ballot = true,
					    .treat = settle_batch};

	return leftovers_look(leftovers, &leftovers->unsettled, &kind);
}
