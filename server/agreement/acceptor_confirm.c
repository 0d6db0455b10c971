/*
 * CONFIRM: signing that a value is the one that may be proposed (doc/AGREEMENT.md 2.7).
 *
 * Three such signatures are the proof of whatever is not its owner's own proposal.  They
 * rest on two things: each signer has seen, by the promises of three, that nothing higher
 * was accepted; and it signs one value for a ballot, so that no two have three.
 */
#include "acceptor_internal.h"

#include "errors.h"
#include "statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const dfs_path *confirm_path(const void *items, size_t i)
{
	return &((const dfs_confirm_item *)items)[i].path;
}

/* A CONFIRM under way. */
struct confirming {
	struct acceptor *acceptor;
	const struct acceptor_caller *caller;
	const dfs_confirm_args *args;
	dfs_status *items;
};

/* Before the paths are taken, for it may take time: is it right by what was promised? */
static void check_items(struct confirming *confirming)
{
	struct acceptor *acceptor = confirming->acceptor;
	const struct acceptor_caller *caller = confirming->caller;
	const struct proof_proposer proposer = {
		.user = caller->user,
		.server = caller->server ? caller->server : acceptor->server};

	for (u_int i = 0; i < confirming->args->items.items_len; i++) {
		dfs_status *status = &confirming->items[i];

		*status = acceptor_judged(caller, i);
		if (*status != DFS_OK || !acceptor->rules.prove)
			continue;
		*status = acceptor->proof ? proof_check_confirm(
						    acceptor->proof, &proposer,
						    &confirming->args->ballot,
						    &confirming->args->items.items_val[i])
					  : DFS_UNCHECKED;
	}
}

/* The promise, and with it the one value that is confirmed. */
static dfs_status note(struct acceptor *acceptor, const dfs_path *path,
		       const dfs_ballot *ballot, const dfs_key *digest)
{
	dfs_status status = DFS_BUSY;

	pthread_mutex_lock(&acceptor->lock);
	if (promises_set(acceptor->promises, path, ballot)) {
		if (ballot->counter > acceptor->seen)
			acceptor->seen = ballot->counter;
		status = promises_confirm(acceptor->promises, path, digest) ? DFS_OK
									    : DFS_REFUSED;
	}
	pthread_mutex_unlock(&acceptor->lock);
	return status;
}

/* Once its path is its own.  The statement is left as it is where that is not DFS_OK. */
static dfs_status confirm_item(struct confirming *confirming, u_int i, dfs_key *statement)
{
	const dfs_confirm_item *item = &confirming->args->items.items_val[i];
	const dfs_ballot *ballot = &confirming->args->ballot;
	dfs_key digest, stated;
	dfs_status status;

	if (!statement_digest(&item->value, &digest) ||
	    !statement_of_confirmation(&item->path, ballot, &digest, &stated))
		return DFS_BUSY;
	status = note(confirming->acceptor, &item->path, ballot, &digest);
	if (status == DFS_OK)
		*statement = stated;
	return status;
}

/* Which may be confirmed at this ballot?  So many of them. */
static u_int judge_items(struct confirming *confirming)
{
	const dfs_confirm_args *args = confirming->args;
	u_int good = 0;

	for (u_int i = 0; i < args->items.items_len; i++) {
		const dfs_path *path = &args->items.items_val[i].path;
		dfs_status *status = &confirming->items[i];

		if (*status == DFS_OK)
			*status = acceptor_judged_again(confirming->caller, i, path);
		if (*status == DFS_OK)
			*status = acceptor_judge_path(confirming->acceptor, path,
						      &args->ballot);
		good += *status == DFS_OK;
	}
	return good;
}

/* Fills the items, and signs those that are good; 0 or an errno. */
static int confirm_items(struct confirming *confirming, dfs_confirm_ok *ok)
{
	const dfs_confirm_args *args = confirming->args;
	struct acceptor *acceptor = confirming->acceptor;
	dfs_key statements[DFS_CONFIRM_MAX] = {{{0}}};
	u_int count = args->items.items_len, good = 0;
	/*
	 * No restart may forget what was confirmed.  Of what is refused nothing is kept:
	 * it may be at a ballot above which there is none.
	 */
	int rc = judge_items(confirming) > 0
			 ? acceptor_reserve(acceptor, args->ballot.counter)
			 : 0;

	for (u_int i = 0; i < count && rc == 0; i++) {
		dfs_status *status = &confirming->items[i];

		if (*status == DFS_OK)
			*status = confirm_item(confirming, i, &statements[i]);
		good += *status == DFS_OK;
	}
	if (rc != 0 || good == 0 || !acceptor->key)
		return rc;
	ok->signature.signature_val = malloc(DFS_SIGNATURE_LEN);
	if (!ok->signature.signature_val)
		return ENOMEM;
	ok->signature.signature_len = DFS_SIGNATURE_LEN;
	ok->key = server_key_number(acceptor->key);
	return acceptor_sign(acceptor, statements, count,
			     (uint8_t *)ok->signature.signature_val)
		       ? 0
		       : ENOMEM;
}

void acceptor_confirm(struct acceptor *acceptor, const dfs_confirm_args *args,
		      dfs_confirm_res *res)
{
	acceptor_confirm_for(acceptor, &acceptor_server, args, res);
}

void acceptor_confirm_for(struct acceptor *acceptor, const struct acceptor_caller *caller,
			  const dfs_confirm_args *args, dfs_confirm_res *res)
{
	struct acceptor_items wanted = {.items = args->items.items_val,
					.count = args->items.items_len,
					.path_of = confirm_path};
	struct confirming confirming = {
		.acceptor = acceptor,
		.caller = caller,
		.args = args,
		.items = calloc(wanted.count + 1, sizeof(dfs_status))};
	const struct acceptor_caller checked = {.user = caller->user,
						.judged = confirming.items};
	dfs_confirm_ok *ok = &res->dfs_confirm_res_u.ok;
	int rc = ENOMEM;

	if (confirming.items) {
		check_items(&confirming);
		rc = acceptor_take_at(acceptor, &checked, &args->ballot, &wanted);
	}
	if (rc == 0) {
		rc = confirm_items(&confirming, ok);
		acceptor_give(acceptor, &wanted);
	}
	if (rc != 0) {
		free(ok->signature.signature_val);
		memset(ok, 0, sizeof *ok);
		free(confirming.items);
		res->status = errors_status(ERRORS_COMMITTING, rc);
		return;
	}
	res->status = DFS_OK;
	ok->seen = acceptor_seen(acceptor);
	ok->items.items_val = confirming.items;
	ok->items.items_len = (u_int)wanted.count;
}
