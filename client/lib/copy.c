/* dfs_copy, and the batches in which files come to other paths. */
#include "copy_batches.h"

#include "ballot.h"
#include "path.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

/* ---- batches ------------------------------------------------------------------- */

static bool is_usable(struct dfs_copy *item)
{
	const char *wrong = path_check(item->from, strlen(item->from));

	item->result = (struct dfs_result){.code = DFS_EXIT_DONE};
	item->refused_there = false;
	item->size = 0;
	item->version[0] = '\0';
	if (!wrong)
		wrong = path_check(item->to, strlen(item->to));
	if (wrong)
		result_fail(&item->result, DFS_EXIT_USAGE, "%s", wrong);
	else if (strcmp(item->from, item->to) == 0)
		result_fail(&item->result, DFS_EXIT_USAGE, "is the same file");
	return item->result.code == DFS_EXIT_DONE;
}

/* Does one of the batch write what this item reads or writes, or read what it writes? */
static bool meets(const struct copy_batch *batch, const struct dfs_copy *item, bool moves)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct dfs_copy *other = batch->items[i];

		if (strcmp(other->to, item->to) == 0 ||
		    strcmp(other->to, item->from) == 0 ||
		    strcmp(other->from, item->to) == 0 ||
		    (moves && strcmp(other->from, item->from) == 0))
			return true;
	}
	return false;
}

static void report(const struct copy_batch *batch, size_t at)
{
	const struct copying *of = &batch->of[at];
	struct dfs_copy *item = batch->items[at];

	item->result = of->result;
	item->refused_there = of->refused_there;
	if (item->result.code != DFS_EXIT_DONE)
		return;
	item->size = of->proposal.content.size;
	if (of->proposal.known)
		version_text(&of->proposal.made, item->version);
}

static void run(const struct copy_batches *batches, struct copy_batch *batch,
		const struct dfs_copy *items)
{
	if (batch->count == 0)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		const struct dfs_copy *item = batch->items[i];

		batch->from[i] = (struct lookup){.path = item->from};
		batch->of[i] = (struct copying){.from = item->from,
						.to = item->to,
						.create = item->create,
						.moves = batches->moves,
						.tree = batches->tree,
						.from_here = &batch->from[i]};
	}
	reading_run(batch->dfs, batch->from, batch->count);
	batches->run(batch);
	for (size_t i = 0; i < batch->count; i++)
		report(batch, i);
	copying_free(batch->of, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		lookup_free(&batch->from[i]);
		batches->finished(batches->context, (size_t)(batch->items[i] - items));
	}
	batch->count = 0;
}

void copy_batches_run(const struct copy_batches *batches, struct dfs_copy *items,
		      size_t count)
{
	struct copy_batch *batch = calloc(1, sizeof *batch);

	for (size_t i = 0; i < count; i++) {
		bool good = is_usable(&items[i]);

		if (good && !batch)
			result_fail(&items[i].result, DFS_EXIT_OTHER, "out of memory");
		if (!good || !batch) {
			batches->finished(batches->context, i);
			continue;
		}
		batch->dfs = batches->dfs;
		batch->tree = batches->tree;
		if (batch->count == DFS_BATCH_MAX ||
		    meets(batch, &items[i], batches->moves))
			run(batches, batch, items);
		batch->items[batch->count++] = &items[i];
	}
	if (batch)
		run(batches, batch, items);
	free(batch);
	session_tell(batches->dfs);
}

/* ---- copies -------------------------------------------------------------------- */

static void copy(struct copy_batch *batch)
{
	copying_run(batch->dfs, batch->of, batch->count);
}

void copy_batches_copy(struct copy_batches *batches, struct dfs_copy *items, size_t count)
{
	batches->moves = false;
	batches->run = copy;
	copy_batches_run(batches, items, count);
}

void dfs_copy(struct dfs *dfs, struct dfs_copy *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context)
{
	struct copy_batches batches = {
		.dfs = dfs, .finished = finished, .context = context};

	copy_batches_copy(&batches, items, count);
}
