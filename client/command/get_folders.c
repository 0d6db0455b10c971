/* The folders of a tree that is fetched. */
#include "get_folders.h"

#include "local_target.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

struct get_folder {
	char *path, *local;
};

struct get_folders {
	struct run *run;
	struct get_folder *of;
	size_t count, room;
};

struct get_folders *get_folders_new(struct run *run)
{
	struct get_folders *folders = calloc(1, sizeof *folders);

	if (folders)
		folders->run = run;
	return folders;
}

void get_folders_free(struct get_folders *folders)
{
	if (!folders)
		return;
	for (size_t i = 0; i < folders->count; i++) {
		free(folders->of[i].path);
		free(folders->of[i].local);
	}
	free(folders->of);
	free(folders);
}

bool get_folders_add(struct get_folders *folders, const char *path, const char *local)
{
	struct get_folder folder;

	if (folders->count == folders->room) {
		size_t room = folders->room > 0 ? 2 * folders->room : FIRST_ROOM;
		struct get_folder *more = reallocarray(folders->of, room, sizeof *more);

		if (!more)
			return false;
		folders->of = more;
		folders->room = room;
	}
	folder = (struct get_folder){.path = strdup(path), .local = strdup(local)};
	if (!folder.path || !folder.local) {
		free(folder.path);
		free(folder.local);
		return false;
	}
	folders->of[folders->count++] = folder;
	return true;
}

struct get_times {
	const struct get_folders *folders;
	struct local_target *target;
	struct dfs_stat *items;
};

static void set_time(void *context, size_t item)
{
	struct get_times *times = context;
	struct run *run = times->folders->run;
	const struct get_folder *folder = &times->folders->of[item];
	struct dfs_stat *stat = &times->items[item];
	struct outcome_item outcome = {.path = folder->path};

	/*
	 * One without a register, or that went meanwhile, has nothing to tell; nor has
	 * one of somebody who shares what is below it.
	 */
	if (stat->result.code == DFS_EXIT_MISSING ||
	    stat->result.code == DFS_EXIT_DENIED ||
	    (stat->result.code == DFS_EXIT_DONE &&
	     (stat->file.type != DFS_TYPE_FOLDER || stat->file.version[0] == '\0')))
		return;
	if (output_json(run->output))
		outcome.take_fields = json_pack("{s:s}", "type", "folder");
	if (stat->result.code == DFS_EXIT_DONE)
		stat->result.code = local_target_folder_time(times->target, folder->local,
							     stat->file.modified_ns,
							     stat->result.why);
	outcome_item(run, &outcome, &stat->result);
}

void get_folders_make(struct get_folders *folders, struct local_target *target)
{
	struct get_times times = {folders, target,
				  calloc(folders->count + 1, sizeof *times.items)};
	size_t made = 0;

	if (!times.items) {
		outcome_no_memory(folders->run);
		return;
	}
	for (size_t i = 0; i < folders->count; i++) {
		const struct get_folder folder = folders->of[i];
		struct dfs_result result = {.code = DFS_EXIT_DONE};

		result.code = local_target_folder(target, folder.local, result.why);
		if (result.code != DFS_EXIT_DONE) {
			outcome_item(folders->run,
				     &(struct outcome_item){.path = folder.path},
				     &result);
			continue;
		}
		/* Those that could not be made are behind the others, to be freed. */
		folders->of[i] = folders->of[made];
		folders->of[made] = folder;
		times.items[made++].path = folder.path;
	}
	dfs_stat(folders->run->dfs, times.items, made, set_time, &times);
	free(times.items);
}
