/* dfs_stat: what is known of a path. */
#include "libdfs.h"

#include "folder.h"
#include "path.h"
#include "provenance.h"
#include "reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* There is no register: what lies below it makes a folder of it. */
static void describe_folder(struct dfs *dfs, struct dfs_stat *item)
{
	size_t len;
	const char *whose = path_of_whom(item->path, strlen(item->path), &len);

	if (!folder_has_any(dfs, item->path, &item->result)) {
		if (item->result.code == DFS_EXIT_DONE)
			result_fail(&item->result, DFS_EXIT_MISSING, "no such file");
		return;
	}
	item->file.type = DFS_TYPE_FOLDER;
	if (!path_is_shared(item->path, strlen(item->path)))
		(void)snprintf(item->file.owner, sizeof item->file.owner, "%.*s",
			       (int)len, whose);
}

static void describe(struct dfs *dfs, struct dfs_stat *item, const struct lookup *lookup)
{
	struct dfs_result unopened = {0};
	struct manifest_secret opening;

	item->result = lookup->result;
	if (item->result.code != DFS_EXIT_DONE)
		return;
	if (!lookup_live(lookup)) {
		describe_folder(dfs, item);
		return;
	}
	lookup_describe(dfs, &lookup->value, &item->file);
	item->file.newest_unsure = lookup->unsure;
	if (lookup_folder(lookup))
		return;
	item->file.opened =
		provenance_open(dfs, lookup->path, &lookup->value, &opening, &unopened);
	if (item->file.opened) {
		memcpy(item->file.xxh128, opening.xxh128, sizeof item->file.xxh128);
	} else if (unopened.code == DFS_EXIT_DAMAGED) {
		item->result = unopened;
	}
	secret_wipe(&opening, sizeof opening);
}

void dfs_stat(struct dfs *dfs, struct dfs_stat *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context)
{
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);

	if (lookups) {
		for (size_t i = 0; i < count; i++)
			lookups[i].path = items[i].path;
		reading_run(dfs, lookups, count);
	}
	for (size_t i = 0; i < count; i++) {
		items[i].result = (struct dfs_result){0};
		memset(&items[i].file, 0, sizeof items[i].file);
		if (lookups) {
			describe(dfs, &items[i], &lookups[i]);
			lookup_free(&lookups[i]);
		} else {
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		}
		finished(context, i);
	}
	free(lookups);
	session_tell(dfs);
}
