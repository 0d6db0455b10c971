/* The procedures of dfs.x. */
#include "procedures.h"

#define PROCEDURE(number, args, result)                                                  \
	{                                                                                \
		number, (xdrproc_t)xdr_##args, (xdrproc_t)xdr_##result, sizeof(args),    \
			sizeof(result)                                                   \
	}
static const struct procedure procedures[] = {
	PROCEDURE(DFS_HELLO, dfs_hello_args, dfs_hello_res),
	PROCEDURE(DFS_LOGIN, dfs_login_args, dfs_login_res),
	PROCEDURE(DFS_PUT, dfs_put_args, dfs_put_res),
	PROCEDURE(DFS_BIND, dfs_bind_args, dfs_bind_res),
	PROCEDURE(DFS_GET, dfs_get_args, dfs_get_res),
	PROCEDURE(DFS_LOOKUP, dfs_paths, dfs_lookup_res),
	PROCEDURE(DFS_PREPARE, dfs_prepare_args, dfs_prepare_res),
	PROCEDURE(DFS_ACCEPT, dfs_accept_args, dfs_accept_res),
	PROCEDURE(DFS_DELETE, dfs_accept_args, dfs_accept_res),
	PROCEDURE(DFS_FINISH, dfs_paths, dfs_finish_res),
	PROCEDURE(DFS_SETTLED, dfs_settled_args, dfs_settled_res),
	PROCEDURE(DFS_LIST, dfs_list_args, dfs_list_res),
	{DFS_STATUS, (xdrproc_t)(void (*)(void))xdr_void, (xdrproc_t)xdr_dfs_status_res,
	 0, sizeof(dfs_status_res)},
	{DFS_HEAL, (xdrproc_t)(void (*)(void))xdr_void, (xdrproc_t)xdr_dfs_heal_res, 0,
	 sizeof(dfs_heal_res)},
	PROCEDURE(DFS_PIECE, dfs_piece_args, dfs_piece_res),
	PROCEDURE(DFS_CONFIRM, dfs_confirm_args, dfs_confirm_res),
	PROCEDURE(DFS_LEARN, dfs_learn_args, dfs_learn_res),
	PROCEDURE(DFS_FORGET, dfs_forget_args, dfs_settled_res),
	PROCEDURE(DFS_FENCE, dfs_fence_args, dfs_fence_res),
	PROCEDURE(DFS_DIGEST, dfs_digest_args, dfs_digest_res),
	PROCEDURE(DFS_RECALL, dfs_recall_args, dfs_recall_res),
};

const struct procedure *procedures_find(uint32_t number)
{
	for (size_t i = 0; i < sizeof procedures / sizeof procedures[0]; i++)
		if (procedures[i].number == number)
			return &procedures[i];
	return NULL;
}
