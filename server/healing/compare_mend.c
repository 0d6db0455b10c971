/*
 * Comparing: what is done about paths that are not the same everywhere.
 *
 * All four are asked.  A value may be learned when three servers that vote have accepted
 * its ballot (doc/AGREEMENT.md 2.4).  One that fewer have may be the beginning of
 * something, so it is proposed again until it is settled; that is the work of the first
 * server that votes, so that not all of them propose at once, or of any if it is still so
 * the next time.
 */
#include "compare_internal.h"

#include "ballot.h"
#include "errors.h"
#include "log.h"
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { THREE = 3 };

/* The answers on one batch. */
struct answers {
	dfs_lookup_res of[DFS_SERVERS]; /* zero: none */
	server_set voting;              /* who answered and votes */
};

/* What is to be done about one batch; what it points to belongs to the answers. */
struct plan {
	dfs_learn_item learn[DFS_SERVERS][DFS_BATCH_MAX];
	u_int learn_count[DFS_SERVERS];
	dfs_path finish[DFS_BATCH_MAX];
	u_int finish_count;
	u_int files; /* that differ, and are no tombstones */
	bool must;   /* propose, whoever's turn it is */
};

/* One server's word on one path. */
struct word {
	bool told;    /* it votes on this path */
	bool known;   /* it has accepted something */
	bool damaged; /* and cannot read it */
	dfs_ballot ballot, floor;
	const dfs_value *value;
	struct tally_word counted; /* the same, as it is counted */
};

/* ---- answers ------------------------------------------------------------------- */

static struct word word_of(struct compare *compare, const struct answers *answers,
			   unsigned server, const dfs_path *path, size_t at)
{
	const dfs_lookup_res *res = &answers->of[server - 1];
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;
	struct word word = {.told = false};
	struct store_register reg;
	dfs_status status;

	if (!set_has(answers->voting, server) || at >= ok->items.items_len)
		return word;
	const dfs_looked *looked = &ok->items.items_val[at];

	status = looked->status;
	if (status == DFS_DAMAGED && server == compare->server &&
	    store_register(compare->store, path->dfs_path_val, path->dfs_path_len,
			   &reg) == EBADMSG) {
		/* It did accept this ballot, whatever became of the value. */
		word.known = word.damaged = true;
		word.ballot = reg.ballot;
	}
	if (status != DFS_OK)
		return word;
	word.told = true;
	word.known = looked->dfs_looked_u.reg.known;
	if (word.known) {
		const dfs_accepted *accepted =
			&looked->dfs_looked_u.reg.dfs_register_u.accepted;

		word.ballot = accepted->ballot;
		word.value = &accepted->value;
		word.counted = tally_word(&looked->dfs_looked_u.reg);
		word.known = word.counted.ballot; /* if memory is short: nothing */
	} else {
		word.floor = looked->dfs_looked_u.reg.dfs_register_u.floor;
	}
	return word;
}

static void ask(struct compare *compare, const dfs_paths *paths, struct answers *ret)
{
	const struct peer_calls *calls = &compare->calls.peers;
	server_set peers = calls->voting(calls->context), answered;

	memset(ret, 0, sizeof *ret);
	answered = calls->lookup(calls->context, set_without(peers, compare->server),
				 paths, ret->of);
	acceptor_lookup(compare->acceptor, paths, &ret->of[compare->server - 1]);
	answered = set_with(answered, compare->server);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(answered, i + 1) && ret->of[i].status == DFS_OK &&
		    ret->of[i].dfs_lookup_res_u.ok.votes)
			ret->voting = set_with(ret->voting, i + 1);
}

static void free_answers(struct answers *answers)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		xdr_free((xdrproc_t)xdr_dfs_lookup_res, &answers->of[i]);
}

/* ---- the plan ------------------------------------------------------------------ */

static void plan_learning(struct plan *plan, unsigned server, const dfs_path *path,
			  const struct word *newest)
{
	dfs_learn_item *item = &plan->learn[server - 1][plan->learn_count[server - 1]++];

	*item = (dfs_learn_item){*path, newest->ballot, *newest->value};
}

static bool names(const struct word *word, const struct word *newest)
{
	return word->known && ballot_compare(&word->ballot, &newest->ballot) == 0 &&
	       (word->damaged || newest->damaged ||
		memcmp(&word->counted.digest, &newest->counted.digest,
		       sizeof word->counted.digest) == 0);
}

/* Would it have to take back what it forgot? */
static bool has_forgotten(const struct word *word, const struct word *newest)
{
	return word->told && !word->known &&
	       ballot_compare(&newest->ballot, &word->floor) <= 0;
}

/* Is this the server whose turn it is to propose? */
static bool is_first(const struct compare *compare, const struct answers *answers)
{
	return (answers->voting & (set_of(compare->server) - 1)) == 0;
}

/* Who lacks it: tells something else, or cannot read what it has. */
static bool lacks(const struct word *word, const struct word *newest)
{
	return (word->told && !names(word, newest)) || word->damaged;
}

static struct tally count(const struct word words[DFS_SERVERS])
{
	struct tally_word counted[DFS_SERVERS];

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		counted[i] = words[i].counted;
		counted[i].told = words[i].told;
		counted[i].damaged = words[i].damaged;
		if (words[i].damaged) {
			counted[i].ballot = &words[i].ballot;
			counted[i].live = true;
		}
	}
	return tally_highest(counted, false);
}

static void plan_path(struct compare *compare, const struct answers *answers,
		      const struct suspect *suspect, size_t at, struct plan *plan)
{
	const dfs_path path = {(u_int)suspect->len, suspect->path};
	struct word words[DFS_SERVERS];
	const struct word *newest;
	struct tally tally;
	bool differs = false, forgotten = false;

	/* What is the newest, and who has it? */
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		words[i] = word_of(compare, answers, i + 1, &path, at);
	tally = count(words);
	newest = tally.newest ? &words[tally.newest - 1] : NULL;
	if (!newest || !newest->known)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		differs |= lacks(&words[i], newest);
		forgotten |= has_forgotten(&words[i], newest);
	}
	if (!differs)
		return;
	plan->files += !newest->value || newest->value->body.kind != DFS_TOMBSTONE;

	/* Three have accepted it: the others learn it.  Else it is proposed again. */
	if (tally.equal >= (compare->rules.three ? THREE : 1) && newest->value &&
	    !forgotten) {
		for (unsigned i = 0; i < DFS_SERVERS; i++)
			if (lacks(&words[i], newest))
				plan_learning(plan, i + 1, &path, newest);
	} else if (tally.answers >= THREE && (plan->must || is_first(compare, answers)) &&
		   ballot_compare(&newest->ballot, &suspect->newest) <= 0) {
		plan->finish[plan->finish_count++] = path;
	}
}

/* ---- doing it ------------------------------------------------------------------ */

static u_int count_learned(const dfs_learn_res *res)
{
	u_int count = 0;

	for (u_int i = 0;
	     res->status == DFS_OK && i < res->dfs_learn_res_u.items.items_len; i++)
		count += res->dfs_learn_res_u.items.items_val[i] == DFS_OK;
	return count;
}

static void finish(struct compare *compare, struct plan *plan)
{
	const struct peer_calls *calls = &compare->calls.peers;
	const dfs_paths paths = {.paths = {plan->finish_count, plan->finish}};
	unsigned accepted_by[DFS_BATCH_MAX] = {0};
	dfs_looked items[DFS_BATCH_MAX];

	memset(items, 0, sizeof items);
	calls->renew(calls->context, &paths, NULL, items, accepted_by);
	for (u_int i = 0; i < plan->finish_count; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
}

static void run_plan(struct compare *compare, struct plan *plan,
		     struct compare_outcome *outcome)
{
	/* What three have named is learned where it is not. */
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_learn_args args = {{plan->learn_count[i], plan->learn[i]}};
		dfs_learn_res res = {0};

		if (args.items.items_len == 0)
			continue;
		if (i + 1 != compare->server) {
			compare->calls.learn(compare->calls.peers.context, i + 1, &args);
			outcome->taught += args.items.items_len;
			continue;
		}
		acceptor_learn(compare->acceptor, &args, &res);
		outcome->learned += count_learned(&res);
		xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
	}
	/* What no three have named is proposed again. */
	if (plan->finish_count > 0) {
		finish(compare, plan);
		outcome->finished += plan->finish_count;
	}
}

static bool mend_batch(struct compare *compare, const struct suspect *suspects,
		       size_t count, bool must, struct compare_outcome *outcome)
{
	struct plan *plan = calloc(1, sizeof *plan);
	dfs_path list[DFS_BATCH_MAX];
	const dfs_paths paths = {.paths = {(u_int)count, list}};
	struct answers answers;

	if (!plan)
		return false;
	for (size_t i = 0; i < count; i++)
		list[i] = (dfs_path){(u_int)suspects[i].len, suspects[i].path};
	plan->must = must;
	ask(compare, &paths, &answers);
	for (size_t i = 0; i < count; i++)
		plan_path(compare, &answers, &suspects[i], i, plan);
	outcome->files += plan->files;
	run_plan(compare, plan, outcome);
	free_answers(&answers);
	free(plan);
	return true;
}

bool compare_rest(struct compare *compare, int64_t ms)
{
	const struct compare_calls *calls = &compare->calls;

	return calls->pause ? calls->pause(calls->peers.context, ms)
			    : worker_rest_undisturbed(&compare->worker, ms);
}

bool compare_mend(struct compare *compare, const struct suspects *suspects, bool must,
		  struct compare_outcome *outcome)
{
	size_t at = 0, count;

	while (at < suspects->count) {
		count = suspects->count - at;
		if (count > DFS_BATCH_MAX)
			count = DFS_BATCH_MAX;
		if (!mend_batch(compare, &suspects->list[at], count, must, outcome) ||
		    !compare_rest(compare,
				  (int64_t)(count * 1000 / compare->rules.per_second)))
			return false;
		at += count;
	}
	return true;
}
