/*
 * dfs_report: how the servers are, and how well the files are kept.  dfs_what_if: which
 * files would become unreadable.
 *
 * How many would is computed from what the servers count, in no time however many files
 * there are.  Names cost a listing of all files, and are asked for only where that is of
 * use.
 */
#include "libdfs_upkeep.h"

#include "ballot.h"
#include "listing.h"
#include "placement.h"
#include "statuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_text(char *ret, size_t size, const dfs_text *text)
{
	(void)snprintf(ret, size, "%.*s", (int)text->dfs_text_len, text->dfs_text_val);
}

static enum dfs_server_state state_of(dfs_state state)
{
	switch (state) {
	case DFS_STATE_VOTING:
		return DFS_SERVER_UP;
	case DFS_STATE_STARTING:
		return DFS_SERVER_STARTING;
	default:
		return DFS_SERVER_RECOVERING;
	}
}

static void describe_healing(struct dfs_healing *ret, const dfs_status_ok *ok)
{
	const dfs_to_heal *heal = &ok->to_heal;
	const dfs_scrubbing *scrub = &ok->scrubbing;

	ret->owed_files = heal->owed_files;
	ret->owed_bytes = heal->owed_bytes;
	ret->lost_files = heal->lost_files;
	for (u_int i = 0; i < ok->kept.kept_len; i++)
		ret->unbrought += ok->kept.kept_val[i].unbrought;
	ret->unproved = heal->unproved;
	ret->spares = heal->spares;
	ret->unsettled = heal->unsettled;
	ret->abandoned = heal->abandoned;
	ret->fetched = heal->fetched;
	ret->per_second = heal->per_second;
	copy_text(ret->doing, sizeof ret->doing, &heal->doing);
	ret->scrub_read = scrub->read;
	ret->scrub_of = scrub->of;
	ret->scrub_began_ns = scrub->began;
	ret->scrub_ended_ns = scrub->last_ended;
	ret->scrub_found = scrub->found;
}

static void describe_server(struct dfs_server_status *ret, const dfs_status_ok *ok)
{
	ret->up = ret->told = true;
	ret->votes = ok->state == DFS_STATE_VOTING;
	ret->state = state_of(ok->state);
	copy_text(ret->why, sizeof ret->why, &ok->why);
	copy_text(ret->software, sizeof ret->software, &ok->software);
	id_text(&ok->store, ret->store);
	ret->recovered = ok->recovered;
	ret->to_recover = ok->to_recover;
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
	describe_healing(&ret->healing, ok);
}

static void describe_all(const struct statuses *statuses, struct dfs_report *ret)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_status_ok *ok = statuses->of[i];
		struct dfs_server_status *status = &ret->servers[i];

		if (!ok) {
			statuses_why(statuses, i + 1, status->why);
			continue;
		}
		describe_server(status, ok);
		/*
		 * Of what a user has stored, whoever knows most is the nearest to the
		 * truth.
		 */
		if (status->votes && ok->used >= ret->used) {
			ret->used = ok->used;
			ret->quota = ok->quota;
		}
		for (unsigned k = 0; k < DFS_SERVERS; k++)
			if (k != i && ok->heard[k] > ret->servers[k].heard_ns)
				ret->servers[k].heard_ns = ok->heard[k];
	}
}

/* What the links know: HELLO is said to anybody. */
static void look_at_links(struct dfs *dfs, struct dfs_report *ret)
{
	unsigned up, voting, telling;

	up = session_reached(dfs);
	voting = links_voting(dfs->links);
	telling = links_telling(dfs->links);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct dfs_server_status *status = &ret->servers[i];

		status->up = set_has(up, i + 1);
		status->votes = set_has(voting, i + 1);
		if (status->votes)
			status->state = DFS_SERVER_UP;
		else if (status->up)
			status->state = set_has(telling, i + 1) ? DFS_SERVER_STARTING
								: DFS_SERVER_RECOVERING;
		if (!status->votes)
			links_why(dfs->links, i + 1, status->why);
	}
}

static void count_files(struct statuses *statuses, struct dfs_report *ret)
{
	struct protection_counts counts = statuses_count(statuses, statuses->answering);

	ret->counted = counts.views >= 2;
	if (!ret->counted) {
		ret->code = 3;
		return;
	}
	ret->files = counts.files + counts.unbrought;
	ret->unbrought = counts.unbrought;
	memcpy(ret->files_by_copies, counts.by_copies, sizeof ret->files_by_copies);
	ret->at_most = counts.at_most;
	if (counts.by_copies[2] > 0)
		ret->lost = statuses_count(statuses, SERVERS_ALL).by_copies[2];
	if (ret->lost > counts.by_copies[2])
		ret->lost = counts.by_copies[2];
	if (counts.by_copies[2] > 0)
		ret->code = 2;
	else if (counts.by_copies[1] > 0)
		ret->code = 1;
}

static struct dfs_result report(struct dfs *dfs, bool count, struct dfs_report *ret)
{
	struct dfs_result result = {0};
	struct statuses statuses = {.round = NULL};
	bool good = true;

	memset(ret, 0, sizeof *ret);
	ret->known = dfs->identity;
	ret->ca_ends_ns = dfs->ca_ends_ns;
	if (ret->known)
		good = statuses_ask(dfs, &statuses);
	else
		look_at_links(dfs, ret);
	if (good && ret->known)
		describe_all(&statuses, ret);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		links_address(dfs->links, i + 1, ret->servers[i].address,
			      sizeof ret->servers[i].address);
		ret->servers[i].certificate_ends_ns =
			links_certificate_ends(dfs->links, i + 1);
		if (ret->servers[i].state != DFS_SERVER_UP)
			ret->code = 1;
	}
	if (!good)
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	if (!good || (count && !ret->known))
		ret->code = 3;
	else if (count)
		count_files(&statuses, ret);
	statuses_free(&statuses);
	return result;
}

struct dfs_result dfs_report(struct dfs *dfs, struct dfs_report *ret)
{
	return report(dfs, true, ret);
}

struct dfs_result dfs_report_servers(struct dfs *dfs, struct dfs_report *ret)
{
	return report(dfs, false, ret);
}

uint64_t dfs_report_available(const struct dfs_report *report)
{
	uint64_t room = INT64_MAX, left;
	unsigned told = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		/* Of what an absent one should have, the opposite one keeps a spare. */
		bool spares = !report->servers[(i + 2) % DFS_SERVERS].told;
		uint64_t holds = report->servers[i].disk_free;

		if (!report->servers[i].told)
			continue;
		told++;
		holds *= spares ? 1 : 2;
		room = holds < room ? holds : room;
	}
	left = report->quota > report->used ? report->quota - report->used : 0;
	if (report->quota > 0 && left < room)
		room = left;
	return told < 3 ? 0 : room;
}

/* ---- what if ------------------------------------------------------------------- */

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
		if (!found->folder && !protection_is_unbrought(found->unbrought) &&
		    protection_copies(&file, SERVERS_ALL & ~gone) == 0 &&
		    name(context, found->path) != 0)
			break;
	}
	listing_free(listing);
	free(found);
	return result;
}
