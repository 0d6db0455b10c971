/* BIND: making an upload durable, and binding it to a ballot. */
#include "acceptor_internal.h"

#include "errors.h"
#include "object.h"

#include <errno.h>
#include <stdlib.h>

static const dfs_path *bind_path(const void *items, size_t i)
{
	return &((const dfs_bind_item *)items)[i].path;
}

/* A BIND under way, once its paths and objects are its own. */
struct binding {
	struct acceptor *acceptor;
	const struct acceptor_caller *caller;
	struct store_uploads *uploads;
	const dfs_bind_args *args;
	dfs_status *items;
	dfs_id objects[DFS_BATCH_MAX];
};

static struct store_stake stake_of(const struct acceptor_caller *caller,
				   const dfs_bind_item *item)
{
	return (struct store_stake){
		.user = caller->user, .path = &item->path, .size = item->share.size};
}

/*
 * May a user bind this?  An upload has only units that fit the size it was begun with, so
 * that this is the size it has to be.
 */
static dfs_status check_binding(struct binding *binding, size_t i)
{
	const dfs_bind_item *item = &binding->args->items.items_val[i];
	struct acceptor *acceptor = binding->acceptor;
	const struct store_stake stake = stake_of(binding->caller, item);
	const struct acceptor_claim claim = {.path = &item->path,
					     .object = &binding->objects[i],
					     .chunks = item->share.chunks};
	dfs_status status;

	if (!binding->caller->user)
		return DFS_OK;
	status = errors_status(
		ERRORS_ACCEPTING,
		store_upload_stake(binding->uploads, &item->share.maker, &stake));
	return status == DFS_OK ? acceptor_check_object(acceptor, &claim) : status;
}

/* The upload and its binding into the batch. */
static dfs_status bind_item(struct binding *binding, struct store_batch *batch, size_t i)
{
	const dfs_bind_item *item = &binding->args->items.items_val[i];
	const struct store_stake stake = stake_of(binding->caller, item);
	int rc = batch ? store_batch_upload(batch, binding->uploads, &item->share)
		       : ENOMEM;

	if (rc != 0)
		return errors_status(ERRORS_BINDING, rc);
	return errors_status(ERRORS_ACCEPTING,
			     store_batch_stake(batch, &binding->objects[i],
					       &binding->args->ballot, &stake));
}

static void bind_items(struct binding *binding)
{
	struct acceptor *acceptor = binding->acceptor;
	const dfs_bind_args *args = binding->args;
	size_t count = args->items.items_len, good = 0;
	struct store_batch *batch = store_batch_new(acceptor->store);
	dfs_status *items = binding->items;
	int rc;

	/* What may be bound goes into the batch. */
	for (size_t i = 0; i < count; i++) {
		const dfs_bind_item *item = &args->items.items_val[i];

		items[i] = acceptor_judged_again(binding->caller, i, &item->path);
		if (items[i] == DFS_OK && !acceptor_can_hear(acceptor, &args->ballot))
			items[i] = DFS_REFUSED;
		if (items[i] == DFS_OK)
			items[i] = check_binding(binding, i);
		if (items[i] != DFS_OK)
			continue;
		items[i] = bind_item(binding, batch, i);
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
		if (rc == 0 && !store_is_bound(acceptor->store, &binding->objects[i],
					       item->path.dfs_path_val,
					       item->path.dfs_path_len, &args->ballot))
			items[i] = DFS_REFUSED;
	}
}

void acceptor_bind_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
		       struct store_uploads *uploads, const dfs_bind_args *args,
		       dfs_bind_res *res)
{
	struct binding binding = {
		.acceptor = acceptor,
		.caller = caller,
		.uploads = uploads,
		.args = args,
		.items = calloc(args->items.items_len + 1, sizeof(dfs_status))};
	struct acceptor_items wanted = {.items = args->items.items_val,
					.count = args->items.items_len,
					.path_of = bind_path,
					.objects = binding.objects};
	int rc = binding.items ? 0 : ENOMEM;

	for (size_t i = 0; i < wanted.count && rc == 0; i++)
		if (!object_of_share(&args->items.items_val[i].share,
				     &binding.objects[i]))
			rc = ENOMEM;
	if (rc == 0)
		rc = acceptor_take_at(acceptor, caller, &args->ballot, &wanted);
	if (rc == 0) {
		bind_items(&binding);
		acceptor_give(acceptor, &wanted);
		res->dfs_bind_res_u.items.items_val = binding.items;
		res->dfs_bind_res_u.items.items_len = (u_int)wanted.count;
	} else {
		free(binding.items);
	}
	res->status = errors_status(ERRORS_BINDING, rc);
}
