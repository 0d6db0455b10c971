/* LEARN, FORGET, FENCE, DIGEST and RECALL: what servers say to each other. */
#include "procs.h"

#include "ballot.h"
#include "healing.h"
#include "path.h"
#include "peers.h"
#include "value.h"

void procs_learn(struct caller *caller, const dfs_learn_args *args, dfs_learn_res *res)
{
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_learn_item *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) || !ballot_is_good(&item->ballot) ||
		    value_check_at(item->path.dfs_path_val, item->path.dfs_path_len,
				   &item->value)) {
			res->status = DFS_INVALID;
			return;
		}
	}
	if (caller->server->peers)
		peers_learn(caller->server->peers, args, res);
	else
		res->status = DFS_BUSY;
}

void procs_forget(struct caller *caller, const dfs_forget_args *args,
		  dfs_settled_res *res)
{
	for (u_int i = 0; i < args->items.items_len; i++)
		if (!path_is_good(&args->items.items_val[i].path)) {
			res->status = DFS_INVALID;
			return;
		}
	if (caller->server->peers)
		peers_forget(caller->server->peers, args, res);
	else
		res->status = DFS_BUSY;
}

void procs_fence(struct caller *caller, const dfs_fence_args *args, dfs_fence_res *res)
{
	acceptor_fence(caller->server->acceptor, caller->peer, args, res);
}

void procs_digest(struct caller *caller, const dfs_digest_args *args, dfs_digest_res *res)
{
	if (args->entries > DFS_PAGE_MAX)
		res->status = DFS_INVALID;
	else
		acceptor_digest(caller->server->acceptor, args, res);
}

void procs_recall(struct caller *caller, const dfs_recall_args *args, dfs_recall_res *res)
{
	if (caller->server->healing)
		healing_answer(caller->server->healing, caller->peer, args, res);
	else
		res->status = DFS_BUSY;
}
