/*
 * dfs_get: files out of the store.
 *
 * Registers are read in batches.  The units of several small files come in one call to
 * each server; a file of which anything is missing then, and every large one, is fetched
 * by itself.
 */
#include "libdfs.h"

#include "ballot.h"
#include "fetch.h"
#include "object.h"
#include "placement.h"
#include "provenance.h"
#include "range.h"
#include "reading.h"
#include "small.h"

#include <stdlib.h>
#include <string.h>

/* How often a file that is replaced while it is read begins again. */
enum { TRIES = 10 };

static const int64_t TICKET_OLD_NS = INT64_C(60000000000);

/* A batch of files whose registers have been read. */
struct retrieval_batch {
	size_t count;
	struct lookup lookups[DFS_BATCH_MAX];
	struct manifest_secret openings[DFS_BATCH_MAX];
	struct dfs_range ranges[DFS_BATCH_MAX]; /* that are wanted of those opened */
	bool opened[DFS_BATCH_MAX];
};

struct retrieval {
	struct dfs *dfs;
	struct dfs_get *items;
	bool final;
	const struct dfs_get_callbacks *callbacks;
	size_t which; /* the item between begin and finished */
	uint64_t written;
};

static int write_some(void *context, const void *bytes, size_t len, char why[DFS_WHY])
{
	struct retrieval *retrieval = context;

	retrieval->written += len;
	return retrieval->callbacks->write(retrieval->callbacks->context,
					   retrieval->which, bytes, len, why);
}

static void finish(struct retrieval *retrieval, size_t which)
{
	retrieval->callbacks->finished(retrieval->callbacks->context, which);
}

/* Tells the caller what is coming. */
static bool begin(struct retrieval *retrieval, const struct lookup *lookup,
		  const struct manifest_secret *opening)
{
	struct dfs_get *item = &retrieval->items[retrieval->which];
	struct dfs_file file;

	lookup_describe(retrieval->dfs, &lookup->value, &file);
	file.newest_unsure = lookup->unsure;
	file.opened = true;
	memcpy(file.xxh128, opening->xxh128, sizeof file.xxh128);
	retrieval->written = 0;
	item->result = lookup->result;
	item->result.code = retrieval->callbacks->begin(
		retrieval->callbacks->context, retrieval->which, &file, item->result.why);
	return item->result.code == DFS_EXIT_DONE;
}

/*
 * What the file is now, opened; a server that told of it while it was being finished may
 * not have given a ticket.  false: the item has ended.
 */
static bool look_again(struct retrieval *retrieval, struct lookup *lookup,
		       struct manifest_secret *opening)
{
	struct dfs_get *item = &retrieval->items[retrieval->which];

	lookup_free(lookup);
	reading_run(retrieval->dfs, lookup, 1);
	item->result = lookup->result;
	if (item->result.code == DFS_EXIT_DONE && !lookup_file(lookup))
		result_fail(&item->result, DFS_EXIT_MISSING, "no such file");
	return item->result.code == DFS_EXIT_DONE &&
	       provenance_open(retrieval->dfs, lookup->path, &lookup->value, opening,
			       &item->result);
}

/*
 * Does the lookup show something that the one before did not: another object, or a
 * ticket where there was none, or only an old one?  Each lookup gives one that is a
 * little later.
 */
static bool is_new(const struct lookup *lookup, const dfs_id *object, int64_t ends)
{
	dfs_id now;

	return !object_of_content(&lookup_file(lookup)->content, &now) ||
	       !id_equal(object, &now) || lookup->ticket.ends - ends > TICKET_OLD_NS;
}

/*
 * Can it be read from the servers that are up?  Those that are needed are waited for;
 * false: text says why not.
 */
static bool can_be_reached(const struct fetch *fetch, char text[DFS_WHY])
{
	struct links *links = fetch->dfs->links;

	if (!fetch_out_of_reach(fetch, links_up(links), text))
		return true;
	/* One of them may only be slow to connect: now it is needed. */
	links_retry(links);
	links_settle(links, true);
	return !fetch_out_of_reach(fetch, links_up(links), text);
}

/* What the item wants of a content of this size. */
static struct dfs_range wanted(const struct dfs_get *item, uint64_t size)
{
	return item->range ? range_clip(item->range, size) : range_whole(size);
}

/* One file by itself, beginning again when its object went while it was read. */
static void get_one(struct retrieval *retrieval, struct lookup *lookup,
		    struct manifest_secret *opening)
{
	struct dfs_get *item = &retrieval->items[retrieval->which];

	for (int try = 0; try < TRIES; try++) {
		const dfs_manifest *manifest = lookup_file(lookup);
		struct fetch fetch = {.dfs = retrieval->dfs,
				      .path = item->path,
				      .content = &manifest->content,
				      .ticket = &lookup->ticket,
				      .opening = opening,
				      .range = wanted(item, manifest->content.size),
				      .briefly = item->briefly,
				      .write = write_some,
				      .context = retrieval};
		struct dfs_result gone;
		char text[DFS_WHY];
		dfs_id object;
		int64_t ends;

		if (!can_be_reached(&fetch, text)) {
			result_fail(&item->result, DFS_EXIT_FEW, "%s", text);
			return;
		}
		if (!begin(retrieval, lookup, opening))
			return;
		if (fetch_run(&fetch, &item->result) != FETCH_GONE)
			return;
		gone = item->result;
		(void)object_of_content(&manifest->content, &object);
		ends = lookup->ticket.ends;
		bool there = look_again(retrieval, lookup, opening);

		if (there && !is_new(lookup, &object, ends)) {
			item->result =
				gone; /* it is still the file: lost, not replaced */
			return;
		}
		if (retrieval->final && retrieval->written > 0) {
			result_fail(&item->result, DFS_EXIT_CONFLICT,
				    "transfer failed: the file was replaced while it was "
				    "read: get it again");
			return;
		}
		if (!there)
			return;
	}
	result_fail(
		&item->result, DFS_EXIT_CONFLICT,
		"transfer failed: the file is replaced again and again: get it again");
}

/* A small file whose units are all here; false: to be fetched by itself. */
static bool give_small(struct retrieval *retrieval, const struct lookup *lookup,
		       const struct manifest_secret *opening,
		       const struct small_file *small)
{
	struct dfs_get *item = &retrieval->items[retrieval->which];
	struct dfs_range range = wanted(item, lookup_file(lookup)->content.size);

	if (!small->bytes)
		return false;
	if (begin(retrieval, lookup, opening) && range.length > 0)
		item->result.code = write_some(retrieval, small->bytes + range.offset,
					       (size_t)range.length, item->result.why);
	return true;
}

/* Opens what was read; the items of the others have their results. */
static void open_batch(struct retrieval *retrieval, size_t first,
		       struct retrieval_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct dfs_get *item = &retrieval->items[first + i];
		struct lookup *lookup = &batch->lookups[i];
		struct manifest_secret *opening = &batch->openings[i];
		const dfs_manifest *manifest = lookup_file(lookup);

		retrieval->which = first + i;
		item->result = lookup->result;
		batch->opened[i] = false;
		if (item->result.code != DFS_EXIT_DONE)
			continue;
		if (!manifest) {
			result_fail(&item->result, DFS_EXIT_MISSING, "no such file");
			continue;
		}
		batch->opened[i] =
			manifest->content.size > 0 && id_is_zero(&lookup->ticket.object)
				? look_again(retrieval, lookup, opening)
				: provenance_open(retrieval->dfs, lookup->path,
						  &lookup->value, opening, &item->result);
	}
}

static void get_batch(struct retrieval *retrieval, size_t first,
		      struct retrieval_batch *batch)
{
	struct small_file *small;

	open_batch(retrieval, first, batch);
	for (size_t i = 0; i < batch->count; i++)
		if (batch->opened[i])
			batch->ranges[i] =
				wanted(&retrieval->items[first + i],
				       lookup_file(&batch->lookups[i])->content.size);
	small = small_fetch(retrieval->dfs, batch->lookups, batch->openings,
			    batch->ranges, batch->opened, batch->count);
	for (size_t i = 0; i < batch->count; i++) {
		struct lookup *lookup = &batch->lookups[i];
		struct manifest_secret *opening = &batch->openings[i];

		retrieval->which = first + i;
		if (batch->opened[i] &&
		    !(small && give_small(retrieval, lookup, opening, &small[i])))
			get_one(retrieval, lookup, opening);
		finish(retrieval, first + i);
	}
	small_free(small, batch->count);
}

void dfs_get(struct dfs *dfs, struct dfs_get *items, size_t count, bool final,
	     const struct dfs_get_callbacks *callbacks)
{
	struct retrieval retrieval = {
		.dfs = dfs, .items = items, .final = final, .callbacks = callbacks};
	struct retrieval_batch *batch = calloc(1, sizeof *batch);

	for (size_t first = 0; first < count; first += DFS_BATCH_MAX) {
		size_t left = count - first;

		left = left < DFS_BATCH_MAX ? left : DFS_BATCH_MAX;
		for (size_t i = 0; i < left; i++) {
			items[first + i].result =
				(struct dfs_result){.code = DFS_EXIT_OTHER};
			if (batch)
				batch->lookups[i] =
					(struct lookup){.path = items[first + i].path};
		}
		if (batch) {
			batch->count = left;
			reading_run(dfs, batch->lookups, left);
			get_batch(&retrieval, first, batch);
		}
		for (size_t i = 0; i < left; i++) {
			if (batch) {
				lookup_free(&batch->lookups[i]);
			} else {
				result_fail(&items[first + i].result, DFS_EXIT_OTHER,
					    "out of memory");
				finish(&retrieval, first + i);
			}
		}
	}
	if (batch)
		secret_wipe(batch->openings, sizeof batch->openings);
	free(batch);
	session_tell(dfs);
}
