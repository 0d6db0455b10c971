/*
 * Telling who has what: values are proposed again with other holders.
 *
 * A server that has its own pair says so; the opposite one, which had all four chunks for
 * it, is then named with its own pair, and gives up the rest once that is settled.
 * Nothing else of a value is changed, and only while it names the same content.  It is
 * not an operation: number, version and origin stay.
 */
#include "repair_internal.h"

#include "object.h"
#include "placement.h"
#include "store_survey.h"
#include "value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is to be said -------------------------------------------------------- */

/* Proved, too: what may be anything gives no spare back. */
static bool has_pair(struct repair *repair, const dfs_content *content)
{
	chunk_set pair = placement_pair(content->row, repair->server) &
			 placement_filled(content->size);
	dfs_id object;

	return object_of_content(content, &object) &&
	       (pair & ~store_proved(repair->store, &object)) == 0;
}

/* What was said of the server is said no more. */
static uint32_t give(uint32_t holders, unsigned server, chunk_set chunks)
{
	uint32_t all = placement_hold(0, server, CHUNKS_ALL);

	return placement_hold(holders & ~all, server, chunks);
}

/*
 * Only of oneself, and of the spare that the opposite keeps for one: it cannot know
 * whether the pair is here.
 */
static uint32_t correct(struct repair *repair, const dfs_content *content)
{
	unsigned self = repair->server, opposite = placement_opposite(self);
	chunk_set pair = placement_pair(content->row, self);
	chunk_set other = placement_pair(content->row, opposite);
	uint32_t holders = content->holders;

	if (has_pair(repair, content)) {
		if (placement_held(holders, self) == 0)
			holders = give(holders, self, pair);
		if (placement_held(holders, opposite) == CHUNKS_ALL)
			holders = give(holders, opposite, other);
	}
	return holders;
}

/* Corrects a content of a value; true where something was to be corrected. */
static bool correct_content(struct repair *repair, dfs_content *content)
{
	uint32_t holders = correct(repair, content);
	bool other = holders != content->holders;

	content->holders = holders;
	return other;
}

/* ---- batches ------------------------------------------------------------------- */

struct proposing {
	struct repair *repair;
	struct store_misheld *found; /* DFS_BATCH_MAX of them */
	size_t count;
	struct repair_outcome *outcome;
	dfs_looked items[DFS_BATCH_MAX];
	server_set accepted_by[DFS_BATCH_MAX];
};

/* For struct peers_change. */
static bool correct_value(void *context, size_t path, dfs_value *value)
{
	struct proposing *proposing = context;
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_id object;
	bool other;

	if (!value_has_content(value) ||
	    !object_of_content(&manifest->content, &object) ||
	    memcmp(&object, &proposing->found[path].object, sizeof object) != 0)
		return false;
	other = correct_content(proposing->repair, &manifest->content);
	for (u_int i = 0; i < manifest->earlier.earlier_len; i++)
		other |= correct_content(proposing->repair,
					 &manifest->earlier.earlier_val[i].content);
	return other;
}

static void propose_batch(struct proposing *proposing)
{
	const struct repair_calls *calls = &proposing->repair->calls;
	const struct peers_change changing = {correct_value, proposing};
	dfs_path list[DFS_BATCH_MAX];
	const dfs_paths paths = {.paths = {(u_int)proposing->count, list}};

	for (size_t i = 0; i < proposing->count; i++)
		list[i] = (dfs_path){(u_int)proposing->found[i].path_len,
				     proposing->found[i].path};
	memset(proposing->items, 0, sizeof proposing->items);
	calls->change(calls->context, &paths, &changing, proposing->items,
		      proposing->accepted_by);
	for (size_t i = 0; i < proposing->count; i++) {
		proposing->outcome->proposed += proposing->accepted_by[i] != 0;
		proposing->outcome->refused += proposing->items[i].status != DFS_OK;
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&proposing->items[i]);
	}
}

void repair_propose(struct repair *repair, struct repair_outcome *outcome)
{
	struct proposing *proposing = calloc(1, sizeof *proposing);
	struct store_misheld *found = calloc(DFS_BATCH_MAX, sizeof *found), last;
	bool more = proposing && found, begun = false;

	outcome->failed |= !more;
	if (more) {
		proposing->repair = repair;
		proposing->found = found;
		proposing->outcome = outcome;
	}
	while (more && repair_goes_on(repair)) {
		proposing->count = 0;
		while (more && proposing->count < DFS_BATCH_MAX) {
			more = store_next_misheld(repair->store, begun ? last.path : NULL,
						  begun ? last.path_len : 0,
						  &found[proposing->count]) == 0;
			if (more)
				last = found[proposing->count++];
			begun = true;
		}
		if (proposing->count > 0)
			propose_batch(proposing);
	}
	free(found);
	free(proposing);
}

/* ---- trimming ------------------------------------------------------------------ */

void repair_trim(struct repair *repair, struct repair_outcome *outcome)
{
	struct store_surplus *found = calloc(DFS_BATCH_MAX, sizeof *found), last;
	bool more = found, begun = false;

	outcome->failed |= !more;
	while (more && repair_goes_on(repair)) {
		uint64_t trimmed = 0;
		size_t count = 0;

		while (more && count < DFS_BATCH_MAX) {
			more = store_next_surplus(repair->store, begun ? last.path : NULL,
						  begun ? last.path_len : 0,
						  &found[count]) == 0;
			if (more)
				last = found[count++];
			begun = true;
		}
		if (count > 0 &&
		    acceptor_trim(repair->acceptor, found, count, &trimmed) != 0) {
			outcome->failed = true;
			break;
		}
		outcome->trimmed += trimmed;
	}
	free(found);
}
