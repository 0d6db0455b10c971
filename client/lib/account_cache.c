/* The accounts of other users. */
#include "account_cache.h"

#include "identity.h"
#include "lookup.h"
#include "path.h"
#include "statement.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list: a session meets a handful of them. */
struct account_cache {
	struct account_cache *next;
	char user[DFS_USER_MAX + 1];
	dfs_account account;
};

void account_cache_free(struct account_cache *accounts)
{
	while (accounts) {
		struct account_cache *next = accounts->next;

		value_free_account(&accounts->account);
		free(accounts);
		accounts = next;
	}
}

/* What three servers say of him, or else the newest, if admin says so too. */
static bool read_account(struct dfs *dfs, const char *user, dfs_account *ret,
			 struct dfs_result *result)
{
	char path[sizeof PATH_ACCOUNTS + DFS_USER_MAX];
	struct lookup lookup = {.path = path}, *looked = &lookup;
	const dfs_account *told = &lookup.value.body.dfs_body_u.account;

	(void)snprintf(path, sizeof path, PATH_ACCOUNTS "%s", user);
	/* Finished or not: it counts by admin's signature and its number. */
	if (lookup_agreed(dfs, &looked, 1) > 0)
		lookup_newest(dfs, &lookup, 1);
	*result = lookup.result;
	if (result->code == DFS_EXIT_DONE &&
	    (!lookup.known || lookup.value.body.kind != DFS_ACCOUNT))
		result_fail(result, DFS_EXIT_MISSING, "there is no user %s", user);
	else if (result->code == DFS_EXIT_DONE &&
		 !identity_account_is_genuine(dfs->identity->admin_key, user, told))
		result_fail(result, DFS_EXIT_DAMAGED,
			    "the account of %s that the servers tell is not signed by "
			    "this cluster's admin",
			    user);
	else if (result->code == DFS_EXIT_DONE && !value_copy_account(told, ret))
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
	lookup_free(&lookup);
	return result->code == DFS_EXIT_DONE;
}

static struct account_cache *find_known(const struct dfs *dfs, const char *user)
{
	struct account_cache *known = dfs->accounts;

	while (known && strcmp(known->user, user) != 0)
		known = known->next;
	return known;
}

/* Reads it, in place of what is known; of two genuine ones the later one counts. */
static const dfs_account *read_anew(struct dfs *dfs, const char *user,
				    struct dfs_result *result)
{
	struct account_cache *known;
	dfs_account account = {0};

	if (!read_account(dfs, user, &account, result))
		return NULL;
	known = find_known(dfs, user);
	if (known && known->account.number >= account.number) {
		value_free_account(&account);
		return &known->account;
	}
	if (!known) {
		known = calloc(1, sizeof *known);
		if (!known) {
			value_free_account(&account);
			result_fail(result, DFS_EXIT_OTHER, "out of memory");
			return NULL;
		}
		(void)snprintf(known->user, sizeof known->user, "%s", user);
		known->next = dfs->accounts;
		dfs->accounts = known;
	}
	value_free_account(&known->account);
	known->account = account;
	return &known->account;
}

const dfs_account *account_cache_find(struct dfs *dfs, const char *user,
				      struct dfs_result *result)
{
	const struct account_cache *known;
	const dfs_account *found;

	if (!dfs->identity) {
		result_fail(result, DFS_EXIT_DENIED, "log in first");
		return NULL;
	}
	if (path_check_user(user, strlen(user))) {
		result_fail(result, DFS_EXIT_MISSING, "there is no user %.40s", user);
		return NULL;
	}
	known = find_known(dfs, user);
	found = known ? &known->account : read_anew(dfs, user, result);
	if (found && found->gone) {
		result_fail(result, DFS_EXIT_MISSING, "there is no user %s any more",
			    user);
		return NULL;
	}
	return found;
}

bool account_cache_key(void *context, const dfs_user *user, uint32_t number,
		       struct authority_key *ret)
{
	struct dfs *dfs = context;
	char name[DFS_USER_MAX + 1];
	const struct account_cache *known;
	const dfs_account *account;
	struct dfs_result unread = {0};
	const dfs_key *key;

	(void)snprintf(name, sizeof name, "%.*s", (int)user->dfs_user_len,
		       user->dfs_user_val);
	if (!dfs->identity || path_check_user(name, strlen(name)))
		return false;
	known = find_known(dfs, name);
	account = strcmp(name, dfs->user) == 0 ? &dfs->identity->account
		  : known                      ? &known->account
					       : NULL;
	key = account ? statement_key(account, number) : NULL;
	/* He may have new keys since. */
	if (!key) {
		account = read_anew(dfs, name, &unread);
		key = account ? statement_key(account, number) : NULL;
	}
	if (!key)
		return false;
	*ret = (struct authority_key){.key = *key,
				      .present = number == account->key,
				      .welcome = !account->gone && !account->disabled};
	return true;
}
