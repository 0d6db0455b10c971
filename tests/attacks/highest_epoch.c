/*
 * Attack 12.4: FENCE with the highest epoch.
 *
 *	highest_epoch FROM
 *
 * Who has dfsFROM's key tells the three others that he has lost his disk, and opens the
 * last epoch that there is: then nobody else can open one any more.
 */
#include "bad_server.h"

#include "path.h"

#include <string.h>

/* So far one server may move others, at once. */
enum { MOST = 2048 };

int main(int argc, char **argv)
{
	static const uint32_t epochs[] = {UINT32_MAX, UINT32_MAX - 1, 1 << 30, 10000};
	static char nothing[] = "/@accounts/admin";
	const dfs_path path = path_borrow(nothing);
	unsigned moved = 0;
	struct bad_server bad;

	if (argc != 2)
		attack_broken("see the head of highest_epoch.c");
	bad_server_begin(&bad, (unsigned)(argv[1][0] - '0'));
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_learn_item item;
		dfs_seen seen;

		for (size_t i = 0; s != bad.server && i < 4; i++) {
			dfs_fence_args args = {.epoch = epochs[i]};
			dfs_fence_res res;

			memset(args.store.bytes, 7, sizeof args.store.bytes);
			bad_server_say(&bad, s, DFS_FENCE, &args, &res);
			call_free_result((xdrproc_t)xdr_dfs_fence_res, &res);
		}
		if (s == bad.server)
			continue;
		attack_must(bad_server_look(&bad, s, &path, &item, &seen), "LOOKUP");
		xdr_free((xdrproc_t)xdr_dfs_value, (char *)&item.value);
		moved += seen.epoch > MOST;
	}
	bad_server_end(&bad);
	if (moved > 0)
		attack_won("%u servers are in an epoch near the last one", moved);
	attack_failed("the others stay in an epoch that others name");
}
