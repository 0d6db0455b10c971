/* What a user has stored, seen from admin. */
#include "user_files.h"

#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER = DFS_USER_MAX + 3 };

/* Some files of a folder, as many as there is room for. */
struct deletion_batch {
	size_t room, count;
	char *paths[DFS_BATCH_MAX];
	bool folders[DFS_BATCH_MAX];
	bool failed; /* out of memory */
};

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct deletion_batch *batch = context;

	batch->folders[batch->count] = entry->folder;
	batch->paths[batch->count] = strdup(entry->path);
	batch->failed = !batch->paths[batch->count];
	batch->count += !batch->failed;
	return batch->failed || batch->count == batch->room;
}

static void empty(struct deletion_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->paths[i]);
	batch->count = 0;
}

static struct dfs_result list(struct dfs *dfs, const char *user,
			      struct deletion_batch *batch)
{
	char folder[FOLDER];
	struct dfs_result result;

	(void)snprintf(folder, sizeof folder, "/%s/", user);
	result = dfs_list(dfs, folder, (struct dfs_list_options){.recursive = true},
			  take_entry, batch);
	if (result.code == DFS_EXIT_MISSING)
		result = (struct dfs_result){.code = DFS_EXIT_DONE};
	if (batch->failed)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	return result;
}

struct dfs_result user_files_none(struct dfs *dfs, const char *user)
{
	struct deletion_batch batch = {.room = 1};
	struct dfs_result result = list(dfs, user, &batch);

	if (result.code == DFS_EXIT_DONE && batch.count > 0)
		result_fail(&result, DFS_EXIT_CONFLICT,
			    "there are files below /%s/, such as %.300s: delete them "
			    "first, or all with -r",
			    user, batch.paths[0]);
	empty(&batch);
	return result;
}

struct user_deletion {
	const struct dfs_delete *items;
	struct dfs_result *result;
};

/* One that is gone already is no failure. */
static void finished(void *context, size_t item)
{
	const struct user_deletion *deleting = context;
	const struct dfs_delete *done = &deleting->items[item];

	if (done->result.code != DFS_EXIT_DONE && done->result.code != DFS_EXIT_MISSING &&
	    deleting->result->code == DFS_EXIT_DONE)
		result_fail(deleting->result, done->result.code, "%.300s: %.600s",
			    done->path, done->result.why);
}

static void delete_batch(struct dfs *dfs, const struct deletion_batch *batch,
			 struct dfs_result *result)
{
	struct dfs_delete *items = calloc(batch->count, sizeof *items);
	struct user_deletion deleting = {items, result};

	if (!items) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		items[i].path = batch->paths[i];
		items[i].folder = batch->folders[i];
	}
	dfs_delete(dfs, items, batch->count, finished, &deleting);
	free(items);
}

struct dfs_result user_files_delete(struct dfs *dfs, const char *user)
{
	struct deletion_batch batch = {.room = DFS_BATCH_MAX};
	struct dfs_result result;
	bool more;

	do {
		result = list(dfs, user, &batch);
		more = batch.count > 0;
		if (result.code == DFS_EXIT_DONE && more)
			delete_batch(dfs, &batch, &result);
		empty(&batch);
	} while (result.code == DFS_EXIT_DONE && more);
	return result;
}
