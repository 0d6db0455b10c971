/* Folders: what is below them, and dfs_mkdir and dfs_rmdir. */
#include "folder.h"

#include "ballot.h"
#include "clock.h"
#include "libdfs_folders.h"
#include "listing.h"
#include "lookup.h"
#include "path.h"
#include "proposals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is there --------------------------------------------------------------- */

bool folder_has_any(struct dfs *dfs, const char *folder, struct dfs_result *result)
{
	char name[DFS_PATH_MAX + 2];
	struct listing_entry *found = malloc(sizeof *found);
	struct listing *below = NULL;
	bool any = false;

	(void)snprintf(name, sizeof name, "%s/", folder);
	if (!found)
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
	else if (!path_check_folder(name, strlen(name)))
		below = listing_new(dfs, name, true, false, result);
	if (below)
		any = listing_next(below, found, result);
	listing_free(below);
	free(found);
	return any;
}

size_t folder_parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	return len > 0 && !path_check(path, len) ? len : 0;
}

/* ---- mkdir ----------------------------------------------------------------------- */

/* One folder that is to be made, for itself or on the way to another. */
struct making {
	char *path;
	size_t item;
	bool own;   /* it is the item's own */
	bool there; /* already, which is as good */
};

struct makings {
	struct dfs *dfs;
	struct dfs_mkdir *items;
	struct making *of;
	size_t count, room;
	int64_t now_ns;
};

static bool add(struct makings *makings, size_t item, size_t len, bool own)
{
	struct making *more = makings->of;

	if (makings->count == makings->room) {
		size_t room = makings->room > 0 ? 2 * makings->room : 64;

		more = reallocarray(makings->of, room, sizeof *more);
		if (!more)
			return false;
		makings->of = more;
		makings->room = room;
	}
	more += makings->count;
	*more = (struct making){.path = strndup(makings->items[item].path, len),
				.item = item,
				.own = own};
	makings->count += more->path != NULL;
	return more->path;
}

/* Is the folder (the first len bytes of the path) on the way to the item before it? */
static bool was_on_the_way(const struct makings *makings, size_t item, size_t len)
{
	const char *before = item > 0 ? makings->items[item - 1].path : "";

	return item > 0 && makings->items[item - 1].parents && strlen(before) >= len &&
	       memcmp(before, makings->items[item].path, len) == 0 &&
	       (before[len] == '/' || before[len] == '\0');
}

static bool expand(struct makings *makings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *path = makings->items[i].path;
		const size_t len = strlen(path);

		for (size_t at = 1; makings->items[i].parents && at < len; at++)
			if (path[at] == '/' && !path_check(path, at) &&
			    !was_on_the_way(makings, i, at) &&
			    !add(makings, i, at, false))
				return false;
		if (!add(makings, i, len, true))
			return false;
	}
	return true;
}

/* Is it as good when it is there already?  Not of an item that has ended. */
static bool may_be_there(const struct makings *makings, const struct making *making)
{
	const struct dfs_mkdir *item = &makings->items[making->item];

	return item->may_exist && item->result.code == DFS_EXIT_DONE;
}

static int64_t time_of(const dfs_value *folder)
{
	return folder->body.dfs_body_u.folder.attributes.modified;
}

/* Those that are there, and need not be new. */
static bool find_there(struct makings *makings)
{
	struct lookup *lookups = calloc(makings->count + 1, sizeof *lookups);
	size_t count = 0;

	if (!lookups)
		return false;
	for (size_t i = 0; i < makings->count; i++)
		if (may_be_there(makings, &makings->of[i]))
			lookups[count++].path = makings->of[i].path;
	lookup_newest(makings->dfs, lookups, count);
	count = 0;
	for (size_t i = 0; i < makings->count; i++) {
		if (!may_be_there(makings, &makings->of[i]))
			continue;
		makings->of[i].there = lookup_folder(&lookups[count]);
		if (makings->of[i].there && makings->of[i].own)
			makings->items[makings->of[i].item].found_ns =
				time_of(&lookups[count].value);
		lookup_free(&lookups[count++]);
	}
	free(lookups);
	return true;
}

/* Is it one of those that this very call makes? */
static bool is_made_here(const struct makings *makings, size_t before, const char *path,
			 size_t len)
{
	for (size_t i = 0; i < before; i++)
		if (strlen(makings->items[i].path) == len &&
		    memcmp(makings->items[i].path, path, len) == 0)
			return true;
	return false;
}

/*
 * Is the folder there that the item lies in?  By the register that was looked up, or by
 * what is below it.
 */
static void check_parent(struct makings *makings, size_t item,
			 const struct lookup *lookup)
{
	struct dfs_result *result = &makings->items[item].result;

	if (lookup->result.code != DFS_EXIT_DONE)
		*result = lookup->result;
	else if (lookup_file(lookup))
		result_fail(result, DFS_EXIT_CONFLICT,
			    "a file and a folder cannot share a name");
	else if (!lookup_folder(lookup) &&
		 !folder_has_any(makings->dfs, lookup->path, result) &&
		 result->code == DFS_EXIT_DONE)
		result_fail(result, DFS_EXIT_MISSING,
			    "the folder %.500s is not there: mkdir -p makes it too",
			    lookup->path);
}

/* Of items that want the folder that they lie in to be there: is it? */
static bool check_parents(struct makings *makings, size_t count)
{
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);
	size_t *which = calloc(count + 1, sizeof *which);
	char **paths = calloc(count + 1, sizeof *paths);
	size_t asked = 0;
	bool good = lookups && which && paths;

	for (size_t i = 0; good && i < count; i++) {
		const char *path = makings->items[i].path;
		size_t len = folder_parent_len(path);

		if (makings->items[i].may_exist || len == 0 ||
		    makings->items[i].result.code != DFS_EXIT_DONE ||
		    is_made_here(makings, i, path, len))
			continue;
		paths[asked] = strndup(path, len);
		good = paths[asked];
		lookups[asked].path = paths[asked];
		which[asked] = i;
		asked += good;
	}
	if (good)
		lookup_newest(makings->dfs, lookups, asked);
	for (size_t i = 0; i < asked; i++) {
		/* Several in a row lie in one folder. */
		if (good && i > 0 && strcmp(paths[i], paths[i - 1]) == 0)
			makings->items[which[i]].result =
				makings->items[which[i - 1]].result;
		else if (good)
			check_parent(makings, which[i], &lookups[i]);
		lookup_free(&lookups[i]);
	}
	for (size_t i = 0; i < asked; i++)
		free(paths[i]);
	free(paths);
	free(which);
	free(lookups);
	return good;
}

static bool begin_making(void *context, size_t which, struct proposal *proposal)
{
	struct makings *makings = context;
	struct making *making = &makings->of[which];
	struct dfs_mkdir *item = &makings->items[making->item];
	size_t len;
	const char *whose;

	if (making->there || item->result.code != DFS_EXIT_DONE)
		return false;
	whose = path_of_whom(making->path, strlen(making->path), &len);
	proposal->path = making->path;
	proposal->kind = PROPOSAL_FOLDER;
	proposal->create = !item->may_exist;
	proposal->attributes.modified = making->own && item->modified_ns != 0
						? item->modified_ns
						: makings->now_ns;
	if (path_is_shared(making->path, strlen(making->path)) || len > DFS_USER_MAX) {
		whose = makings->dfs->user;
		len = strlen(whose);
	}
	memcpy(proposal->owner, whose, len);
	if (id_random(&proposal->operation))
		return true;
	result_fail(&item->result, DFS_EXIT_OTHER, "the system has no random bytes");
	return false;
}

static void report_made(void *context, size_t which, const struct proposal *proposal)
{
	struct makings *makings = context;
	struct making *making = &makings->of[which];
	struct dfs_mkdir *item = &makings->items[making->item];

	if (!proposal) {
		result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
	} else if (making->own) {
		item->result = proposal->result;
		item->made = item->result.code == DFS_EXIT_DONE;
		/* Somebody was faster, which does for who wants it to be there. */
		if (item->may_exist && item->result.code == DFS_EXIT_CONFLICT &&
		    proposal->known && proposal->value.body.kind == DFS_FOLDER) {
			result_fail(&item->result, DFS_EXIT_DONE, "%s", "");
			item->found_ns = time_of(&proposal->value);
		}
	}
}

static bool make_all(struct makings *makings, size_t count)
{
	const struct proposals proposals = {.dfs = makings->dfs,
					    .context = makings,
					    .begin = begin_making,
					    .report = report_made};

	if (!expand(makings, count) || !find_there(makings) ||
	    !check_parents(makings, count))
		return false;
	proposals_run(&proposals, makings->count);
	return true;
}

void dfs_mkdir(struct dfs *dfs, struct dfs_mkdir *items, size_t count,
	       void (*finished)(void *context, size_t item), void *context)
{
	struct makings makings = {.dfs = dfs, .items = items, .now_ns = clock_wall_ns()};
	bool good;

	for (size_t i = 0; i < count; i++) {
		const char *wrong = path_check(items[i].path, strlen(items[i].path));

		items[i].result = (struct dfs_result){.code = DFS_EXIT_DONE};
		items[i].made = false;
		items[i].found_ns = 0;
		if (wrong)
			result_fail(&items[i].result, DFS_EXIT_USAGE, "%s", wrong);
	}
	good = make_all(&makings, count);
	for (size_t i = 0; i < makings.count; i++)
		free(makings.of[i].path);
	free(makings.of);
	for (size_t i = 0; i < count; i++) {
		if (!good)
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		finished(context, i);
	}
}
