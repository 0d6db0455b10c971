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
	if (order == 0 && acceptor_has_value(acceptor, &item->path, &item->value))
		return LEARN_KNOWN;
	*ret_status = order == 0 ? DFS_REFUSED : errors_status(ERRORS_READING, rc);
	return LEARN_NOT;
}

static struct authority_claim claim_of(const dfs_learn_item *item)
{
	return (struct authority_claim){
		.path = &item->path, .ballot = &item->ballot, .value = &item->value};
}

/* A LEARN under way; of each item whether it is proved. */
struct learned {
	struct acceptor *acceptor;
	const dfs_learn_args *args;
	dfs_status *items;
};

/* Before the paths are taken, for it may take time. */
static void check_proofs(struct learned *learned)
{
	for (u_int i = 0; i < learned->args->items.items_len; i++) {
		struct authority_claim claim =
			claim_of(&learned->args->items.items_val[i]);

		learned->items[i] = acceptor_check_proved(learned->acceptor, &claim);
	}
}

static enum learning judge(struct learned *learned, size_t i)
{
	if (learned->items[i] != DFS_OK)
		return LEARN_NOT;
	return judge_learning(learned->acceptor, &learned->args->items.items_val[i],
			      &learned->items[i]);
}

/* What is settled needs no promise, and no ballot at or below it will be heard again. */
static void note_learned(struct acceptor *acceptor, const dfs_learn_item *item)
{
	store_settled(acceptor->store, item->path.dfs_path_val, item->path.dfs_path_len,
		      &item->ballot);
	acceptor_note_value(acceptor, &item->path, &item->ballot, &item->value);
}

static int learn_items(struct learned *learned)
{
	struct acceptor *acceptor = learned->acceptor;
	const dfs_learn_args *args = learned->args;
	size_t count = args->items.items_len, good = 0;
	enum learning *learnings = calloc(count + 1, sizeof *learnings);
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc = learnings && batch ? 0 : ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++) {
		const dfs_learn_item *item = &args->items.items_val[i];

		learnings[i] = judge(learned, i);
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

/* Of what is proved. */
static uint32_t highest_epoch(const struct learned *learned)
{
	uint32_t epoch = 0;

	for (u_int i = 0; i < learned->args->items.items_len; i++) {
		const dfs_ballot *ballot = &learned->args->items.items_val[i].ballot;

		if (learned->items[i] == DFS_OK && ballot->epoch > epoch)
			epoch = ballot->epoch;
	}
	return epoch;
}

void acceptor_learn(struct acceptor *acceptor, const dfs_learn_args *args,
		    dfs_learn_res *res)
{
	struct acceptor_items paths = {.items = args->items.items_val,
				       .count = args->items.items_len,
				       .path_of = learn_path};
	struct learned learned = {.acceptor = acceptor,
				  .args = args,
				  .items =
					  calloc(paths.count + 1, sizeof *learned.items)};
	int rc = ENOMEM;

	if (learned.items) {
		check_proofs(&learned);
		rc = acceptor_adopt(acceptor, highest_epoch(&learned));
	}
	if (rc == 0)
		rc = acceptor_take(acceptor, &acceptor_server, &paths);
	if (rc == 0) {
		rc = learn_items(&learned);
		acceptor_give(acceptor, &paths);
	}
	if (rc != 0) {
		free(learned.items);
		res->status = errors_status(ERRORS_COMMITTING, rc);
		return;
	}
	res->status = DFS_OK;
	res->dfs_learn_res_u.items.items_val = learned.items;
	res->dfs_learn_res_u.items.items_len = (u_int)paths.count;
}
