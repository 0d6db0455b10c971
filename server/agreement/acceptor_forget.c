/* FORGET: a tombstone goes, once all four have confirmed it (doc/AGREEMENT.md 5.4). */
#include "acceptor_internal.h"

#include "ballot.h"
#include "errors.h"
#include "store_forget.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const dfs_path *forget_path(const void *items, size_t i)
{
	return &((const dfs_settled_item *)items)[i].path;
}

/* Is exactly this tombstone here, accepted through ACCEPT since the start? */
static bool may_forget(struct acceptor *acceptor, const dfs_settled_item *item)
{
	struct store_register reg;
	dfs_value value;
	bool plain;

	if (store_value(acceptor->store, item->path.dfs_path_val, item->path.dfs_path_len,
			&reg, &value) != 0)
		return false;
	plain = value.body.kind == DFS_TOMBSTONE && !value.lock && !value.note;
	value_free(&value);
	return plain && (reg.confirmed || !acceptor->rules.check_confirmed) &&
	       ballot_compare(&reg.ballot, &item->ballot) == 0 &&
	       reg.digest == item->digest;
}

static void raise_to(dfs_ballot *floor, const dfs_ballot *to)
{
	if (ballot_compare(to, floor) > 0)
		*floor = *to;
}

/*
 * The floor stands for what was accepted and promised of the path: the tombstone, the
 * promise above it, and those that were given up for a bound on it and its neighbours.
 */
static void raise_floor(struct acceptor *acceptor, const dfs_settled_item *item,
			dfs_ballot *floor)
{
	dfs_ballot given_up;
	const dfs_ballot *promised;

	memset(given_up.proposer.bytes, 0xff, sizeof given_up.proposer.bytes);
	pthread_mutex_lock(&acceptor->lock);
	given_up.epoch = acceptor->epoch;
	given_up.counter = promises_lowest(acceptor->promises, &item->path);
	promised = promises_find(acceptor->promises, &item->path);
	raise_to(floor, &acceptor->floor);
	raise_to(floor, &given_up);
	raise_to(floor, &item->ballot);
	if (promised)
		raise_to(floor, promised);
	pthread_mutex_unlock(&acceptor->lock);
}

/* The floor is raised in memory first: what is refused too early does no harm. */
static int commit_forgetting(struct acceptor *acceptor, struct store_batch *take_batch,
			     const dfs_ballot *floor)
{
	pthread_mutex_lock(&acceptor->lock);
	raise_to(&acceptor->floor, floor);
	if (floor->epoch == acceptor->epoch && floor->counter > acceptor->seen)
		acceptor->seen = floor->counter;
	pthread_mutex_unlock(&acceptor->lock);
	store_batch_may_use_reserve(take_batch);
	return store_commit(take_batch);
}

static int forget_items(struct acceptor *acceptor, const dfs_forget_args *args)
{
	struct store_batch *batch = store_batch_new(acceptor->store);
	bool any = false, *mine = calloc(args->items.items_len + 1, sizeof *mine);
	dfs_ballot floor = {0};
	int rc = batch && mine ? 0 : ENOMEM;

	/* One floor for all that go: it has to be known before the first record. */
	for (u_int i = 0; i < args->items.items_len && rc == 0; i++) {
		const dfs_settled_item *item = &args->items.items_val[i];

		mine[i] = may_forget(acceptor, item);
		any |= mine[i];
		if (mine[i])
			raise_floor(acceptor, item, &floor);
	}
	/* The records, each with that floor. */
	for (u_int i = 0; i < args->items.items_len && rc == 0; i++) {
		const dfs_settled_item *item = &args->items.items_val[i];

		if (mine[i])
			rc = store_batch_forget(batch, item->path.dfs_path_val,
						item->path.dfs_path_len, &item->ballot,
						&floor);
	}
	if (rc == 0 && any)
		rc = commit_forgetting(acceptor, batch, &floor);
	else
		store_batch_free(batch);
	free(mine);
	return rc;
}

void acceptor_forget(struct acceptor *acceptor, const dfs_forget_args *args,
		     dfs_settled_res *res)
{
	struct acceptor_items forgotten = {.items = args->items.items_val,
					   .count = args->items.items_len,
					   .path_of = forget_path};
	int rc = acceptor_take(acceptor, &acceptor_server, &forgotten);

	if (rc == 0) {
		rc = forget_items(acceptor, args);
		acceptor_give(acceptor, &forgotten);
	}
	res->status = errors_status(ERRORS_COMMITTING, rc);
}
