/* The last call of an attempt: ACCEPT, or DELETE where all values are tombstones. */
#include "attempt.h"

#include "clock.h"
#include "path.h"
#include "statement.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* ---- signing ------------------------------------------------------------------- */

/* Says whose proof it is, and gives the statement that he is to sign. */
static bool state_proposal(const struct attempt *attempt, struct turn *turn, dfs_key *ret)
{
	const char *user = attempt->dfs->identity->user;
	const dfs_path path = path_borrow(turn->proposal->path);
	dfs_proof *proof = &turn->value.proof;
	dfs_key digest;

	xdr_free((xdrproc_t)xdr_dfs_proof, proof);
	memset(proof, 0, sizeof *proof);
	proof->ballot = attempt->ballot;
	proof->signer.dfs_user_val = strdup(user);
	if (!proof->signer.dfs_user_val)
		return false;
	proof->signer.dfs_user_len = (u_int)strlen(user);
	return statement_digest_stated(&turn->value, &digest) &&
	       statement_of_proposal(&path, &proof->ballot, &digest, ret);
}

/*
 * All that is proposed is signed anew, for this ballot, by who proposes it: one signature
 * for all of it.
 */
static bool sign_proposals(struct attempt *attempt)
{
	const struct identity *identity = attempt->dfs->identity;
	dfs_signature *signatures[DFS_BATCH_MAX];
	dfs_key statements[DFS_BATCH_MAX];
	size_t count = 0;

	for (size_t i = 0; identity && i < attempt->count; i++) {
		struct turn *turn = &attempt->turns[i];

		if (!turn->proposes)
			continue;
		signatures[count] = &turn->value.proof.signature;
		if (!state_proposal(attempt, turn, &statements[count++]))
			return false;
	}
	return count > 0 && identity_sign(identity->pairs[0], identity->account.key,
					  statements, count, signatures);
}

/* ---- the call ------------------------------------------------------------------ */

struct vote_call {
	dfs_accept_args args;
	size_t *turns; /* which turn an item is of */
	dfs_proposal items[];
};

static void accept_call_free(void *owner)
{
	struct vote_call *call = owner;

	for (u_int i = 0; i < call->args.items.items_len; i++) {
		free(call->items[i].path.dfs_path_val);
		value_free(&call->items[i].value);
	}
	free(call->turns);
	free(call);
}

static struct vote_call *accept_call_new(const struct attempt *attempt, bool *ret_deletes)
{
	struct vote_call *call =
		calloc(1, sizeof *call + attempt->count * sizeof call->items[0]);

	*ret_deletes = true;
	if (!call)
		return NULL;
	call->args.ballot = attempt->ballot;
	call->args.items.items_val = call->items;
	call->turns = calloc(attempt->count + 1, sizeof *call->turns);
	for (size_t i = 0; call->turns && i < attempt->count; i++) {
		const struct turn *turn = &attempt->turns[i];
		u_int at = call->args.items.items_len;
		char *path;

		if (!turn->proposes)
			continue;
		path = strdup(turn->proposal->path);
		if (!path || !value_copy(&turn->value, &call->items[at].value)) {
			free(path);
			break; /* the rest is tried again */
		}
		call->items[at].path = (dfs_path){(u_int)strlen(path), path};
		call->turns[at] = i;
		call->args.items.items_len++;
		*ret_deletes &= turn->value.body.kind == DFS_TOMBSTONE;
	}
	if (!call->turns || call->args.items.items_len == 0) {
		accept_call_free(call);
		return NULL;
	}
	return call;
}

static void take_votes(struct attempt *attempt, const struct vote_call *call,
		       unsigned server, const dfs_accept_res *res)
{
	const dfs_accept_ok *ok = &res->dfs_accept_res_u.ok;

	for (u_int i = 0; i < call->args.items.items_len; i++) {
		struct turn *turn = &attempt->turns[call->turns[i]];

		refusals_note_call(&turn->refusals, server, res->status);
		if (res->status != DFS_OK)
			turn->refusing = set_with(turn->refusing, server);
	}
	if (res->status != DFS_OK)
		return;
	session_saw(attempt->dfs, server, &ok->seen);
	for (u_int i = 0; i < ok->items.items_len && i < call->args.items.items_len;
	     i++) {
		struct turn *turn = &attempt->turns[call->turns[i]];

		if (ok->items.items_val[i] == DFS_OK)
			turn->accepted = set_with(turn->accepted, server);
		else
			turn->refusing = set_with(turn->refusing, server);
		refusals_note(&turn->refusals, server, ok->items.items_val[i]);
	}
}

void attempt_accept(struct attempt *attempt)
{
	bool deletes;
	struct vote_call *call =
		sign_proposals(attempt) ? accept_call_new(attempt, &deletes) : NULL;
	struct round *round;

	if (!call)
		return;
	for (u_int i = 0; i < call->args.items.items_len; i++) {
		struct turn *turn = &attempt->turns[call->turns[i]];
		struct proposal *proposal = turn->proposal;

		if (turn->judgement.verdict != JUDGE_PROPOSE || proposal->proposed)
			continue;
		turn->begins = true;
		proposal->proposed = true;
		proposal->first = attempt->ballot;
		proposal->first_number = turn->value.number - 1;
	}
	round = round_new(attempt->dfs->links, deletes ? DFS_DELETE : DFS_ACCEPT, call,
			  accept_call_free);
	if (!round)
		return;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(attempt->servers, s))
			round_ask(round, s, &call->args, clock_now_ms() + LINKS_NEED_MS);
	round_wait(round, 3, LINKS_PATIENCE_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_accept_res *res = round_answer(round, s);

		if (res)
			take_votes(attempt, call, s, res);
	}
	/* What every one of them refused has not happened, and will not. */
	for (u_int i = 0; i < call->args.items.items_len; i++) {
		struct turn *turn = &attempt->turns[call->turns[i]];

		if (turn->begins && turn->refusing == attempt->servers)
			turn->proposal->proposed = false;
	}
	round_free(round);
}
