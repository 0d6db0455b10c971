/* One register changed on top of what it has. */
#include "change.h"

#include "ballot.h"
#include "path.h"
#include "proposer.h"
#include "value.h"

#include <stdio.h>
#include <string.h>

const char *change_account_path(const char *user, char *path)
{
	(void)snprintf(path, CHANGE_PATH, PATH_ACCOUNTS "%.*s", DFS_USER_MAX, user);
	return path;
}

const char *change_credentials_path(const char *user, char *path)
{
	(void)snprintf(path, CHANGE_PATH, PATH_CREDENTIALS "%.*s", DFS_USER_MAX, user);
	return path;
}

/* By way of a value, which can be copied. */
bool change_copy_body(const dfs_body *body, dfs_body *ret)
{
	const dfs_value value = {.body = *body};
	dfs_value copy;

	if (!value_copy(&value, &copy))
		return false;
	*ret = copy.body;
	memset(&copy.body, 0, sizeof copy.body);
	copy.body.kind = DFS_TOMBSTONE;
	value_free(&copy);
	return true;
}

static bool make(struct proposal *proposal, const dfs_value *best, dfs_body *ret_body)
{
	const struct change *change = proposal->change_context;
	dfs_body draft = {.kind = DFS_TOMBSTONE};

	if (best)
		draft = best->body;
	if (!change->edit(change->context, &draft, &proposal->result))
		return false;
	if (change_copy_body(&draft, ret_body))
		return true;
	result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
	return false;
}

static struct dfs_result propose_one(struct dfs *dfs, struct proposal *proposal)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};

	if (!dfs->identity) {
		result_fail(&result, DFS_EXIT_DENIED, "not logged in");
		return result;
	}
	if (!id_random(&proposal->operation)) {
		result_fail(&result, DFS_EXIT_OTHER, "the system has no random bytes");
		return result;
	}
	proposer_run(dfs, proposal, 1);
	session_tell(dfs);
	result = proposal->result;
	/* There is no --operation here: to do it again does no harm. */
	if (result.code == DFS_EXIT_OPEN)
		result_fail(
			&result, DFS_EXIT_OPEN,
			"too few servers answered in the end: it may have happened or "
			"not; do it again");
	proposer_free(proposal);
	return result;
}

struct dfs_result change_run(struct dfs *dfs, const struct change *change)
{
	struct change context = *change;
	struct proposal proposal = {.path = change->path,
				    .kind = PROPOSAL_CHANGE,
				    .change = make,
				    .change_context = &context};

	return propose_one(dfs, &proposal);
}

struct dfs_result change_delete(struct dfs *dfs, const char *path)
{
	struct proposal proposal = {.path = path, .kind = PROPOSAL_TOMBSTONE};

	return propose_one(dfs, &proposal);
}
