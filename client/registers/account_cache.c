/* The accounts of other users. */
#include "account_cache.h"

#include "clock.h"
#include "identity.h"
#include "lookup.h"
#include "path.h"
#include "statement.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For so long a key that an account did not have is not looked for again. */
enum { MISSED_MS = 10000 };

/* A list: a session meets a handful of them. */
struct account_cache {
	struct account_cache *next;
	char user[DFS_USER_MAX + 1];
	bool read;         /* the account is here */
	bool missed;       /* it was looked at in vain for a key, */
	int64_t missed_ms; /* at this time */
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
	dfs->reads_account = true;
	if (lookup_agreed(dfs, &looked, 1) > 0)
		lookup_newest(dfs, &lookup, 1);
	dfs->reads_account = false;
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

static struct account_cache *find_entry(const struct dfs *dfs, const char *user)
{
	struct account_cache *entry = dfs->accounts;

	while (entry && strcmp(entry->user, user) != 0)
		entry = entry->next;
	return entry;
}

/* The same, made where there is none; NULL when out of memory. */
static struct account_cache *make_entry(struct dfs *dfs, const char *user)
{
	struct account_cache *entry = find_entry(dfs, user);

	if (entry)
		return entry;
	entry = calloc(1, sizeof *entry);
	if (!entry)
		return NULL;
	(void)snprintf(entry->user, sizeof entry->user, "%s", user);
	entry->next = dfs->accounts;
	dfs->accounts = entry;
	return entry;
}

static const dfs_account *find_known(const struct dfs *dfs, const char *user)
{
	const struct account_cache *entry = find_entry(dfs, user);

	return entry && entry->read ? &entry->account : NULL;
}

/* Reads it, in place of what is known; of two genuine ones the later one counts. */
static const dfs_account *read_anew(struct dfs *dfs, const char *user,
				    struct dfs_result *result)
{
	struct account_cache *entry;
	dfs_account account = {0};

	if (!read_account(dfs, user, &account, result))
		return NULL;
	entry = make_entry(dfs, user);
	if (!entry) {
		value_free_account(&account);
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return NULL;
	}
	if (entry->read && entry->account.number >= account.number) {
		value_free_account(&account);
		return &entry->account;
	}
	value_free_account(&entry->account);
	entry->account = account;
	entry->read = true;
	return &entry->account;
}

/*
 * A key that is not known: the account may have it by now, unless it was just looked at
 * in vain.  A server that lies can name a key for each value that it tells of.
 */
static const dfs_key *look_for_key(struct dfs *dfs, const char *user, uint32_t number,
				   const dfs_account **ret_account)
{
	struct account_cache *entry = find_entry(dfs, user);
	struct dfs_result unread = {0};
	const dfs_key *key;

	if (entry && entry->missed && clock_now_ms() - entry->missed_ms < MISSED_MS)
		return NULL;
	*ret_account = read_anew(dfs, user, &unread);
	key = *ret_account ? statement_key(*ret_account, number) : NULL;
	entry = key ? NULL : make_entry(dfs, user);
	if (entry) {
		entry->missed = true;
		entry->missed_ms = clock_now_ms();
	}
	return key;
}

const dfs_account *account_cache_find(struct dfs *dfs, const char *user,
				      struct dfs_result *result)
{
	const dfs_account *found;

	if (!dfs->identity) {
		result_fail(result, DFS_EXIT_DENIED, "log in first");
		return NULL;
	}
	if (path_check_user(user, strlen(user))) {
		result_fail(result, DFS_EXIT_MISSING, "there is no user %.40s", user);
		return NULL;
	}
	found = find_known(dfs, user);
	if (!found)
		found = read_anew(dfs, user, result);
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
	const dfs_account *account;
	const dfs_key *key;

	(void)snprintf(name, sizeof name, "%.*s", (int)user->dfs_user_len,
		       user->dfs_user_val);
	if (!dfs->identity || path_check_user(name, strlen(name)))
		return false;
	account = strcmp(name, dfs->user) == 0 ? &dfs->identity->account
					       : find_known(dfs, name);
	key = account ? statement_key(account, number) : NULL;
	/* Accounts are admin's: what another signed of one needs no key of his. */
	if (!key && !dfs->reads_account)
		key = look_for_key(dfs, name, number, &account);
	if (!key)
		return false;
	*ret = (struct authority_key){.key = *key,
				      .present = number == account->key,
				      .welcome = !account->gone && !account->disabled};
	return true;
}
