/* Who may say that a path has a value. */
#include "authority.h"

#include "ballot.h"
#include "path.h"
#include "sets.h"
#include "value.h"

#include <string.h>

static bool is_named(const dfs_user *user, const char *name, size_t len)
{
	return user->dfs_user_len == len && memcmp(user->dfs_user_val, name, len) == 0;
}

static bool is_admin(const dfs_user *user)
{
	return is_named(user, "admin", strlen("admin"));
}

static bool same_user(const dfs_user *a, const dfs_user *b)
{
	return is_named(a, b->dfs_user_val, b->dfs_user_len);
}

static enum path_kind kind_of(const dfs_path *path)
{
	return path_kind(path->dfs_path_val, path->dfs_path_len);
}

/* Whose the path is; of a path of a register. */
static dfs_user whose(const dfs_path *path)
{
	size_t len;
	/* path_of_whom points into the path. */
	const char *name = path_of_whom(path->dfs_path_val, path->dfs_path_len, &len);

	return (dfs_user){(u_int)len, path->dfs_path_val + (name - path->dfs_path_val)};
}

/* ---- signatures ---------------------------------------------------------------- */

/* The key that this signature has to be made with; admin's is always the same. */
static bool key_of(const struct authority_source *source, const dfs_user *user,
		   uint32_t number, struct authority_key *ret, bool *ret_unknown)
{
	*ret = (struct authority_key){
		.key = source->admin_key, .present = true, .welcome = true};
	if (is_admin(user) || source->key(source->context, user, number, ret))
		return true;
	*ret_unknown = true;
	return false;
}

static bool is_signed(const struct authority_source *source, const dfs_key *statement,
		      const dfs_signature *signature, const dfs_key *key)
{
	return statement_is_signed_seen(source->seen, statement, signature, key);
}

/* What a user proposes now is signed for this very ballot, with the key that he has. */
static const char *check_fresh(const struct authority_claim *claim,
			       const struct authority_key *key)
{
	const dfs_proof *proof = &claim->value->proof;

	if (!claim->caller)
		return ballot_compare(&proof->ballot, claim->ballot) > 0
			       ? "a proof of a later ballot"
			       : NULL;
	if (ballot_compare(&proof->ballot, claim->ballot) != 0)
		return "a proof of another ballot";
	if (!is_named(&proof->signer, claim->caller, strlen(claim->caller)))
		return "a value that another signed";
	return key->present && key->welcome ? NULL : "a key that is no longer good";
}

static const char *check_proof(const struct authority_source *source,
			       const struct authority_claim *claim, bool *ret_unknown)
{
	const dfs_value *value = claim->value;
	const dfs_proof *proof = &value->proof;
	struct authority_key key;
	dfs_key statement;
	const char *wrong = statement_check_signature(&proof->signature);

	if (!wrong && ballot_compare(&value->origin, &proof->ballot) > 0)
		wrong = "a value that was first proposed after it was signed";
	if (wrong)
		return wrong;
	if (!key_of(source, &proof->signer, proof->signature.key, &key, ret_unknown))
		return "a value whose signer's key is not known";
	wrong = check_fresh(claim, &key);
	if (wrong)
		return wrong;
	return statement_of_proposal(claim->path, value, &statement) &&
			       is_signed(source, &statement, &proof->signature, &key.key)
		       ? NULL
		       : "a value that its signer did not sign";
}

/* By a key that he has or had. */
static const char *check_content(const struct authority_source *source,
				 const dfs_path *path, const dfs_user *owner,
				 const dfs_content *content, bool *ret_unknown)
{
	struct authority_key key;
	dfs_key statement;

	if (!key_of(source, &content->writer, content->signature.key, &key, ret_unknown))
		return "a content whose writer's key is not known";
	return statement_of_content(path, owner, content, &statement) &&
			       is_signed(source, &statement, &content->signature,
					 &key.key)
		       ? NULL
		       : "a content that its writer did not sign";
}

static const char *check_access(const struct authority_source *source,
				struct authority_claim *claim, bool *ret_unknown)
{
	const dfs_access *access = value_access(claim->value);
	const dfs_user owner = whose(claim->path);
	struct authority_key key;
	dfs_key statement;

	if (!access || !access->signature)
		return NULL;
	if (!key_of(source, &owner, access->signature->key, &key, ret_unknown))
		return "readers whose owner's key is not known";
	claim->old_readers = !key.present || !key.welcome;
	return statement_of_access(claim->path, &owner, access, &statement) &&
			       is_signed(source, &statement, access->signature, &key.key)
		       ? NULL
		       : "readers that the owner did not sign";
}

bool authority_account_is_genuine(const dfs_key *admin_key, const dfs_user *user,
				  const dfs_account *account)
{
	dfs_key statement;

	return statement_of_account(user, account, &statement) &&
	       statement_is_signed(&statement, &account->signature, admin_key);
}

/* What is stated in it, by whomever. */
static const char *check_body(const struct authority_source *source,
			      struct authority_claim *claim, bool *ret_unknown)
{
	const dfs_body *body = &claim->value->body;
	const dfs_manifest *manifest = &body->dfs_body_u.manifest;
	const char *wrong = check_access(source, claim, ret_unknown);

	if (!wrong && value_has_content(claim->value))
		wrong = check_content(source, claim->path, &manifest->owner,
				      &manifest->content, ret_unknown);
	if (!wrong && body->kind == DFS_ACCOUNT) {
		const dfs_user user = whose(claim->path);

		if (!authority_account_is_genuine(&source->admin_key, &user,
						  &body->dfs_body_u.account))
			wrong = "an account that admin did not sign";
	}
	return wrong;
}

const char *authority_check_stated(const struct authority_source *source,
				   struct authority_claim *claim, bool *ret_unknown)
{
	const char *wrong;

	*ret_unknown = false;
	claim->old_readers = false;
	if (value_is_nothing(claim->value))
		return claim->caller ? "what only servers say" : NULL;
	wrong = check_proof(source, claim, ret_unknown);
	return wrong ? wrong : check_body(source, claim, ret_unknown);
}

/* ---- what servers sign --------------------------------------------------------- */

bool authority_has_promised(const struct authority_source *source, const dfs_path *path,
			    const dfs_ballot *ballot, const dfs_signed_promise *promise)
{
	uint32_t number = promise->signature.key;
	const dfs_key *key = source->servers ? server_keys_find(source->servers,
								promise->server, number)
					     : NULL;
	dfs_key statement;

	return key && number == server_keys_present(source->servers, promise->server) &&
	       statement_of_promise(path, ballot, &promise->told, &statement) &&
	       is_signed(source, &statement, &promise->signature, key);
}

bool authority_has_confirmed(const struct authority_source *source, const dfs_path *path,
			     const dfs_ballot *ballot, const dfs_key *digest,
			     const dfs_confirmation *confirmation)
{
	const dfs_key *key =
		source->servers ? server_keys_find(source->servers, confirmation->server,
						   confirmation->key)
				: NULL;
	dfs_signature signature = {
		.key = confirmation->key,
		.leaves = confirmation->leaves,
		.leaf = confirmation->leaf,
		.path = {confirmation->path.path_len, confirmation->path.path_val}};
	dfs_key statement;

	memcpy(signature.signature, confirmation->signature, sizeof signature.signature);
	return key && statement_of_confirmation(path, ballot, digest, &statement) &&
	       is_signed(source, &statement, &signature, key);
}

bool authority_is_own(const struct authority_claim *claim)
{
	const dfs_proof *proof = &claim->value->proof;
	const dfs_path *path = claim->path;
	dfs_key digest;

	if (kind_of(path) != PATH_OF_FILE ||
	    path_is_shared(path->dfs_path_val, path->dfs_path_len))
		return false;
	const dfs_user owner = whose(path);

	return same_user(&proof->signer, &owner) &&
	       ballot_compare(&proof->ballot, claim->ballot) == 0 &&
	       statement_digest(claim->value, &digest) &&
	       memcmp(&digest, &proof->digest, sizeof digest) == 0;
}

/* By three servers, each once. */
static bool is_confirmed(const struct authority_source *source,
			 const struct authority_claim *claim)
{
	const dfs_proof *proof = &claim->value->proof;
	server_set servers = 0;
	dfs_key digest;

	if (proof->confirmations.confirmations_len != DFS_CONFIRMATIONS_MAX ||
	    !statement_digest(claim->value, &digest))
		return false;
	for (u_int i = 0; i < DFS_CONFIRMATIONS_MAX; i++) {
		const dfs_confirmation *one = &proof->confirmations.confirmations_val[i];

		if (!authority_has_confirmed(source, claim->path, claim->ballot, &digest,
					     one) ||
		    set_has(servers, one->server))
			return false;
		servers = set_with(servers, one->server);
	}
	return true;
}

const char *authority_check_proved(const struct authority_source *source,
				   struct authority_claim *claim, bool *ret_unknown)
{
	const char *wrong = authority_check_stated(source, claim, ret_unknown);

	if (wrong)
		return wrong;
	return authority_is_own(claim) || is_confirmed(source, claim)
		       ? NULL
		       : "a value that three servers did not confirm";
}

/* Of two that a server may tell of: by ballot, then by digest. */
static int compare_told(const dfs_promise_told *a, const dfs_promise_told *b)
{
	int order = ballot_compare(&a->ballot, &b->ballot);

	return order != 0 ? order : memcmp(&a->digest, &b->digest, sizeof a->digest);
}

const char *authority_check_promises(const struct authority_source *source,
				     const dfs_ballot *ballot,
				     const dfs_confirm_item *item, dfs_ballot *ret_ballot)
{
	const dfs_promise_told *highest = NULL;
	server_set servers = 0;
	dfs_key digest;

	if (item->promises.promises_len != DFS_CONFIRMATIONS_MAX)
		return "fewer than three promises";
	for (u_int i = 0; i < DFS_CONFIRMATIONS_MAX; i++) {
		const dfs_signed_promise *promise = &item->promises.promises_val[i];

		if (!authority_has_promised(source, &item->path, ballot, promise) ||
		    set_has(servers, promise->server))
			return "a promise that no server signed, or one twice";
		servers = set_with(servers, promise->server);
		if (!promise->told.known)
			continue;
		if (ballot_compare(&promise->told.ballot, ballot) >= 0)
			return "a promise of a ballot that was too low";
		if (!highest || compare_told(&promise->told, highest) > 0)
			highest = &promise->told;
	}
	if (!highest != !item->highest)
		return "another value than the promises tell of";
	if (!highest)
		return NULL;
	*ret_ballot = highest->ballot;
	return statement_digest(item->highest, &digest) &&
			       memcmp(&digest, &highest->digest, sizeof digest) == 0
		       ? NULL
		       : "a value that is not the highest that the promises tell of";
}

/* ---- who may ------------------------------------------------------------------- */

static bool lets_write(const dfs_access *access, const dfs_user *user)
{
	for (u_int i = 0; access && i < access->readers.readers_len; i++)
		if (same_user(&access->readers.readers_val[i].user, user))
			return access->readers.readers_val[i].writes;
	return false;
}

static bool same_access(const dfs_access *a, const dfs_access *b)
{
	if (a->generation != b->generation ||
	    a->readers.readers_len != b->readers.readers_len)
		return false;
	for (u_int i = 0; i < a->readers.readers_len; i++) {
		const dfs_reader *one = &a->readers.readers_val[i];
		const dfs_reader *other = &b->readers.readers_val[i];

		if (!same_user(&one->user, &other->user) ||
		    one->writes != other->writes ||
		    memcmp(&one->seal_key, &other->seal_key, sizeof one->seal_key) != 0)
			return false;
	}
	return true;
}

/*
 * A writer leaves the list as it is.  A server may tell of one that is newer than what is
 * known here, as the owner has signed it.
 */
static const char *check_writer(const struct authority_claim *claim,
				const dfs_value *accepted)
{
	const dfs_access *access = value_access(claim->value);
	const dfs_access *before = accepted ? value_access(accepted) : NULL;
	bool newer = !claim->caller &&
		     (!accepted || accepted->body.kind == DFS_TOMBSTONE ||
		      (access && before && access->generation > before->generation));

	if (!lets_write(access, &claim->value->proof.signer))
		return "a value of somebody who may not write there";
	if (newer || (!accepted && claim->caller))
		return NULL;
	return before && same_access(access, before)
		       ? NULL
		       : "readers that are not those of the file";
}

bool authority_may_note(const dfs_user *user, const dfs_path *old_path)
{
	dfs_user owner;

	if (kind_of(old_path) != PATH_OF_FILE)
		return false;
	owner = whose(old_path);
	return path_is_shared(old_path->dfs_path_val, old_path->dfs_path_len) ||
	       same_user(user, &owner);
}

static const char *check_file(const struct authority_claim *claim,
			      const dfs_value *accepted)
{
	const dfs_path *path = claim->path;
	const dfs_user owner = whose(path);
	const dfs_user *signer = &claim->value->proof.signer;
	const dfs_note *note = claim->value->note;

	if (note && !authority_may_note(signer, &note->old_path))
		return "a note of a path that is not its signer's";
	if (path_is_shared(path->dfs_path_val, path->dfs_path_len) ||
	    same_user(signer, &owner) ||
	    (claim->value->body.kind == DFS_TOMBSTONE && is_admin(signer)))
		return NULL;
	return check_writer(claim, accepted);
}

/* What an old key signed stays as it is; it lets nobody in anew. */
static const char *check_readers(const struct authority_claim *claim,
				 const dfs_value *accepted)
{
	const dfs_access *before = accepted ? value_access(accepted) : NULL;

	if (!claim->caller || !claim->old_readers)
		return NULL;
	return before && same_access(value_access(claim->value), before)
		       ? NULL
		       : "new readers, signed with a key that is no longer good";
}

/* What admin said later counts, whatever the ballots. */
static const char *check_account(const struct authority_claim *claim,
				 const dfs_value *accepted)
{
	const dfs_body *body = &claim->value->body;

	if (!is_admin(&claim->value->proof.signer))
		return "an account that is not from admin";
	if (!accepted || accepted->body.kind != DFS_ACCOUNT)
		return NULL;
	return body->kind == DFS_ACCOUNT &&
			       body->dfs_body_u.account.number >=
				       accepted->body.dfs_body_u.account.number
		       ? NULL
		       : "an account that is older than what is known";
}

const char *authority_check_allowed(const struct authority_claim *claim,
				    const dfs_value *accepted)
{
	const dfs_user *signer = &claim->value->proof.signer;
	const char *wrong;
	dfs_user user;

	if (value_is_nothing(claim->value))
		return NULL; /* three have seen that nothing is known */
	switch (kind_of(claim->path)) {
	case PATH_OF_FILE:
		wrong = check_file(claim, accepted);
		return wrong ? wrong : check_readers(claim, accepted);
	case PATH_OF_ACCOUNT:
		return check_account(claim, accepted);
	case PATH_OF_CREDENTIALS:
		user = whose(claim->path);
		return is_admin(signer) || same_user(signer, &user)
			       ? NULL
			       : "credentials of another";
	case PATH_OF_NOTHING:
		break;
	}
	return "a path that no register can have";
}
