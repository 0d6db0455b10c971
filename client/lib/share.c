/*
 * dfs_file_share and dfs_file_unshare: who else may read a file.
 *
 * The owner wraps the object's key for one reader more or less, and signs the list;
 * content and version stay.  Whoever stores the file later wraps its new key for those on
 * the list.
 */
#include "libdfs.h"

#include "account_cache.h"
#include "ballot.h"
#include "manifest.h"
#include "path.h"
#include "proposer.h"
#include "provenance.h"
#include "refusals.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sharing {
	struct dfs *dfs;
	const char *path, *user;
	bool remove, writes;
	const dfs_account *account; /* of the user, unless he is removed */
};

static bool is_user(const dfs_user *user, const char *name)
{
	return user->dfs_user_len == strlen(name) &&
	       memcmp(user->dfs_user_val, name, user->dfs_user_len) == 0;
}

/* ---- the list ------------------------------------------------------------------ */

static bool remove_reader(dfs_access *access, const char *name)
{
	dfs_reader *readers = access->readers.readers_val;
	u_int at = 0;

	while (at < access->readers.readers_len && !is_user(&readers[at].user, name))
		at++;
	if (at == access->readers.readers_len)
		return false;
	free(readers[at].user.dfs_user_val);
	access->readers.readers_len--;
	memmove(&readers[at], &readers[at + 1],
		(access->readers.readers_len - at) * sizeof *readers);
	return true;
}

static bool add_reader(dfs_access *access, const char *name, bool writes,
		       const dfs_key *seal_key)
{
	u_int count = access->readers.readers_len;
	dfs_reader *readers =
		realloc(access->readers.readers_val, (count + 1) * sizeof *readers);
	char *copy = strdup(name);

	if (readers)
		access->readers.readers_val = readers;
	if (!readers || !copy) {
		free(copy);
		return false;
	}
	readers[count].user.dfs_user_val = copy;
	readers[count].user.dfs_user_len = (u_int)strlen(copy);
	readers[count].writes = writes;
	readers[count].seal_key = *seal_key;
	access->readers.readers_len++;
	return true;
}

/* What is wanted of the list, done; false, with result, when it cannot be. */
static bool edit(const struct sharing *sharing, dfs_access *access,
		 struct dfs_result *result)
{
	const char *user = sharing->user;
	bool was_there = remove_reader(access, user);

	if (sharing->remove) {
		if (!was_there)
			result_fail(result, DFS_EXIT_MISSING, "is not shared with %s",
				    user);
		return was_there;
	}
	if (access->readers.readers_len == DFS_READERS_MAX) {
		result_fail(result, DFS_EXIT_USAGE,
			    "is shared with %d users already, which is the most: "
			    "unshare it with one of them first",
			    (int)DFS_READERS_MAX);
		return false;
	}
	if (!add_reader(access, user, sharing->writes, &sharing->account->seal_key)) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	return true;
}

/* ---- the manifest -------------------------------------------------------------- */

/*
 * Keys and the owner's signature anew, for the list as it is now.  The content stays as
 * its writer signed it.
 */
static bool seal(const struct identity *identity, const char *path,
		 dfs_manifest *manifest, const struct manifest_secret *opening)
{
	const dfs_key *own = keys_pair_seal_key(identity->pairs[0]);
	dfs_access *access = &manifest->access;

	free(manifest->keys.keys_val);
	manifest->keys.keys_val = NULL;
	manifest->keys.keys_len = 0;
	if (access->signature)
		xdr_free((xdrproc_t)xdr_dfs_signature, access->signature);
	free(access->signature);
	access->signature = NULL;
	access->generation++;
	return own && manifest_wrap(identity, path, manifest, own, opening->key) &&
	       manifest_sign_access(identity, path, manifest);
}

/*
 * What cannot be proved is not signed: the owner answers for what he lets others read.
 */
static bool change_manifest(const struct sharing *sharing, dfs_value *value,
			    struct dfs_result *result)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const char *path = sharing->path;
	struct dfs *dfs = sharing->dfs;
	struct manifest_secret opening;
	bool good = false;

	if (!provenance_open(dfs, path, value, &opening, result))
		return false;
	if (edit(sharing, &manifest->access, result)) {
		good = seal(dfs->identity, path, manifest, &opening);
		if (!good)
			result_fail(result, DFS_EXIT_OTHER, "out of memory");
	}
	secret_wipe(&opening, sizeof opening);
	return good;
}

static bool change_body(struct proposal *proposal, const dfs_value *best,
			dfs_body *ret_body)
{
	dfs_value copy;

	if (!best || !value_has_content(best)) {
		result_fail(&proposal->result, DFS_EXIT_MISSING, "no such file");
		return false;
	}
	if (!value_copy(best, &copy)) {
		result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	if (!change_manifest(proposal->change_context, &copy, &proposal->result)) {
		value_free(&copy);
		return false;
	}
	*ret_body = copy.body;
	/* What was in it is the proposer's now. */
	memset(&copy.body, 0, sizeof copy.body);
	copy.body.kind = DFS_TOMBSTONE;
	value_free(&copy);
	return true;
}

/* ---- what may be shared -------------------------------------------------------- */

static bool check(struct sharing *sharing, struct dfs_result *result)
{
	struct dfs *dfs = sharing->dfs;
	size_t len = strlen(sharing->path), owner_len;
	const char *wrong = path_check(sharing->path, len), *owner;

	if (wrong) {
		result_fail(result, DFS_EXIT_USAGE, "%s", wrong);
		return false;
	}
	owner = path_of_whom(sharing->path, len, &owner_len);
	if (path_is_shared(sharing->path, len))
		result_fail(result, DFS_EXIT_USAGE, "belongs to everyone already");
	else if (!dfs->identity)
		result_fail(result, DFS_EXIT_DENIED, REFUSALS_NOBODY);
	else if (owner_len != strlen(dfs->user) ||
		 memcmp(owner, dfs->user, owner_len) != 0)
		result_fail(result, DFS_EXIT_DENIED, "only its owner, %.*s, can share it",
			    (int)owner_len, owner);
	else if (strcmp(sharing->user, dfs->user) == 0)
		result_fail(result, DFS_EXIT_USAGE, "is yours");
	else if (sharing->remove)
		return true;
	else
		sharing->account = account_cache_find(dfs, sharing->user, result);
	return sharing->account;
}

static struct dfs_result change_readers(struct sharing *sharing)
{
	struct proposal proposal = {.path = sharing->path,
				    .kind = PROPOSAL_CHANGE,
				    .change = change_body,
				    .change_context = sharing};
	struct dfs_result result = {.code = DFS_EXIT_DONE};

	if (!check(sharing, &result))
		return result;
	if (!id_random(&proposal.operation)) {
		result_fail(&result, DFS_EXIT_OTHER, "the system has no random bytes");
		return result;
	}
	proposer_run(sharing->dfs, &proposal, 1);
	result = proposal.result;
	proposer_free(&proposal);
	session_tell(sharing->dfs);
	return result;
}

struct dfs_result dfs_file_share(struct dfs *dfs, const char *path, const char *user,
				 bool writes)
{
	struct sharing sharing = {
		.dfs = dfs, .path = path, .user = user, .writes = writes};

	return change_readers(&sharing);
}

struct dfs_result dfs_file_unshare(struct dfs *dfs, const char *path, const char *user)
{
	struct sharing sharing = {.dfs = dfs, .path = path, .user = user, .remove = true};

	return change_readers(&sharing);
}
