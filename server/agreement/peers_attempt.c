/*
 * Finishing: one attempt, at one ballot.
 *
 * Three have to promise before anything is proposed, to confirm what it is
 * (peers_confirm.c), and to accept before it is so (peers_attempt_accept.c).
 */
#include "peers_attempt.h"

#include "ballot.h"

#include <stdlib.h>
#include <string.h>

void peers_attempt_close(struct finishing *finishing, size_t path,
			 const dfs_register *reg)
{
	dfs_looked *item = &finishing->items[path];

	item->status = peers_copy(reg, &item->dfs_looked_u.reg) ? DFS_OK : DFS_BUSY;
	if (item->status != DFS_OK)
		memset(&item->dfs_looked_u.reg, 0, sizeof item->dfs_looked_u.reg);
}

/* ---- PREPARE ----------------------------------------------------------------- */

static void free_prepare(void *args)
{
	xdr_free((xdrproc_t)xdr_dfs_prepare_args, args);
	free(args);
}

bool peers_attempt_copy_path(const dfs_path *path, dfs_path *ret)
{
	ret->dfs_path_val = malloc(path->dfs_path_len + 1);
	if (!ret->dfs_path_val)
		return false;
	memcpy(ret->dfs_path_val, path->dfs_path_val, path->dfs_path_len);
	ret->dfs_path_len = path->dfs_path_len;
	return true;
}

/* NULL when out of memory, or without random bytes. */
static dfs_prepare_args *new_prepare(const struct finishing *finishing,
				     const dfs_ballot *ballot)
{
	dfs_prepare_args *args = calloc(1, sizeof *args);
	bool good;

	if (!args)
		return NULL;
	args->ballot = *ballot;
	args->sign = TRUE;
	args->items.items_val = calloc(finishing->count, sizeof *args->items.items_val);
	good = args->items.items_val && id_random(&args->operation);
	for (size_t i = 0; good && i < finishing->count; i++) {
		args->items.items_len++;
		good = peers_attempt_copy_path(
			&finishing->paths->paths.paths_val[finishing->open[i]],
			&args->items.items_val[i].path);
	}
	if (good)
		return args;
	free_prepare(args);
	return NULL;
}

/* What a server promised of one path, and signed; NULL when it did not. */
static const dfs_register *promised(const struct peers_attempt *attempt, unsigned server,
				    size_t path)
{
	const struct confirming_promises *of = &attempt->promises[server - 1];
	const dfs_prepare_ok *ok = &attempt->prepared[server - 1]->dfs_prepare_res_u.ok;

	if (path >= of->count || of->of[path].server == 0)
		return NULL;
	return &ok->items.items_val[path].dfs_promise_u.promised.reg;
}

/* Takes what has come by now. */
static void gather(const struct finishing *finishing, struct peers_attempt *attempt)
{
	const struct authority_source *source =
		acceptor_source(finishing->peers->acceptor);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_prepare_res *res = s == finishing->peers->server
						     ? &attempt->own
						     : round_answer(attempt->round, s);

		if (res && !attempt->prepared[s - 1] && res->status == DFS_OK && source)
			(void)confirming_promises(source, s, attempt->args,
						  &res->dfs_prepare_res_u.ok,
						  &attempt->promises[s - 1]);
		attempt->prepared[s - 1] = res;
	}
}

struct peers_told peers_attempt_told(const struct finishing *finishing,
				     const struct peers_attempt *attempt, size_t path)
{
	struct peers_told told = {.unsure = false};
	unsigned against = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (attempt->prepared[i])
			told.of[i] = promised(attempt, i + 1, path);
	peers_drop_unproved(finishing->peers,
			    &finishing->paths->paths.paths_val[finishing->open[path]],
			    &told);
	told.outvoted = tally_lone(told.of, &against);
	if (against < PEERS_THREE)
		told.outvoted = 0;
	if (told.outvoted != 0)
		told.of[told.outvoted - 1] = NULL;
	return told;
}

/*
 * What the answers tell besides: how far counters are, and whether the ballot was too
 * low.  How many there are.
 */
static unsigned take_refusals(struct finishing *finishing,
			      const struct peers_attempt *attempt)
{
	unsigned answers = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_prepare_res *res = attempt->prepared[s - 1];
		const dfs_prepare_ok *ok = res ? &res->dfs_prepare_res_u.ok : NULL;

		if (!res || res->status != DFS_OK)
			continue;
		answers++;
		peers_saw(finishing->peers, s, &ok->seen);
		for (u_int i = 0; i < ok->items.items_len; i++)
			finishing->refused |=
				ok->items.items_val[i].status == DFS_REFUSED;
	}
	return answers;
}

/* And is there none whose word stands alone, so that the fourth has to decide? */
static bool three_promised(const struct finishing *finishing,
			   const struct peers_attempt *attempt)
{
	for (size_t i = 0; i < finishing->count; i++) {
		const struct peers_told told = peers_attempt_told(finishing, attempt, i);
		unsigned against = 0;

		if (peers_tally(&told).answers < PEERS_THREE ||
		    tally_lone(told.of, &against) != 0)
			return false;
	}
	return true;
}

/* false when fewer than three vote, or nobody could be asked. */
static bool run_prepare(struct finishing *finishing, struct peers_attempt *attempt)
{
	struct peers *peers = finishing->peers;
	dfs_prepare_args *args = new_prepare(finishing, &attempt->ballot);

	/* The others are asked first: what this server does takes them no time. */
	attempt->own.status = DFS_RECOVERING;
	attempt->round = args ? peers_ask(peers, attempt->voters.others,
					  &(struct peers_call){.procedure = DFS_PREPARE,
							       .take_call = args,
							       .free_call = free_prepare,
							       .args = args},
					  finishing->deadline)
			      : NULL;
	if (!attempt->round)
		return false;
	attempt->args = args;
	if (attempt->voters.self)
		acceptor_prepare(peers->acceptor, args, &attempt->own);
	/* Three are enough to finish with; what is proposed anew is for all four. */
	(void)peers_await(peers, attempt->round, PEERS_THREE - attempt->voters.self,
			  finishing->deadline);
	gather(finishing, attempt);
	if (finishing->proposal || !three_promised(finishing, attempt)) {
		(void)peers_await(peers, attempt->round, DFS_SERVERS,
				  finishing->deadline);
		gather(finishing, attempt);
	}
	return take_refusals(finishing, attempt) >= PEERS_THREE;
}

/* ---- both -------------------------------------------------------------------- */

/* What all servers have told of their counters. */
static void get_seen(struct peers *peers, dfs_seen ret[DFS_SERVERS])
{
	const dfs_seen own = acceptor_seen(peers->acceptor);

	peers_saw(peers, peers->server, &own);
	pthread_mutex_lock(&peers->lock);
	memcpy(ret, peers->seen, sizeof peers->seen);
	pthread_mutex_unlock(&peers->lock);
}

bool peers_attempt(struct finishing *finishing)
{
	struct peers *peers = finishing->peers;
	struct peers_attempt attempt = {.voters = peers_voters(peers)};
	server_set servers =
		attempt.voters.others | (attempt.voters.self ? set_of(peers->server) : 0);
	dfs_seen seen[DFS_SERVERS];
	bool again = finishing->refused, good;

	/* The ballot: above all that these servers have told of. */
	get_seen(peers, seen);
	finishing->refused = false;
	good = ballot_next(seen, servers, again, &finishing->counter, &attempt.ballot) &&
	       run_prepare(finishing, &attempt);
	if (good)
		peers_attempt_accept(finishing, &attempt);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		confirming_free(&attempt.promises[i]);
	round_free(attempt.round);
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&attempt.own);
	return good;
}
