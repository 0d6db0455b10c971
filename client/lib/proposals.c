/* Many items, a proposal each, as few calls as can be. */
#include "proposals.h"

#include <stdlib.h>
#include <string.h>

/* Those that are run together. */
struct proposals_batch {
	size_t count;
	size_t which[DFS_BATCH_MAX]; /* item of each */
	struct proposal of[DFS_BATCH_MAX + 1];
};

static bool is_there(const struct proposals_batch *batch, const char *path)
{
	for (size_t i = 0; i < batch->count; i++)
		if (strcmp(batch->of[i].path, path) == 0)
			return true;
	return false;
}

static void run(const struct proposals *proposals, struct proposals_batch *batch)
{
	if (batch->count == 0)
		return;
	proposer_run(proposals->dfs, batch->of, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		proposals->report(proposals->context, batch->which[i], &batch->of[i]);
		proposer_free(&batch->of[i]);
	}
	batch->count = 0;
}

void proposals_run(const struct proposals *proposals, size_t count)
{
	struct proposals_batch *batch = calloc(1, sizeof *batch);

	for (size_t i = 0; i < count; i++) {
		struct proposal *next;

		if (!batch) {
			proposals->report(proposals->context, i, NULL);
			continue;
		}
		/* There is one place more than a batch takes. */
		next = &batch->of[batch->count];
		memset(next, 0, sizeof *next);
		if (!proposals->begin(proposals->context, i, next))
			continue;
		if (batch->count == DFS_BATCH_MAX || is_there(batch, next->path)) {
			struct proposal kept = *next;

			run(proposals, batch);
			batch->of[0] = kept;
		}
		batch->which[batch->count++] = i;
	}
	if (batch)
		run(proposals, batch);
	free(batch);
	session_tell(proposals->dfs);
}
