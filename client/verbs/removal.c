/* Deleting what was listed: files, links and folders, whole trees of them. */
#include "removal.h"

#include "outcome.h"
#include "output.h"
#include "question.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKS_ABOVE = 50, FIRST_ROOM = 64 };

/* One that goes. */
struct removed {
	char *path;
	enum dfs_type type;
};

struct removal {
	struct run *run;
	struct removed
		*of; /* at its end files and links first, then folders from below */
	size_t count, room, folders;
	bool no_memory;
	struct dfs_delete *items; /* of each, while they are deleted */
	struct outcome outcome;   /* of what was deleted */
	char why[DFS_WHY];        /* of the first that failed */
};

struct removal *removal_new(struct run *run)
{
	struct removal *removal = calloc(1, sizeof *removal);

	if (removal)
		removal->run = run;
	return removal;
}

void removal_free(struct removal *removal)
{
	if (!removal)
		return;
	for (size_t i = 0; i < removal->count; i++)
		free(removal->of[i].path);
	free(removal->of);
	free(removal);
}

/* ---- what is there --------------------------------------------------------------- */

static bool add(struct removal *removal, const char *path, enum dfs_type type)
{
	struct removed *one;

	if (removal->count == removal->room) {
		size_t room = removal->room > 0 ? 2 * removal->room : FIRST_ROOM;
		struct removed *more =
			reallocarray(removal->of, room, sizeof *removal->of);

		removal->no_memory |= !more;
		if (!more)
			return false;
		removal->of = more;
		removal->room = room;
	}
	one = &removal->of[removal->count];
	*one = (struct removed){.path = strdup(path), .type = type};
	removal->no_memory |= !one->path;
	removal->count += one->path != NULL;
	removal->folders += one->path && type == DFS_TYPE_FOLDER;
	return one->path;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct removal *removal = context;
	enum dfs_type type = entry->folder ? DFS_TYPE_FOLDER
			     : entry->link ? DFS_TYPE_LINK
					   : DFS_TYPE_FILE;

	return add(removal, entry->path, type) ? 0 : DFS_EXIT_OTHER;
}

/* The folder itself, if it has been made: that is seen by deleting it. */
static bool add_itself(struct removal *removal, const char *path)
{
	char *folder = strdup(path);
	size_t len = folder ? strlen(folder) : 0;
	bool good = folder;

	removal->no_memory |= !folder;
	if (len > 1 && folder[len - 1] == '/')
		folder[len - 1] = '\0';
	/* "/NAME" has no register. */
	if (good && strchr(folder + 1, '/'))
		good = add(removal, folder, DFS_TYPE_FOLDER);
	free(folder);
	return good;
}

struct dfs_result removal_add(struct removal *removal, const char *path)
{
	size_t before = removal->count;
	struct dfs_result result = dfs_list(removal->run->dfs, path,
					    (struct dfs_list_options){.recursive = true},
					    take_entry, removal);
	bool file = removal->count == before + 1 &&
		    removal->of[before].type != DFS_TYPE_FOLDER &&
		    strcmp(removal->of[before].path, path) == 0;

	if (result.code == DFS_EXIT_DONE && !file)
		(void)add_itself(removal, path);
	if (removal->no_memory)
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	return result;
}

/* ---- its end --------------------------------------------------------------------- */

/* Files and links before folders, and those the deeper ones first. */
static int compare(const void *a, const void *b)
{
	const struct removed *one = a, *other = b;
	bool folder = one->type == DFS_TYPE_FOLDER;

	if (folder != (other->type == DFS_TYPE_FOLDER))
		return folder ? 1 : -1;
	return folder ? strcmp(other->path, one->path) : strcmp(one->path, other->path);
}

static void finished(void *context, size_t item)
{
	struct removal *removal = context;
	struct run *run = removal->run;
	static const char *const types[] = {[DFS_TYPE_FILE] = "file",
					    [DFS_TYPE_LINK] = "link",
					    [DFS_TYPE_FOLDER] = "folder"};
	struct dfs_delete *delete = &removal->items[item];
	struct outcome_item outcome = {.path = delete->path};

	/* It was there without a register, or somebody else was faster. */
	if (delete->result.code == DFS_EXIT_MISSING)
		return;
	outcome_add(&removal->outcome, delete->result.code);
	if (delete->result.code != DFS_EXIT_DONE && removal->why[0] == '\0')
		(void)snprintf(removal->why, sizeof removal->why, "%.300s: %.600s",
			       delete->path, delete->result.why);
	if (output_json(run->output))
		outcome.take_fields =
			json_pack("{s:s}", "type", types[removal->of[item].type]);
	if (output_json(run->output) || delete->result.code != DFS_EXIT_DONE)
		outcome_item(run, &outcome, &delete->result);
	else
		outcome_add(&run->outcome, delete->result.code);
	if (delete->result.code == DFS_EXIT_DONE && output_verbose(run->output))
		output_remark(run->output, "%s: deleted", delete->path);
}

size_t removal_files(const struct removal *removal)
{
	return removal->count - removal->folders;
}

bool removal_is_meant(struct run *run, size_t files)
{
	return files <= ASKS_ABOVE ||
	       question_ask(run, "delete %zu files", files) != QUESTION_NO;
}

struct dfs_result removal_run(struct removal *removal)
{
	removal->items = calloc(removal->count + 1, sizeof *removal->items);
	if (!removal->items) {
		outcome_no_memory(removal->run);
		return result_of(DFS_EXIT_OTHER, "out of memory");
	}
	qsort(removal->of, removal->count, sizeof *removal->of, compare);
	for (size_t i = 0; i < removal->count; i++)
		removal->items[i] = (struct dfs_delete){.path = removal->of[i].path,
							.folder = removal->of[i].type ==
								  DFS_TYPE_FOLDER};
	dfs_delete(removal->run->dfs, removal->items, removal->count, finished, removal);
	free(removal->items);
	removal->items = NULL;
	return removal->outcome.any && removal->outcome.code != DFS_EXIT_DONE
		       ? result_of(removal->outcome.code, "%s", removal->why)
		       : (struct dfs_result){.code = DFS_EXIT_DONE};
}
