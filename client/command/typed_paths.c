/* The remote files that were named on the command line. */
#include "typed_paths.h"

#include "outcome.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens the session; where it cannot be, every item is reported with the reason. */
static bool open_session(struct run *run, const struct typed_paths *paths)
{
	struct dfs_result result = run_open(run);
	const char **names;

	if (result.code == DFS_EXIT_DONE)
		return true;
	names = calloc(paths->count + 1, sizeof *names);
	if (!names) {
		outcome_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < paths->count; i++)
		names[i] = paths->items[i].path;
	outcome_all(run, names, paths->count, &result);
	free(names);
	return false;
}

static void add(struct run *run, bool trees, struct typed_paths *paths, const char *typed)
{
	struct typed_path *added = &paths->items[paths->count];
	struct dfs_result result = trees ? run_either(run, typed, &added->path)
					 : run_path(run, typed, &added->path);

	added->typed = typed;
	if (result.code == DFS_EXIT_DONE)
		paths->count++;
	else
		outcome_typed(run, typed, &result);
}

static bool prepare(struct run *run, const char *const *typed, size_t count, bool trees,
		    struct typed_paths *ret)
{
	struct dfs_result result = run_user(run);
	const char *here_only[1];
	char own[RUN_OWN];

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, typed, count, &result);
		return false;
	}
	here_only[0] = run_here(run, own);
	if (trees && count == 0) {
		typed = here_only;
		count = 1;
	}
	if (!typed_names_expand(run, typed, count, trees, &ret->names))
		return false;
	ret->items = calloc(ret->names.count + 1, sizeof *ret->items);
	if (!ret->items) {
		outcome_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < ret->names.count; i++)
		add(run, trees, ret, ret->names.names[i]);
	return ret->count > 0 && open_session(run, ret);
}

bool typed_paths_prepare(struct run *run, const char *const *typed, size_t count,
			 struct typed_paths *ret)
{
	return prepare(run, typed, count, false, ret);
}

bool typed_paths_prepare_trees(struct run *run, struct typed_paths *ret)
{
	return prepare(run, run->options.arguments, run->options.count, true, ret);
}

void typed_paths_free(struct typed_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	typed_names_free(&paths->names);
	memset(paths, 0, sizeof *paths);
}
