/*
 * Leftovers: uploads that nobody goes on with.
 *
 * Nothing is ever aborted.  A path that has content bound to a ballot, for long, and no
 * value that names it, is finished at a ballot above: with the value that somebody has
 * accepted, be it the one of that upload, or with "no such file".  Then the binding is
 * overtaken by what is settled, and the store drops the content.  A client that was
 * merely slow is refused, and stages again.
 */
#include "leftovers_internal.h"

#include "log.h"
#include "store_survey.h"

#include <string.h>

enum { TURN_MS = 60000, THREE = 3 };

static uint64_t overtake(struct leftovers *leftovers, struct leftovers_batch *batch)
{
	const struct peer_calls *calls = &leftovers->with.calls.peers;
	const dfs_paths paths = {.paths = {batch->count, batch->paths}};
	unsigned accepted_by[DFS_BATCH_MAX] = {0};
	dfs_looked items[DFS_BATCH_MAX];
	uint64_t overtaken = 0;

	memset(items, 0, sizeof items);
	calls->renew(calls->context, &paths, batch->ballots, items, accepted_by);
	for (u_int i = 0; i < batch->count; i++) {
		overtaken += set_count(accepted_by[i]) >= THREE;
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
	}
	leftovers_batch_drop(batch);
	return overtaken;
}

/* Those whose turn is this server's after so many others'. */
static uint64_t overtake_turn(struct leftovers *leftovers, unsigned turn,
			      int64_t older_than_ms)
{
	struct leftovers_batch batch = {.count = 0};
	struct store_abandoned found;
	const char *after = NULL;
	uint64_t overtaken = 0;

	found.path_len = 0;
	for (; store_next_abandoned(leftovers->with.store, older_than_ms, after,
				    found.path_len, &found) == 0;
	     after = found.path) {
		if (leftovers_turn(leftovers,
				   leftovers_hash(found.path, found.path_len)) != turn)
			continue;
		if (!leftovers_batch_add(&batch, found.path, found.path_len,
					 &found.ballot) ||
		    batch.count == DFS_BATCH_MAX)
			overtaken += overtake(leftovers, &batch);
	}
	return batch.count > 0 ? overtaken + overtake(leftovers, &batch) : overtaken;
}

uint64_t leftovers_abandoned(struct leftovers *leftovers)
{
	int64_t after_ms = leftovers->with.rules.abandoned_after_ms;
	int64_t turn_ms = after_ms < TURN_MS ? after_ms : TURN_MS;
	uint64_t overtaken = 0;

	for (unsigned turn = 0; turn < DFS_SERVERS; turn++)
		overtaken += overtake_turn(leftovers, turn, after_ms + turn * turn_ms);
	if (overtaken > 0)
		log_event(LOG_INFO, "abandoned", "overtaken=%llu",
			  (unsigned long long)overtaken);
	return overtaken;
}
