/* dfs_report: how the servers are, and how well the files are kept. */
#include "libdfs.h"

#include "ballot.h"
#include "clock.h"
#include "merge.h"
#include "placement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_text(char *ret, size_t size, const dfs_text *text)
{
	snprintf(ret, size, "%.*s", (int)text->dfs_text_len, text->dfs_text_val);
}

/* Of what a user has stored, whoever knows most is the nearest to the truth. */
static void describe_server(struct dfs_report *report, unsigned server,
			    const dfs_status_ok *ok)
{
	struct dfs_server_status *ret = &report->servers[server - 1];

	if (ok->state == DFS_STATE_VOTING && ok->used >= report->used) {
		report->used = ok->used;
		report->quota = ok->quota;
	}
	ret->up = ret->told = true;
	ret->votes = ok->state == DFS_STATE_VOTING;
	copy_text(ret->why, sizeof ret->why, &ok->why);
	copy_text(ret->software, sizeof ret->software, &ok->software);
	id_text(&ok->store, ret->store);
	ret->epoch = ok->seen.epoch;
	ret->started_ns = ok->started;
	ret->files = ok->files;
	ret->tombstones = ok->tombstones;
	ret->objects = ok->objects;
	ret->segments = ok->segments;
	ret->newest_segment = ok->newest_segment;
	ret->stored_bytes = ok->stored_bytes;
	ret->disk_free = ok->disk_free;
	ret->disk_size = ok->disk_size;
	ret->damaged = ok->damaged;
	ret->connections = ok->connections;
}

static bool ask_servers(struct dfs *dfs, struct dfs_report *ret)
{
	struct round *round = round_new(dfs->links, &session_status, NULL, NULL);
	unsigned up = links_up(dfs->links);

	if (!round)
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (up & 1U << (s - 1))
			round_ask(round, s, NULL, clock_now_ms() + LINKS_NEED_MS);
	round_wait(round, 0, LINKS_PATIENCE_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct dfs_server_status *status = &ret->servers[s - 1];
		const dfs_status_res *res = round_answer(round, s);

		links_address(dfs->links, s, status->address, sizeof status->address);
		if (res && res->status == DFS_OK)
			describe_server(ret, s, &res->dfs_status_res_u.ok);
		else if (!round_failed(round, s, status->why))
			links_why(dfs->links, s, status->why);
	}
	round_free(round);
	return true;
}

/* Counts the files by the living copies of their worst chunk; false: not known. */
static bool count_files(struct dfs *dfs, unsigned living, struct dfs_report *ret,
			struct dfs_result *result)
{
	struct merge *merge = merge_new(dfs, "/", true, false, result);
	struct merge_entry *found = malloc(sizeof *found);
	bool known = merge && found && __builtin_popcount(merge_servers(merge)) >= 2;

	while (known && merge_next(merge, found, result)) {
		unsigned copies = placement_copies(found->holders, living);

		ret->files++;
		ret->files_by_copies[copies >= 2 ? 0 : copies == 1 ? 1 : 2]++;
	}
	known = known && result->code == DFS_EXIT_DONE &&
		__builtin_popcount(merge_servers(merge)) >= 2;
	merge_free(merge);
	free(found);
	return known;
}

/* What the links know: HELLO is said to anybody. */
static void look_at_links(struct dfs *dfs, struct dfs_report *ret)
{
	unsigned up = links_up(dfs->links), voting = links_voting(dfs->links);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct dfs_server_status *status = &ret->servers[s - 1];

		links_address(dfs->links, s, status->address, sizeof status->address);
		status->up = up & 1U << (s - 1);
		status->votes = voting & 1U << (s - 1);
		if (!status->votes)
			links_why(dfs->links, s, status->why);
	}
}

/* Servers that are up and vote; a mask. */
static unsigned living(const struct dfs_report *report)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (report->servers[i].up && report->servers[i].votes)
			mask |= 1U << i;
	return mask;
}

struct dfs_result dfs_report_servers(struct dfs *dfs, struct dfs_report *ret)
{
	struct dfs_result result = {0};

	memset(ret, 0, sizeof *ret);
	ret->known = dfs->identity != NULL;
	session_servers(dfs, 2);
	if (!ret->known) {
		look_at_links(dfs, ret);
	} else if (!ask_servers(dfs, ret)) {
		session_fail(&result, DFS_EXIT_OTHER, "out of memory");
		ret->code = 3;
		return result;
	}
	ret->code = living(ret) == PLACEMENT_ALL ? 0 : 1;
	return result;
}

struct dfs_result dfs_report(struct dfs *dfs, struct dfs_report *ret)
{
	struct dfs_result result = dfs_report_servers(dfs, ret);

	if (result.code != DFS_EXIT_DONE)
		return result;
	ret->counted = ret->known && count_files(dfs, living(ret), ret, &result);
	if (!ret->counted)
		ret->code = 3;
	else if (ret->files_by_copies[2] > 0)
		ret->code = 2;
	else if (ret->files_by_copies[1] > 0)
		ret->code = 1;
	return result;
}
