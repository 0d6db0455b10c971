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

/* ---- what admin says ----------------------------------------------------------- */

/*
 * An account that admin is about to change: what he says of the user, signed anew each
 * time.  What was before it is the draft's.
 */
struct saying {
	struct dfs *dfs;
	const char *name;
	dfs_signature signature; /* of what was said last */
};

static void saying_end(struct saying *saying)
{
	xdr_free((xdrproc_t)xdr_dfs_signature, &saying->signature);
	memset(&saying->signature, 0, sizeof saying->signature);
}

/* Is this what admin said before?  NULL where there is no account. */
static const dfs_account *before_of(const struct saying *saying, const dfs_body *draft,
				    struct dfs_result *result)
{
	const dfs_account *account = &draft->dfs_body_u.account;

	if (draft->kind != DFS_ACCOUNT)
		return NULL;
	if (!identity_account_is_genuine(saying->dfs->identity->admin_key, saying->name,
					 account))
		result_fail(result, DFS_EXIT_DAMAGED,
			    "the account of %s that the servers tell is not signed by "
			    "this cluster's admin",
			    saying->name);
	return account;
}

/* Says it: a number above the last one, and the signature. */
static bool say(struct saying *saying, uint64_t last_number, dfs_account *account,
		struct dfs_result *result)
{
	account->number = last_number + 1;
	memset(&account->signature, 0, sizeof account->signature);
	saying_end(saying);
	if (!identity_sign_account(saying->dfs->identity->pairs[0], saying->name,
				   account)) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	saying->signature = account->signature;
	return true;
}

/* ---- new keys ------------------------------------------------------------------ */

/* A user in the making. */
struct new_user {
	struct dfs *dfs;
	const char *name;
	bool replaces; /* there is an account already, which stays but for its keys */
	bool is_there; /* both registers were, when one looked */
	uint64_t quota;
	struct saying saying;
	dfs_account account;
	dfs_former_key former[DFS_FORMER_KEYS_MAX];
	struct credentials credentials;
};

/* The key that he had becomes a former one: what it signed is proved by it. */
static bool keep_keys(struct new_user *making, const dfs_account *before,
		      struct dfs_result *result)
{
	u_int count = before->former.former_len;

	if (count == DFS_FORMER_KEYS_MAX) {
		result_fail(result, DFS_EXIT_CONFLICT,
			    "%s has had %d keys, which is the most: what they signed "
			    "could not be proved any more; add another user instead",
			    making->name, (int)DFS_FORMER_KEYS_MAX + 1);
		return false;
	}
	making->former[0] = (dfs_former_key){before->key, before->sign_key};
	for (u_int i = 0; i < count; i++)
		making->former[i + 1] = before->former.former_val[i];
	making->account.former.former_len = count + 1;
	making->account.former.former_val = making->former;
	making->account.key = before->key + 1;
	return true;
}

static bool edit_account(void *context, dfs_body *draft, struct dfs_result *result)
{
	struct new_user *making = context;
	dfs_account *account = &making->account;
	const dfs_account *before = before_of(&making->saying, draft, result);
	bool lives = before && !before->gone;

	if (result->code != DFS_EXIT_DONE)
		return false;
	if (making->replaces && !lives)
		return no_such_user(making->name, result);
	if (!making->replaces && lives && making->is_there) {
		result_fail(result, DFS_EXIT_CONFLICT, "there is a user %s already",
			    making->name);
		return false;
	}
	account->disabled = false;
	account->quota = making->quota;
	if (before && making->replaces) {
		account->disabled = before->disabled;
		account->quota = before->quota;
	}
	account->key = 1;
	account->former.former_len = 0;
	if ((before && !keep_keys(making, before, result)) ||
	    !say(&making->saying, before ? before->number : 0, account, result))
		return false;
	draft->kind = DFS_ACCOUNT;
	draft->dfs_body_u.account = *account;
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
		const dfs_body *body = &lookups[i].value.body;

		*ret_both = *ret_both && lookups[i].known &&
			    body->kind != DFS_TOMBSTONE &&
			    !(body->kind == DFS_ACCOUNT && body->dfs_body_u.account.gone);
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
	if (result.code == DFS_EXIT_DONE)
		result = write_both(making);
	saying_end(&making->saying);
	return result;
}

struct dfs_result dfs_user_add(struct dfs *dfs, const char *name, const char *password,
			       size_t len, uint64_t quota)
{
	struct dfs_result result = check(dfs, name);
	struct new_user making = {.dfs = dfs,
				  .name = name,
				  .quota = quota,
				  .saying = {.dfs = dfs, .name = name}};

	return result.code == DFS_EXIT_DONE ? make_user(&making, password, len) : result;
}

struct dfs_result dfs_user_passwd(struct dfs *dfs, const char *name, const char *password,
				  size_t len)
{
	struct dfs_result result = check(dfs, name);
	struct new_user making = {.dfs = dfs,
				  .name = name,
				  .replaces = true,
				  .saying = {.dfs = dfs, .name = name}};

	if (result.code == DFS_EXIT_DONE && strcmp(name, admin) == 0)
		result_fail(&result, DFS_EXIT_DENIED,
			    "admin's keys cannot be replaced: change the password with "
			    "\"passwd\"");
	return result.code == DFS_EXIT_DONE ? make_user(&making, password, len) : result;
}

/* ---- changes, deletion ----------------------------------------------------------- */

struct changing {
	struct saying saying;
	const struct dfs_user_change *change;
	bool removes; /* the user goes; his account stays, for what he wrote */
};

static bool edit_settings(void *context, dfs_body *draft, struct dfs_result *result)
{
	struct changing *changing = context;
	const struct dfs_user_change *change = changing->change;
	const dfs_account *before = before_of(&changing->saying, draft, result);
	dfs_account *account = &draft->dfs_body_u.account;

	if (result->code != DFS_EXIT_DONE)
		return false;
	if (!before || before->gone)
		return no_such_user(changing->saying.name, result);
	if (changing->removes)
		account->gone = true;
	if (change && change->set_disabled)
		account->disabled = change->disabled;
	if (change && change->set_quota)
		account->quota = change->quota;
	return say(&changing->saying, before->number, account, result);
}

static struct dfs_result change_account(struct changing *changing)
{
	char path[CHANGE_PATH];
	struct dfs_result result = change_run(
		changing->saying.dfs,
		&(struct change){change_account_path(changing->saying.name, path),
				 edit_settings, changing});

	saying_end(&changing->saying);
	return result;
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
	struct changing changing = {.saying = {.dfs = dfs, .name = name},
				    .change = change};

	if (result.code == DFS_EXIT_DONE && change->set_disabled && change->disabled &&
	    strcmp(name, admin) == 0)
		result_fail(&result, DFS_EXIT_DENIED, "admin cannot be disabled");
	if (result.code == DFS_EXIT_DONE)
		result = change_account(&changing);
	if (result.code == DFS_EXIT_DONE && change->set_disabled && change->disabled)
		result = end_sessions(dfs, name);
	return result;
}

struct dfs_result dfs_user_delete(struct dfs *dfs, const char *name, bool with_files)
{
	const struct dfs_user_change disable = {.set_disabled = true, .disabled = true};
	struct dfs_result result = check(dfs, name);
	struct changing changing = {.saying = {.dfs = dfs, .name = name},
				    .removes = true};
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
		result = change_account(&changing);
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

/* Who is gone is no user, and what admin did not sign is nobody. */
static bool is_listed(const struct dfs *dfs, const struct listing_entry *found)
{
	const dfs_account *account = &found->value->body.dfs_body_u.account;

	return found->value && found->value->body.kind == DFS_ACCOUNT && !account->gone &&
	       identity_account_is_genuine(dfs->identity->admin_key,
					   found->path + strlen(PATH_ACCOUNTS), account);
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
		if (is_listed(dfs, found) && tell(found, entry, context) != 0)
			break;
	listing_free(listing);
	free(found);
	return result;
}
