/* The empty folders of a tree that is stored. */
#include "put_folders.h"

#include "libdfs_folders.h"
#include "local.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct put_folders {
	struct run *run;
	size_t count, room;
	struct dfs_mkdir *items;
	char **locals, **paths; /* of each item */
	/* Those that were there with another time, and which items they are. */
	struct dfs_setting *settings;
	size_t *which, found;
};

struct put_folders *put_folders_new(struct run *run)
{
	struct put_folders *folders = calloc(1, sizeof *folders);

	if (folders)
		folders->run = run;
	return folders;
}

void put_folders_free(struct put_folders *folders)
{
	if (!folders)
		return;
	for (size_t i = 0; i < folders->count; i++) {
		free(folders->locals[i]);
		free(folders->paths[i]);
	}
	free(folders->settings);
	free(folders->which);
	free(folders->locals);
	free(folders->paths);
	free(folders->items);
	free(folders);
}

static bool grow(struct put_folders *folders)
{
	size_t room = folders->room > 0 ? 2 * folders->room : FIRST_ROOM;
	struct dfs_mkdir *items = reallocarray(folders->items, room, sizeof *items);
	char **locals = reallocarray(folders->locals, room, sizeof *locals);
	char **paths = reallocarray(folders->paths, room, sizeof *paths);

	if (items)
		folders->items = items;
	if (locals)
		folders->locals = locals;
	if (paths)
		folders->paths = paths;
	if (!items || !locals || !paths)
		return false;
	folders->room = room;
	return true;
}

void put_folders_add(struct put_folders *folders, const char *local, const char *remote)
{
	size_t len = strlen(remote), at = folders->count;
	/* "backup/" is the folder "backup". */
	char *name = strndup(remote, len > 1 && remote[len - 1] == '/' ? len - 1 : len);
	char *path = NULL, *shown = strdup(local);
	struct dfs_result result = result_of(DFS_EXIT_OTHER, "out of memory");

	if (name && shown && (at < folders->room || grow(folders)))
		result = run_path(folders->run, name, &path);
	free(name);
	if (result.code != DFS_EXIT_DONE) {
		outcome_typed(folders->run, remote, &result);
		free(shown);
		return;
	}
	folders->paths[at] = path;
	folders->locals[at] = shown;
	folders->items[at] = (struct dfs_mkdir){
		.path = path, .may_exist = true, .modified_ns = local_modified(local)};
	folders->count++;
}

static void report(struct put_folders *folders, size_t item,
		   const struct dfs_result *result)
{
	struct outcome_item outcome = {.shown = folders->locals[item],
				       .path = folders->paths[item]};

	if (output_json(folders->run->output))
		outcome.take_fields = json_pack("{s:s,s:o}", "type", "folder", "local",
						output_string(folders->locals[item]));
	outcome_item(folders->run, &outcome, result);
}

/* One that was there gets its time anew, like a file that is put again. */
static void made(void *context, size_t item)
{
	struct put_folders *folders = context;
	const struct dfs_mkdir *folder = &folders->items[item];

	if (folder->result.code != DFS_EXIT_DONE || folder->made ||
	    folder->found_ns == folder->modified_ns) {
		report(folders, item, &folder->result);
		return;
	}
	folders->which[folders->found] = item;
	folders->settings[folders->found++] =
		(struct dfs_setting){.path = folder->path,
				     .set_modified = true,
				     .modified_ns = folder->modified_ns};
}

static void timed(void *context, size_t setting)
{
	struct put_folders *folders = context;
	struct dfs_result *result = &folders->settings[setting].result;

	/* Somebody else's below /shared/ is there, and its time is his. */
	if (result->code == DFS_EXIT_DENIED)
		*result = (struct dfs_result){.code = DFS_EXIT_DONE};
	report(folders, folders->which[setting], result);
}

void put_folders_finish(struct put_folders *folders)
{
	struct dfs_result result;

	if (folders->count == 0)
		return;
	result = run_open(folders->run);
	folders->settings = calloc(folders->count, sizeof *folders->settings);
	folders->which = calloc(folders->count, sizeof *folders->which);
	if (result.code == DFS_EXIT_DONE && (!folders->settings || !folders->which))
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(folders->run, NULL, 0, &result);
		return;
	}
	dfs_mkdir(folders->run->dfs, folders->items, folders->count, made, folders);
	dfs_set_attributes(folders->run->dfs, folders->settings, folders->found, timed,
			   folders);
}
