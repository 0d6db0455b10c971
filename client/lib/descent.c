/* A listing of a tree as a descent into it: folders are entered and left. */
#include "descent.h"

#include "dfs.h"
#include "path.h"
#include "result.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

struct descent {
	const struct descent_callbacks *callbacks;
	char at[DFS_PATH_MAX + 2]; /* the folder where it is, with its '/' */
	size_t len, base;          /* of that, and of where it began, */
	const char *path;          /* as the caller has it */
	unsigned depth;            /* below where it began */
	bool odd;                  /* a name that cannot be was listed */
	bool ended;                /* by a callback */
};

static int tell(int (*callback)(void *context, const char *folder, unsigned depth),
		struct descent *descent)
{
	int code;

	if (!callback)
		return 0;
	descent->at[descent->len - 1] = '\0';
	code = callback(descent->callbacks->context, descent->at, descent->depth);
	descent->at[descent->len - 1] = '/';
	descent->ended |= code != 0;
	return code;
}

/* Goes up until the path is below where it is. */
static int go_up(struct descent *descent, const char *path)
{
	while (descent->len > descent->base &&
	       strncmp(path, descent->at, descent->len) != 0) {
		int code = tell(descent->callbacks->leave, descent);

		if (code != 0)
			return code;
		descent->len--;
		while (descent->at[descent->len - 1] != '/')
			descent->len--;
		descent->at[descent->len] = '\0';
		descent->depth--;
	}
	return 0;
}

/* Goes down into the folders of the path. */
static int go_down(struct descent *descent, const char *path)
{
	const char *slash;

	while ((slash = strchr(path + descent->len, '/'))) {
		int code;

		descent->len = (size_t)(slash - path) + 1;
		memcpy(descent->at, path, descent->len);
		descent->at[descent->len] = '\0';
		descent->depth++;
		code = tell(descent->callbacks->enter, descent);
		if (code != 0)
			return code;
	}
	return 0;
}

/* Names from the servers are believed as little as those that are typed. */
static bool is_below(const struct descent *descent, const char *path, bool folder)
{
	size_t len = strlen(path);
	const char *wrong = folder ? path_check_folder(path, len) : path_check(path, len);

	return !wrong && len > descent->base &&
	       strncmp(path, descent->at, descent->base) == 0;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct descent *descent = context;
	const struct descent_callbacks *callbacks = descent->callbacks;
	char path[DFS_PATH_MAX + 2];
	int code;

	if (strcmp(entry->path, descent->path) == 0)
		return callbacks->file(callbacks->context, entry, 0);
	(void)snprintf(path, sizeof path, "%s%s", entry->path, entry->folder ? "/" : "");
	if (!is_below(descent, path, entry->folder)) {
		descent->odd = true;
		return 0;
	}
	code = go_up(descent, path);
	if (code == 0)
		code = go_down(descent, path);
	if (code == 0 && !entry->folder)
		code = callbacks->file(callbacks->context, entry, descent->depth + 1);
	descent->ended |= code != 0;
	return code;
}

struct dfs_result descent_run(struct dfs *dfs, const char *path, bool flat, bool detail,
			      const struct descent_callbacks *callbacks)
{
	const struct dfs_list_options options = {.recursive = !flat, .detail = detail};
	struct descent descent = {.callbacks = callbacks, .path = path};
	size_t len = strlen(path);
	struct dfs_result result;

	/* What dfs_list refuses is not descended into. */
	(void)snprintf(descent.at, sizeof descent.at, "%s%s", path,
		       len > 0 && path[len - 1] == '/' ? "" : "/");
	descent.base = descent.len = strlen(descent.at);
	result = dfs_list(dfs, path, options, take_entry, &descent);
	if (result.code == DFS_EXIT_DONE && !descent.ended)
		(void)go_up(&descent, "");
	if (result.code == DFS_EXIT_DONE && descent.odd)
		result_fail(&result, DFS_EXIT_DAMAGED,
			    "a server lists a name that cannot be");
	return result;
}
