/* How the comparing calls other servers: DIGEST and LEARN. */
#include "compare.h"

static bool digest(void *context, unsigned server, const dfs_digest_args *args,
		   dfs_digest_res *res)
{
	const struct peer_links_call call = {DFS_DIGEST, args, PEER_LINKS_PAGE_MS};

	return peer_links_one(context, &call, server, res, NULL);
}

static void learn(void *context, unsigned server, const dfs_learn_args *args)
{
	const struct peer_links_call call = {DFS_LEARN, args, PEER_LINKS_CALL_MS};
	dfs_learn_res res = {0};

	if (peer_links_one(context, &call, server, &res, NULL))
		xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
}

struct compare_calls compare_calls_on(struct peer_links *links)
{
	return (struct compare_calls){peer_links_calls(links), digest, learn, NULL};
}
