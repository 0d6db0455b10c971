/* dfs_rmdir: folders that are empty go. */
#include "libdfs_folders.h"

#include "ballot.h"
#include "folder.h"
#include "proposals.h"

#include <string.h>

struct removal {
	struct dfs *dfs;
	struct dfs_rmdir *items;
};

static bool begin(void *context, size_t which, struct proposal *proposal)
{
	struct removal *removal = context;
	struct dfs_rmdir *item = &removal->items[which];

	item->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	item->populated = folder_has_any(removal->dfs, item->path, &item->result);
	if (item->populated)
		result_fail(&item->result, DFS_EXIT_CONFLICT, "is not empty");
	if (item->result.code != DFS_EXIT_DONE)
		return false;
	proposal->path = item->path;
	proposal->kind = PROPOSAL_TOMBSTONE;
	proposal->folder = true;
	if (id_random(&proposal->operation))
		return true;
	result_fail(&item->result, DFS_EXIT_OTHER, "the system has no random bytes");
	return false;
}

static void report(void *context, size_t which, const struct proposal *proposal)
{
	struct removal *removal = context;
	struct dfs_rmdir *item = &removal->items[which];

	if (proposal)
		item->result = proposal->result;
	else
		item->result = result_of(DFS_EXIT_OTHER, "out of memory");
}

void dfs_rmdir(struct dfs *dfs, struct dfs_rmdir *items, size_t count,
	       void (*finished)(void *context, size_t item), void *context)
{
	struct removal removal = {dfs, items};
	const struct proposals proposals = {
		.dfs = dfs, .context = &removal, .begin = begin, .report = report};

	proposals_run(&proposals, count);
	for (size_t i = 0; i < count; i++)
		finished(context, i);
}
