/*
 * Time and memory of a start with so many files.
 *
 *	store_start FOLDER [FILES]
 *
 * Fills a new store with FILES small files (100,000 unless given) of paths of 64 bytes,
 * closes and opens it, and prints "start FILES SECONDS SEGMENTS BYTES-PER-FILE", where
 * the bytes are what the heap has grown by.
 */
#include "store_fixture.h"

#include "clock.h"
#include "placement.h"
#include "text.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 128, PATH_LEN = 64 };

static void make_path(char *path, uint64_t number)
{
	(void)snprintf(path, PATH_LEN + 1, "/bench/%057llu", (unsigned long long)number);
}

static int fill_batch(struct store *store, uint64_t from, uint64_t to)
{
	struct store_batch *batch = store_batch_new(store);
	static const uint8_t byte = 1;
	dfs_ballot ballot = store_fixture_ballot(1);
	char path[PATH_LEN + 1];
	int rc = batch ? 0 : -1;

	for (uint64_t i = from; i < to && rc == 0; i++) {
		dfs_share share = store_fixture_share(i + 1, 4, 3);
		dfs_unit units[2] = {{0, {1, &byte}}, {1, {1, &byte}}};

		make_path(path, i);
		rc = store_batch_content(batch, &share, units, 2);
		if (rc == 0)
			rc = store_fixture_bind(batch, store_fixture_object_of(&share),
						path, PATH_LEN, &ballot);
		if (rc == 0)
			rc = store_fixture_batch_accept(batch, path, i + 1, 1);
	}
	if (rc == 0)
		rc = store_commit(batch);
	for (uint64_t i = from; i < to && rc == 0; i++) {
		make_path(path, i);
		store_fixture_settle(store, path, 1);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct store_options options = {.server = 1, .cluster = store_fixture_id(1)};
	struct store_rules rules = store_rules_default;
	struct store_numbers numbers;
	uint64_t files = 100000;
	struct store *store;
	struct mallinfo2 before;
	int64_t began;
	char why[256];

	if (argc < 2 || (argc > 2 && !text_number(argv[2], 1, 100000000, &files))) {
		fprintf(stderr, "usage: store_start FOLDER [FILES]\n");
		return 2;
	}
	options.folder = argv[1];
	if (store_create(&options) != 0 ||
	    store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_start: %s cannot be made a store\n", argv[1]);
		return 1;
	}
	for (uint64_t from = 0; from < files; from += BATCH)
		if (fill_batch(store, from,
			       from + BATCH < files ? from + BATCH : files) != 0) {
			fprintf(stderr, "store_start: a commit failed\n");
			return 1;
		}
	store_close(store);
	/* A merge that begins meanwhile has buffers of its own. */
	options.rules = &rules;
	rules.merge_fan = 0;
	malloc_trim(0);
	before = mallinfo2();
	began = clock_now_ms();
	if (store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_start: %s\n", why);
		return 1;
	}
	store_get_numbers(store, &numbers);
	printf("start %llu %.3f %llu %llu\n", (unsigned long long)numbers.files,
	       (double)(clock_now_ms() - began) / 1000,
	       (unsigned long long)numbers.segments,
	       (unsigned long long)((mallinfo2().uordblks - before.uordblks) /
				    numbers.files));
	store_close(store);
	return 0;
}
