/* How the leftovers call other servers: FORGET. */
#include "leftovers.h"

#include <string.h>

static void forget(void *context, const dfs_forget_args *args)
{
	const struct peer_links_call call = {DFS_FORGET, args, PEER_LINKS_CALL_MS};
	struct peer_links *links = context;
	dfs_settled_res res[DFS_SERVERS];

	memset(res, 0, sizeof res);
	(void)peer_links_all(links, &call, links_voting(links->links), res);
}

struct leftovers_calls leftovers_calls_on(struct peer_links *links)
{
	return (struct leftovers_calls){peer_links_calls(links), forget};
}
