/* dfs_list and dfs_list_shared: what is below a folder, or is for somebody. */
#include "libdfs_trees.h"

#include "folder.h"
#include "listing.h"
#include "path.h"
#include "placement.h"
#include "protection.h"
#include "lookup.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a listing tells of a file without its value. */
static void describe_briefly(struct dfs *dfs, uint32_t holders, struct dfs_file *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->live = links_voting(dfs->links);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		ret->chunks[s - 1] = placement_held(holders, s);
}

static void describe(struct dfs *dfs, const struct listing_entry *found,
		     struct dfs_entry *ret)
{
	struct protection_file kept = {.holders = found->holders, .full = found->full};

	*ret = (struct dfs_entry){.path = found->path,
				  .folder = found->folder,
				  .link = found->link,
				  .own = found->own};
	ret->has_file = found->value && (found->own || value_has_content(found->value));
	if (ret->has_file)
		lookup_describe(dfs, found->value, &ret->file);
	if (found->folder)
		return;
	if (!ret->has_file)
		describe_briefly(dfs, found->holders, &ret->file);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		kept.missing[i] = found->missing[i] | found->unbrought[i];
	memcpy(ret->file.missing, kept.missing, sizeof ret->file.missing);
	ret->file.copies = protection_copies(&kept, ret->file.live);
}

/* Is there really something below?  Asked where servers do not agree on a folder. */
static bool folder_lives(struct dfs *dfs, const char *path)
{
	struct dfs_result ignored = {0};

	return folder_has_any(dfs, path, &ignored);
}

/* A folder that was made, and has nothing in it. */
static bool is_made(struct dfs *dfs, const char *folder)
{
	char *path = strndup(folder, strlen(folder) - 1);
	struct lookup lookup = {.path = path};
	bool made;

	if (!path)
		return false;
	if (!path_check(path, strlen(path)))
		lookup_newest(dfs, &lookup, 1);
	made = lookup_folder(&lookup);
	lookup_free(&lookup);
	free(path);
	return made;
}

static void warn_if_few(struct dfs *dfs, server_set servers, struct dfs_result *result)
{
	char absent[DFS_WHY];
	unsigned count = set_count(servers);

	if (count >= 3)
		return;
	session_absent(dfs, servers, absent);
	if (count == 2)
		result_warn(result,
			    "only two servers answered (%.700s): what is shown may be "
			    "a write that was never completed",
			    absent);
	else
		result_warn(result,
			    "only one server answered (%.700s): the listing may be "
			    "out of date",
			    absent);
}

/* The path as a file: true when it is one, and was given to entry, or the read failed. */
static bool list_file(struct dfs *dfs, const char *path,
		      int (*entry)(void *context, const struct dfs_entry *entry),
		      void *context, struct dfs_result *result)
{
	struct lookup lookup = {.path = path};
	struct dfs_entry found = {.path = path};
	bool is_file;

	lookup_newest(dfs, &lookup, 1);
	is_file = lookup.result.code == DFS_EXIT_DONE && lookup_file(&lookup);
	if (is_file) {
		found.has_file = true;
		found.link = lookup.value.body.kind == DFS_LINK;
		lookup_describe(dfs, &lookup.value, &found.file);
		*result = lookup.result;
		warn_if_few(dfs, links_voting(dfs->links), result);
		entry(context, &found);
	}
	lookup_free(&lookup);
	return is_file;
}

/* Is there always such a folder? */
static bool is_always_there(const struct dfs *dfs, const char *folder)
{
	char own[DFS_USER_MAX + 3];

	(void)snprintf(own, sizeof own, "/%s/", dfs->user);
	return strcmp(folder, "/") == 0 || strcmp(folder, "/shared/") == 0 ||
	       strcmp(folder, own) == 0;
}

struct dfs_result dfs_list(struct dfs *dfs, const char *path,
			   struct dfs_list_options options,
			   int (*entry)(void *context, const struct dfs_entry *entry),
			   void *context)
{
	struct dfs_result result = {0};
	char folder[DFS_PATH_MAX + 2];
	size_t len = strlen(path);
	struct listing_entry *found;
	struct listing *listing;
	bool any = false;

	if (len > 0 && path[len - 1] != '/' && !path_check(path, len) &&
	    list_file(dfs, path, entry, context, &result))
		return result;
	(void)snprintf(folder, sizeof folder, "%s%s", path,
		       len > 0 && path[len - 1] == '/' ? "" : "/");
	const char *wrong = path_check_folder(folder, strlen(folder));

	if (wrong) {
		result_fail(&result, DFS_EXIT_USAGE, "%.200s: %s", path, wrong);
		return result;
	}
	found = malloc(sizeof *found);
	listing = found ? listing_new(dfs, folder, options.recursive, options.detail,
				      &result)
			: NULL;
	if (!found)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	while (listing && listing_next(listing, found, &result)) {
		struct dfs_entry told;

		if (found->folder && !found->agreed && !folder_lives(dfs, found->path))
			continue;
		any = true;
		describe(dfs, found, &told);
		if (entry(context, &told) != 0)
			break;
	}
	if (listing && result.code == DFS_EXIT_DONE) {
		warn_if_few(dfs, listing_servers(listing), &result);
		if (!any && !is_always_there(dfs, folder) && !is_made(dfs, folder))
			result_fail(&result, DFS_EXIT_MISSING, "no such file or folder");
	}
	listing_free(listing);
	free(found);
	return result;
}

/* ---- what others share --------------------------------------------------------- */

struct list_shared {
	struct dfs *dfs;
	char (*owners)[DFS_USER_MAX + 3]; /* their folders */
	size_t count, room;
	bool no_memory;
	int (*entry)(void *context, const struct dfs_entry *entry);
	void *context;
	bool ended; /* by entry */
};

/* Whoever has a folder that this user may list. */
static int take_owner(void *context, const struct dfs_entry *entry)
{
	struct list_shared *shared = context;
	char folder[DFS_USER_MAX + 3];
	int len = snprintf(folder, sizeof folder, "%s/", entry->path);

	if (!entry->folder || is_always_there(shared->dfs, folder) ||
	    (size_t)len >= sizeof folder)
		return 0;
	if (shared->count == shared->room) {
		size_t room = 2 * shared->room + 16;
		void *more = reallocarray(shared->owners, room, sizeof *shared->owners);

		shared->no_memory = !more;
		if (!more)
			return DFS_EXIT_OTHER;
		shared->owners = more;
		shared->room = room;
	}
	memcpy(shared->owners[shared->count++], folder, sizeof folder);
	return 0;
}

/* Admin lists all, and reads what he is a reader of. */
static int take_file(void *context, const struct dfs_entry *entry)
{
	struct list_shared *shared = context;
	int code = 0;

	for (unsigned i = 0; entry->has_file && i < entry->file.readers_count; i++)
		if (strcmp(entry->file.readers[i].user, shared->dfs->user) == 0) {
			code = shared->entry(shared->context, entry);
			break;
		}
	shared->ended |= code != 0;
	return code;
}

struct dfs_result
dfs_list_shared(struct dfs *dfs,
		int (*entry)(void *context, const struct dfs_entry *entry), void *context)
{
	const struct dfs_list_options all = {.recursive = true, .detail = true};
	struct list_shared shared = {.dfs = dfs, .entry = entry, .context = context};
	struct dfs_result result =
		dfs_list(dfs, "/", (struct dfs_list_options){0}, take_owner, &shared);

	if (shared.no_memory)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	for (size_t i = 0;
	     result.code == DFS_EXIT_DONE && !shared.ended && i < shared.count; i++) {
		struct dfs_result one =
			dfs_list(dfs, shared.owners[i], all, take_file, &shared);

		/* Nobody shares it any more: it was there a moment ago. */
		if (one.code == DFS_EXIT_MISSING)
			continue;
		if (one.code != DFS_EXIT_DONE || result.warning[0] == '\0')
			result = one;
	}
	free(shared.owners);
	return result;
}
