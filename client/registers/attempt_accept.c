/*
 * The last calls of an attempt: CONFIRM, and ACCEPT, or DELETE where all values are
 * tombstones.
 */
#include "attempt.h"

#include "ballot.h"
#include "clock.h"
#include "finishing.h"
#include "path.h"
#include "provenance.h"
#include "statement.h"
#include "tally.h"
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

	xdr_free((xdrproc_t)xdr_dfs_proof, proof);
	memset(proof, 0, sizeof *proof);
	proof->ballot = attempt->ballot;
	proof->signer.dfs_user_val = strdup(user);
	if (!proof->signer.dfs_user_val)
		return false;
	proof->signer.dfs_user_len = (u_int)strlen(user);
	return statement_digest(&turn->value, &proof->digest) &&
	       statement_of_proposal(&path, &turn->value, ret);
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

/* ---- confirming ---------------------------------------------------------------- */

bool attempt_is_confirmed(const struct dfs *dfs, const char *path)
{
	return path_kind(path, strlen(path)) != PATH_OF_FILE ||
	       !finishing_is_own(dfs, path);
}

static bool tells_best(const dfs_register *reg, const dfs_accepted *best)
{
	const struct tally_word word = tally_word(reg);
	dfs_key digest;

	return word.ballot && ballot_compare(word.ballot, &best->ballot) == 0 &&
	       statement_digest(&best->value, &digest) &&
	       memcmp(&word.digest, &digest, sizeof digest) == 0;
}

unsigned attempt_find_proved(struct dfs *dfs, const struct turn *turn)
{
	const dfs_accepted *best = turn->judgement.best;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_register *reg = turn->answers.of[s - 1];

		if (!set_has(turn->promised, s) || !reg)
			continue;
		if (!best)
			return s;
		if (tells_best(reg, best) &&
		    provenance_is_proved(dfs, turn->proposal->path,
					 &reg->dfs_register_u.accepted))
			return s;
	}
	return 0;
}

/* What the servers are to confirm, at most DFS_CONFIRM_MAX in a call. */
struct confirm_call {
	struct confirming items[DFS_CONFIRM_MAX];
	struct turn *turns[DFS_CONFIRM_MAX];
	size_t count;
	dfs_path paths[DFS_CONFIRM_MAX];
	const dfs_confirm_args *args; /* the round's */
	struct round *round;
};

/* Adds the turn, if it may be confirmed. */
static void add_confirming(const struct attempt *attempt, size_t at,
			   struct confirm_call *call)
{
	struct turn *turn = &attempt->turns[at];
	struct confirming *item = &call->items[call->count];
	unsigned first = attempt_find_proved(attempt->dfs, turn);

	if (first == 0 || !confirming_choose(attempt->signed_by, turn->promised,
					     (u_int)at, first, item))
		return;
	call->paths[call->count] = path_borrow(turn->proposal->path);
	item->path = &call->paths[call->count];
	item->highest =
		turn->judgement.best
			? &turn->answers.of[first - 1]->dfs_register_u.accepted.value
			: NULL;
	item->value = &turn->value;
	call->turns[call->count++] = turn;
}

static void ask_to_confirm(struct attempt *attempt, struct confirm_call *call)
{
	dfs_confirm_args *args =
		confirming_args(&attempt->ballot, call->items, call->count);

	if (!args)
		return;
	call->args = args;
	call->round =
		round_new(attempt->dfs->links, DFS_CONFIRM, args, confirming_free_args);
	for (unsigned s = 1; call->round && s <= DFS_SERVERS; s++)
		if (set_has(attempt->servers, s))
			round_ask(call->round, s, args, clock_now_ms() + LINKS_NEED_MS);
}

static void take_confirmed(struct attempt *attempt, const struct confirm_call *call,
			   unsigned server, const dfs_confirm_res *res)
{
	const struct authority_source source = provenance_source(attempt->dfs);
	const dfs_confirm_ok *ok = &res->dfs_confirm_res_u.ok;

	for (size_t i = 0; i < call->count; i++) {
		refusals_note_call(&call->turns[i]->refusals, server, res->status);
		if (res->status == DFS_OK && i < ok->items.items_len)
			refusals_note(&call->turns[i]->refusals, server,
				      ok->items.items_val[i]);
	}
	if (res->status != DFS_OK)
		return;
	session_saw(attempt->dfs, server, &ok->seen);
	confirming_take(&source, server, call->args, ok, call->items);
}

static void finish_confirming(struct attempt *attempt, struct confirm_call *call)
{
	if (!call->round)
		return;
	round_wait(call->round, 3, LINKS_PATIENCE_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_confirm_res *res = round_answer(call->round, s);

		if (res)
			take_confirmed(attempt, call, s, res);
	}
	round_free(call->round);
}

/* Has servers confirm what needs it; all calls are under way at once. */
static void confirm_proposals(struct attempt *attempt)
{
	size_t most = attempt->count / DFS_CONFIRM_MAX + 1, count = 0;
	struct confirm_call *calls = calloc(most, sizeof *calls);

	for (size_t i = 0; calls && i < attempt->count; i++) {
		const struct turn *turn = &attempt->turns[i];

		if (!turn->proposes ||
		    !attempt_is_confirmed(attempt->dfs, turn->proposal->path))
			continue;
		add_confirming(attempt, i, &calls[count]);
		count += calls[count].count == DFS_CONFIRM_MAX;
	}
	for (size_t i = 0; calls && i < most; i++)
		if (calls[i].count > 0)
			ask_to_confirm(attempt, &calls[i]);
	for (size_t i = 0; calls && i < most; i++)
		finish_confirming(attempt, &calls[i]);
	free(calls);
}

/* May it be sent for acceptance? */
static bool is_proved(const struct attempt *attempt, const struct turn *turn)
{
	return !attempt_is_confirmed(attempt->dfs, turn->proposal->path) ||
	       confirming_is_whole(&turn->value);
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

		if (!turn->proposes || !is_proved(attempt, turn))
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
	struct vote_call *call;
	struct round *round;

	if (!sign_proposals(attempt))
		return;
	confirm_proposals(attempt);
	call = accept_call_new(attempt, &deletes);
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
