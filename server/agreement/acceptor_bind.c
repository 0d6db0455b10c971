/* BIND: making an upload durable, and binding it to a ballot. */
#include "acceptor_internal.h"

#include "errors.h"

#include <errno.h>
#include <stdlib.h>

static const dfs_path *bind_path(const void *items, size_t i)
{
	return &((const dfs_bind_item *)items)[i].path;
}

static const dfs_id *bind_object(const void *items, size_t i)
{
	return &((const dfs_bind_item *)items)[i].share.object;
}

static struct store_stake stake_of(const struct acceptor_caller *caller,
				   const dfs_bind_item *item)
{
	return (struct store_stake){
		.user = caller->user, .path = &item->path, .size = item->size};
}

/*
 * May a user bind this?  An upload has only units that fit the size it was begun with, so
 * that this is the size it has to be.
 */
static dfs_status check_binding(struct acceptor *acceptor,
				const struct acceptor_caller *caller,
				struct store_uploads *uploads, const dfs_bind_item *item)
{
	const struct store_stake stake = stake_of(caller, item);
	const struct acceptor_claim claim = {.path = &item->path,
					     .object = &item->share.object,
					     .size = item->size,
					     .chunks = item->share.chunks};
	dfs_status status;

	if (!caller->user)
		return DFS_OK;
	status = errors_status(ERRORS_ACCEPTING,
			       store_upload_stake(uploads, &item->share.object, &stake));
	return status == DFS_OK ? acceptor_check_object(acceptor, &claim) : status;
}

/* The upload and its binding into the batch. */
static dfs_status bind_item(struct store_batch *batch,
			    const struct acceptor_caller *caller,
			    struct store_uploads *uploads, const dfs_bind_args *args,
			    size_t i)
{
	const dfs_bind_item *item = &args->items.items_val[i];
	const struct store_stake stake = stake_of(caller, item);
	int rc = batch ? store_batch_upload(batch, uploads, &item->share) : ENOMEM;

	if (rc != 0)
		return errors_status(ERRORS_BINDING, rc);
	return errors_status(
		ERRORS_ACCEPTING,
		store_batch_stake(batch, &item->share.object, &args->ballot, &stake));
}

static void bind_items(struct acceptor *acceptor, const struct acceptor_caller *caller,
		       struct store_uploads *uploads, const dfs_bind_args *args,
		       dfs_status *items)
{
	size_t count = args->items.items_len, good = 0;
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc;

	/* What may be bound goes into the batch. */
	for (size_t i = 0; i < count; i++) {
		const dfs_bind_item *item = &args->items.items_val[i];

		items[i] = acceptor_judged(caller, i);
		if (items[i] == DFS_OK && !acceptor_can_hear(acceptor, &args->ballot))
			items[i] = DFS_REFUSED;
		if (items[i] == DFS_OK)
			items[i] = check_binding(acceptor, caller, uploads, item);
		if (items[i] != DFS_OK)
			continue;
		items[i] = bind_item(batch, caller, uploads, args, i);
		good += items[i] == DFS_OK;
	}
	if (good == 0) {
		store_batch_free(batch);
		return;
	}
	rc = store_commit(batch);
	/* What has become durable holds, unless something higher was there before. */
	for (size_t i = 0; i < count; i++) {
		const dfs_bind_item *item = &args->items.items_val[i];

		if (items[i] != DFS_OK)
			continue;
		items[i] = errors_status(ERRORS_COMMITTING, rc);
		/*
		 * A higher binding of this path stands: its ballot is the one to exceed.
		 */
		if (rc == 0 && !store_is_bound(acceptor->store, &item->share.object,
					       item->path.dfs_path_val,
					       item->path.dfs_path_len, &args->ballot))
			items[i] = DFS_REFUSED;
	}
}

void acceptor_bind(struct acceptor *acceptor, struct store_uploads *uploads,
		   const dfs_bind_args *args, dfs_bind_res *res)
{
	acceptor_bind_for(acceptor, &acceptor_server, uploads, args, res);
}

void acceptor_bind_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
		       struct store_uploads *uploads, const dfs_bind_args *args,
		       dfs_bind_res *res)
{
	struct acceptor_items wanted = {.items = args->items.items_val,
					.count = args->items.items_len,
					.path_of = bind_path,
					.object_of = bind_object};
	dfs_status *items = calloc(wanted.count + 1, sizeof *items);
	int rc = items ? acceptor_take_at(acceptor, caller, &args->ballot, &wanted)
		       : ENOMEM;

	if (rc == 0) {
		bind_items(acceptor, caller, uploads, args, items);
		acceptor_give(acceptor, &wanted);
		res->dfs_bind_res_u.items.items_val = items;
		res->dfs_bind_res_u.items.items_len = (u_int)wanted.count;
	} else {
		free(items);
	}
	res->status = errors_status(ERRORS_BINDING, rc);
}
