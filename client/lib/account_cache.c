/* The accounts of other users. */
#include "account_cache.h"

#include "identity.h"
#include "path.h"
#include "reading.h"

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

		free(accounts);
		accounts = next;
	}
}

/* What three servers say of him, if admin says so too. */
static bool read_account(struct dfs *dfs, const char *user, dfs_account *ret,
			 struct dfs_result *result)
{
	char path[sizeof PATH_ACCOUNTS + DFS_USER_MAX];
	struct lookup lookup = {.path = path};

	(void)snprintf(path, sizeof path, PATH_ACCOUNTS "%s", user);
	reading_run(dfs, &lookup, 1);
	*result = lookup.result;
	if (result->code == DFS_EXIT_DONE &&
	    (!lookup.known || lookup.value.body.kind != DFS_ACCOUNT))
		result_fail(result, DFS_EXIT_MISSING, "there is no user %s", user);
	if (result->code == DFS_EXIT_DONE) {
		*ret = lookup.value.body.dfs_body_u.account;
		if (!identity_account_is_genuine(dfs->identity->admin_key, user, ret))
			result_fail(result, DFS_EXIT_DAMAGED,
				    "the account of %s that the servers tell is not "
				    "signed by this cluster's admin",
				    user);
	}
	lookup_free(&lookup);
	return result->code == DFS_EXIT_DONE;
}

const dfs_account *account_cache_find(struct dfs *dfs, const char *user,
				      struct dfs_result *result)
{
	struct account_cache *known;

	if (!dfs->identity) {
		result_fail(result, DFS_EXIT_DENIED, "log in first");
		return NULL;
	}
	if (path_check_user(user, strlen(user))) {
		result_fail(result, DFS_EXIT_MISSING, "there is no user %.40s", user);
		return NULL;
	}
	for (known = dfs->accounts; known; known = known->next)
		if (strcmp(known->user, user) == 0)
			return &known->account;
	known = calloc(1, sizeof *known);
	if (!known) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return NULL;
	}
	if (!read_account(dfs, user, &known->account, result)) {
		free(known);
		return NULL;
	}
	(void)snprintf(known->user, sizeof known->user, "%s", user);
	known->next = dfs->accounts;
	dfs->accounts = known;
	return &known->account;
}
