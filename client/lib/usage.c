/* dfs_usage: how much folders have below them. */
#include "libdfs_trees.h"

#include "dfs.h"
#include "result.h"
#include "status.h"
#include "descent.h"
#include <stdlib.h>

/* A path of DFS_PATH_MAX bytes has no more parts. */
enum { DEPTH_MAX = DFS_PATH_MAX / 2 + 1 };

struct counting {
	struct dfs_usage *items;
	size_t at;
	const struct dfs_usage_callbacks *callbacks;
	unsigned depth;
	struct dfs_usage folders[DEPTH_MAX]; /* of each one that is entered, from 1 */
};

static void add(struct dfs_usage *to, const struct dfs_usage *more)
{
	to->files += more->files;
	to->size += more->size;
	to->unknown += more->unknown;
}

static struct dfs_usage *counted(struct counting *counting)
{
	return counting->depth == 0 ? &counting->items[counting->at]
				    : &counting->folders[counting->depth];
}

static int enter(void *context, const char *folder, unsigned depth)
{
	struct counting *counting = context;

	(void)folder;
	counting->depth = depth;
	counting->folders[depth] = (struct dfs_usage){0};
	return 0;
}

static int leave(void *context, const char *folder, unsigned depth)
{
	struct counting *counting = context;
	struct dfs_usage *left = &counting->folders[depth];

	counting->depth = depth - 1;
	add(counted(counting), left);
	left->path = folder;
	return counting->callbacks->folder
		       ? counting->callbacks->folder(counting->callbacks->context,
						     counting->at, left, depth)
		       : 0;
}

static int take_file(void *context, const struct dfs_entry *entry, unsigned depth)
{
	struct counting *counting = context;
	const struct dfs_usage file = {.files = 1,
				       .size = entry->has_file ? entry->file.size : 0,
				       .unknown = entry->has_file ? 0 : 1};

	counting->items[counting->at].is_file = depth == 0;
	add(counted(counting), &file);
	return 0;
}

void dfs_usage(struct dfs *dfs, struct dfs_usage *items, size_t count,
	       const struct dfs_usage_callbacks *callbacks)
{
	struct counting *counting = calloc(1, sizeof *counting);
	const struct descent_callbacks descending = {
		.context = counting, .enter = enter, .leave = leave, .file = take_file};

	for (size_t i = 0; i < count; i++) {
		struct dfs_usage *item = &items[i];

		item->files = item->size = item->unknown = 0;
		item->is_file = false;
		if (counting) {
			counting->items = items;
			counting->at = i;
			counting->callbacks = callbacks;
			counting->depth = 0;
			item->result =
				descent_run(dfs, item->path, false, true, &descending);
		} else {
			item->result = result_of(DFS_EXIT_OTHER, "out of memory");
		}
		if (item->unknown > 0 && item->result.warning[0] == '\0')
			result_warn(&item->result, "the size of %llu files is not known",
				    (unsigned long long)item->unknown);
		callbacks->finished(callbacks->context, i);
	}
	free(counting);
}
