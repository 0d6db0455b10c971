/* SETTLED: the notice of a client that three have accepted its value. */
#include "acceptor_internal.h"

#include "errors.h"

/* With the path for itself, as any message that changes what is here of it. */
static dfs_status settle(struct acceptor *acceptor, const struct acceptor_caller *caller,
			 size_t i, const dfs_settled_item *item)
{
	const dfs_path *path = &item->path;
	struct latches_key key = {LATCHES_PATH, path->dfs_path_val, path->dfs_path_len};
	dfs_status status = acceptor_judged(caller, i);
	struct store_register reg;
	int rc;

	if (status != DFS_OK)
		return status;
	rc = latches_take(acceptor->latches, &key, 1);
	if (rc != 0)
		return errors_status(ERRORS_COMMITTING, rc);
	status = acceptor_judged_again(caller, i, path);
	/* Of another value at this ballot it says nothing. */
	if (status == DFS_OK &&
	    store_register(acceptor->store, path->dfs_path_val, path->dfs_path_len,
			   &reg) == 0 &&
	    reg.digest == item->digest)
		store_settled(acceptor->store, path->dfs_path_val, path->dfs_path_len,
			      &item->ballot);
	latches_give(acceptor->latches, &key, 1);
	return status;
}

void acceptor_settled_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			  const dfs_settled_args *args, dfs_settled_res *res)
{
	dfs_state state;

	if (!acceptor_enter(acceptor, &state)) {
		res->status = DFS_RECOVERING;
		return;
	}
	res->status = DFS_OK;
	for (u_int i = 0; i < args->items.items_len; i++) {
		dfs_status status =
			settle(acceptor, caller, i, &args->items.items_val[i]);

		if (status != DFS_OK)
			res->status = status;
	}
	acceptor_leave(acceptor);
}
