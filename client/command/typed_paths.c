/* The remote files that were named on the command line. */
#include "typed_paths.h"

#include "outcome.h"
#include "run.h"
#include "status.h"
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

/* The path of a file or, with or without a '/' behind it, a folder. */
static struct dfs_result any_path(struct run *run, const char *typed, char **ret_path)
{
	size_t len = strlen(typed);
	char *name = len > 1 && typed[len - 1] == '/' ? strndup(typed, len - 1) : NULL;
	struct dfs_result result = run_path(run, name ? name : typed, ret_path);

	free(name);
	return result;
}

static void add(struct run *run, struct typed_paths *paths, const char *typed, bool any)
{
	struct typed_path *added = &paths->items[paths->count];
	struct dfs_result result = any ? any_path(run, typed, &added->path)
				       : run_path(run, typed, &added->path);

	added->typed = typed;
	if (result.code == DFS_EXIT_DONE)
		paths->count++;
	else
		outcome_typed(run, typed, &result);
}

static bool prepare(struct run *run, const char *const *typed, size_t count, bool any,
		    struct typed_paths *ret)
{
	struct dfs_result result = run_user(run);

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, typed, count, &result);
		return false;
	}
	ret->items = calloc(count + 1, sizeof *ret->items);
	if (!ret->items) {
		outcome_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		add(run, ret, typed[i], any);
	return ret->count > 0 && open_session(run, ret);
}

bool typed_paths_prepare(struct run *run, const char *const *typed, size_t count,
			 struct typed_paths *ret)
{
	return prepare(run, typed, count, false, ret);
}

bool typed_paths_prepare_any(struct run *run, const char *const *typed, size_t count,
			     struct typed_paths *ret)
{
	return prepare(run, typed, count, true, ret);
}

void typed_paths_free(struct typed_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	memset(paths, 0, sizeof *paths);
}
