/* ACCEPT and DELETE: if ballot and content allow, durably (doc/AGREEMENT.md 2.3). */
#include "acceptor_internal.h"

#include "ballot.h"
#include "errors.h"
#include "object.h"
#include "placement.h"
#include "statement.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const dfs_path *proposal_path(const void *items, size_t i)
{
	return &((const dfs_proposal *)items)[i].path;
}

/* Does this first proposal name us as a holder of what we do not have? */
static bool lacks_data(struct acceptor *acceptor, const dfs_ballot *ballot,
		       const dfs_proposal *item)
{
	if (!value_has_content(&item->value) || !acceptor->rules.check_data ||
	    ballot_compare(ballot, &item->value.origin) != 0)
		return false;
	const dfs_content *content = &item->value.body.dfs_body_u.manifest.content;
	chunk_set held = placement_held(content->holders, acceptor->server);
	dfs_id object;

	if (held == 0)
		return false;
	if (!object_of_content(content, &object))
		return true;
	/*
	 * A chunk without units is always within reach: an empty file's holders have no
	 * units, and a binding all the same.
	 */
	chunk_set wanted = held & placement_filled(content->size);

	return (wanted & ~store_chunks(acceptor->store, &object)) != 0 ||
	       !store_is_bound(acceptor->store, &object, item->path.dfs_path_val,
			       item->path.dfs_path_len, ballot);
}

/* In all that its writer stated of it, and as he signed it. */
static bool same_content(const dfs_path *path, const dfs_content *a, const dfs_content *b)
{
	const dfs_user owner = {0, NULL};
	dfs_key one, other;

	return id_equal(&a->maker, &b->maker) &&
	       memcmp(a->signature.signature, b->signature.signature,
		      sizeof a->signature.signature) == 0 &&
	       statement_of_content(path, &owner, a, &one) &&
	       statement_of_content(path, &owner, b, &other) &&
	       memcmp(&one, &other, sizeof one) == 0;
}

/* The earlier versions that a value keeps: of a file, or of one that was deleted. */
static const dfs_earlier *earlier_of(const dfs_value *value, u_int *ret_count)
{
	const dfs_body *body = &value->body;

	*ret_count = 0;
	if (value_has_content(value)) {
		*ret_count = body->dfs_body_u.manifest.earlier.earlier_len;
		return body->dfs_body_u.manifest.earlier.earlier_val;
	}
	if (body->kind != DFS_TOMBSTONE)
		return NULL;
	*ret_count = body->dfs_body_u.tombstone.earlier.earlier_len;
	return body->dfs_body_u.tombstone.earlier.earlier_val;
}

static bool keeps_content(const dfs_path *path, const dfs_value *value,
			  const dfs_content *content)
{
	u_int count;
	const dfs_earlier *earlier = earlier_of(value, &count);

	for (u_int i = 0; i < count; i++)
		if (same_content(path, &earlier[i].content, content))
			return true;
	return value_has_content(value) &&
	       same_content(path, &value->body.dfs_body_u.manifest.content, content);
}

/* Are the earlier versions that it keeps what the accepted value has or keeps? */
static dfs_status check_earlier(struct acceptor *acceptor, const dfs_proposal *item)
{
	dfs_register reg = {.known = FALSE};
	const dfs_value *now = &reg.dfs_register_u.accepted.value;
	dfs_status status;
	u_int count;
	const dfs_earlier *earlier = earlier_of(&item->value, &count);
	bool kept;

	if (count == 0)
		return DFS_OK;
	status = acceptor_read(acceptor, &item->path, &reg);
	if (status != DFS_OK)
		return status;
	kept = reg.known;
	for (u_int i = 0; kept && i < count; i++)
		kept = keeps_content(&item->path, now, &earlier[i].content);
	xdr_free((xdrproc_t)xdr_dfs_register, &reg);
	return kept ? DFS_OK : DFS_NODATA;
}

/*
 * Is there anything to show that the content was ever brought: does the accepted value
 * name it, or is what the value gives this server here?  Of a first proposal lacks_data
 * looks besides whether it is bound.
 */
static bool is_content_shown(struct acceptor *acceptor, const dfs_content *content,
			     const dfs_id *object, const struct store_register *known)
{
	chunk_set filled = placement_filled(content->size);
	chunk_set held = placement_held(content->holders, acceptor->server) & filled;

	if (filled == 0 || !acceptor->rules.check_data)
		return true;
	if (known && id_equal(&known->object, object))
		return true;
	return held != 0 && (held & ~store_chunks(acceptor->store, object)) == 0;
}

/*
 * What a user proposes may not contradict what is here, nor claim content of which
 * nothing is known here; a server that proposes has it from one that accepted it.  known:
 * what is accepted here, or NULL.
 */
static dfs_status check_proposal(struct acceptor *acceptor,
				 const struct acceptor_caller *caller,
				 const dfs_proposal *item,
				 const struct store_register *known)
{
	const dfs_content *content = &item->value.body.dfs_body_u.manifest.content;
	dfs_id object;
	const struct acceptor_claim claim = {.path = &item->path, .object = &object};
	dfs_status status;

	if (!caller->user)
		return DFS_OK;
	if (!value_has_content(&item->value))
		return check_earlier(acceptor, item);
	if (!object_of_content(content, &object))
		return DFS_BUSY;
	status = acceptor_check_object(acceptor, &claim);
	if (status == DFS_OK && !is_content_shown(acceptor, content, &object, known))
		status = DFS_NODATA;
	return status == DFS_OK ? check_earlier(acceptor, item) : status;
}

/* An ACCEPT under way. */
struct accepting {
	struct acceptor *acceptor;
	const struct acceptor_caller *caller;
	const dfs_accept_args *args;
	struct store_batch *batch;
	dfs_status *items;
	struct authority_claim *claims; /* what each item is */
	bool *added;                    /* of each item: it is in the batch */
};

/* Before the paths are taken, for it may take time: what is proved? */
static void check_proofs(struct accepting *accepting)
{
	for (size_t i = 0; i < accepting->args->items.items_len; i++) {
		const dfs_proposal *item = &accepting->args->items.items_val[i];
		struct authority_claim *claim = &accepting->claims[i];

		*claim = (struct authority_claim){.path = &item->path,
						  .ballot = &accepting->args->ballot,
						  .value = &item->value,
						  .caller = accepting->caller->user};
		accepting->items[i] = acceptor_judged(accepting->caller, i);
		if (accepting->items[i] == DFS_OK)
			accepting->items[i] =
				acceptor_check_proved(accepting->acceptor, claim);
	}
}

/* Judges one proposal, once its path is its own; a good one goes into the batch. */
static dfs_status judge_proposal(struct accepting *accepting, size_t i)
{
	struct acceptor *acceptor = accepting->acceptor;
	const struct acceptor_caller *caller = accepting->caller;
	const dfs_ballot *ballot = &accepting->args->ballot;
	const dfs_proposal *item = &accepting->args->items.items_val[i];
	struct store_register reg;
	dfs_status status;
	int rc = acceptor_look(acceptor, &item->path, &reg);

	if (rc != 0 && rc != ENOENT)
		return errors_status(ERRORS_READING, rc);
	switch (acceptor_judge(acceptor, &item->path, ballot, rc == 0, &reg)) {
	case ACCEPTOR_AGAIN:
		/* Two values at one ballot: somebody contradicts himself. */
		return reg.confirmed && acceptor_has_value(acceptor, &item->path,
							   &item->value)
			       ? DFS_OK
			       : DFS_REFUSED;
	case ACCEPTOR_LOW:
		return DFS_REFUSED;
	case ACCEPTOR_GOOD:
		break;
	}
	status = acceptor_check_readers(acceptor, &accepting->claims[i]);
	if (status == DFS_OK)
		status = check_proposal(acceptor, caller, item, rc == 0 ? &reg : NULL);
	if (status != DFS_OK)
		return status;
	if (lacks_data(acceptor, ballot, item))
		return DFS_NODATA;
	rc = store_batch_accept(accepting->batch, &item->path, ballot, &item->value,
				caller->user ? STORE_CONFIRMED | STORE_WITHIN_QUOTA
					     : STORE_CONFIRMED);
	accepting->added[i] = rc == 0;
	return errors_status(ERRORS_ACCEPTING, rc);
}

/* What of the batch has become durable is noted, and answered. */
static void note_accepted(struct accepting *accepting, int rc)
{
	const dfs_accept_args *args = accepting->args;

	for (size_t i = 0; i < args->items.items_len; i++) {
		const dfs_proposal *item = &args->items.items_val[i];

		if (!accepting->added[i])
			continue;
		accepting->items[i] = errors_status(ERRORS_COMMITTING, rc);
		if (rc == 0)
			acceptor_note_value(accepting->acceptor, &item->path,
					    &args->ballot, &item->value);
	}
}

/* Fills the items; 0 or ENOMEM. */
static int accept_items(struct accepting *accepting)
{
	size_t count = accepting->args->items.items_len, good = 0;

	accepting->added = calloc(count + 1, sizeof *accepting->added);
	accepting->batch = store_batch_new(accepting->acceptor->store);
	if (!accepting->added || !accepting->batch) {
		store_batch_free(accepting->batch);
		free(accepting->added);
		return ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const dfs_path *path = &accepting->args->items.items_val[i].path;

		/* What is not proved stays refused, whatever else is judged of it. */
		if (accepting->items[i] == DFS_OK)
			accepting->items[i] =
				acceptor_judged_again(accepting->caller, i, path);
		if (accepting->items[i] == DFS_OK)
			accepting->items[i] = judge_proposal(accepting, i);
		good += accepting->added[i];
	}
	if (good > 0) {
		/* A vote is small, and a full disk must not stop the votes on deletes. */
		store_batch_may_use_reserve(accepting->batch);
		note_accepted(accepting, store_commit(accepting->batch));
	} else {
		store_batch_free(accepting->batch);
	}
	free(accepting->added);
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
	struct acceptor_items proposals = {.items = args->items.items_val,
					   .count = args->items.items_len,
					   .path_of = proposal_path};
	struct accepting accepting = {
		.acceptor = acceptor,
		.caller = caller,
		.args = args,
		.items = calloc(proposals.count + 1, sizeof *accepting.items),
		.claims = calloc(proposals.count + 1, sizeof *accepting.claims)};
	const struct acceptor_caller proved = {.user = caller->user,
					       .judged = accepting.items};
	int rc = ENOMEM;

	if (accepting.items && accepting.claims) {
		check_proofs(&accepting);
		rc = acceptor_take_at(acceptor, &proved, &args->ballot, &proposals);
	}
	if (rc == 0) {
		rc = accept_items(&accepting);
		acceptor_give(acceptor, &proposals);
	}
	free(accepting.claims);
	if (rc != 0) {
		free(accepting.items);
		res->status = errors_status(ERRORS_COMMITTING, rc);
		return;
	}
	res->status = DFS_OK;
	res->dfs_accept_res_u.ok.seen = acceptor_seen(acceptor);
	res->dfs_accept_res_u.ok.items.items_val = accepting.items;
	res->dfs_accept_res_u.ok.items.items_len = (u_int)proposals.count;
}
