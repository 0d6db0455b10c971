/* What each procedure does to which paths. */
#include "dispatch_demands.h"

size_t dispatch_demands_nothing(const void *args, struct permit_demand *ret)
{
	(void)args;
	(void)ret;
	return 0;
}

size_t dispatch_demands_paths(const void *args, struct permit_demand *ret)
{
	const dfs_paths *asked = args;

	for (u_int i = 0; i < asked->paths.paths_len; i++)
		ret[i] = (struct permit_demand){PERMIT_READ, &asked->paths.paths_val[i],
						NULL};
	return asked->paths.paths_len;
}

size_t dispatch_demands_put(const void *args, struct permit_demand *ret)
{
	const dfs_put_args *put = args;

	*ret = (struct permit_demand){PERMIT_WRITE, &put->path, NULL};
	return 1;
}

size_t dispatch_demands_bind(const void *args, struct permit_demand *ret)
{
	const dfs_bind_args *bind = args;

	for (u_int i = 0; i < bind->items.items_len; i++)
		ret[i] = (struct permit_demand){PERMIT_WRITE,
						&bind->items.items_val[i].path, NULL};
	return bind->items.items_len;
}

/* Without content it may lead to a tombstone only, or to what stands there already. */
size_t dispatch_demands_prepare(const void *args, struct permit_demand *ret)
{
	const dfs_prepare_args *prepare = args;

	for (u_int i = 0; i < prepare->items.items_len; i++) {
		const dfs_prepare_item *item = &prepare->items.items_val[i];

		ret[i].right = item->stage.kind == DFS_STAGE_NOTHING ? PERMIT_DELETE
								     : PERMIT_WRITE;
		ret[i].path = &item->path;
		ret[i].votes_at = NULL;
	}
	return prepare->items.items_len;
}

size_t dispatch_demands_confirm(const void *args, struct permit_demand *ret)
{
	const dfs_confirm_args *confirm = args;

	for (u_int i = 0; i < confirm->items.items_len; i++) {
		const dfs_confirm_item *item = &confirm->items.items_val[i];

		ret[i].right = item->value.body.kind == DFS_TOMBSTONE ? PERMIT_DELETE
								      : PERMIT_WRITE;
		ret[i].path = &item->path;
		ret[i].votes_at = NULL;
	}
	return confirm->items.items_len;
}

size_t dispatch_demands_accept(const void *args, struct permit_demand *ret)
{
	const dfs_accept_args *accept = args;

	for (u_int i = 0; i < accept->items.items_len; i++) {
		const dfs_proposal *item = &accept->items.items_val[i];

		ret[i].right = item->value.body.kind == DFS_TOMBSTONE ? PERMIT_DELETE
								      : PERMIT_WRITE;
		ret[i].path = &item->path;
		ret[i].votes_at = &accept->ballot;
	}
	return accept->items.items_len;
}

size_t dispatch_demands_settled(const void *args, struct permit_demand *ret)
{
	const dfs_settled_args *settled = args;

	for (u_int i = 0; i < settled->items.items_len; i++)
		ret[i] = (struct permit_demand){PERMIT_DELETE,
						&settled->items.items_val[i].path, NULL};
	return settled->items.items_len;
}

size_t dispatch_demands_list(const void *args, struct permit_demand *ret)
{
	const dfs_list_args *list = args;

	*ret = (struct permit_demand){PERMIT_LIST, &list->folder, false};
	return 1;
}
