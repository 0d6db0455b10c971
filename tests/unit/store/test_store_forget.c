/* store/store_forget, store_trim: what was forgotten or trimmed never comes back. */
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "store_forget.h"
#include "store_trim.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LEN = 300 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 1);
}

static int look(struct store_fixture *fixture, const char *path)
{
	struct store_register reg;

	return store_register(fixture->store, path, strlen(path), &reg);
}

/* ---- forgetting ---------------------------------------------------------------- */

static int forget(struct store *store, const char *path, uint64_t counter,
		  uint64_t floor_counter)
{
	struct store_batch *batch = store_batch_new(store);
	dfs_ballot ballot = store_fixture_ballot(counter);
	dfs_ballot floor = store_fixture_ballot(floor_counter);
	int rc = store_batch_forget(batch, path, strlen(path), &ballot, &floor);

	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static void test_forgotten(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;

	assert_int_equal(store_fixture_put(store, "/a", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/a", 0, 6), 0);
	store_fixture_settle(store, "/a", 6);
	/* At the floor, and one below it. */
	assert_int_equal(forget(store, "/a", 6, 5), EINVAL);
	assert_int_equal(forget(store, "", 6, 6), EINVAL);
	assert_int_equal(look(fixture, "/a"), 0);
	assert_int_equal(forget(store, "/a", 6, 6), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(look(fixture, "/a"), ENOENT);
		assert_int_equal(store_fixture_numbers(fixture).tombstones, 0);
		assert_int_equal(store_fixture_numbers(fixture).floor.counter, 6);
		store_fixture_reopen(fixture);
	}
	/*
	 * A second time, late, and of what there never was: nothing happens but the
	 * floor.
	 */
	assert_int_equal(forget(fixture->store, "/a", 6, 9), 0);
	assert_int_equal(forget(fixture->store, "/b", 6, 8), 0);
	assert_int_equal(store_fixture_numbers(fixture).floor.counter, 9);
	/* A value above is another matter. */
	assert_int_equal(store_fixture_put(fixture->store, "/a", 2, 10, LEN), 0);
	assert_int_equal(forget(fixture->store, "/a", 9, 11), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(look(fixture, "/a"), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 2, 0, LEN), 0);
		assert_int_equal(store_fixture_numbers(fixture).floor.counter, 11);
		store_fixture_reopen(fixture);
	}
}

static bool few_objects(struct store_fixture *fixture, void *context)
{
	return store_fixture_numbers(fixture).objects <= *(uint64_t *)context;
}

/* What it overtook, and what was bound to it, goes with it. */
static void test_forgotten_with_what_it_held(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	uint64_t none = 0;

	assert_int_equal(store_fixture_stage(store, "/a", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/a", 1, 5), 0);
	assert_int_equal(store_fixture_stage(store, "/a", 2, 6, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/a", 0, 7), 0);
	assert_int_equal(forget(store, "/a", 7, 7), 0);
	assert_true(store_fixture_wait(few_objects, fixture, &none));
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).objects, 0);
	assert_int_equal(look(fixture, "/a"), ENOENT);
}

/*
 * The tombstone is in a segment that is too large to be merged, what forgets it in a run
 * that does not begin at the first segment.  What is there of it after a start?
 */
static int forget_and_merge(struct store_fixture *fixture)
{
	struct store_batch *batch;

	fixture->rules.merge_bytes = 300000;
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	batch = store_batch_new(fixture->store);
	assert_int_equal(store_fixture_batch_accept(batch, "/a", 0, 6), 0);
	for (unsigned i = 0; i < 2; i++) {
		static uint8_t bytes[50000];
		dfs_share share = store_fixture_share(10 + i, 4, CHUNKS_ALL);
		dfs_ballot ballot = store_fixture_ballot(5);
		dfs_unit units[4];

		for (unsigned unit = 0; unit < 4; unit++)
			units[unit] = (dfs_unit){.number = unit, .data = {50000, bytes}};
		assert_int_equal(store_batch_content(batch, &share, units, 4), 0);
		assert_int_equal(store_fixture_bind(batch,
						    store_fixture_object_of(&share),
						    "/big", 4, &ballot),
				 0);
	}
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(forget(fixture->store, "/a", 6, 6), 0);
	heal_fixture_fill(fixture, 12, 1);
	heal_fixture_wait_segments(fixture, 7);
	store_fixture_reopen(fixture);
	return look(fixture, "/a");
}

static void test_forgotten_in_later_merges(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(forget_and_merge(fixture), ENOENT);
	assert_int_equal(store_fixture_numbers(fixture).floor.counter, 6);
}

static void test_broken_rule_forgotten_comes_back(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.keep_undone = false;
	assert_int_equal(forget_and_merge(fixture), 0);
}

static void test_broken_rule_floor_is_not_raised(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.raise_floor = false;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, 6), 0);
	assert_int_equal(forget(fixture->store, "/a", 6, 6), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).floor.counter, 0);
}

static void forget_many(struct store *store, uint64_t counter)
{
	struct store_batch *batch = store_batch_new(store);
	dfs_ballot ballot = store_fixture_ballot(counter);
	char path[1000];

	memset(path, 'x', sizeof path);
	path[0] = '/';
	for (int i = 0; i < 100; i++) {
		(void)snprintf(path + sizeof path - 4, 4, "%03u", (unsigned)i % 1000);
		assert_int_equal(store_batch_forget(batch, path, sizeof path - 1, &ballot,
						    &ballot),
				 0);
	}
	assert_int_equal(store_commit(batch), 0);
}

static bool is_not_larger(struct store_fixture *fixture, void *context)
{
	return store_fixture_numbers(fixture).stored_bytes <= *(uint64_t *)context;
}

/*
 * What forgets is behind a segment that is not merged for its size: it goes with that one
 * when there is enough of it, as a start counted it and as a commit did.
 */
static void test_9_25_what_forgets_goes_behind_a_large_segment(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t most;

	assert_int_equal(store_fixture_put(fixture->store, "/big", 1, 5, 90000), 0);
	most = store_fixture_numbers(fixture).stored_bytes + 30000;
	fixture->rules.merge_enough = 100000;
	fixture->rules.merge_fan = 8;
	forget_many(fixture->store, 6);
	assert_true(store_fixture_numbers(fixture).stored_bytes > most);
	store_fixture_reopen(fixture);
	assert_true(store_fixture_wait(is_not_larger, fixture, &most));
	forget_many(fixture->store, 7);
	assert_true(store_fixture_wait(is_not_larger, fixture, &most));
	assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 90000), 0);
	assert_int_equal(store_fixture_numbers(fixture).floor.counter, 7);
}

/* Over and over, from the first segment on: nothing is left of it at last. */
static void test_forgotten_is_merged_away(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t bytes;

	fixture->rules.merge_fan = 3;
	store_fixture_reopen(fixture);
	heal_fixture_fill(fixture, 1, 1);
	heal_fixture_wait_segments(fixture, 3);
	for (uint64_t counter = 2; counter < 30; counter++) {
		assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, counter),
				 0);
		assert_int_equal(forget(fixture->store, "/a", counter, counter), 0);
		if (counter % 10 == 0)
			store_fixture_reopen(fixture);
		assert_int_equal(look(fixture, "/a"), ENOENT);
	}
	heal_fixture_wait_segments(fixture, 4);
	store_fixture_reopen(fixture);
	assert_int_equal(look(fixture, "/a"), ENOENT);
	assert_int_equal(look(fixture, "/fill/0"), 0);
	bytes = store_fixture_numbers(fixture).stored_bytes;
	assert_true(bytes < 20000);
}

static void test_floor(void **state)
{
	struct store_fixture *fixture = *state;
	const uint64_t counters[] = {7, 9, 8};

	for (size_t i = 0; i < 3; i++) {
		struct store_batch *batch = store_batch_new(fixture->store);
		dfs_ballot floor = store_fixture_ballot(counters[i]);

		assert_int_equal(store_batch_floor(batch, &floor), 0);
		assert_int_equal(store_commit(batch), 0);
	}
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_numbers(fixture).floor.counter, 9);
		store_fixture_reopen(fixture);
	}
}

/* ---- trimming ------------------------------------------------------------------ */

static int trim(struct store *store, uint64_t object, unsigned chunks)
{
	dfs_id id = store_fixture_object(object);

	return store_trim(store, &id, chunks);
}

static void test_trimmed(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	uint64_t newest;

	assert_int_equal(store_fixture_put(store, "/a", 1, 5, LEN), 0);
	assert_int_equal(trim(store, 1, 0), EINVAL);
	assert_int_equal(trim(store, 1, CHUNKS_ALL + 1), EINVAL);
	newest = store_fixture_numbers(fixture).newest_segment;
	assert_int_equal(trim(store, 1, CHUNKS_ALL), 0);
	assert_int_equal(trim(store, 77, 1), 0);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest);
	assert_int_equal(trim(store, 1, 6), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), 6);
		for (uint64_t unit = 0; unit < 4; unit++)
			assert_int_equal(store_fixture_unit(fixture->store, 1, unit, LEN),
					 unit == 1 || unit == 2 ? 0 : ENOENT);
		fixture->rules.merge_fan = 2;
		store_fixture_reopen(fixture);
		heal_fixture_wait_segments(fixture, 2);
	}
	/* It may be given them again, and lose others. */
	assert_int_equal(heal_fixture_content(fixture->store, 1, 9, LEN), 0);
	assert_int_equal(trim(fixture->store, 1, 14), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), 14);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 3, LEN), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, LEN), ENOENT);
		store_fixture_reopen(fixture);
	}
}

/* Chunks that came one by one; the first of the parts goes, then the last, then all. */
static void test_trimmed_parts(void **state)
{
	struct store_fixture *fixture = *state;
	static const unsigned left[] = {14, 6, 2};

	assert_int_equal(store_fixture_accept(fixture->store, "/a", 1, 5), 0);
	for (unsigned chunk = 1; chunk <= 8; chunk *= 2)
		assert_int_equal(heal_fixture_content(fixture->store, 1, chunk, LEN), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(trim(fixture->store, 1, left[i]), 0);
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), left[i]);
		if (i == 1)
			store_fixture_reopen(fixture);
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), left[i]);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 1, LEN), 0);
	}
	assert_int_equal(store_fixture_numbers(fixture).objects, 1);
	assert_int_equal(trim(fixture->store, 1, 8), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_numbers(fixture).objects, 0);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 1, LEN), ENOENT);
		store_fixture_reopen(fixture);
	}
}

static bool small_store(struct store_fixture *fixture, void *context)
{
	return store_fixture_numbers(fixture).stored_bytes <= *(uint64_t *)context;
}

/* 40 units of 200 kB in a segment of their own: half of them go. */
static void test_trimming_gives_space_back(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = store_fixture_share(1, 40, CHUNKS_ALL);
	uint64_t half = 4300000;

	fixture->rules.merge_fan = 4;
	assert_int_equal(store_fixture_upload(uploads, 1, 40, CHUNKS_ALL, 200000), 0);
	assert_int_equal(store_batch_upload(batch, uploads, &share), 0);
	assert_int_equal(store_fixture_batch_accept(batch, "/a", 1, 5), 0);
	assert_int_equal(store_commit(batch), 0);
	store_uploads_free(uploads);
	assert_true(store_fixture_numbers(fixture).stored_bytes > 8000000);
	store_fixture_reopen(fixture);
	assert_int_equal(trim(fixture->store, 1, 12), 0);
	assert_true(store_fixture_wait(small_store, fixture, &half));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), 12);
		assert_true(store_fixture_numbers(fixture).stored_bytes > 3900000);
		for (uint64_t unit = 0; unit < 40; unit++)
			assert_int_equal(
				store_fixture_unit(fixture->store, 1, unit, 200000),
				unit % 4 < 2 ? ENOENT : 0);
		store_fixture_reopen(fixture);
	}
}

/* As forget_and_merge: the chunks are in a segment that is too large to be merged. */
static unsigned trim_and_merge(struct store_fixture *fixture)
{
	fixture->rules.merge_bytes = 300000;
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_put(fixture->store, "/a", 1, 5, 50000), 0);
	assert_int_equal(trim(fixture->store, 1, 7), 0);
	heal_fixture_fill(fixture, 12, 1);
	heal_fixture_wait_segments(fixture, 7);
	store_fixture_reopen(fixture);
	return heal_fixture_chunks(fixture->store, 1);
}

static void test_trimmed_in_later_merges(void **state)
{
	assert_int_equal(trim_and_merge(*state), 7);
}

static void test_broken_rule_trimmed_comes_back(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.keep_undone = false;
	assert_int_equal(trim_and_merge(fixture), CHUNKS_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_forgotten, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_forgotten_with_what_it_held, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_forgotten_in_later_merges, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_broken_rule_forgotten_comes_back,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_broken_rule_floor_is_not_raised,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(
			test_9_25_what_forgets_goes_behind_a_large_segment, start,
			heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_forgotten_is_merged_away, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_floor, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_trimmed, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_trimmed_parts, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_trimming_gives_space_back, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_trimmed_in_later_merges, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_broken_rule_trimmed_comes_back,
						start, heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_forget", tests, NULL, NULL);
}
