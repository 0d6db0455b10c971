/* dfs_expand: the names that patterns stand for. */
#include "libdfs_trees.h"

#include "lookup.h"
#include "path.h"
#include "pattern.h"
#include "descent.h"
#include <stdlib.h>
#include <string.h>

struct match {
	char *path;
	bool folder;
};

/* What the pattern at hand stands for, as far as it is known. */
struct expansion {
	struct dfs_expand *item;
	size_t below; /* parts of the pattern below the folder that is listed */
	struct match *matches;
	size_t count, room;
	bool no_memory;
	bool exact; /* the pattern itself is a name: the only match */
};

static void forget(struct expansion *expansion)
{
	for (size_t i = 0; i < expansion->count; i++)
		free(expansion->matches[i].path);
	expansion->count = 0;
}

static int add(struct expansion *expansion, const char *path, bool folder)
{
	if (expansion->count == expansion->room) {
		size_t room = 2 * expansion->room + 64;
		struct match *more = reallocarray(expansion->matches, room,
						  sizeof *expansion->matches);

		if (!more)
			goto no_memory;
		expansion->matches = more;
		expansion->room = room;
	}
	expansion->matches[expansion->count].path = strdup(path);
	expansion->matches[expansion->count].folder = folder;
	if (!expansion->matches[expansion->count].path)
		goto no_memory;
	expansion->count++;
	return 0;
no_memory:
	expansion->no_memory = true;
	return DFS_EXIT_OTHER;
}

/* Something whose name has as many parts as the pattern. */
static int consider(struct expansion *expansion, const char *path, bool folder)
{
	const struct dfs_expand *item = expansion->item;

	if (expansion->exact || (folder ? item->no_folders : item->no_files))
		return 0;
	if (strcmp(path, item->pattern) == 0) {
		forget(expansion);
		expansion->exact = true;
	} else if (!pattern_matches(item->pattern, path, false)) {
		return 0;
	}
	return add(expansion, path, folder);
}

static int take_folder(void *context, const char *folder, unsigned depth)
{
	struct expansion *expansion = context;

	return depth == expansion->below ? consider(expansion, folder, true) : 0;
}

static int take_file(void *context, const struct dfs_entry *entry, unsigned depth)
{
	struct expansion *expansion = context;

	return depth == expansion->below ? consider(expansion, entry->path, false) : 0;
}

/* Lists where the pattern begins to be one. */
static struct dfs_result look(struct dfs *dfs, struct expansion *expansion)
{
	const char *pattern = expansion->item->pattern;
	const struct descent_callbacks callbacks = {
		.context = expansion, .enter = take_folder, .file = take_file};
	char folder[DFS_PATH_MAX + 1];
	size_t len = pattern_folder(pattern);

	memcpy(folder, pattern, len);
	folder[len] = '\0';
	expansion->below = pattern_parts(pattern + len);
	return descent_run(dfs, folder, expansion->below == 1, false, &callbacks);
}

static void expand(struct dfs *dfs, struct expansion *expansion)
{
	struct dfs_result *result = &expansion->item->result;
	const char *pattern = expansion->item->pattern;
	const char *wrong = path_check(pattern, strlen(pattern));

	*result = (struct dfs_result){0};
	if (wrong) {
		result_fail(result, DFS_EXIT_USAGE, "%s", wrong);
		return;
	}
	*result = look(dfs, expansion);
	if (expansion->no_memory)
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
	else if (result->code == DFS_EXIT_MISSING ||
		 (result->code == DFS_EXIT_DONE && expansion->count == 0))
		result_fail(result, DFS_EXIT_MISSING, "nothing has such a name");
}

/* Which patterns are names of files themselves, that count alone then? */
static bool *find_exact(struct dfs *dfs, const struct dfs_expand *items, size_t count)
{
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);
	bool *exact = calloc(count + 1, sizeof *exact);
	size_t asked = 0;

	for (size_t i = 0; lookups && i < count; i++)
		if (!path_check(items[i].pattern, strlen(items[i].pattern)))
			lookups[asked++].path = items[i].pattern;
	if (lookups && exact)
		lookup_newest(dfs, lookups, asked);
	for (size_t i = 0, k = 0; exact && lookups && i < count && k < asked; i++)
		if (lookups[k].path == items[i].pattern) {
			exact[i] = !items[i].no_files &&
				   lookups[k].result.code == DFS_EXIT_DONE &&
				   lookup_file(&lookups[k]);
			k++;
		}
	for (size_t k = 0; lookups && k < asked; k++)
		lookup_free(&lookups[k]);
	free(lookups);
	return exact;
}

void dfs_expand(struct dfs *dfs, struct dfs_expand *items, size_t count,
		int (*found)(void *context, size_t item, const char *path, bool folder),
		void *context)
{
	bool *exact = find_exact(dfs, items, count);

	for (size_t i = 0; i < count; i++) {
		struct expansion expansion = {.item = &items[i]};
		struct dfs_result *result = &items[i].result;

		if (!exact) {
			*result = result_of(DFS_EXIT_OTHER, "out of memory");
		} else if (exact[i]) {
			*result = (struct dfs_result){
				.code = found(context, i, items[i].pattern, false)};
		} else {
			expand(dfs, &expansion);
		}
		for (size_t k = 0; k < expansion.count && result->code == DFS_EXIT_DONE;
		     k++)
			result->code = found(context, i, expansion.matches[k].path,
					     expansion.matches[k].folder);
		forget(&expansion);
		free(expansion.matches);
	}
	free(exact);
}
