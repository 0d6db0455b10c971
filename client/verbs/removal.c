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

struct removal {
	struct run *run;
	struct dfs_delete *items; /* files and links first, then folders from below */
	size_t count, room, folders;
	bool no_memory;
	struct outcome outcome; /* of what was deleted */
	size_t deleted;
	char why[DFS_WHY]; /* of the first that failed */
};

struct removal *removal_new(struct run *run)
{
	struct removal *removal = calloc(1, sizeof *removal);

	if (removal)
		removal->run = run;
	return removal;
}

static char *path_of(const struct dfs_delete *item)
{
	union {
		const char *borrow;
		char *own;
	} path = {.borrow = item->path};

	return path.own;
}

void removal_free(struct removal *removal)
{
	if (!removal)
		return;
	for (size_t i = 0; i < removal->count; i++)
		free(path_of(&removal->items[i]));
	free(removal->items);
	free(removal);
}

/* ---- what is there --------------------------------------------------------------- */

static bool add(struct removal *removal, const char *path, bool folder)
{
	struct dfs_delete *item;

	if (removal->count == removal->room) {
		size_t room = removal->room > 0 ? 2 * removal->room : FIRST_ROOM;
		struct dfs_delete *more =
			reallocarray(removal->items, room, sizeof *removal->items);

		removal->no_memory |= !more;
		if (!more)
			return false;
		removal->items = more;
		removal->room = room;
	}
	item = &removal->items[removal->count];
	memset(item, 0, sizeof *item);
	item->path = strdup(path);
	item->folder = folder;
	removal->no_memory |= !item->path;
	removal->count += item->path != NULL;
	removal->folders += item->path && folder;
	return item->path;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct removal *removal = context;

	return add(removal, entry->path, entry->folder) ? 0 : DFS_EXIT_OTHER;
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
		good = add(removal, folder, true);
	free(folder);
	return good;
}

struct dfs_result removal_add(struct removal *removal, const char *path)
{
	size_t before = removal->count;
	struct dfs_result result = dfs_list(removal->run->dfs, path,
					    (struct dfs_list_options){.recursive = true},
					    take_entry, removal);
	bool file = removal->count == before + 1 && !removal->items[before].folder &&
		    strcmp(removal->items[before].path, path) == 0;

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
	const struct dfs_delete *one = a, *other = b;

	if (one->folder != other->folder)
		return one->folder ? 1 : -1;
	return one->folder ? strcmp(other->path, one->path)
			   : strcmp(one->path, other->path);
}

static void finished(void *context, size_t item)
{
	struct removal *removal = context;
	struct run *run = removal->run;
	struct dfs_delete *delete = &removal->items[item];
	struct outcome_item outcome = {.path = delete->path};

	/* It was there without a register, or somebody else was faster. */
	if (delete->result.code == DFS_EXIT_MISSING)
		return;
	outcome_add(&removal->outcome, delete->result.code);
	if (delete->result.code == DFS_EXIT_DONE)
		removal->deleted++;
	else if (removal->why[0] == '\0')
		(void)snprintf(removal->why, sizeof removal->why, "%.300s: %.600s",
			       delete->path, delete->result.why);
	if (output_json(run->output))
		outcome.take_fields =
			json_pack("{s:s}", "type", delete->folder ? "folder" : "file");
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
	struct run *run = removal->run;

	qsort(removal->items, removal->count, sizeof *removal->items, compare);
	dfs_delete(run->dfs, removal->items, removal->count, finished, removal);
	return removal->outcome.any && removal->outcome.code != DFS_EXIT_DONE
		       ? result_of(removal->outcome.code, "%s", removal->why)
		       : (struct dfs_result){.code = DFS_EXIT_DONE};
}
