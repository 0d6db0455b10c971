/*
 * What another server tells is a hint: the three others are asked themselves.
 *
 * So no server's word alone changes anything here.  What cannot be seen at all three, for
 * one is away or they differ, is left as it is, and to comparing.
 */
#include "peers_internal.h"

#include "ballot.h"
#include "clock.h"
#include "statement.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* Whoever told waits for an answer; and asks again, or is asked, when it is over. */
enum { HINT_MS = 5000 };

/* What is told, as it is accepted: this value at this ballot. */
struct told_pair {
	const dfs_path *path;
	dfs_ballot ballot;
	uint64_t digest; /* statement_short */
};

/* Hints on some paths, and what the servers say of these. */
struct hints {
	struct peers *peers;
	size_t count;
	struct told_pair pairs[DFS_BATCH_MAX];
	size_t items[DFS_BATCH_MAX]; /* which of the call each one is */
	dfs_path room[DFS_BATCH_MAX];
	dfs_paths paths;
	struct peers_look look;
};

static void add_hint(struct hints *hints, size_t item, const struct told_pair *pair)
{
	hints->items[hints->count] = item;
	hints->room[hints->count] = *pair->path;
	hints->pairs[hints->count++] = *pair;
}

/* Asks all of them, and waits for three; false when nobody could be asked. */
static bool ask_all(struct hints *hints)
{
	int64_t deadline = clock_now_ms() + HINT_MS;

	hints->paths = (dfs_paths){.paths = {(u_int)hints->count, hints->room}};
	return peers_look(hints->peers, &hints->paths, deadline, &hints->look);
}

static bool is_pair(const dfs_register *reg, const struct told_pair *pair)
{
	const struct tally_word word = tally_word(reg);

	return word.ballot && ballot_compare(word.ballot, &pair->ballot) == 0 &&
	       statement_short(&word.digest) == pair->digest;
}

/* It knows nothing of the path, and what is told is not above its floor. */
static bool has_forgotten(const dfs_register *reg, const struct told_pair *pair)
{
	return !reg->known &&
	       ballot_compare(&pair->ballot, &reg->dfs_register_u.floor) <= 0;
}

/* The servers that vote and have just that; or, if that is good, have forgotten it. */
static server_set who_has(const struct hints *hints, size_t at, bool forgotten)
{
	const struct peers_told told = peers_told(hints->peers, &hints->look, at);
	const struct told_pair *pair = &hints->pairs[at];
	server_set who = 0;

	for (unsigned s = 1; !told.unsure && s <= DFS_SERVERS; s++) {
		const dfs_register *reg = told.of[s - 1];

		if (reg &&
		    (is_pair(reg, pair) || (forgotten && has_forgotten(reg, pair))))
			who = set_with(who, s);
	}
	return who;
}

static server_set all_others(const struct hints *hints)
{
	return set_without(SERVERS_ALL, hints->peers->server);
}

/* ---- LEARN ------------------------------------------------------------------- */

/* Is there anything to be learned of it here? */
static bool is_news(struct peers *peers, const struct told_pair *pair)
{
	struct store_register reg;
	int order;

	if (store_register(peers->store, pair->path->dfs_path_val,
			   pair->path->dfs_path_len, &reg) != 0)
		return true; /* nothing, or what cannot be read */
	order = ballot_compare(&pair->ballot, &reg.ballot);
	return order > 0 || (order == 0 && reg.digest == pair->digest && !reg.settled);
}

static void add_news(struct hints *hints, const dfs_learn_args *args,
		     dfs_status statuses[DFS_BATCH_MAX])
{
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_learn_item *item = &args->items.items_val[i];
		struct told_pair pair = {.path = &item->path, .ballot = item->ballot};
		dfs_key digest;

		statuses[i] = statement_digest(&item->value, &digest) ? DFS_OK : DFS_BUSY;
		pair.digest = statement_short(&digest);
		if (statuses[i] == DFS_OK && is_news(hints->peers, &pair))
			add_hint(hints, i, &pair);
	}
}

/* Accepted by three: the others, or this one and two more. */
static bool is_agreed(const struct hints *hints, size_t at)
{
	server_set who = who_has(hints, at, false);

	return set_count(who) >= PEERS_THREE &&
	       (set_has(who, hints->peers->server) ||
		(who & all_others(hints)) == all_others(hints));
}

/*
 * What is here is agreed without the fourth.  Who waited for it all the same would keep
 * the link of whoever told waiting, behind which the fourth one's own question may stand.
 */
static void wait_for_fourth(struct hints *hints)
{
	size_t agreed = 0;

	while (agreed < hints->count && is_agreed(hints, agreed))
		agreed++;
	if (agreed < hints->count)
		peers_look_rest(hints->peers, &hints->look);
}

/* *ret_seen borrows the items, and has one for each that is agreed. */
static void take_seen(struct hints *hints, const dfs_learn_args *args,
		      dfs_learn_item seen[DFS_BATCH_MAX], dfs_learn_args *ret_seen,
		      dfs_status statuses[DFS_BATCH_MAX])
{
	*ret_seen = (dfs_learn_args){{0, seen}};
	for (size_t i = 0; i < hints->count; i++) {
		bool agreed = is_agreed(hints, i);

		statuses[hints->items[i]] = agreed ? DFS_OK : DFS_REFUSED;
		if (agreed)
			seen[ret_seen->items.items_len++] =
				args->items.items_val[hints->items[i]];
	}
}

static bool answer_items(const dfs_status *statuses, u_int count, dfs_learn_res *res)
{
	dfs_status *items = calloc(count + 1, sizeof *items);

	if (!items)
		return false;
	memcpy(items, statuses, count * sizeof *items);
	res->dfs_learn_res_u.items.items_val = items;
	res->dfs_learn_res_u.items.items_len = count;
	res->status = DFS_OK;
	return true;
}

/* What three have accepted becomes known here; it may have been forgotten, though. */
static void learn_seen(struct peers *peers, const dfs_learn_args *seen,
		       const struct hints *hints, dfs_status statuses[DFS_BATCH_MAX])
{
	dfs_learn_res res = {0};
	u_int at = 0;

	if (seen->items.items_len > 0)
		acceptor_learn(peers->acceptor, seen, &res);
	for (size_t i = 0; i < hints->count; i++) {
		dfs_status *status = &statuses[hints->items[i]];

		if (*status != DFS_OK)
			continue;
		*status = res.status;
		if (res.status == DFS_OK)
			*status = res.dfs_learn_res_u.items.items_val[at++];
	}
	xdr_free((xdrproc_t)xdr_dfs_learn_res, (char *)&res);
}

void peers_learn(struct peers *peers, const dfs_learn_args *args, dfs_learn_res *res)
{
	struct hints *hints = calloc(1, sizeof *hints);
	dfs_learn_item seen_items[DFS_BATCH_MAX];
	dfs_status statuses[DFS_BATCH_MAX];
	dfs_learn_args seen;

	res->status = DFS_BUSY;
	if (!hints)
		return;
	hints->peers = peers;
	add_news(hints, args, statuses);
	if (hints->count > 0 && ask_all(hints)) {
		wait_for_fourth(hints);
		take_seen(hints, args, seen_items, &seen, statuses);
		learn_seen(peers, &seen, hints, statuses);
	} else {
		for (size_t i = 0; i < hints->count; i++)
			statuses[hints->items[i]] = DFS_BUSY;
	}
	(void)answer_items(statuses, args->items.items_len, res);
	peers_look_free(&hints->look);
	free(hints);
}

/* ---- FORGET ------------------------------------------------------------------ */

void peers_forget(struct peers *peers, const dfs_forget_args *args, dfs_settled_res *res)
{
	struct hints *hints = calloc(1, sizeof *hints);
	dfs_settled_item items[DFS_BATCH_MAX];
	dfs_forget_args seen = {{0, items}};

	res->status = DFS_BUSY;
	if (!hints)
		return;
	hints->peers = peers;
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_settled_item *item = &args->items.items_val[i];

		add_hint(hints, i,
			 &(struct told_pair){&item->path, item->ballot, item->digest});
	}
	if (ask_all(hints)) {
		peers_look_rest(peers, &hints->look);
		for (size_t i = 0; i < hints->count; i++)
			if ((who_has(hints, i, true) & all_others(hints)) ==
			    all_others(hints))
				items[seen.items.items_len++] = args->items.items_val[i];
		acceptor_forget(peers->acceptor, &seen, res);
	}
	peers_look_free(&hints->look);
	free(hints);
}
