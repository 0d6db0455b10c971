/* The remote files that were named on the command line. */
#include "typed_paths.h"

#include "outcome.h"
#include "result.h"
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

/* What names on the command line may stand for. */
enum meant {
	MEANT_FILES,
	MEANT_ANY, /* files and folders, these without their final '/' */
	MEANT_NEW, /* likewise, but no patterns */
	MEANT_TREES
};

/* The path of a file or, with or without a '/' behind it, a folder. */
static struct dfs_result any_path(struct run *run, const char *typed, char **ret_path)
{
	size_t len = strlen(typed);
	char *name = len > 1 && typed[len - 1] == '/' ? strndup(typed, len - 1) : NULL;
	struct dfs_result result = run_path(run, name ? name : typed, ret_path);
	char *folder = NULL;

	free(name);
	if (result.code == DFS_EXIT_USAGE &&
	    run_folder(run, typed, &folder).code == DFS_EXIT_DONE)
		result = result_of(DFS_EXIT_USAGE, "is a folder that is always there; "
						   "meant is something below it");
	free(folder);
	return result;
}

static struct dfs_result path_of(struct run *run, enum meant meant, const char *typed,
				 char **ret_path)
{
	switch (meant) {
	case MEANT_ANY:
	case MEANT_NEW:
		return any_path(run, typed, ret_path);
	case MEANT_TREES:
		return run_either(run, typed, ret_path);
	case MEANT_FILES:
	default:
		return run_path(run, typed, ret_path);
	}
}

static void add(struct run *run, enum meant meant, struct typed_paths *paths,
		const char *typed)
{
	struct typed_path *added = &paths->items[paths->count];
	struct dfs_result result = path_of(run, meant, typed, &added->path);

	added->typed = typed;
	if (result.code == DFS_EXIT_DONE)
		paths->count++;
	else
		outcome_typed(run, typed, &result);
}

static bool prepare(struct run *run, const char *const *typed, size_t count,
		    enum meant meant, struct typed_paths *ret)
{
	struct dfs_result result = run_user(run);
	const char *own_only[1];
	char own[40];

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, typed, count, &result);
		return false;
	}
	(void)snprintf(own, sizeof own, "/%s/", run->user);
	own_only[0] = own;
	if (meant == MEANT_TREES && count == 0) {
		typed = own_only;
		count = 1;
	}
	if (meant == MEANT_NEW ? !typed_names_copy(run, typed, count, &ret->names)
			       : !typed_names_expand(run, typed, count,
						     meant != MEANT_FILES, &ret->names))
		return false;
	ret->items = calloc(ret->names.count + 1, sizeof *ret->items);
	if (!ret->items) {
		outcome_no_memory(run);
		return false;
	}
	for (size_t i = 0; i < ret->names.count; i++)
		add(run, meant, ret, ret->names.names[i]);
	return ret->count > 0 && open_session(run, ret);
}

bool typed_paths_prepare(struct run *run, const char *const *typed, size_t count,
			 struct typed_paths *ret)
{
	return prepare(run, typed, count, MEANT_FILES, ret);
}

bool typed_paths_prepare_any(struct run *run, const char *const *typed, size_t count,
			     struct typed_paths *ret)
{
	return prepare(run, typed, count, MEANT_ANY, ret);
}

bool typed_paths_prepare_new(struct run *run, struct typed_paths *ret)
{
	return prepare(run, run->options.arguments, run->options.count, MEANT_NEW, ret);
}

bool typed_paths_prepare_trees(struct run *run, struct typed_paths *ret)
{
	return prepare(run, run->options.arguments, run->options.count, MEANT_TREES, ret);
}

void typed_paths_free(struct typed_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	typed_names_free(&paths->names);
	memset(paths, 0, sizeof *paths);
}
