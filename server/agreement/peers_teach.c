/* Telling the other servers what is settled. */
#include "peers_internal.h"

#include "clock.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

enum { TEACH_MS = 10000 };

static void free_args(void *args)
{
	xdr_free((xdrproc_t)xdr_dfs_learn_args, args);
	free(args);
}

static bool copy_item(const dfs_learn_item *item, dfs_learn_item *ret)
{
	u_int len = item->path.dfs_path_len;

	if (!value_copy(&item->value, &ret->value))
		return false;
	ret->ballot = item->ballot;
	ret->path.dfs_path_val = malloc(len);
	if (!ret->path.dfs_path_val) {
		value_free(&ret->value);
		return false;
	}
	memcpy(ret->path.dfs_path_val, item->path.dfs_path_val, len);
	ret->path.dfs_path_len = len;
	return true;
}

void peers_teach(struct peers *peers, const dfs_learn_item *items, u_int count)
{
	const struct peers_voters voters = peers_voters(peers);
	dfs_learn_args *args = count > 0 ? calloc(1, sizeof *args) : NULL;
	dfs_learn_res own = {0};

	if (!args)
		return;
	args->items.items_val = calloc(count, sizeof *items);
	/* What there is no memory for is learned by comparing. */
	for (u_int i = 0; args->items.items_val && i < count; i++)
		args->items.items_len += copy_item(
			&items[i], &args->items.items_val[args->items.items_len]);
	/* This one may have had no room for it as a vote. */
	acceptor_learn(peers->acceptor, args, &own);
	xdr_free((xdrproc_t)xdr_dfs_learn_res, (char *)&own);
	round_free(peers_ask(peers, voters.others,
			     &(struct peers_call){.procedure = DFS_LEARN,
						  .take_call = args,
						  .free_call = free_args,
						  .args = args},
			     clock_now_ms() + TEACH_MS));
}
