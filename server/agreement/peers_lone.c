/*
 * CONFIRM for another server: where one promise tells of a value, and the two others of
 * nothing, the fourth server decides (doc/AGREEMENT.md 3.6).
 *
 * Else one that lies could bring back a deleted file whose tombstone is forgotten: it
 * tells of it again, and two that know nothing do not contradict.
 */
#include "peers_internal.h"

#include "ballot.h"
#include "clock.h"

#include <stdlib.h>
#include <string.h>

/* Who asks waits for three; see peers_internal.h. */
enum { FOURTH_MS = 1000 };

/* An item of the call whose value one alone tells of. */
struct lone {
	u_int item;
	dfs_ballot ballot; /* at which */
	unsigned fourth;   /* the server that did not promise */
};

/* What is signed is not looked at here. */
static bool is_lone(const dfs_confirm_item *item, struct lone *ret)
{
	const dfs_signed_promise *promises = item->promises.promises_val;
	server_set servers = 0;
	unsigned known = 0;

	for (u_int i = 0; i < item->promises.promises_len; i++) {
		servers = set_with(servers, promises[i].server);
		if (!promises[i].told.known)
			continue;
		ret->ballot = promises[i].told.ballot;
		known++;
	}
	if (known != 1 || set_count(servers & SERVERS_ALL) != PEERS_THREE)
		return false;
	for (u_int i = 0; i < item->promises.promises_len; i++)
		if (!promises[i].told.known &&
		    ballot_compare(&promises[i].told.ballot, &ret->ballot) < 0)
			return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!set_has(servers, s))
			ret->fourth = s;
	return true;
}

/* Does the fourth know nothing of it either? */
static bool is_outvoted(const struct peers *peers, const struct peers_look *look,
			size_t at, const struct lone *lone)
{
	const struct peers_told told = peers_told(peers, look, at);
	const dfs_register *reg = told.unsure ? NULL : told.of[lone->fourth - 1];

	return reg && !reg->known &&
	       ballot_compare(&reg->dfs_register_u.floor, &lone->ballot) >= 0;
}

void peers_check_lone(struct peers *peers, const dfs_confirm_args *args,
		      dfs_status *statuses)
{
	struct lone lones[DFS_CONFIRM_MAX];
	dfs_path room[DFS_CONFIRM_MAX];
	dfs_paths paths = {.paths = {0, room}};
	struct peers_look look;

	for (u_int i = 0; i < args->items.items_len; i++) {
		struct lone *lone = &lones[paths.paths.paths_len];

		lone->item = i;
		if (is_lone(&args->items.items_val[i], lone))
			room[paths.paths.paths_len++] = args->items.items_val[i].path;
	}
	if (paths.paths.paths_len == 0 ||
	    !peers_look(peers, &paths, clock_now_ms() + FOURTH_MS, &look))
		return;
	peers_look_rest(peers, &look);
	for (u_int i = 0; i < paths.paths.paths_len; i++)
		if (is_outvoted(peers, &look, i, &lones[i]))
			statuses[lones[i].item] = DFS_REFUSED;
	peers_look_free(&look);
}
