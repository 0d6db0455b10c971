/*
 * One large upload into a store, and reading it back.
 *
 *	store_upload FOLDER [MEBIBYTES]
 *
 * Prints "upload MIB SECONDS COMMIT-SECONDS READ-SECONDS": all of it, the commit alone,
 * and reading every unit.
 */
#include "store_fixture.h"

#include "clock.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS_IN_MIB = 4 };

static double since(int64_t began_ms)
{
	return (double)(clock_now_ms() - began_ms) / 1000;
}

static int commit(struct store *store, struct store_uploads *uploads, uint64_t units)
{
	struct store_batch *batch = store_batch_new(store);
	dfs_share share = store_fixture_share(1, units, 15);
	dfs_ballot ballot = store_fixture_ballot(1);
	int rc = batch ? store_batch_upload(batch, uploads, &share) : -1;

	if (rc == 0)
		rc = store_fixture_bind(batch, store_fixture_object_of(&share),
					"/bench/x", 8, &ballot);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

int main(int argc, char **argv)
{
	struct store_options options = {.server = 1, .cluster = store_fixture_id(1)};
	uint64_t mebibytes = 512, units;
	struct store_uploads *uploads;
	double all, committed;
	struct store *store;
	int64_t began, part;
	char why[256];
	int rc;

	if (argc < 2 || (argc > 2 && !text_number(argv[2], 1, 1 << 20, &mebibytes))) {
		fprintf(stderr, "usage: store_upload FOLDER [MEBIBYTES]\n");
		return 2;
	}
	options.folder = argv[1];
	if (store_create(&options) != 0 ||
	    store_open(&options, &store, why, sizeof why) != 0) {
		fprintf(stderr, "store_upload: %s cannot be made a store\n", argv[1]);
		return 1;
	}
	units = mebibytes * UNITS_IN_MIB;
	uploads = store_uploads_new(store);
	if (!uploads)
		return 1;
	began = clock_now_ms();
	rc = store_fixture_upload(uploads, 1, units, 15, DFS_UNIT_SIZE);
	part = clock_now_ms();
	if (rc == 0)
		rc = commit(store, uploads, units);
	committed = since(part);
	all = since(began);
	store_uploads_free(uploads);
	part = clock_now_ms();
	for (uint64_t unit = 0; unit < units && rc == 0; unit++)
		rc = store_fixture_unit(store, 1, unit, DFS_UNIT_SIZE);
	if (rc != 0) {
		fprintf(stderr, "store_upload: %s\n", strerror(rc));
		return 1;
	}
	printf("upload %llu %.3f %.3f %.3f\n", (unsigned long long)mebibytes, all,
	       committed, since(part));
	store_close(store);
	return 0;
}
