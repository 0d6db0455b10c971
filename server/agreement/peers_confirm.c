/* Finishing: three servers confirm what is to be proposed (doc/AGREEMENT.md 2.7). */
#include "peers_attempt.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS = DFS_BATCH_MAX / DFS_CONFIRM_MAX };

/* One call, about at most DFS_CONFIRM_MAX of them. */
struct confirm_call {
	const struct confirming *items;
	size_t count;
	const dfs_confirm_args *args; /* the round's */
	struct round *round;          /* NULL: it could not be made */
	dfs_confirm_res own;
	server_set taken; /* whose answers were */
};

static void ask(struct peers *peers, const struct peers_voters *voters,
		const struct peers_confirming *confirming, struct confirm_call *call)
{
	dfs_confirm_args *args =
		confirming_args(confirming->ballot, call->items, call->count);

	call->own.status = DFS_RECOVERING;
	if (!args)
		return;
	call->args = args;
	call->round = peers_ask(peers, voters->others,
				&(struct peers_call){.procedure = DFS_CONFIRM,
						     .take_call = args,
						     .free_call = confirming_free_args,
						     .args = args},
				confirming->deadline);
	if (call->round && voters->self) {
		call->own.status = DFS_OK;
		acceptor_confirm(peers->acceptor, args, &call->own);
	}
}

/* Takes what has come by now; true when all are confirmed. */
static bool take(struct peers *peers, struct confirm_call *call)
{
	const struct authority_source *source = acceptor_source(peers->acceptor);
	bool all = true;

	for (unsigned s = 1; source && s <= DFS_SERVERS; s++) {
		const dfs_confirm_res *res =
			s == peers->server ? &call->own : round_answer(call->round, s);

		if (!res || set_has(call->taken, s) || res->status != DFS_OK)
			continue;
		call->taken = set_with(call->taken, s);
		peers_saw(peers, s, &res->dfs_confirm_res_u.ok.seen);
		confirming_take(source, s, call->args, &res->dfs_confirm_res_u.ok,
				call->items);
	}
	for (size_t i = 0; i < call->count; i++)
		all &= confirming_is_whole(call->items[i].value);
	return all;
}

static void finish(struct peers *peers, const struct peers_voters *voters,
		   int64_t deadline, struct confirm_call *call)
{
	if (!call->round)
		return;
	(void)peers_await(peers, call->round, PEERS_THREE - voters->self, deadline);
	if (!take(peers, call)) {
		(void)peers_await(peers, call->round, DFS_SERVERS, deadline);
		(void)take(peers, call);
	}
	round_free(call->round);
	xdr_free((xdrproc_t)xdr_dfs_confirm_res, (char *)&call->own);
}

void peers_confirm(struct peers *peers, const struct peers_voters *voters,
		   const struct peers_confirming *confirming)
{
	struct confirm_call *calls = calloc(CALLS, sizeof *calls);
	size_t count = 0;

	/* All are asked at once; then each is waited for. */
	for (size_t at = 0; calls && at < confirming->count; at += DFS_CONFIRM_MAX) {
		struct confirm_call *call = &calls[count++];
		size_t left = confirming->count - at;

		call->items = &confirming->items[at];
		call->count = left < DFS_CONFIRM_MAX ? left : DFS_CONFIRM_MAX;
		ask(peers, voters, confirming, call);
	}
	for (size_t i = 0; calls && i < count; i++)
		finish(peers, voters, confirming->deadline, &calls[i]);
	free(calls);
}
