/* A listing of a tree as a walk through it: folders are entered and left. */
#include "walk.h"

#include "dfs.h"
#include "path.h"
#include "result.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

struct walk {
	const struct walk_callbacks *callbacks;
	char at[DFS_PATH_MAX + 2]; /* the folder where it is, with its '/' */
	size_t len, base;          /* of that, and of where it began, */
	const char *path;          /* as the caller has it */
	unsigned depth;            /* below where it began */
	bool odd;                  /* a name that cannot be was listed */
	bool ended;                /* by a callback */
};

static int tell(int (*callback)(void *context, const char *folder, unsigned depth),
		struct walk *walk)
{
	int code;

	if (!callback)
		return 0;
	walk->at[walk->len - 1] = '\0';
	code = callback(walk->callbacks->context, walk->at, walk->depth);
	walk->at[walk->len - 1] = '/';
	walk->ended |= code != 0;
	return code;
}

/* Goes up until the path is below where it is. */
static int go_up(struct walk *walk, const char *path)
{
	while (walk->len > walk->base && strncmp(path, walk->at, walk->len) != 0) {
		int code = tell(walk->callbacks->leave, walk);

		if (code != 0)
			return code;
		walk->len--;
		while (walk->at[walk->len - 1] != '/')
			walk->len--;
		walk->at[walk->len] = '\0';
		walk->depth--;
	}
	return 0;
}

/* Goes down into the folders of the path. */
static int go_down(struct walk *walk, const char *path)
{
	const char *slash;

	while ((slash = strchr(path + walk->len, '/'))) {
		int code;

		walk->len = (size_t)(slash - path) + 1;
		memcpy(walk->at, path, walk->len);
		walk->at[walk->len] = '\0';
		walk->depth++;
		code = tell(walk->callbacks->enter, walk);
		if (code != 0)
			return code;
	}
	return 0;
}

/* Names from the servers are believed as little as those that are typed. */
static bool is_below(const struct walk *walk, const char *path, bool folder)
{
	size_t len = strlen(path);
	const char *wrong = folder ? path_check_folder(path, len) : path_check(path, len);

	return !wrong && len > walk->base && strncmp(path, walk->at, walk->base) == 0;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct walk *walk = context;
	const struct walk_callbacks *callbacks = walk->callbacks;
	char path[DFS_PATH_MAX + 2];
	int code;

	if (strcmp(entry->path, walk->path) == 0)
		return callbacks->file(callbacks->context, entry, 0);
	(void)snprintf(path, sizeof path, "%s%s", entry->path, entry->folder ? "/" : "");
	if (!is_below(walk, path, entry->folder)) {
		walk->odd = true;
		return 0;
	}
	code = go_up(walk, path);
	if (code == 0)
		code = go_down(walk, path);
	if (code == 0 && !entry->folder)
		code = callbacks->file(callbacks->context, entry, walk->depth + 1);
	walk->ended |= code != 0;
	return code;
}

struct dfs_result walk_run(struct dfs *dfs, const char *path, bool flat, bool detail,
			   const struct walk_callbacks *callbacks)
{
	const struct dfs_list_options options = {.recursive = !flat, .detail = detail};
	struct walk walk = {.callbacks = callbacks, .path = path};
	size_t len = strlen(path);
	struct dfs_result result;

	/* What dfs_list refuses is not walked through. */
	(void)snprintf(walk.at, sizeof walk.at, "%s%s", path,
		       len > 0 && path[len - 1] == '/' ? "" : "/");
	walk.base = walk.len = strlen(walk.at);
	result = dfs_list(dfs, path, options, take_entry, &walk);
	if (result.code == DFS_EXIT_DONE && !walk.ended)
		(void)go_up(&walk, "");
	if (result.code == DFS_EXIT_DONE && walk.odd)
		result_fail(&result, DFS_EXIT_DAMAGED,
			    "a server lists a name that cannot be");
	return result;
}
