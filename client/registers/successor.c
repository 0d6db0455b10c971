/* The value that an operation puts in the place of the best one seen. */
#include "successor.h"

#include "authority.h"
#include "ballot.h"
#include "finishing.h"
#include "manifest.h"
#include "object.h"
#include "path.h"
#include "placement.h"
#include "refusals.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* An operation's value with all but its body; what it points to is borrowed. */
struct draft {
	dfs_value value;
	dfs_id recent[DFS_RECENT_MAX];
};

static void begin(struct draft *draft, const struct attempt *attempt,
		  const dfs_accepted *best, const dfs_id *operation)
{
	dfs_value *value = &draft->value;

	memset(draft, 0, sizeof *draft);
	value->operation = *operation;
	value->origin = attempt->ballot;
	value->number = best ? best->value.number : 0;
	value->number += value->number < UINT64_MAX; /* the last one may be a forgery */
	draft->recent[0] = *operation;
	value->recent.recent_val = draft->recent;
	value->recent.recent_len = 1;
	for (u_int i = 0; best && i < best->value.recent.recent_len &&
			  value->recent.recent_len < DFS_RECENT_MAX;
	     i++)
		draft->recent[value->recent.recent_len++] =
			best->value.recent.recent_val[i];
	value->content_version = (dfs_version){value->number, *operation};
	value->lock = best ? best->value.lock : NULL;
}

static enum successor_end end(const struct draft *draft, struct turn *turn)
{
	return value_copy(&draft->value, &turn->value) ? SUCCESSOR_MADE : SUCCESSOR_AGAIN;
}

/* Of a value that has a list of readers. */
static dfs_user owner_of(const dfs_body *body)
{
	switch (body->kind) {
	case DFS_FOLDER:
		return body->dfs_body_u.folder.owner;
	case DFS_TOMBSTONE:
		return body->dfs_body_u.tombstone.owner;
	default:
		return body->dfs_body_u.manifest.owner;
	}
}

static enum successor_end make_tombstone(const struct attempt *attempt, struct turn *turn,
					 const dfs_id *operation)
{
	const dfs_accepted *best = turn->judgement.best;
	const dfs_access *access = best ? value_access(&best->value) : NULL;
	struct draft draft;
	dfs_tombstone *tombstone = &draft.value.body.dfs_body_u.tombstone;

	begin(&draft, attempt, best, operation);
	draft.value.body.kind = DFS_TOMBSTONE;
	/* Who deletes what is another's shows that its owner lets him write. */
	if (best && access && access->readers.readers_len > 0 &&
	    !finishing_is_own(attempt->dfs, turn->proposal->path)) {
		tombstone->owner = owner_of(&best->value.body);
		tombstone->access = *access;
	}
	return end(&draft, turn);
}

/*
 * Who may read the file that this one replaces may read it too, if it is its owner, whose
 * account this is, who says so.
 */
static bool carry_readers(const struct turn *turn, const dfs_account *owner,
			  dfs_manifest *manifest, struct dfs_result *result)
{
	const dfs_manifest *best = &turn->judgement.best->value.body.dfs_body_u.manifest;
	bool genuine = manifest_access_is_genuine(turn->proposal->path, best, owner);

	if (genuine)
		manifest->access = best->access;
	else
		result_fail(result, DFS_EXIT_DAMAGED,
			    "the list of its readers is not signed by its owner: "
			    "nothing was stored; the owner can delete it first");
	return genuine;
}

/*
 * Does the owner put the file, and is the list signed with a key that he had?  Servers
 * that have not seen it take it with his present one alone.
 */
static bool is_signed_of_old(const struct dfs *dfs, const dfs_manifest *manifest)
{
	const dfs_user *owner = &manifest->owner;

	return manifest->access.signature && owner->dfs_user_len == strlen(dfs->user) &&
	       memcmp(owner->dfs_user_val, dfs->user, owner->dfs_user_len) == 0 &&
	       manifest->access.signature->key != dfs->identity->account.key;
}

/* The keys of a file whose other fields are filled in, and its list as it is to be. */
static enum successor_end wrap(const struct attempt *attempt,
			       const struct proposal *proposal, const dfs_account *owner,
			       struct draft *draft, struct turn *turn)
{
	const struct identity *identity = attempt->dfs->identity;
	dfs_manifest *manifest = &draft->value.body.dfs_body_u.manifest;
	enum successor_end ended = SUCCESSOR_AGAIN;
	dfs_signature *renewed = NULL;
	bool good = true;

	if (is_signed_of_old(attempt->dfs, manifest)) {
		good = manifest_sign_access(identity, proposal->path, manifest);
		renewed = manifest->access.signature;
	}
	if (good && manifest_wrap(identity, proposal->path, manifest, &owner->seal_key,
				  proposal->key))
		ended = end(draft, turn);
	free(manifest->keys.keys_val);
	if (renewed)
		xdr_free((xdrproc_t)xdr_dfs_signature, renewed);
	free(renewed);
	return ended;
}

/*
 * Who has what of a file: what was staged.  Of a copy also who is away, and has it for
 * the original: if that goes first, it is owed a repair.
 */
static uint32_t holders_of(const struct turn *turn)
{
	const struct proposal *proposal = turn->proposal;
	uint32_t holders = proposal->copies ? proposal->content.holders : 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (placement_held(holders, s) == 0)
			holders = placement_hold(holders, s, turn->staged[s - 1]);
	return holders;
}

static enum successor_end make_file(const struct attempt *attempt, struct turn *turn,
				    struct dfs_result *result)
{
	struct proposal *proposal = turn->proposal;
	const dfs_accepted *best = turn->judgement.best;
	struct dfs *dfs = attempt->dfs;
	const dfs_account *owner;
	struct draft draft;
	dfs_manifest *manifest = &draft.value.body.dfs_body_u.manifest;
	bool shared = path_is_shared(proposal->path, strlen(proposal->path));

	if (!dfs->identity) {
		result_fail(result, DFS_EXIT_DENIED, REFUSALS_NOBODY);
		return SUCCESSOR_REFUSED;
	}
	begin(&draft, attempt, best, &proposal->operation);
	draft.value.body.kind = proposal->link ? DFS_LINK : DFS_FILE;
	manifest->owner = (dfs_user){(u_int)strlen(proposal->owner), proposal->owner};
	owner = strcmp(proposal->owner, dfs->user) == 0 ? &dfs->identity->account
							: proposal->owner_account;
	if (!owner) {
		*result = proposal->owner_unknown;
		return SUCCESSOR_REFUSED;
	}
	if (!shared && judge_is_live(best) && value_has_content(&best->value) &&
	    !carry_readers(turn, owner, manifest, result))
		return SUCCESSOR_REFUSED;
	manifest->attributes = proposal->attributes;
	manifest->content = proposal->content;
	draft.value.note = proposal->note;
	proposal->replaces = judge_is_live(best);
	manifest->content.holders = holders_of(turn);
	return wrap(attempt, proposal, owner, &draft, turn);
}

static enum successor_end make_folder(const struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	struct draft draft;
	dfs_folder *folder = &draft.value.body.dfs_body_u.folder;

	begin(&draft, attempt, turn->judgement.best, &proposal->operation);
	draft.value.body.kind = DFS_FOLDER;
	folder->owner = (dfs_user){(u_int)strlen(proposal->owner), proposal->owner};
	folder->attributes = proposal->attributes;
	draft.value.note = proposal->note;
	return end(&draft, turn);
}

bool successor_is_same(const dfs_content *a, const dfs_content *b)
{
	dfs_id object, other;

	return id_equal(&a->maker, &b->maker) && object_of_content(a, &object) &&
	       object_of_content(b, &other) && id_equal(&object, &other);
}

/*
 * A changed file names the content that it has, which the servers want bound to this
 * ballot: where the last PREPARE did not bind this very object, the next one does.
 */
static bool is_bound(struct proposal *proposal, const dfs_accepted *best)
{
	const dfs_content *content = &best->value.body.dfs_body_u.manifest.content;
	bool bound = !id_is_zero(&proposal->content.maker) &&
		     successor_is_same(content, &proposal->content);

	/* What the best value points to does not outlive the attempt. */
	proposal->content = (dfs_content){.maker = content->maker,
					  .size = content->size,
					  .row = content->row,
					  .unit_size = content->unit_size,
					  .holders = content->holders};
	proposal->content.tree.tree_len = content->tree.tree_len;
	proposal->content.tree.tree_val = proposal->tree;
	for (u_int i = 0; i < content->tree.tree_len; i++)
		proposal->tree[i] = content->tree.tree_val[i];
	proposal->ticket = best->ticket;
	return bound;
}

/* Of the note that is there; another's can be one that is not this user's to state. */
static bool is_kept(const struct attempt *attempt, const struct proposal *proposal,
		    const dfs_note *note)
{
	const dfs_path user = path_borrow(attempt->dfs->user);
	const dfs_user name = {user.dfs_path_len, user.dfs_path_val};

	return note && authority_may_note(&name, &note->old_path) &&
	       !(proposal->clears &&
		 id_equal(&note->operation, &proposal->clears->operation));
}

static enum successor_end make_change(const struct attempt *attempt, struct turn *turn,
				      struct dfs_result *result)
{
	struct proposal *proposal = turn->proposal;
	const dfs_accepted *best = turn->judgement.best;
	bool live = judge_is_live(best);
	enum successor_end ended = SUCCESSOR_AGAIN;
	struct draft draft;
	dfs_body body;

	memset(&body, 0, sizeof body);
	body.kind = DFS_TOMBSTONE; /* nothing to free in it */
	if (!proposal->change(proposal, live ? &best->value : NULL, &body)) {
		*result = proposal->result;
		result_fail(&proposal->result, DFS_EXIT_DONE, "%s", "");
		return SUCCESSOR_REFUSED;
	}
	begin(&draft, attempt, best, &proposal->operation);
	draft.value.body = body;
	if (live && (value_has_content(&draft.value) || body.kind == DFS_FOLDER)) {
		draft.value.content_version = best->value.content_version;
		if (is_kept(attempt, proposal, best->value.note))
			draft.value.note = best->value.note;
	}
	if (proposal->note)
		draft.value.note = proposal->note;
	if (!value_has_content(&draft.value) || is_bound(proposal, best))
		ended = end(&draft, turn);
	xdr_free((xdrproc_t)xdr_dfs_body, &body);
	return ended;
}

enum successor_end successor_make(const struct attempt *attempt, struct turn *turn,
				  struct dfs_result *result)
{
	switch (turn->proposal->kind) {
	case PROPOSAL_FILE:
		return make_file(attempt, turn, result);
	case PROPOSAL_FOLDER:
		return make_folder(attempt, turn);
	case PROPOSAL_CHANGE:
		return make_change(attempt, turn, result);
	case PROPOSAL_TOMBSTONE:
	case PROPOSAL_FINISH:
		break;
	}
	return make_tombstone(attempt, turn, &turn->proposal->operation);
}

enum successor_end successor_finish(const struct attempt *attempt, struct turn *turn)
{
	const dfs_accepted *best = turn->judgement.best;
	dfs_id operation;

	if (best)
		return value_copy(&best->value, &turn->value) ? SUCCESSOR_MADE
							      : SUCCESSOR_AGAIN;
	return id_random(&operation) ? make_tombstone(attempt, turn, &operation)
				     : SUCCESSOR_AGAIN;
}
