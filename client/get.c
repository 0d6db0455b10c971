/*
 * dfs_get: files out of the store.
 *
 * Registers are read in batches.  The units of several small files come in one call to
 * each server; a file of which anything is missing then, and every large one, is fetched
 * by itself.
 */
#include "libdfs.h"

#include "ballot.h"
#include "content.h"
#include "fetch.h"
#include "placement.h"
#include "reader.h"
#include "small.h"

#include <stdlib.h>
#include <string.h>

/* How often a file that is replaced while it is read begins again. */
enum { TRIES = 10 };

struct getting {
	struct dfs *dfs;
	struct dfs_get *items;
	bool final;
	const struct dfs_get_callbacks *callbacks;
	size_t which; /* the item between begin and finished */
	uint64_t written;
};

static int write_some(void *context, const void *bytes, size_t len, char why[DFS_WHY])
{
	struct getting *getting = context;

	getting->written += len;
	return getting->callbacks->write(getting->callbacks->context, getting->which,
					 bytes, len, why);
}

static void finish(struct getting *getting, size_t which)
{
	getting->callbacks->finished(getting->callbacks->context, which);
}

/* Tells the caller what is coming. */
static bool begin(struct getting *getting, const struct reading *reading)
{
	struct dfs_get *item = &getting->items[getting->which];
	struct dfs_file file;

	reader_describe(getting->dfs, &reading->value, &file);
	file.newest_unsure = reading->unsure;
	getting->written = 0;
	item->result = reading->result;
	item->result.code = getting->callbacks->begin(
		getting->callbacks->context, getting->which, &file, item->result.why);
	return item->result.code == DFS_EXIT_DONE;
}

/* One file by itself, beginning again when its object went while it was read. */
static void get_one(struct getting *getting, struct reading *reading)
{
	struct dfs_get *item = &getting->items[getting->which];

	for (int try = 0; try < TRIES; try++) {
		const dfs_manifest *manifest = reader_file(reading);
		struct fetch fetch = {.dfs = getting->dfs,
				      .path = item->path,
				      .content = &manifest->content,
				      .write = write_some,
				      .context = getting};
		char text[DFS_WHY];
		dfs_id object;

		if (!fetch_can_be_reached(getting->dfs, &manifest->content, text)) {
			session_fail(&item->result, DFS_EXIT_FEW, "%s", text);
			return;
		}
		if (!begin(getting, reading))
			return;
		if (fetch_run(&fetch, &item->result) != FETCH_GONE)
			return;
		object = manifest->content.object;
		reader_free(reading);
		reader_read(getting->dfs, reading, 1, true);
		if (reader_file(reading) &&
		    id_equal(&object, &reader_file(reading)->content.object))
			return; /* it is still the file: it is lost, not replaced */
		if (getting->final && getting->written > 0) {
			session_fail(
				&item->result, DFS_EXIT_CONFLICT,
				"transfer failed: the file was replaced while it was "
				"read: get it again");
			return;
		}
		if (reading->result.code != DFS_EXIT_DONE || !reader_file(reading)) {
			item->result = reading->result;
			if (item->result.code == DFS_EXIT_DONE)
				session_fail(&item->result, DFS_EXIT_MISSING,
					     "no such file");
			return;
		}
	}
	session_fail(
		&item->result, DFS_EXIT_CONFLICT,
		"transfer failed: the file is replaced again and again: get it again");
}

/* A small file whose units are all here and prove right; false: to be fetched by itself.
 */
static bool give_small(struct getting *getting, const struct reading *reading,
		       const struct small_file *small)
{
	const dfs_content *content = &reader_file(reading)->content;
	struct content_hash *hash;
	struct content_digests got, expected;
	struct dfs_get *item = &getting->items[getting->which];

	if (!small->bytes)
		return false;
	hash = content_hash_new(false);
	if (!hash)
		return false;
	bool hashed = content_hash_add(hash, small->bytes, (size_t)content->size);

	if (!content_hash_end(hash, &got) || !hashed ||
	    !content_unseal((const uint8_t *)content->sealed.sealed_val,
			    content->sealed.sealed_len, &expected) ||
	    memcmp(got.xxh128, expected.xxh128, sizeof got.xxh128) != 0)
		return false;
	if (begin(getting, reading) && content->size > 0)
		item->result.code = write_some(getting, small->bytes,
					       (size_t)content->size, item->result.why);
	return true;
}

/* A batch of files whose registers have been read. */
static void get_batch(struct getting *getting, size_t first, struct reading *readings,
		      size_t count)
{
	struct small_file *small = small_fetch(getting->dfs, readings, count);

	for (size_t i = 0; i < count; i++) {
		struct dfs_get *item = &getting->items[first + i];

		getting->which = first + i;
		item->result = readings[i].result;
		if (item->result.code == DFS_EXIT_DONE && !reader_file(&readings[i]))
			session_fail(&item->result, DFS_EXIT_MISSING, "no such file");
		if (item->result.code == DFS_EXIT_DONE &&
		    !(small && give_small(getting, &readings[i], &small[i])))
			get_one(getting, &readings[i]);
		finish(getting, first + i);
	}
	small_free(small, count);
}

void dfs_get(struct dfs *dfs, struct dfs_get *items, size_t count, bool final,
	     const struct dfs_get_callbacks *callbacks)
{
	struct getting getting = {
		.dfs = dfs, .items = items, .final = final, .callbacks = callbacks};
	struct reading *readings = calloc(DFS_BATCH_MAX, sizeof *readings);

	for (size_t first = 0; first < count; first += DFS_BATCH_MAX) {
		size_t batch =
			count - first < DFS_BATCH_MAX ? count - first : DFS_BATCH_MAX;

		for (size_t i = 0; i < batch; i++) {
			items[first + i].result =
				(struct dfs_result){.code = DFS_EXIT_OTHER};
			if (readings)
				readings[i] =
					(struct reading){.path = items[first + i].path};
		}
		if (readings) {
			reader_read(dfs, readings, batch, true);
			get_batch(&getting, first, readings, batch);
		}
		for (size_t i = 0; i < batch; i++) {
			if (readings) {
				reader_free(&readings[i]);
			} else {
				session_fail(&items[first + i].result, DFS_EXIT_OTHER,
					     "out of memory");
				finish(&getting, first + i);
			}
		}
	}
	free(readings);
	session_tell(dfs);
}
