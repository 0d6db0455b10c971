/* LOOKUP, PREPARE, ACCEPT, DELETE and SETTLED: checking what came before the acceptor. */
#include "procs.h"

#include "ballot.h"
#include "path.h"
#include "value.h"

static bool path_is_good(const dfs_path *path)
{
	return path_kind(path->dfs_path_val, path->dfs_path_len) != PATH_OF_NOTHING;
}

void procs_lookup(struct caller *caller, const dfs_paths *args, dfs_lookup_res *res)
{
	for (u_int i = 0; i < args->paths.paths_len; i++)
		if (!path_is_good(&args->paths.paths_val[i])) {
			res->status = DFS_INVALID;
			return;
		}
	acceptor_lookup(caller->server->acceptor, args, res);
}

static bool share_is_good(const dfs_share *share)
{
	return !id_is_zero(&share->object) && share->chunks != 0 &&
	       share->chunks <= 0xf && share->units <= DFS_FILE_UNITS_MAX;
}

static bool stage_is_good(const dfs_stage *stage)
{
	switch (stage->kind) {
	case DFS_STAGE_NOTHING:
		return true;
	case DFS_STAGE_CONTENT:
		return share_is_good(&stage->dfs_stage_u.small.share) &&
		       stage->dfs_stage_u.small.share.units <= DFS_SERVERS;
	case DFS_STAGE_BINDING:
		return share_is_good(&stage->dfs_stage_u.binding.share);
	default:
		return false;
	}
}

void procs_prepare(struct caller *caller, const dfs_prepare_args *args,
		   dfs_prepare_res *res)
{
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_prepare_item *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) || !stage_is_good(&item->stage) ||
		    id_is_zero(&args->operation)) {
			res->status = DFS_INVALID;
			return;
		}
	}
	acceptor_prepare(caller->server->acceptor, args, res);
}

static void accept_any(struct caller *caller, const dfs_accept_args *args, bool deletes,
		       dfs_accept_res *res)
{
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_proposal *item = &args->items.items_val[i];

		if (!path_is_good(&item->path) ||
		    value_check_at(item->path.dfs_path_val, item->path.dfs_path_len,
				   &item->value) ||
		    (deletes && item->value.body.kind != DFS_TOMBSTONE)) {
			res->status = DFS_INVALID;
			return;
		}
	}
	acceptor_accept(caller->server->acceptor, args, res);
}

void procs_accept(struct caller *caller, const dfs_accept_args *args, dfs_accept_res *res)
{
	accept_any(caller, args, false, res);
}

void procs_delete(struct caller *caller, const dfs_accept_args *args, dfs_accept_res *res)
{
	accept_any(caller, args, true, res);
}

void procs_settled(struct caller *caller, const dfs_settled_args *args,
		   dfs_settled_res *res)
{
	res->status = DFS_OK;
	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_settled_item *item = &args->items.items_val[i];

		if (!path_is_good(&item->path))
			res->status = DFS_INVALID;
		else
			store_settled(caller->server->store, item->path.dfs_path_val,
				      item->path.dfs_path_len, &item->ballot);
	}
}
