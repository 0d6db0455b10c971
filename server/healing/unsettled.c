/*
 * Leftovers: values that are not known to be settled here.
 *
 * A client that has counted three yes says so before it ends; if it cannot, nobody else
 * does, and the content that its value overtook would stay.  What three servers that vote
 * name, this one among them, is settled.  What fewer name is the work of comparing
 * (compare.h), which finishes it.
 */
#include "leftovers_internal.h"

#include "ballot.h"
#include "store_survey.h"
#include "tally.h"

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

/* What a server that votes has of the path; it tells nothing of one that it lacks. */
static struct tally_word word_of(const dfs_lookup_res *res, u_int at)
{
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	return tally_word(res->status == DFS_OK && ok->votes &&
					  at < ok->items.items_len &&
					  ok->items.items_val[at].status == DFS_OK
				  ? &ok->items.items_val[at].dfs_looked_u.reg
				  : NULL);
}

/* Has it accepted this value at this very ballot? */
static bool is_named(const struct tally_word *word, const struct tally_word *own)
{
	return word->ballot && ballot_compare(word->ballot, own->ballot) == 0 &&
	       memcmp(&word->digest, &own->digest, sizeof own->digest) == 0;
}

/* Servers that name what is accepted here, if that is still at this ballot. */
static unsigned count_named(const struct leftovers *leftovers,
			    const dfs_lookup_res res[DFS_SERVERS], u_int at,
			    const dfs_ballot *ballot)
{
	const struct tally_word own = word_of(&res[leftovers->with.server - 1], at);
	unsigned named = 0;

	if (!own.ballot || ballot_compare(own.ballot, ballot) != 0)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const struct tally_word word = word_of(&res[s - 1], at);

		named += is_named(&word, &own);
	}
	return named;
}

static uint64_t settle_batch(struct leftovers *leftovers,
			     const struct leftovers_batch *batch)
{
	const struct peer_calls *calls = &leftovers->with.calls.peers;
	dfs_path paths[DFS_BATCH_MAX];
	const dfs_paths args = {.paths = {batch->count, paths}};
	dfs_lookup_res res[DFS_SERVERS];
	uint64_t settled = 0;

	memset(res, 0, sizeof res);
	memcpy(paths, batch->paths, batch->count * sizeof paths[0]);
	(void)calls->lookup(calls->context, calls->voting(calls->context), &args, res);
	acceptor_lookup(leftovers->with.acceptor, &args,
			&res[leftovers->with.server - 1]);
	for (u_int i = 0; i < batch->count; i++) {
		if (count_named(leftovers, res, i, &batch->ballots[i]) < THREE)
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
