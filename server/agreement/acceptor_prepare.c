/*
 * PREPARE: promising, once what comes with it is staged and bound to the ballot
 * (doc/AGREEMENT.md 2.1).
 */
#include "acceptor_internal.h"

#include "errors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const dfs_path *prepare_path(const void *items, size_t i)
{
	return &((const dfs_prepare_item *)items)[i].path;
}

static const dfs_id *prepare_object(const void *items, size_t i)
{
	const dfs_stage *stage = &((const dfs_prepare_item *)items)[i].stage;

	switch (stage->kind) {
	case DFS_STAGE_CONTENT:
		return &stage->dfs_stage_u.small.share.object;
	case DFS_STAGE_BINDING:
		return &stage->dfs_stage_u.binding.share.object;
	default:
		return NULL;
	}
}

/*
 * Puts the item's content and binding into the batch.  Content that came before, with an
 * attempt that was refused later, is not stored twice.
 */
static dfs_status stage_item(struct acceptor *acceptor, struct store_batch *batch,
			     const dfs_prepare_item *item, const dfs_ballot *ballot,
			     const char *user)
{
	const struct store_stake stake = {
		.user = user, .path = &item->path, .size = item->size};
	const dfs_small *small = &item->stage.dfs_stage_u.small;
	const dfs_id *object = prepare_object(item, 0);
	chunk_set here = store_chunks(acceptor->store, object);
	int rc = 0;

	/* Before its content is in the batch: what is refused takes no space. */
	if (!store_fits_quota(acceptor->store, object, &stake))
		return DFS_OVER_QUOTA;
	if (item->stage.kind == DFS_STAGE_BINDING)
		rc = here != 0 ? 0 : ENOENT;
	else if (here == 0 || (here & small->share.chunks) != small->share.chunks)
		rc = store_batch_content(batch, &small->share, small->units.units_val,
					 small->units.units_len);
	if (rc != 0)
		return errors_status(ERRORS_BINDING, rc);
	return errors_status(ERRORS_ACCEPTING,
			     store_batch_stake(batch, object, ballot, &stake));
}

/* May a user stage this? */
static dfs_status check_staging(struct acceptor *acceptor,
				const struct acceptor_caller *caller,
				const dfs_prepare_item *item)
{
	struct acceptor_claim claim = {.path = &item->path,
				       .object = prepare_object(item, 0),
				       .size = item->size,
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
static void stage_items(struct acceptor *acceptor, const struct acceptor_caller *caller,
			const dfs_prepare_args *args, dfs_promise *items)
{
	size_t count = args->items.items_len, staged = 0;
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc;

	for (size_t i = 0; i < count; i++) {
		const dfs_prepare_item *item = &args->items.items_val[i];
		dfs_promised *promised = &items[i].dfs_promise_u.promised;

		if (items[i].status != DFS_OK || !prepare_object(item, 0))
			continue;
		promised->staged = check_staging(acceptor, caller, item);
		if (promised->staged != DFS_OK)
			continue;
		promised->staged = batch ? stage_item(acceptor, batch, item,
						      &args->ballot, caller->user)
					 : DFS_BUSY;
		staged += promised->staged == DFS_OK;
	}
	if (staged == 0) {
		store_batch_free(batch);
		return;
	}
	rc = store_commit(batch);
	for (size_t i = 0; i < count && rc != 0; i++)
		if (prepare_object(&args->items.items_val[i], 0) &&
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

/* May the ballot be promised on this path? */
static dfs_status judge_path(struct acceptor *acceptor, const dfs_path *path,
			     const dfs_ballot *ballot)
{
	struct store_register reg;
	int rc = acceptor_look(acceptor, path, &reg);

	if (rc != 0 && rc != ENOENT)
		return errors_status(ERRORS_READING, rc);
	return acceptor_judge(acceptor, path, ballot, rc == 0, &reg) == ACCEPTOR_GOOD
		       ? DFS_OK
		       : DFS_REFUSED;
}

static void prepare_items(struct acceptor *acceptor, const struct acceptor_caller *caller,
			  const dfs_prepare_args *args, dfs_promise *items)
{
	size_t count = args->items.items_len, good = 0;
	int rc;

	/* Who may be promised to. */
	for (size_t i = 0; i < count; i++) {
		items[i].status = acceptor_judged(caller, i);
		if (items[i].status == DFS_OK)
			items[i].status = judge_path(
				acceptor, &args->items.items_val[i].path, &args->ballot);
		good += items[i].status == DFS_OK;
	}
	/* What must be durable before a promise: its counter, and what it stages. */
	rc = good > 0 ? acceptor_reserve(acceptor, args->ballot.counter) : 0;
	if (rc == 0)
		stage_items(acceptor, caller, args, items);
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

void acceptor_prepare_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			  const dfs_prepare_args *args, dfs_prepare_res *res)
{
	struct acceptor_items wanted = {.items = args->items.items_val,
					.count = args->items.items_len,
					.path_of = prepare_path,
					.object_of = prepare_object};
	dfs_promise *items = calloc(wanted.count + 1, sizeof *items);
	int rc = items ? acceptor_take_at(acceptor, caller, &args->ballot, &wanted)
		       : ENOMEM;

	if (rc != 0) {
		free(items);
		res->status = errors_status(ERRORS_BINDING, rc);
		return;
	}
	prepare_items(acceptor, caller, args, items);
	acceptor_give(acceptor, &wanted);
	res->status = DFS_OK;
	res->dfs_prepare_res_u.ok.seen = acceptor_seen(acceptor);
	res->dfs_prepare_res_u.ok.items.items_val = items;
	res->dfs_prepare_res_u.ok.items.items_len = (u_int)wanted.count;
}
