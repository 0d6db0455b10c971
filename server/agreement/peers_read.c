/* Reading registers from three servers. */
#include "peers_internal.h"

#include "ballot.h"
#include "clock.h"
#include "path.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For servers that are in reach this is plenty; who waits longer asks again. */
enum { ACCOUNT_MS = 3000 };

/* ---- asking ------------------------------------------------------------------ */

/*
 * A copy of the paths, for calls that outlast the caller's interest; one piece of memory.
 */
static dfs_paths *copy_paths(const dfs_paths *paths)
{
	size_t count = paths->paths.paths_len, bytes = 0;
	dfs_paths *copy;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += paths->paths.paths_val[i].dfs_path_len;
	copy = malloc(sizeof *copy + count * sizeof(dfs_path) + bytes);
	if (!copy)
		return NULL;
	copy->paths.paths_len = (u_int)count;
	copy->paths.paths_val = (dfs_path *)(copy + 1);
	at = (char *)(copy->paths.paths_val + count);
	for (size_t i = 0; i < count; i++) {
		const dfs_path *path = &paths->paths.paths_val[i];

		memcpy(at, path->dfs_path_val, path->dfs_path_len);
		copy->paths.paths_val[i] = (dfs_path){path->dfs_path_len, at};
		at += path->dfs_path_len;
	}
	return copy;
}

static void take_seen(struct peers *peers, const struct peers_look *look)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res =
			s == peers->server ? &look->own : round_answer(look->round, s);

		if (res && res->status == DFS_OK)
			peers_saw(peers, s, &res->dfs_lookup_res_u.ok.seen);
	}
}

static bool look_once(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		      struct peers_look *ret)
{
	dfs_paths *copy = copy_paths(paths);
	unsigned good, own;

	memset(ret, 0, sizeof *ret);
	if (!copy)
		return false;
	ret->paths = paths;
	ret->voters = peers_voters(peers);
	ret->deadline = deadline_ms;
	ret->round = peers_ask(peers, ret->voters.others,
			       &(struct peers_call){.procedure = DFS_LOOKUP,
						    .take_call = copy,
						    .free_call = free,
						    .args = copy},
			       deadline_ms);
	if (!ret->round)
		return false;
	acceptor_lookup(peers->acceptor, paths, &ret->own);
	own = ret->own.status == DFS_OK;
	good = peers_await(peers, ret->round, PEERS_THREE - own, deadline_ms);
	if (good + own < PEERS_TWO)
		(void)round_await(ret->round, PEERS_TWO - own, deadline_ms);
	take_seen(peers, ret);
	return true;
}

/* Servers that answered and vote, this one among them. */
static unsigned answers(const struct peers *peers, const struct peers_look *look)
{
	unsigned count = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res =
			s == peers->server ? &look->own : round_answer(look->round, s);

		count += res && res->status == DFS_OK && res->dfs_lookup_res_u.ok.votes;
	}
	return count;
}

bool peers_look(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_look *ret)
{
	if (!look_once(peers, paths, deadline_ms, ret))
		return false;
	/*
	 * Those that were asked are gone, or were not there yet a moment ago: after a
	 * power cut all four start at once.  One that was passed over may be there since.
	 */
	if (answers(peers, ret) >= PEERS_TWO ||
	    !peers_pause(peers, PEERS_RETRY_MS, deadline_ms))
		return true;
	peers_look_free(ret);
	return look_once(peers, paths, deadline_ms, ret);
}

void peers_look_rest(struct peers *peers, struct peers_look *look)
{
	(void)peers_await(peers, look->round, DFS_SERVERS, look->deadline);
	take_seen(peers, look);
}

void peers_look_free(struct peers_look *look)
{
	round_free(look->round);
	xdr_free((xdrproc_t)xdr_dfs_lookup_res, (char *)&look->own);
	memset(look, 0, sizeof *look);
}

/* ---- what was told ----------------------------------------------------------- */

/* NULL also where the answer stops before this path. */
static const dfs_register *register_of(const dfs_lookup_res *res, size_t path,
				       bool unsure)
{
	const dfs_lookup_ok *ok = &res->dfs_lookup_res_u.ok;

	if (res->status != DFS_OK || !(ok->votes || unsure) ||
	    path >= ok->items.items_len || ok->items.items_val[path].status != DFS_OK)
		return NULL;
	return &ok->items.items_val[path].dfs_looked_u.reg;
}

/* How many there are. */
static unsigned fill_told(const struct peers *peers, const struct peers_look *look,
			  size_t path, struct peers_told *told)
{
	unsigned count = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		const dfs_lookup_res *res =
			s == peers->server ? &look->own : round_answer(look->round, s);

		if (res)
			told->of[s - 1] = register_of(res, path, told->unsure);
		count += told->of[s - 1] ? 1 : 0;
	}
	return count;
}

struct peers_told peers_told(const struct peers *peers, const struct peers_look *look,
			     size_t path)
{
	struct peers_told told = {.unsure = false};

	if (fill_told(peers, look, path, &told) < PEERS_THREE) {
		told.unsure = true;
		(void)fill_told(peers, look, path, &told);
	}
	peers_drop_unproved(peers, &look->paths->paths.paths_val[path], &told);
	return told;
}

/* Servers that tell of this value of this one, itself among them. */
static unsigned tell_alike(const struct tally_word words[DFS_SERVERS], unsigned at)
{
	unsigned count = 0;

	for (unsigned i = 0; words[at].ballot && i < DFS_SERVERS; i++)
		count += words[i].ballot &&
			 ballot_compare(words[i].ballot, words[at].ballot) == 0 &&
			 memcmp(&words[i].digest, &words[at].digest,
				sizeof words[i].digest) == 0;
	return count;
}

void peers_drop_unproved(const struct peers *peers, const dfs_path *path,
			 struct peers_told *told)
{
	struct tally_word words[DFS_SERVERS];

	peers_words(told, words);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_accepted *accepted =
			told->of[i] ? &told->of[i]->dfs_register_u.accepted : NULL;
		struct authority_claim claim = {
			.path = path,
			.ballot = accepted ? &accepted->ballot : NULL,
			.value = accepted ? &accepted->value : NULL};

		if (words[i].ballot && i + 1 != peers->server &&
		    tell_alike(words, i) < PEERS_TWO &&
		    acceptor_check_told(peers->acceptor, &claim) != DFS_OK)
			told->of[i] = NULL;
	}
}

void peers_words(const struct peers_told *told, struct tally_word ret[DFS_SERVERS])
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		ret[i] = tally_word(told->of[i]);
}

/* Three that tell the same are the answer, even if the fourth has something newer. */
struct peers_tally peers_tally(const struct peers_told *told)
{
	struct tally_word words[DFS_SERVERS];
	struct tally tally;

	peers_words(told, words);
	tally = tally_alike(words, told->unsure);
	return (struct peers_tally){.answers = tally.answers,
				    .equal = tally.equal,
				    .newest = tally.newest ? told->of[tally.newest - 1]
							   : NULL};
}

bool peers_copy(const dfs_register *reg, dfs_register *ret)
{
	*ret = *reg;
	return !reg->known || value_copy(&reg->dfs_register_u.accepted.value,
					 &ret->dfs_register_u.accepted.value);
}

/* ---- for others -------------------------------------------------------------- */

bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret)
{
	size_t count = paths->paths.paths_len, copied = 0;
	struct peers_look look;
	bool good = peers_look(peers, paths, deadline_ms, &look);

	memset(ret, 0, count * sizeof *ret);
	for (size_t i = 0; good && i < count; i++) {
		const struct peers_told told = peers_told(peers, &look, i);
		const struct peers_tally tally = peers_tally(&told);

		ret[i].answers = tally.answers;
		ret[i].equal = tally.equal;
		good = !tally.newest || peers_copy(tally.newest, &ret[i].reg);
		if (!good)
			memset(&ret[i], 0, sizeof ret[i]);
		copied += good;
	}
	if (!good)
		peers_free_registers(ret, copied);
	peers_look_free(&look);
	return good;
}

bool peers_account(void *context, const dfs_user *user, dfs_account *ret)
{
	char text[sizeof PATH_ACCOUNTS + DFS_USER_MAX];
	int len = snprintf(text, sizeof text, PATH_ACCOUNTS "%.*s",
			   (int)user->dfs_user_len, user->dfs_user_val);
	dfs_path path = {(u_int)len, text};
	const dfs_paths paths = {.paths = {1, &path}};
	struct peers_register told;
	const dfs_body *body = &told.reg.dfs_register_u.accepted.value.body;
	bool found;

	if (!peers_read(context, &paths, clock_now_ms() + ACCOUNT_MS, &told))
		return false;
	found = told.reg.known && body->kind == DFS_ACCOUNT &&
		value_copy_account(&body->dfs_body_u.account, ret);
	peers_free_registers(&told, 1);
	return found;
}

void peers_free_registers(struct peers_register *registers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		xdr_free((xdrproc_t)xdr_dfs_register, (char *)&registers[i].reg);
		memset(&registers[i], 0, sizeof registers[i]);
	}
}
