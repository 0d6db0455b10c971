/* LEARN: what three have accepted, with no vote of this one (doc/AGREEMENT.md 2.4). */
#include "acceptor_internal.h"

#include "ballot.h"
#include "errors.h"

#include <errno.h>
#include <stdlib.h>

static const dfs_path *learn_path(const void *items, size_t i)
{
	return &((const dfs_learn_item *)items)[i].path;
}

enum learning {
	LEARN_NOT, /* the status says why */
	LEARN_KNOWN,
	LEARN_TAKE
};

/*
 * Taken whatever was promised, for three have accepted it.  What was forgotten is not
 * taken back.  Where the record is damaged its ballot is known, and the same one mends
 * it.
 */
static enum learning judge_learning(struct acceptor *acceptor, const dfs_learn_item *item,
				    dfs_status *ret_status)
{
	struct store_register reg;
	int rc = acceptor_look(acceptor, &item->path, &reg), order;
	bool damaged = rc == EBADMSG;

	*ret_status = DFS_OK;
	if (rc != 0 && rc != ENOENT && !damaged) {
		*ret_status = errors_status(ERRORS_READING, rc);
		return LEARN_NOT;
	}
	if (rc == ENOENT) {
		pthread_mutex_lock(&acceptor->lock);
		order = ballot_compare(&item->ballot, &acceptor->floor);
		pthread_mutex_unlock(&acceptor->lock);
		if (order > 0 || !acceptor->rules.check_floor)
			return LEARN_TAKE;
		*ret_status = DFS_REFUSED;
		return LEARN_NOT;
	}
	order = ballot_compare(&item->ballot, &reg.ballot);
	if (order > 0 || (order == 0 && damaged))
		return LEARN_TAKE;
	if (order == 0)
		return LEARN_KNOWN;
	*ret_status = errors_status(ERRORS_READING, rc);
	return LEARN_NOT;
}

/* What is settled needs no promise, and no ballot at or below it will be heard again. */
static void note_learned(struct acceptor *acceptor, const dfs_learn_item *item)
{
	store_settled(acceptor->store, item->path.dfs_path_val, item->path.dfs_path_len,
		      &item->ballot);
	acceptor_note_value(acceptor, &item->path, &item->ballot, &item->value);
}

static int learn_items(struct acceptor *acceptor, const dfs_learn_args *args,
		       dfs_status *items)
{
	size_t count = args->items.items_len, good = 0;
	enum learning *learnings = calloc(count + 1, sizeof *learnings);
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc = learnings && batch ? 0 : ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const dfs_learn_item *item = &args->items.items_val[i];

		learnings[i] = judge_learning(acceptor, item, &items[i]);
		if (learnings[i] != LEARN_TAKE)
			continue;
		rc = store_batch_accept(batch, &item->path, &item->ballot, &item->value,
					0);
		good++;
	}
	if (rc == 0 && good > 0) {
		store_batch_may_use_reserve(batch);
		rc = store_commit(batch);
		batch = NULL;
	}
	for (size_t i = 0; i < count && rc == 0; i++)
		if (learnings[i] != LEARN_NOT)
			note_learned(acceptor, &args->items.items_val[i]);
	store_batch_free(batch);
	free(learnings);
	return rc;
}

static uint32_t highest_epoch(const dfs_learn_args *args)
{
	uint32_t epoch = 0;

	for (u_int i = 0; i < args->items.items_len; i++)
		if (args->items.items_val[i].ballot.epoch > epoch)
			epoch = args->items.items_val[i].ballot.epoch;
	return epoch;
}

void acceptor_learn(struct acceptor *acceptor, const dfs_learn_args *args,
		    dfs_learn_res *res)
{
	struct acceptor_items learned = {.items = args->items.items_val,
					 .count = args->items.items_len,
					 .path_of = learn_path};
	dfs_status *items = calloc(learned.count + 1, sizeof *items);
	int rc = items ? acceptor_adopt(acceptor, highest_epoch(args)) : ENOMEM;

	if (rc == 0)
		rc = acceptor_take(acceptor, &acceptor_server, &learned);
	if (rc == 0) {
		rc = learn_items(acceptor, args, items);
		acceptor_give(acceptor, &learned);
	}
	if (rc != 0) {
		free(items);
		res->status = errors_status(ERRORS_COMMITTING, rc);
		return;
	}
	res->status = DFS_OK;
	res->dfs_learn_res_u.items.items_val = items;
	res->dfs_learn_res_u.items.items_len = (u_int)learned.count;
}
