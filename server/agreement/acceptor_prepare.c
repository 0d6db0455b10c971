/*
 * PREPARE: promising, once what comes with it is staged and bound to the ballot
 * (doc/AGREEMENT.md 2.1).
 */
#include "acceptor_internal.h"

#include "ballot.h"
#include "confirming.h"
#include "errors.h"
#include "object.h"
#include "placement.h"
#include "statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const dfs_path *prepare_path(const void *items, size_t i)
{
	return &((const dfs_prepare_item *)items)[i].path;
}

/* What is staged for an item, or NULL. */
static const dfs_share *prepare_share(const dfs_prepare_item *item)
{
	switch (item->stage.kind) {
	case DFS_STAGE_CONTENT:
		return &item->stage.dfs_stage_u.small.share;
	case DFS_STAGE_BINDING:
		return &item->stage.dfs_stage_u.binding.share;
	default:
		return NULL;
	}
}

/* A PREPARE under way, once its paths are its own. */
struct preparing {
	struct acceptor *acceptor;
	const struct acceptor_caller *caller;
	const dfs_prepare_args *args;
	dfs_promise *items;
	dfs_id objects[DFS_BATCH_MAX]; /* of what is staged; zero: nothing */
	bool only_bind[DFS_BATCH_MAX]; /* it is here already */
};

/* What is bound without being brought is here, all of it. */
static bool is_here(const dfs_share *share, chunk_set here)
{
	return here != 0 && (share->chunks & placement_filled(share->size) & ~here) == 0;
}

/*
 * Puts the item's content and binding into the batch.  Content that came before, with an
 * attempt that was refused later, is not stored twice.
 */
static dfs_status stage_item(struct preparing *preparing, struct store_batch *batch,
			     size_t i)
{
	const dfs_prepare_item *item = &preparing->args->items.items_val[i];
	const struct store_stake stake = {
		.user = preparing->caller->user, .path = &item->path, .size = item->size};
	const dfs_small *small = &item->stage.dfs_stage_u.small;
	const dfs_id *object = &preparing->objects[i];
	chunk_set here = store_chunks(preparing->acceptor->store, object);
	int rc = 0;

	/* Before its content is in the batch: what is refused takes no space. */
	if (!store_fits_quota(preparing->acceptor->store, object, &stake))
		return DFS_OVER_QUOTA;
	if (item->stage.kind == DFS_STAGE_BINDING)
		rc = is_here(&item->stage.dfs_stage_u.binding.share, here) ? 0 : ENOENT;
	else if (here == 0 || (here & small->share.chunks) != small->share.chunks)
		rc = store_batch_content(batch, &small->share, small->units.units_val,
					 small->units.units_len);
	if (rc != 0)
		return errors_status(ERRORS_BINDING, rc);
	return errors_status(
		ERRORS_ACCEPTING,
		store_batch_stake(batch, object, &preparing->args->ballot, &stake));
}

/* May a user stage this? */
static dfs_status check_staging(struct preparing *preparing, size_t i)
{
	const dfs_prepare_item *item = &preparing->args->items.items_val[i];
	struct acceptor *acceptor = preparing->acceptor;
	const struct acceptor_caller *caller = preparing->caller;
	struct acceptor_claim claim = {.path = &item->path,
				       .object = &preparing->objects[i],
				       .has_ticket =
					       item->stage.kind == DFS_STAGE_BINDING};

	if (item->stage.kind == DFS_STAGE_CONTENT)
		claim.chunks = item->stage.dfs_stage_u.small.share.chunks;
	if (!caller->user)
		return DFS_OK;
	return acceptor_check_object(acceptor, &claim);
}

/*
 * Stages what the good items bring, durably, in one commit.  Whatever fails here fails as
 * content only: the vote is given all the same.
 */
static void stage_items(struct preparing *preparing)
{
	size_t count = preparing->args->items.items_len, staged = 0;
	struct store_batch *batch = store_batch_new(preparing->acceptor->store);
	dfs_promise *items = preparing->items;
	int rc;

	for (size_t i = 0; i < count; i++) {
		dfs_promised *promised = &items[i].dfs_promise_u.promised;

		if (items[i].status != DFS_OK || id_is_zero(&preparing->objects[i]))
			continue;
		promised->staged = check_staging(preparing, i);
		if (promised->staged != DFS_OK)
			continue;
		promised->staged = batch ? stage_item(preparing, batch, i) : DFS_BUSY;
		staged += promised->staged == DFS_OK;
	}
	if (staged == 0) {
		store_batch_free(batch);
		return;
	}
	rc = store_commit(batch);
	for (size_t i = 0; i < count && rc != 0; i++)
		if (!id_is_zero(&preparing->objects[i]) &&
		    items[i].dfs_promise_u.promised.staged == DFS_OK)
			items[i].dfs_promise_u.promised.staged =
				errors_status(ERRORS_COMMITTING, rc);
}

/* Promises, and tells what is accepted: one step, for nobody else is at this path. */
static dfs_status promise(struct acceptor *acceptor, const dfs_prepare_item *item,
			  const dfs_ballot *ballot, dfs_promised *promised)
{
	dfs_status status = acceptor_read(acceptor, &item->path, &promised->reg);
	bool kept;

	if (status != DFS_OK)
		return status;
	pthread_mutex_lock(&acceptor->lock);
	kept = promises_set(acceptor->promises, &item->path, ballot);
	if (kept && ballot->counter > acceptor->seen)
		acceptor->seen = ballot->counter;
	pthread_mutex_unlock(&acceptor->lock);
	/* Out of memory: what was not promised is not told either. */
	if (!kept) {
		xdr_free((xdrproc_t)xdr_dfs_register, &promised->reg);
		memset(&promised->reg, 0, sizeof promised->reg);
		return DFS_BUSY;
	}
	/* Whoever creates a file must hear of what would be above or below it. */
	if (item->creates) {
		char *blocker = malloc(DFS_PATH_MAX);
		size_t len =
			blocker ? store_blocker(acceptor->store, item->path.dfs_path_val,
						item->path.dfs_path_len, blocker)
				: 0;

		promised->blocker.dfs_path_len = (u_int)len;
		promised->blocker.dfs_path_val = len > 0 ? blocker : NULL;
		if (len == 0)
			free(blocker);
	}
	return DFS_OK;
}

static void prepare_items(struct preparing *preparing)
{
	struct acceptor *acceptor = preparing->acceptor;
	const dfs_prepare_args *args = preparing->args;
	dfs_promise *items = preparing->items;
	size_t count = args->items.items_len, good = 0;
	int rc;

	/* Who may be promised to. */
	for (size_t i = 0; i < count; i++) {
		const dfs_path *path = &args->items.items_val[i].path;

		items[i].status = acceptor_judged_again(preparing->caller, i, path);
		if (items[i].status == DFS_OK)
			items[i].status =
				acceptor_judge_path(acceptor, path, &args->ballot);
		good += items[i].status == DFS_OK;
	}
	/* What must be durable before a promise: its counter, and what it stages. */
	rc = good > 0 ? acceptor_reserve(acceptor, args->ballot.counter) : 0;
	if (rc == 0)
		stage_items(preparing);
	/* The promises themselves, in memory. */
	for (size_t i = 0; i < count; i++) {
		dfs_promised *promised = &items[i].dfs_promise_u.promised;

		if (items[i].status != DFS_OK)
			continue;
		if (rc != 0)
			items[i].status = errors_status(ERRORS_COMMITTING, rc);
		else
			items[i].status = promise(acceptor, &args->items.items_val[i],
						  &args->ballot, promised);
	}
}

void acceptor_prepare(struct acceptor *acceptor, const dfs_prepare_args *args,
		      dfs_prepare_res *res)
{
	acceptor_prepare_for(acceptor, &acceptor_server, args, res);
}

/* ---- signing what was promised ------------------------------------------------- */

/* Without a signature, for want of memory, it is a promise all the same. */
static void sign_promises(const struct preparing *preparing, dfs_prepare_ok *ok)
{
	const dfs_prepare_args *args = preparing->args;
	const struct acceptor *acceptor = preparing->acceptor;
	u_int count = args->items.items_len;
	dfs_promise_told told[DFS_BATCH_MAX];
	dfs_key statements[DFS_BATCH_MAX];
	char *signature = args->sign && acceptor->key ? malloc(DFS_SIGNATURE_LEN) : NULL;

	if (!signature)
		return;
	if (!confirming_state(args, preparing->items, count, statements, told) ||
	    !acceptor_sign(acceptor, statements, count, (uint8_t *)signature)) {
		free(signature);
		return;
	}
	ok->key = server_key_number(acceptor->key);
	ok->signature.signature_len = DFS_SIGNATURE_LEN;
	ok->signature.signature_val = signature;
}

/* false when out of memory. */
static bool name_objects(struct preparing *preparing)
{
	const dfs_prepare_args *args = preparing->args;
	bool good = true;

	for (size_t i = 0; good && i < args->items.items_len; i++) {
		const dfs_share *share = prepare_share(&args->items.items_val[i]);

		if (share)
			good = object_of_share(share, &preparing->objects[i]);
		preparing->only_bind[i] =
			args->items.items_val[i].stage.kind == DFS_STAGE_BINDING;
	}
	return good;
}

void acceptor_prepare_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			  const dfs_prepare_args *args, dfs_prepare_res *res)
{
	struct preparing preparing = {
		.acceptor = acceptor,
		.caller = caller,
		.args = args,
		.items = calloc(args->items.items_len + 1, sizeof(dfs_promise))};
	struct acceptor_items wanted = {.items = args->items.items_val,
					.count = args->items.items_len,
					.path_of = prepare_path,
					.objects = preparing.objects,
					.only_bind = preparing.only_bind};
	int rc = preparing.items && name_objects(&preparing)
			 ? acceptor_take_at(acceptor, caller, &args->ballot, &wanted)
			 : ENOMEM;

	if (rc != 0) {
		free(preparing.items);
		res->status = errors_status(ERRORS_BINDING, rc);
		return;
	}
	prepare_items(&preparing);
	acceptor_give(acceptor, &wanted);
	res->status = DFS_OK;
	res->dfs_prepare_res_u.ok.seen = acceptor_seen(acceptor);
	res->dfs_prepare_res_u.ok.items.items_val = preparing.items;
	res->dfs_prepare_res_u.ok.items.items_len = (u_int)wanted.count;
	sign_promises(&preparing, &res->dfs_prepare_res_u.ok);
}
