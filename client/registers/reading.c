/*
 * Reading registers.
 *
 * Most paths are decided by the first three answers, which agree.  What is left over
 * waits for the fourth, is looked at once more after a moment (somebody may be at work),
 * and is finished in the end, so that the next reader cannot see something older.
 */
#include "reading.h"

#include "ballot.h"
#include "finishing.h"
#include "moves.h"
#include "proposer.h"

#include <stdlib.h>

enum { LOOK_AGAIN_MS = 50 };

static void fail_all(struct lookup **lookups, size_t count, const char *why)
{
	for (size_t i = 0; i < count; i++)
		result_fail(&lookups[i]->result, DFS_EXIT_OTHER, "%s", why);
}

/* The proposal's outcome is the lookup's. */
static void take_outcome(struct lookup *lookup, struct proposal *proposal)
{
	lookup->result = proposal->result;
	if (proposal->result.code != DFS_EXIT_DONE || !proposal->known)
		return;
	lookup->known = true;
	lookup->value = proposal->value;
	proposal->known = false;
	lookup_take_ticket(lookup, &proposal->ticket);
}

/* Proposes what was begun on these paths, one's own, which is then their answer. */
static void propose_all(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	struct proposal *proposals = calloc(count, sizeof *proposals);
	bool good = proposals;

	for (size_t i = 0; good && i < count; i++) {
		proposals[i].path = lookups[i]->path;
		proposals[i].kind = PROPOSAL_FINISH;
		good = id_random(&proposals[i].operation);
	}
	if (good) {
		proposer_run(dfs, proposals, count);
		for (size_t i = 0; i < count; i++) {
			take_outcome(lookups[i], &proposals[i]);
			proposer_free(&proposals[i]);
		}
	} else {
		fail_all(lookups, count, "out of memory");
	}
	free(proposals);
}

/* Brings what was begun to its end: what one may write by oneself. */
static void finish_all(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	struct lookup *own[DFS_BATCH_MAX], *others[DFS_BATCH_MAX];
	size_t own_count = 0, others_count = 0;

	for (size_t i = 0; i < count; i++) {
		if (finishing_is_own(dfs, lookups[i]->path))
			own[own_count++] = lookups[i];
		else
			others[others_count++] = lookups[i];
	}
	if (own_count > 0)
		propose_all(dfs, own, own_count);
	if (others_count > 0)
		finishing_run(dfs, others, others_count);
}

void reading_run(struct dfs *dfs, struct lookup *lookups, size_t count)
{
	while (count > 0) {
		struct lookup *pending[DFS_BATCH_MAX];
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX, left;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &lookups[i];
			result_fail(&lookups[i].result, DFS_EXIT_DONE, "%s", "");
		}
		left = lookup_agreed(dfs, pending, batch);
		if (left > 0) {
			session_pause(LOOK_AGAIN_MS);
			left = lookup_agreed(dfs, pending, left);
		}
		if (left > 0)
			finish_all(dfs, pending, left);
		moves_finish(dfs, lookups, batch);
		lookups += batch;
		count -= batch;
	}
}

void reading_meet(struct dfs *dfs, const char *path)
{
	struct lookup lookup = {.path = path};

	reading_run(dfs, &lookup, 1);
	lookup_free(&lookup);
}
