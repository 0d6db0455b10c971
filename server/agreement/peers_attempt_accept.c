/* Finishing: what one attempt proposes, and ACCEPT of it. */
#include "peers_attempt.h"

#include "ballot.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* args is first: that is what the calls borrow. */
struct peers_accept {
	dfs_accept_args args;
	size_t paths[DFS_BATCH_MAX]; /* of those open, which an item is of */
	struct confirming confirming[DFS_BATCH_MAX];
};

static void free_accept(void *call)
{
	xdr_free((xdrproc_t)xdr_dfs_accept_args, call);
	free(call);
}

/*
 * Of those that tell exactly this, the first whose value is proved: who lies may tell it
 * with a proof that is none.  0: nobody's is.
 */
static unsigned proved_among(const struct finishing *finishing, size_t path,
			     const struct peers_told *told, const dfs_register *reg)
{
	const struct tally_word word = tally_word(reg);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_register *other = told->of[s - 1];
		const struct tally_word same = tally_word(other);
		struct authority_claim claim = {
			.path = &finishing->paths->paths.paths_val[path],
			.ballot = same.ballot,
			.value = same.ballot ? &other->dfs_register_u.accepted.value
					     : NULL};

		if (same.ballot && ballot_compare(same.ballot, word.ballot) == 0 &&
		    memcmp(&same.digest, &word.digest, sizeof word.digest) == 0 &&
		    acceptor_check_told(finishing->peers->acceptor, &claim) == DFS_OK)
			return s;
	}
	return 0;
}

/* The highest value that was told of, whatever three agree on; or that there is none. */
static const dfs_register *highest_promise(const struct peers_told *told)
{
	struct tally_word words[DFS_SERVERS];
	unsigned newest;

	peers_words(told, words);
	newest = tally_highest(words, false).newest;
	return newest ? told->of[newest - 1] : NULL;
}

/* What is to be proposed of the path; NULL: nothing, or not now. */
static const dfs_register *proposal_of(struct finishing *finishing,
				       const struct peers_attempt *attempt, size_t path)
{
	const struct peers_told told = peers_attempt_told(finishing, attempt, path);
	const struct peers_tally tally = peers_tally(&told);
	const dfs_register *reg = tally.newest;
	bool agreed = tally.equal >= PEERS_THREE;

	if (tally.answers < PEERS_THREE)
		return NULL;
	if (finishing->proposal) {
		/* Who was outvoted gets something in its place, or differs for ever. */
		reg = highest_promise(&told);
		agreed = !reg->known && !finishing->proposal->above && told.outvoted == 0;
	}
	if (!agreed)
		return reg;
	peers_attempt_close(finishing, finishing->open[path], reg);
	return NULL;
}

/* "No such file", which servers may say of themselves; but not where none may stand. */
static bool may_be_nothing(const dfs_path *path, dfs_value *ret)
{
	*ret = value_nothing();
	return !value_check_at(path->dfs_path_val, path->dfs_path_len, ret);
}

/*
 * The value to be proposed, changed where it is to be; false: none, and the path may be
 * closed.
 */
static bool copy_value(struct finishing *finishing, size_t path, const dfs_register *reg,
		       dfs_value *ret)
{
	const struct peers_change *change =
		finishing->proposal ? finishing->proposal->change : NULL;

	if (!reg->known && may_be_nothing(&finishing->paths->paths.paths_val[path], ret))
		return true;
	if (!reg->known) {
		peers_attempt_close(finishing, path, reg);
		return false;
	}
	if (!value_copy(&reg->dfs_register_u.accepted.value, ret))
		return false; /* what is left open is tried again */
	if (!change || change->change(change->context, path, ret))
		return true;
	value_free(ret);
	peers_attempt_close(finishing, path, reg);
	return false;
}

/*
 * By which promises the item is confirmed, and what they tell of; false: they are not
 * three, or what they tell of is proved by none.
 */
static bool choose(const struct finishing *finishing, const struct peers_attempt *attempt,
		   size_t at, const dfs_register *reg, struct confirming *ret)
{
	const struct peers_told told = peers_attempt_told(finishing, attempt, at);
	size_t path = finishing->open[at];
	server_set servers = 0;
	unsigned first = 0;

	for (unsigned s = DFS_SERVERS; s >= 1; s--)
		if (told.of[s - 1]) {
			servers = set_with(servers, s);
			first = s;
		}
	if (reg->known)
		first = proved_among(finishing, path, &told, reg);
	if (first == 0)
		return false;
	ret->highest =
		reg->known ? &told.of[first - 1]->dfs_register_u.accepted.value : NULL;
	return confirming_choose(attempt->promises, servers, (u_int)at, first, ret);
}

/* The value of one path that is to be proposed, if any; false: there is none. */
static bool add_item(struct finishing *finishing, const struct peers_attempt *attempt,
		     size_t at, struct peers_accept *call)
{
	const dfs_register *reg = proposal_of(finishing, attempt, at);
	size_t path = finishing->open[at];
	u_int count = call->args.items.items_len;
	dfs_proposal *item = &call->args.items.items_val[count];
	struct confirming *confirming = &call->confirming[count];

	if (!reg || !copy_value(finishing, path, reg, &item->value))
		return false;
	confirming_clear(&item->value);
	confirming->path = &item->path;
	confirming->value = &item->value;
	call->paths[count] = at;
	if (choose(finishing, attempt, at, reg, confirming) &&
	    peers_attempt_copy_path(&finishing->paths->paths.paths_val[path],
				    &item->path))
		return true;
	value_free(&item->value);
	return false;
}

/* Leaves out what three have not confirmed: that is tried again. */
static void keep_confirmed(struct finishing *finishing, struct peers_accept *call)
{
	u_int kept = 0;

	for (u_int i = 0; i < call->args.items.items_len; i++) {
		dfs_proposal *item = &call->args.items.items_val[i];

		if (!confirming_is_whole(&item->value)) {
			xdr_free((xdrproc_t)xdr_dfs_proposal, (char *)item);
			memset(item, 0, sizeof *item);
			finishing->refused = true;
			continue;
		}
		if (kept < i) {
			call->args.items.items_val[kept] = *item;
			memset(item, 0, sizeof *item);
		}
		call->paths[kept++] = call->paths[i];
	}
	call->args.items.items_len = kept;
}

/* The highest values that three promised on; what they agree on needs no proposal. */
static struct peers_accept *new_accept(struct finishing *finishing,
				       const struct peers_attempt *attempt)
{
	struct peers_accept *call = calloc(1, sizeof *call);
	dfs_proposal *items = calloc(finishing->count, sizeof *items);

	if (!call || !items) {
		free(call);
		free(items);
		return NULL;
	}
	call->args.ballot = attempt->ballot;
	call->args.items.items_val = items;
	for (size_t i = 0; i < finishing->count; i++)
		call->args.items.items_len += add_item(finishing, attempt, i, call);
	peers_confirm(finishing->peers, &attempt->voters,
		      &(struct peers_confirming){.ballot = &attempt->ballot,
						 .items = call->confirming,
						 .count = call->args.items.items_len,
						 .deadline = finishing->deadline});
	keep_confirmed(finishing, call);
	return call;
}

struct votes {
	struct round *round;
	dfs_accept_res own;
};

static const dfs_accept_res *accepted(const struct finishing *finishing,
				      const struct votes *votes, unsigned server)
{
	return server == finishing->peers->server ? &votes->own
						  : round_answer(votes->round, server);
}

static bool said_yes(const dfs_accept_res *res, size_t item)
{
	return res && res->status == DFS_OK &&
	       item < res->dfs_accept_res_u.ok.items.items_len &&
	       res->dfs_accept_res_u.ok.items.items_val[item] == DFS_OK;
}

static server_set who_said_yes(const struct finishing *finishing,
			       const struct votes *votes, size_t item)
{
	server_set yes = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (said_yes(accepted(finishing, votes, s), item))
			yes = set_with(yes, s);
	return yes;
}

static bool three_accepted(const struct finishing *finishing, const struct votes *votes,
			   const dfs_accept_args *args)
{
	for (u_int i = 0; i < args->items.items_len; i++)
		if (set_count(who_said_yes(finishing, votes, i)) < PEERS_THREE)
			return false;
	return true;
}

/* How far their counters are. */
static void take_counters(struct finishing *finishing, const struct votes *votes)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_accept_res *res = accepted(finishing, votes, s);

		if (res && res->status == DFS_OK)
			peers_saw(finishing->peers, s, &res->dfs_accept_res_u.ok.seen);
	}
}

/* Three said yes: that is the value, here too if this server is one of them. */
static void take_votes(struct finishing *finishing, const struct votes *votes,
		       const struct peers_accept *call)
{
	const dfs_accept_args *args = &call->args;
	dfs_learn_item taught[DFS_BATCH_MAX];
	u_int taught_count = 0;

	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_proposal *item = &args->items.items_val[i];
		size_t path = finishing->open[call->paths[i]];
		server_set yes = who_said_yes(finishing, votes, i);
		dfs_register reg = {.known = TRUE};

		if (set_count(yes) < PEERS_THREE) {
			finishing->refused = true;
			continue;
		}
		reg.dfs_register_u.accepted = (dfs_accepted){
			.ballot = args->ballot, .settled = TRUE, .value = item->value};
		if (finishing->proposal)
			finishing->proposal->accepted_by[path] = yes;
		peers_attempt_close(finishing, path, &reg);
		if (said_yes(&votes->own, i))
			store_settled(finishing->peers->store, item->path.dfs_path_val,
				      item->path.dfs_path_len, &args->ballot);
		taught[taught_count++] =
			(dfs_learn_item){item->path, args->ballot, item->value};
	}
	/* So that all know what is settled, and let go of what it overtook. */
	if (finishing->proposal)
		peers_teach(finishing->peers, taught, taught_count);
}

void peers_attempt_accept(struct finishing *finishing,
			  const struct peers_attempt *attempt)
{
	struct peers *peers = finishing->peers;
	struct peers_accept *call = new_accept(finishing, attempt);
	struct votes votes = {.own = {.status = DFS_RECOVERING}};

	if (!call)
		return;
	if (call->args.items.items_len == 0) {
		free_accept(call);
		return;
	}
	/* As with PREPARE: the others first; then three are enough, or all are wanted. */
	votes.round = peers_ask(peers, attempt->voters.others,
				&(struct peers_call){.procedure = DFS_ACCEPT,
						     .take_call = call,
						     .free_call = free_accept,
						     .args = &call->args},
				finishing->deadline);
	if (!votes.round)
		return;
	if (attempt->voters.self)
		acceptor_accept(peers->acceptor, &call->args, &votes.own);
	(void)peers_await(peers, votes.round, PEERS_THREE - attempt->voters.self,
			  finishing->deadline);
	if (finishing->proposal || !three_accepted(finishing, &votes, &call->args))
		(void)peers_await(peers, votes.round, DFS_SERVERS, finishing->deadline);
	/* What came of it. */
	take_counters(finishing, &votes);
	take_votes(finishing, &votes, call);
	round_free(votes.round);
	xdr_free((xdrproc_t)xdr_dfs_accept_res, (char *)&votes.own);
}
