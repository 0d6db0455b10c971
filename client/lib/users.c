/*
 * The users of a cluster, as admin makes and changes them.
 *
 * A user is two registers.  The account comes first: who has an account and no
 * credentials is not there yet, cannot log in, and can be added again.
 */
#include "libdfs.h"
#include "password_rules.h"

#include "change.h"
#include "credentials.h"
#include "listing.h"
#include "path.h"
#include "reading.h"
#include "user_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char admin[] = "admin";

/* Who may do that, and to whom?  Code 0 or what is wrong. */
static struct dfs_result check(const struct dfs *dfs, const char *name)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	const char *wrong = path_check_user(name, strlen(name));

	if (wrong)
		result_fail(&result, DFS_EXIT_USAGE, "%s", wrong);
	else if (!dfs->identity || strcmp(dfs->user, admin) != 0)
		result_fail(&result, DFS_EXIT_DENIED,
			    "only admin may do that: log in with --user admin");
	return result;
}

static bool no_such_user(const char *name, struct dfs_result *result)
{
	result_fail(result, DFS_EXIT_MISSING, "there is no user %s", name);
	return false;
}

/* ---- new keys ------------------------------------------------------------------ */

/* A user in the making. */
struct new_user {
	struct dfs *dfs;
	const char *name;
	bool replaces; /* there is an account already, which stays but for its keys */
	bool is_there; /* both registers were, when one looked */
	uint64_t quota;
	dfs_account account;
	struct credentials credentials;
};

static bool edit_account(void *context, dfs_body *draft, struct dfs_result *result)
{
	struct new_user *making = context;
	dfs_account *account = &draft->dfs_body_u.account;
	const dfs_account before = *account;
	bool known = draft->kind == DFS_ACCOUNT;

	if (making->replaces && !known)
		return no_such_user(making->name, result);
	if (!making->replaces && known && making->is_there) {
		result_fail(result, DFS_EXIT_CONFLICT, "there is a user %s already",
			    making->name);
		return false;
	}
	draft->kind = DFS_ACCOUNT;
	*account = making->account;
	account->disabled = making->replaces && before.disabled;
	account->quota = making->replaces ? before.quota : making->quota;
	return true;
}

static bool edit_credentials(void *context, dfs_body *draft, struct dfs_result *result)
{
	const struct new_user *making = context;

	(void)result;
	draft->kind = DFS_CREDENTIALS;
	draft->dfs_body_u.credentials = making->credentials.record;
	return true;
}

/* A new secret, and all that is made of it. */
static struct dfs_result make(struct new_user *making, const char *password, size_t len)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	const char *wrong = password_rules_check(password, len);
	struct keys_ring ring = {.count = 1};

	if (wrong)
		result_fail(&result, DFS_EXIT_USAGE, "%s", wrong);
	else if (!keys_random(ring.secrets[0], KEYS_LEN) ||
		 !identity_make_account(making->dfs->identity, making->name,
					ring.secrets[0], &making->account) ||
		 !credentials_make(&making->credentials, password, len, &ring))
		result_fail(&result, DFS_EXIT_OTHER,
			    "out of memory, or the system has no random bytes");
	secret_wipe(&ring, sizeof ring);
	return result;
}

static struct dfs_result write_both(struct new_user *making)
{
	char path[CHANGE_PATH];
	struct dfs_result result = change_run(
		making->dfs, &(struct change){change_account_path(making->name, path),
					      edit_account, making});

	if (result.code != DFS_EXIT_DONE)
		return result;
	return change_run(making->dfs,
			  &(struct change){change_credentials_path(making->name, path),
					   edit_credentials, making});
}

/* Are both registers there? */
static struct dfs_result look(struct dfs *dfs, const char *name, bool *ret_both)
{
	char account[CHANGE_PATH], credentials[CHANGE_PATH];
	struct lookup lookups[2] = {{.path = change_account_path(name, account)},
				    {.path = change_credentials_path(name, credentials)}};
	struct dfs_result result;

	*ret_both = true;
	reading_run(dfs, lookups, 2);
	result = lookups[lookups[0].result.code == DFS_EXIT_DONE].result;
	for (size_t i = 0; i < 2; i++) {
		*ret_both = *ret_both && lookups[i].known &&
			    lookups[i].value.body.kind != DFS_TOMBSTONE;
		lookup_free(&lookups[i]);
	}
	return result;
}

/* With a new password and new keys, in place of what there is or not. */
static struct dfs_result make_user(struct new_user *making, const char *password,
				   size_t len)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};

	if (!making->replaces)
		result = look(making->dfs, making->name, &making->is_there);
	if (result.code == DFS_EXIT_DONE)
		result = make(making, password, len);
	return result.code == DFS_EXIT_DONE ? write_both(making) : result;
}

struct dfs_result dfs_user_add(struct dfs *dfs, const char *name, const char *password,
			       size_t len, uint64_t quota)
{
	struct dfs_result result = check(dfs, name);
	struct new_user making = {.dfs = dfs, .name = name, .quota = quota};

	return result.code == DFS_EXIT_DONE ? make_user(&making, password, len) : result;
}

struct dfs_result dfs_user_passwd(struct dfs *dfs, const char *name, const char *password,
				  size_t len)
{
	struct dfs_result result = check(dfs, name);
	struct new_user making = {.dfs = dfs, .name = name, .replaces = true};

	if (result.code == DFS_EXIT_DONE && strcmp(name, admin) == 0)
		result_fail(&result, DFS_EXIT_DENIED,
			    "admin's keys cannot be replaced: change the password with "
			    "\"passwd\"");
	return result.code == DFS_EXIT_DONE ? make_user(&making, password, len) : result;
}

/* ---- changes, deletion ----------------------------------------------------------- */

struct changing {
	const char *name;
	const struct dfs_user_change *change;
};

static bool edit_settings(void *context, dfs_body *draft, struct dfs_result *result)
{
	const struct changing *changing = context;
	dfs_account *account = &draft->dfs_body_u.account;

	if (draft->kind != DFS_ACCOUNT)
		return no_such_user(changing->name, result);
	if (changing->change->set_disabled)
		account->disabled = changing->change->disabled;
	if (changing->change->set_quota)
		account->quota = changing->change->quota;
	return true;
}

/* Sessions end when their user is disabled: they do not come back with him. */
static bool edit_end_sessions(void *context, dfs_body *draft, struct dfs_result *result)
{
	dfs_credentials *record = &draft->dfs_body_u.credentials;
	dfs_session *kept = context;

	(void)result;
	if (draft->kind == DFS_CREDENTIALS) {
		record->sessions.sessions_len = credentials_keep_recovery(record, kept);
		record->sessions.sessions_val = kept;
	}
	return true;
}

static struct dfs_result end_sessions(struct dfs *dfs, const char *name)
{
	dfs_session kept[DFS_SESSIONS_MAX] = {0};
	char path[CHANGE_PATH];

	return change_run(dfs, &(struct change){change_credentials_path(name, path),
						edit_end_sessions, kept});
}

struct dfs_result dfs_user_change(struct dfs *dfs, const char *name,
				  const struct dfs_user_change *change)
{
	struct dfs_result result = check(dfs, name);
	struct changing changing = {name, change};
	char path[CHANGE_PATH];

	if (result.code == DFS_EXIT_DONE && change->set_disabled && change->disabled &&
	    strcmp(name, admin) == 0)
		result_fail(&result, DFS_EXIT_DENIED, "admin cannot be disabled");
	if (result.code == DFS_EXIT_DONE)
		result = change_run(dfs, &(struct change){change_account_path(name, path),
							  edit_settings, &changing});
	if (result.code == DFS_EXIT_DONE && change->set_disabled && change->disabled)
		result = end_sessions(dfs, name);
	return result;
}

struct dfs_result dfs_user_delete(struct dfs *dfs, const char *name, bool with_files)
{
	const struct dfs_user_change disable = {.set_disabled = true, .disabled = true};
	struct dfs_result result = check(dfs, name);
	char path[CHANGE_PATH];

	if (result.code == DFS_EXIT_DONE && strcmp(name, admin) == 0)
		result_fail(&result, DFS_EXIT_DENIED, "admin cannot be deleted");
	if (result.code == DFS_EXIT_DONE && with_files)
		result = dfs_user_change(dfs, name, &disable);
	if (result.code == DFS_EXIT_DONE)
		result = with_files ? user_files_delete(dfs, name)
				    : user_files_none(dfs, name);
	/*
	 * The account, which says that there is such a user, goes last: what was cut off
	 * can be done again.
	 */
	if (result.code == DFS_EXIT_DONE)
		result = change_delete(dfs, change_credentials_path(name, path));
	if (result.code == DFS_EXIT_DONE || result.code == DFS_EXIT_MISSING)
		result = change_delete(dfs, change_account_path(name, path));
	if (result.code == DFS_EXIT_MISSING)
		no_such_user(name, &result);
	return result;
}

/* ---- the list ------------------------------------------------------------------ */

/* In a frame of its own: what a listing tells of one account. */
static int tell(const struct listing_entry *found,
		int (*entry)(void *context, const struct dfs_user_entry *entry),
		void *context)
{
	const dfs_account *account = &found->value->body.dfs_body_u.account;
	const struct dfs_user_entry told = {.name = found->path + strlen(PATH_ACCOUNTS),
					    .disabled = account->disabled,
					    .quota = account->quota};

	return entry(context, &told);
}

struct dfs_result
dfs_users(struct dfs *dfs,
	  int (*entry)(void *context, const struct dfs_user_entry *entry), void *context)
{
	struct dfs_result result = check(dfs, admin);
	struct listing_entry *found;
	struct listing *listing;

	if (result.code != DFS_EXIT_DONE)
		return result;
	found = malloc(sizeof *found);
	if (!found) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
		return result;
	}
	listing = listing_new(dfs, PATH_ACCOUNTS, false, true, &result);
	while (listing && listing_next(listing, found, &result))
		if (found->value && found->value->body.kind == DFS_ACCOUNT &&
		    tell(found, entry, context) != 0)
			break;
	listing_free(listing);
	free(found);
	return result;
}
