/* dfs_find: what lies below a path and meets conditions. */
#include "libdfs_trees.h"

#include "dfs.h"
#include "pattern.h"
#include "result.h"
#include "status.h"
#include "descent.h"
#include <string.h>

struct find {
	struct dfs_find *items;
	size_t at;
	int (*found)(void *context, size_t item, const struct dfs_entry *entry);
	void *context;
	int code; /* with which found ended it */
};

/* Is more to be known of a file than its name? */
static bool needs_file(const struct dfs_condition *condition)
{
	return condition->owner || condition->sized || condition->newer;
}

static bool is_named(const struct dfs_condition *condition, const char *path,
		     unsigned depth)
{
	const char *base = strrchr(path, '/');

	return (condition->depth == 0 || depth <= condition->depth) &&
	       (!condition->name ||
		pattern_matches(condition->name, base ? base + 1 : path, true));
}

static bool is_meant(const struct dfs_condition *condition, const struct dfs_file *file)
{
	return (!condition->owner || strcmp(condition->owner, file->owner) == 0) &&
	       (!condition->sized ||
		(file->size >= condition->least && file->size <= condition->most)) &&
	       (!condition->newer || file->modified_ns > condition->newer_ns);
}

static int give(struct find *find, const struct dfs_entry *entry)
{
	find->code = find->found(find->context, find->at, entry);
	return find->code;
}

static int take_folder(void *context, const char *folder, unsigned depth)
{
	struct find *find = context;
	const struct dfs_condition *condition = &find->items[find->at].condition;
	const struct dfs_entry entry = {.path = folder, .folder = true};

	if (condition->no_folders || needs_file(condition) ||
	    !is_named(condition, folder, depth))
		return 0;
	return give(find, &entry);
}

static int take_file(void *context, const struct dfs_entry *entry, unsigned depth)
{
	struct find *find = context;
	struct dfs_find *item = &find->items[find->at];
	const struct dfs_condition *condition = &item->condition;

	if ((entry->link ? condition->no_links : condition->no_files) ||
	    !is_named(condition, entry->path, depth))
		return 0;
	if (needs_file(condition) && !entry->has_file) {
		item->unknown++;
		return 0;
	}
	if (needs_file(condition) && !is_meant(condition, &entry->file))
		return 0;
	return give(find, entry);
}

void dfs_find(struct dfs *dfs, struct dfs_find *items, size_t count,
	      int (*found)(void *context, size_t item, const struct dfs_entry *entry),
	      void *context)
{
	struct find find = {.items = items, .found = found, .context = context};
	const struct descent_callbacks callbacks = {
		.context = &find, .enter = take_folder, .file = take_file};

	for (; find.at < count; find.at++) {
		struct dfs_find *item = &items[find.at];

		item->unknown = 0;
		find.code = 0;
		item->result = descent_run(dfs, item->path, item->condition.depth == 1,
					   item->detail || needs_file(&item->condition),
					   &callbacks);
		if (find.code != 0 && item->result.code == DFS_EXIT_DONE)
			item->result.code = find.code;
		if (item->unknown > 0 && item->result.warning[0] == '\0')
			result_warn(
				&item->result,
				"of %llu files it is not known whether they are meant",
				(unsigned long long)item->unknown);
	}
}
