/*
 * dfs_what_if: which files would become unreadable.
 *
 * How many is computed from what the servers count, in no time however many files there
 * are.  Names cost a listing of all files, and are asked for only where that is of use.
 */
#include "libdfs.h"

#include "listing.h"
#include "placement.h"
#include "statuses.h"

#include <stdlib.h>

static struct dfs_loss loss_of(struct statuses *statuses, unsigned gone)
{
	struct protection_counts counts =
		statuses_count(statuses, statuses->answering & ~gone);

	return (struct dfs_loss){.gone = gone,
				 .unreadable = counts.by_copies[2],
				 .files = counts.files,
				 .at_most = counts.at_most && counts.by_copies[2] > 0};
}

/* Only of servers that have told of their files. */
static void add_loss(struct statuses *statuses, server_set gone, struct dfs_loss *losses,
		     size_t *count)
{
	if ((gone & statuses->answering) == gone)
		losses[(*count)++] = loss_of(statuses, gone);
}

struct dfs_result dfs_what_if(struct dfs *dfs, struct dfs_loss losses[DFS_LOSSES_MAX],
			      size_t *ret_count, unsigned *ret_down)
{
	struct statuses statuses;
	struct dfs_result result = {0};

	*ret_count = 0;
	*ret_down = 0;
	if (!statuses_ask(dfs, &statuses)) {
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	} else if (statuses_count(&statuses, statuses.answering).views < 2) {
		session_too_few(dfs, &result, statuses.voting,
				"fewer than two servers have counted their files");
	} else {
		*ret_down = SERVERS_ALL & ~statuses.answering;
		/* First each server, then each pair, in their order. */
		for (unsigned a = 1; a <= DFS_SERVERS; a++)
			add_loss(&statuses, set_of(a), losses, ret_count);
		for (unsigned a = 1; a <= DFS_SERVERS; a++)
			for (unsigned b = a + 1; b <= DFS_SERVERS; b++)
				add_loss(&statuses, set_of(a) | set_of(b), losses,
					 ret_count);
	}
	statuses_free(&statuses);
	return result;
}

struct dfs_result dfs_lost_without(struct dfs *dfs, unsigned gone,
				   int (*name)(void *context, const char *path),
				   void *context)
{
	struct dfs_result result = {0};
	struct listing *listing = listing_new(dfs, "/", true, false, &result);
	struct listing_entry *found = listing ? malloc(sizeof *found) : NULL;

	if (listing && !found)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	while (found && listing_next(listing, found, &result)) {
		struct protection_file file = {.holders = found->holders,
					       .full = found->full};

		for (unsigned i = 0; i < DFS_SERVERS; i++)
			file.missing[i] = set_has(listing_servers(listing), i + 1)
						  ? found->missing[i]
						  : CHUNKS_ALL;
		if (protection_copies(&file, SERVERS_ALL & ~gone) == 0 &&
		    name(context, found->path) != 0)
			break;
	}
	listing_free(listing);
	free(found);
	return result;
}
