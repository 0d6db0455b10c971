/* Who wrote a file: what admin, owner and writer signed, seen together. */
#include "provenance.h"

#include "account_cache.h"
#include "path.h"

#include <stdio.h>
#include <string.h>

static void copy_user(const dfs_user *user, char ret[DFS_USER_MAX + 1])
{
	(void)snprintf(ret, DFS_USER_MAX + 1, "%.*s", (int)user->dfs_user_len,
		       user->dfs_user_val);
}

/* The account that admin signed for this user; NULL also where it cannot be read. */
static const dfs_account *account_of(struct dfs *dfs, const char *user)
{
	struct dfs_result unread;

	return account_cache_find(dfs, user, &unread);
}

/* Is the list of readers, which says who may write, the owner's? */
static bool list_is_genuine(struct dfs *dfs, const char *path,
			    const dfs_manifest *manifest, const char *owner)
{
	const dfs_account *account;

	if (strcmp(owner, dfs->user) == 0)
		return manifest_access_is_genuine(path, manifest,
						  &dfs->identity->account);
	account = account_of(dfs, owner);
	return account && manifest_access_is_genuine(path, manifest, account);
}

/* Has this user signed the content? */
static bool is_signed_by(struct dfs *dfs, const char *path, const dfs_manifest *manifest,
			 const char *user)
{
	const dfs_account *account;

	if (strcmp(user, dfs->user) == 0)
		return manifest_content_is_genuine(path, manifest,
						   &dfs->identity->account, NULL);
	account = account_of(dfs, user);
	return account && manifest_content_is_genuine(path, manifest, account, NULL);
}

/*
 * Is the content from who may write here: signed by its owner, or by a writer whom the
 * owner
 * lets?  (An owner who changes the list of readers signs what another wrote.)  One's own
 * signature is demanded.  That of another may have been made with keys that he lost
 * since, or he is gone: then it is only said.  Below /shared/ everybody writes, and
 * nothing is proved.
 */
static bool writer_is_good(struct dfs *dfs, const char *path,
			   const dfs_manifest *manifest, struct dfs_result *result)
{
	char owner[DFS_USER_MAX + 1], writer[DFS_USER_MAX + 1];

	copy_user(&manifest->owner, owner);
	copy_user(&manifest->content.writer, writer);
	if (path_is_shared(path, strlen(path)) ||
	    is_signed_by(dfs, path, manifest, owner))
		return true;
	if (!manifest_writer_is_listed(manifest) ||
	    (strcmp(owner, writer) != 0 &&
	     !list_is_genuine(dfs, path, manifest, owner))) {
		result_fail(result, DFS_EXIT_DAMAGED,
			    "says that it was written by %s, whom its owner does not "
			    "let write: it is damaged or forged",
			    writer);
		return false;
	}
	if (is_signed_by(dfs, path, manifest, writer))
		return true;
	if (strcmp(writer, dfs->user) == 0) {
		result_fail(result, DFS_EXIT_DAMAGED,
			    "says that it was written by %s, who did not sign it: it is "
			    "damaged or forged",
			    writer);
		return false;
	}
	result_warn(result,
		    "it cannot be proved that %s wrote this: the account is gone or has "
		    "new keys, or the file is forged",
		    writer);
	return true;
}

bool provenance_open(struct dfs *dfs, const char *path, const dfs_manifest *manifest,
		     struct manifest_secret *ret, struct dfs_result *result)
{
	enum manifest_end end = MANIFEST_NOT_FOR_US;

	if (dfs->identity)
		end = manifest_open(dfs->identity, path, manifest, ret);
	switch (end) {
	case MANIFEST_OPEN:
		if (writer_is_good(dfs, path, manifest, result))
			return true;
		secret_wipe(ret, sizeof *ret);
		break;
	case MANIFEST_NOT_FOR_US:
		result_fail(result, DFS_EXIT_DENIED, "cannot be read by %s", dfs->user);
		break;
	case MANIFEST_NO_KEY:
		result_fail(result, DFS_EXIT_DAMAGED,
			    "its key does not open: it is damaged, or was made for a "
			    "key that %s no longer has (\"passwd --recover\" brings "
			    "back an older one)",
			    dfs->user);
		break;
	case MANIFEST_DAMAGED:
		result_fail(result, DFS_EXIT_DAMAGED,
			    "what the servers tell of it is damaged or forged");
		break;
	}
	return false;
}
