/* The remote files that were named on the command line. */
#include "remotes.h"

#include "verdict.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

bool remotes_open(struct run *run, const struct remotes *remotes)
{
	struct dfs_result result = run_open(run);
	const char **names;

	if (result.code == DFS_EXIT_DONE)
		return true;
	names = calloc(remotes->count + 1, sizeof *names);
	for (size_t i = 0; names != NULL && i < remotes->count; i++)
		names[i] = remotes->items[i].path;
	verdict_all(run, names, names != NULL ? remotes->count : 0, &result);
	free(names);
	return false;
}

bool remotes_prepare(struct run *run, const char *const *typed, size_t count,
		     struct remotes *ret)
{
	struct dfs_result result = run_user(run);

	memset(ret, 0, sizeof *ret);
	if (result.code == DFS_EXIT_DONE) {
		ret->items = calloc(count + 1, sizeof *ret->items);
		if (ret->items == NULL)
			result = run_result(DFS_EXIT_OTHER, "out of memory");
	}
	if (result.code != DFS_EXIT_DONE) {
		verdict_all(run, typed, count, &result);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct remote *remote = &ret->items[ret->count];

		result = run_path(run, typed[i], &remote->path);
		remote->typed = typed[i];
		if (result.code == DFS_EXIT_DONE)
			ret->count++;
		else
			verdict_item(run, &(struct verdict){.shown = typed[i]}, &result);
	}
	return ret->count > 0 && remotes_open(run, ret);
}

void remotes_free(struct remotes *remotes)
{
	for (size_t i = 0; i < remotes->count; i++)
		free(remotes->items[i].path);
	free(remotes->items);
	memset(remotes, 0, sizeof *remotes);
}
