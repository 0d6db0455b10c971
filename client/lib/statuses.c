/* What all servers tell in STATUS, and what their counts come to. */
#include "statuses.h"

#include "clock.h"
#include "libdfs_upkeep.h"
#include "listing.h"
#include "placement.h"

#include <stdlib.h>
#include <string.h>

static struct protection_view view_of(const dfs_status_ok *ok)
{
	return (struct protection_view){.votes = ok->state == DFS_STATE_VOTING,
					.counted = ok->counted != 0,
					.kept = ok->kept.kept_val,
					.count = ok->kept.kept_len};
}

bool statuses_ask(struct dfs *dfs, struct statuses *ret)
{
	unsigned up;

	memset(ret, 0, sizeof *ret);
	ret->dfs = dfs;
	up = session_reached(dfs);
	ret->round = round_new(dfs->links, DFS_STATUS, NULL, NULL);
	if (!ret->round)
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(up, s))
			round_ask(ret->round, s, NULL, clock_now_ms() + LINKS_NEED_MS);
	round_wait(ret->round, 0, LINKS_PATIENCE_MS);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_status_res *res = round_answer(ret->round, i + 1);

		/* It lacks nothing, when it is back, as far as anybody knows. */
		ret->views[i].votes = true;
		if (!res || res->status != DFS_OK)
			continue;
		ret->of[i] = &res->dfs_status_res_u.ok;
		ret->views[i] = view_of(ret->of[i]);
		ret->answering = set_with(ret->answering, i + 1);
		ret->voting |= ret->views[i].votes ? set_of(i + 1) : 0;
	}
	return true;
}

void statuses_free(struct statuses *statuses)
{
	round_free(statuses->round);
	free(statuses->files);
	statuses->round = NULL;
	statuses->files = NULL;
}

void statuses_why(const struct statuses *statuses, unsigned server, char *why)
{
	if (!round_failed(statuses->round, server, why))
		links_why(statuses->dfs->links, server, why);
}

/*
 * ---- by name -------------------------------------------------------------------------
 */

static struct protection_file file_of(const struct statuses *statuses,
				      const struct listing_entry *entry)
{
	struct protection_file file = {.holders = entry->holders, .full = entry->full};

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		file.missing[i] = set_has(statuses->voting, i + 1) ? entry->missing[i]
				  : statuses->of[i]                ? CHUNKS_ALL
								   : 0;
	return file;
}

/* Takes the names of those servers; true when each told of as many as it counts. */
static bool take_names(struct statuses *statuses, struct listing *merge,
		       const uint64_t each[DFS_SERVERS])
{
	struct listing_entry *found = malloc(sizeof *found);
	struct dfs_result result = {0};
	uint64_t told[DFS_SERVERS] = {0};
	const size_t room = (size_t)DFS_REPORT_NAMES * DFS_SERVERS;
	bool all = found;

	while (all && listing_next(merge, found, &result)) {
		all = statuses->files_count < room;
		if (!all || found->folder)
			continue;
		statuses->files[statuses->files_count++] = file_of(statuses, found);
		for (unsigned i = 0; i < DFS_SERVERS; i++)
			told[i] += found->from >> i & 1;
	}
	free(found);
	return all && result.code == DFS_EXIT_DONE &&
	       memcmp(told, each, sizeof told) == 0;
}

static void ask_names(struct statuses *statuses)
{
	struct dfs_result ignored = {0};
	uint64_t each[DFS_SERVERS];
	unsigned servers = protection_owers(statuses->views, DFS_REPORT_NAMES, each);
	struct listing *merge;

	statuses->asked_names = true;
	if (servers == 0)
		return;
	statuses->files =
		calloc((size_t)DFS_REPORT_NAMES * DFS_SERVERS, sizeof *statuses->files);
	merge = statuses->files ? listing_new_owing(statuses->dfs, servers, &ignored)
				: NULL;
	if (merge)
		statuses->named = take_names(statuses, merge, each);
	listing_free(merge);
}

struct protection_counts statuses_count(struct statuses *statuses, server_set living)
{
	struct protection_counts counts =
		protection_count(statuses->views, living, NULL, 0);

	if (!counts.at_most)
		return counts;
	if (!statuses->asked_names)
		ask_names(statuses);
	return statuses->named ? protection_count(statuses->views, living,
						  statuses->files, statuses->files_count)
			       : counts;
}
