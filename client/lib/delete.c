/* dfs_delete: a file's end, or a folder's. */
#include "libdfs.h"

#include "ballot.h"
#include "proposals.h"
#include "reading.h"

#include <string.h>

struct deletion {
	struct dfs_delete *items;
	void (*finished)(void *context, size_t item);
	void *context;
};

static bool begin(void *context, size_t which, struct proposal *proposal)
{
	const struct deletion *deletion = context;
	struct dfs_delete *item = &deletion->items[which];

	proposal->path = item->path;
	proposal->kind = PROPOSAL_TOMBSTONE;
	proposal->folder = item->folder;
	proposal->meet = reading_meet;
	proposal->conditional = item->if_version;
	item->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	item->version[0] = item->retry[0] = '\0';
	if (item->if_version && !version_parse(item->if_version, &proposal->if_version))
		result_fail(&item->result, DFS_EXIT_USAGE, "\"%.80s\" is not a version",
			    item->if_version);
	else if (item->operation && !proposer_retry_parse(item->operation, proposal))
		result_fail(&item->result, DFS_EXIT_USAGE,
			    "\"%.80s\" is not an operation", item->operation);
	else if (!item->operation && !id_random(&proposal->operation))
		result_fail(&item->result, DFS_EXIT_OTHER,
			    "the system has no random bytes");
	if (item->result.code == DFS_EXIT_DONE)
		return true;
	deletion->finished(deletion->context, which);
	return false;
}

static void report(void *context, size_t which, const struct proposal *proposal)
{
	const struct deletion *deletion = context;
	struct dfs_delete *item = &deletion->items[which];

	item->result =
		proposal ? proposal->result : result_of(DFS_EXIT_OTHER, "out of memory");
	if (proposal && item->result.code == DFS_EXIT_OPEN)
		proposer_retry_text(proposal, item->retry);
	else if (proposal && item->result.code == DFS_EXIT_DONE && proposal->known)
		version_text(&proposal->made, item->version);
	deletion->finished(deletion->context, which);
}

void dfs_delete(struct dfs *dfs, struct dfs_delete *items, size_t count,
		void (*finished)(void *context, size_t item), void *context)
{
	struct deletion deletion = {items, finished, context};
	const struct proposals proposals = {
		.dfs = dfs, .context = &deletion, .begin = begin, .report = report};

	proposals_run(&proposals, count);
}
