/* ACCEPT and DELETE: if ballot and content allow, durably (doc/AGREEMENT.md 2.3). */
#include "acceptor_internal.h"

#include "ballot.h"
#include "errors.h"
#include "placement.h"

#include <errno.h>
#include <stdlib.h>

static const dfs_path *proposal_path(const void *items, size_t i)
{
	return &((const dfs_proposal *)items)[i].path;
}

/* ---- ACCEPT -------------------------------------------------------------------- */

/* Does this first proposal name us as a holder of what we do not have? */
static bool lacks_data(struct acceptor *acceptor, const dfs_ballot *ballot,
		       const dfs_proposal *item)
{
	if (item->value.body.kind != DFS_FILE || !acceptor->rules.check_data ||
	    ballot_compare(ballot, &item->value.origin) != 0)
		return false;
	const dfs_content *content = &item->value.body.dfs_body_u.manifest.content;
	unsigned mask = placement_held(content->holders, acceptor->server);

	if (mask == 0)
		return false;
	/* A chunk without units is always within reach: an empty file's holders have no
	 * units, and a binding all the same. */
	uint64_t units = placement_units(content->size, content->unit_size);
	unsigned filled = units >= DFS_SERVERS ? CHUNKS_ALL : (1U << units) - 1;

	return (store_chunks(acceptor->store, &content->object) & mask & filled) !=
		       (mask & filled) ||
	       store_units(acceptor->store, &content->object) != units ||
	       !store_is_bound(acceptor->store, &content->object, item->path.dfs_path_val,
			       item->path.dfs_path_len, ballot);
}

/* What a user proposes may not contradict what is here. */
static dfs_status check_proposal(struct acceptor *acceptor,
				 const struct acceptor_caller *caller,
				 const dfs_proposal *item)
{
	const dfs_content *content = &item->value.body.dfs_body_u.manifest.content;
	const struct acceptor_claim claim = {
		.path = &item->path, .object = &content->object, .size = content->size};

	if (!caller->user || item->value.body.kind != DFS_FILE)
		return DFS_OK;
	return acceptor_check_object(acceptor, &claim);
}

/* Judges one proposal; a good one goes into the batch. */
static dfs_status judge_proposal(struct acceptor *acceptor,
				 const struct acceptor_caller *caller,
				 const dfs_ballot *ballot, const dfs_proposal *item,
				 struct store_batch *batch, bool *ret_added)
{
	struct store_register reg;
	dfs_status status;
	int rc = acceptor_look(acceptor, &item->path, &reg);

	if (rc == EBADMSG)
		return DFS_DAMAGED;
	if (rc != 0 && rc != ENOENT)
		return errors_status(ERRORS_READING, rc);
	switch (acceptor_judge(acceptor, &item->path, ballot, rc == 0, &reg)) {
	case ACCEPTOR_AGAIN:
		return reg.confirmed ? DFS_OK : DFS_REFUSED;
	case ACCEPTOR_LOW:
		return DFS_REFUSED;
	case ACCEPTOR_GOOD:
		break;
	}
	status = check_proposal(acceptor, caller, item);
	if (status != DFS_OK)
		return status;
	if (lacks_data(acceptor, ballot, item))
		return DFS_NODATA;
	rc = store_batch_accept(batch, item->path.dfs_path_val, item->path.dfs_path_len,
				ballot, &item->value,
				caller->user ? STORE_CONFIRMED | STORE_WITHIN_QUOTA
					     : STORE_CONFIRMED);
	*ret_added = rc == 0;
	if (rc == EDQUOT)
		return DFS_OVER_QUOTA;
	return errors_status(ERRORS_COMMITTING, rc);
}

static int accept_locked(struct acceptor *acceptor, const struct acceptor_caller *caller,
			 const dfs_accept_args *args, dfs_status *items, bool *added)
{
	size_t count = args->items.items_len, good = 0;
	struct store_batch *batch = store_batch_new(acceptor->store);
	int rc;

	if (!batch)
		return ENOMEM;
	for (size_t i = 0; i < count; i++) {
		items[i] = acceptor_judged(caller, i);
		if (items[i] == DFS_OK)
			items[i] = judge_proposal(acceptor, caller, &args->ballot,
						  &args->items.items_val[i], batch,
						  &added[i]);
		good += added[i];
	}
	if (good == 0) {
		store_batch_free(batch);
		return 0;
	}
	/* A vote is small, and a full disk must not stop the votes on deletes. */
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	for (size_t i = 0; i < count; i++) {
		const dfs_path *path = &args->items.items_val[i].path;

		if (!added[i])
			continue;
		items[i] = errors_status(ERRORS_COMMITTING, rc);
		if (rc != 0)
			continue;
		pthread_mutex_lock(&acceptor->lock);
		promises_accepted(acceptor->promises, path->dfs_path_val,
				  path->dfs_path_len, &args->ballot);
		if (args->ballot.counter > acceptor->seen)
			acceptor->seen = args->ballot.counter;
		pthread_mutex_unlock(&acceptor->lock);
		acceptor_note_owed(acceptor, &args->items.items_val[i].value);
	}
	return 0;
}

void acceptor_accept(struct acceptor *acceptor, const dfs_accept_args *args,
		     dfs_accept_res *res)
{
	acceptor_accept_for(acceptor, &acceptor_server, args, res);
}

void acceptor_accept_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			 const dfs_accept_args *args, dfs_accept_res *res)
{
	const struct acceptor_items proposals = {.items = args->items.items_val,
						 .count = args->items.items_len,
						 .path_of = proposal_path};
	size_t count = args->items.items_len, key_count;
	dfs_status *items = calloc(count + 1, sizeof *items);
	bool *added = calloc(count + 1, sizeof *added);
	struct busy_key *keys = NULL;
	int rc = items && added ? 0 : ENOMEM;

	acceptor_catch_up(acceptor, &args->ballot);
	if (rc == 0)
		rc = acceptor_take(acceptor, caller, &proposals, &keys, &key_count);
	if (rc == 0) {
		rc = accept_locked(acceptor, caller, args, items, added);
		acceptor_give(acceptor, keys, key_count);
	}
	free(added);
	if (rc != 0) {
		free(items);
		res->status = errors_status(ERRORS_COMMITTING, rc);
		return;
	}
	res->status = DFS_OK;
	res->dfs_accept_res_u.ok.seen = acceptor_seen(acceptor);
	res->dfs_accept_res_u.ok.items.items_val = items;
	res->dfs_accept_res_u.ok.items.items_len = (u_int)count;
}
