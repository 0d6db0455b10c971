/*
 * Time of a count of so many files (server/store/census.c).
 *
 *	store_census FOLDER [FILES]
 *
 * Fills a new store with FILES files (1,000,000 unless given) of paths of 64 bytes, of
 * which none has content here, and prints "census FILES SECONDS AGAIN", where AGAIN is
 * the time of a second count with nothing changed.
 */
#include "store_fixture.h"
#include "store_census.h"

#include "clock.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { BATCH = 1000, PATH_LEN = 64 };

static int fill_batch(struct store *store, uint64_t from, uint64_t to)
{
	struct store_batch *batch = store_batch_new(store);
	char path[PATH_LEN + 1];
	int rc = batch ? 0 : -1;

	for (uint64_t i = from; i < to && rc == 0; i++) {
		(void)snprintf(path, sizeof path, "/bench/%057llu",
			       (unsigned long long)i);
		rc = store_fixture_batch_accept(batch, path, i + 1, 1);
	}
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static double seconds_of_count(struct store *store, uint64_t files)
{
	struct store_census census;
	int64_t began = clock_now_ms();

	if (store_census(store, &census) != 0 || census.kept_len != 1 ||
	    census.kept[0].files != files)
		return -1;
	store_census_free(&census);
	return (double)(clock_now_ms() - began) / 1000;
}

int main(int argc, char **argv)
{
	struct store_options options = {.server = 1, .cluster = store_fixture_id(1)};
	uint64_t files = 1000000;
	struct store *store;
	double first, again;
	char why[256];

	if (argc < 2 || (argc > 2 && !text_number(argv[2], 1, 100000000, &files))) {
		fprintf(stderr, "usage: store_census FOLDER [FILES]\n");
		return 2;
	}
	options.folder = argv[1];
	if (store_create(&options) != 0 ||
	    store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_census: %s cannot be made a store\n", argv[1]);
		return 1;
	}
	for (uint64_t from = 0; from < files; from += BATCH)
		if (fill_batch(store, from,
			       from + BATCH < files ? from + BATCH : files) != 0) {
			fprintf(stderr, "store_census: a commit failed\n");
			return 1;
		}
	first = seconds_of_count(store, files);
	again = seconds_of_count(store, files);
	store_close(store);
	if (first < 0 || again < 0) {
		fprintf(stderr, "store_census: not all files were counted\n");
		return 1;
	}
	printf("census %llu %.3f %.3f\n", (unsigned long long)files, first, again);
	return 0;
}
