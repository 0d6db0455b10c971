/* The remote files that were named on the command line. */
#include "typed_paths.h"

#include "outcome.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

/* Opens the session; where it cannot be, every item is reported with the reason. */
static bool open_session(struct run *run, const struct remotes *remotes)
{
	struct dfs_result result = run_open(run);
	const char **names;

	if (result.code == DFS_EXIT_DONE)
		return true;
	names = calloc(remotes->count + 1, sizeof *names);
	if (!names) {
		verdict_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < remotes->count; i++)
		names[i] = remotes->items[i].path;
	verdict_all(run, names, remotes->count, &result);
	free(names);
	return false;
}

static void add(struct run *run, struct remotes *remotes, const char *typed)
{
	struct remote *remote = &remotes->items[remotes->count];
	struct dfs_result result = run_path(run, typed, &remote->path);

	remote->typed = typed;
	if (result.code == DFS_EXIT_DONE)
		remotes->count++;
	else
		verdict_typed(run, typed, &result);
}

bool remotes_prepare(struct run *run, const char *const *typed, size_t count,
		     struct remotes *ret)
{
	struct dfs_result result = run_user(run);

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE) {
		verdict_all(run, typed, count, &result);
		return false;
	}
	ret->items = calloc(count + 1, sizeof *ret->items);
	if (!ret->items) {
		verdict_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		add(run, ret, typed[i]);
	return ret->count > 0 && open_session(run, ret);
}

void remotes_free(struct remotes *remotes)
{
	for (size_t i = 0; i < remotes->count; i++)
		free(remotes->items[i].path);
	free(remotes->items);
	memset(remotes, 0, sizeof *remotes);
}
