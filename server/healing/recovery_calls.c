/* How the recovery calls other servers: RECALL and FENCE. */
#include "recovery.h"

#include "clock.h"

#include <stdlib.h>

static server_set recall(void *context, const dfs_recall_args *args,
			 dfs_recall_res res[DFS_SERVERS])
{
	struct peer_links *links = context;
	int64_t until = clock_now_ms() + LINKS_PATIENCE_MS;
	dfs_recall_args *copy = malloc(sizeof *copy);
	server_set asked, good = 0;
	struct round *round;

	if (!copy)
		return 0;
	*copy = *args;
	/* One that refused a moment ago may be the one that woke us. */
	links_retry_after(links->links, 0);
	links_wait(links->links, NULL, NULL, until);
	asked = links_up(links->links);
	round = round_new(links->links, DFS_RECALL, copy, free);
	if (!round)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(asked, s))
			round_ask(round, s, copy, until);
	(void)round_await(round, set_count(asked), until);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(asked, s) &&
		    peer_links_take(links, round, DFS_RECALL, s, &res[s - 1]))
			good = set_with(good, s);
	round_free(round);
	return good;
}

static bool fence(void *context, unsigned server, const dfs_fence_args *args,
		  dfs_fence_res *res, char *why)
{
	const struct peer_links_call call = {DFS_FENCE, args, PEER_LINKS_PAGE_MS};

	return peer_links_one(context, &call, server, res, why);
}

struct recovery_calls recovery_calls_on(struct peer_links *links)
{
	return (struct recovery_calls){links, recall, fence};
}
