/* store/merge and drop: what counts survives, what does not gives its space back. */
#include "store_fixture.h"

#include "ballot.h"
#include "clock.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int start_with(void **state, size_t fan, int64_t grace_ms)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.merge_fan = fan;
	fixture->rules.grace_ms = grace_ms;
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int start_merging(void **state)
{
	return start_with(state, 4, 60000);
}

static int start_dropping(void **state)
{
	return start_with(state, 0, 1);
}

static int start_both(void **state)
{
	return start_with(state, 4, 1);
}

static int end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

/* ---- conditions ---------------------------------------------------------------- */

static bool few_segments(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.segments <= *(uint64_t *)context;
}

static bool small_store(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.stored_bytes <= *(uint64_t *)context;
}

static bool few_objects(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.objects <= *(uint64_t *)context;
}

static void wait_segments(struct store_fixture *fixture, uint64_t most)
{
	assert_true(store_fixture_wait(few_segments, fixture, &most));
}

static void wait_objects(struct store_fixture *fixture, uint64_t most)
{
	assert_true(store_fixture_wait(few_objects, fixture, &most));
}

static unsigned chunks_of(struct store *store, uint64_t object)
{
	dfs_id id = store_fixture_object(object);

	return store_chunks(store, &id);
}

static bool is_bound(struct store *store, uint64_t object, const char *path,
		     uint64_t counter)
{
	dfs_id id = store_fixture_object(object);
	dfs_ballot ballot = store_fixture_ballot(counter);

	return store_is_bound(store, &id, path, strlen(path), &ballot);
}

static void check_value(struct store *store, const char *path, uint64_t counter,
			bool settled)
{
	struct store_register reg;
	dfs_value value;

	assert_int_equal(store_value(store, path, strlen(path), &reg, &value), 0);
	assert_int_equal(reg.ballot.counter, counter);
	assert_int_equal(reg.settled, settled);
	assert_int_equal(value.number, counter);
	value_free(&value);
}

/* ---- merging ------------------------------------------------------------------- */

static void test_everything_survives(void **state)
{
	struct store_fixture *fixture = *state;
	char path[32];

	for (uint64_t i = 1; i <= 30; i++) {
		(void)snprintf(path, sizeof path, "/a/%llu", (unsigned long long)i);
		assert_int_equal(store_fixture_put(fixture->store, path, i, 5, 300), 0);
	}
	for (int round = 0; round < 3; round++) {
		wait_segments(fixture, 8);
		for (uint64_t i = 1; i <= 30; i++) {
			(void)snprintf(path, sizeof path, "/a/%llu",
				       (unsigned long long)i);
			check_value(fixture->store, path, 5, true);
			for (uint64_t unit = 0; unit < 4; unit++)
				assert_int_equal(
					store_fixture_unit(fixture->store, i, unit, 300),
					0);
		}
		store_fixture_reopen(fixture);
	}
}

static void test_overtaken_values_go(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t small = 40000;

	for (uint64_t i = 1; i <= 200; i++) {
		assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 0, i), 0);
		store_fixture_settle(fixture->store, "/a/x", i);
	}
	assert_true(store_fixture_wait(small_store, fixture, &small));
	check_value(fixture->store, "/a/x", 200, true);
	store_fixture_reopen(fixture);
	check_value(fixture->store, "/a/x", 200, true);
}

static void test_unsettled_keeps_what_it_overtook(void **state)
{
	struct store_fixture *fixture = *state;
	char path[32];

	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 100), 0);
	assert_int_equal(store_fixture_stage(fixture->store, "/a/x", 2, 6, 100), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 2, 6), 0);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 10; i++) {
			(void)snprintf(path, sizeof path, "/b/%d/%u", round, i);
			assert_int_equal(store_fixture_accept(fixture->store, path, 0, 1),
					 0);
		}
		wait_segments(fixture, 8);
		assert_int_equal(chunks_of(fixture->store, 1), CHUNKS_ALL);
		assert_int_equal(chunks_of(fixture->store, 2), CHUNKS_ALL);
		check_value(fixture->store, "/a/x", 6, false);
		store_fixture_reopen(fixture);
	}
	store_fixture_settle(fixture->store, "/a/x", 6);
	wait_objects(fixture, 1);
	assert_int_equal(chunks_of(fixture->store, 1), 0);
	assert_int_equal(store_fixture_unit(fixture->store, 2, 0, 100), 0);
}

static void test_bindings_survive(void **state)
{
	struct store_fixture *fixture = *state;
	char path[32];

	assert_int_equal(store_fixture_stage(fixture->store, "/a/x", 1, 5, 100), 0);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 20; i++) {
			(void)snprintf(path, sizeof path, "/b/%d/%u", round, i);
			assert_int_equal(store_fixture_accept(fixture->store, path, 0, 1),
					 0);
		}
		wait_segments(fixture, 8);
		assert_true(is_bound(fixture->store, 1, "/a/x", 5));
		assert_int_equal(chunks_of(fixture->store, 1), CHUNKS_ALL);
		store_fixture_reopen(fixture);
		assert_true(is_bound(fixture->store, 1, "/a/x", 5));
	}
	/*
	 * Another client's value of the path is settled above the binding: nothing holds
	 * it.
	 */
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 0, 6), 0);
	store_fixture_settle(fixture->store, "/a/x", 6);
	wait_objects(fixture, 0);
	assert_false(is_bound(fixture->store, 1, "/a/x", 5));
}

struct reading {
	struct store *store;
	atomic_bool stop;
	atomic_int wrong;
};

static void *read_on(void *argument)
{
	struct reading *reading = argument;

	while (!atomic_load(&reading->stop)) {
		struct store_register reg;
		dfs_value value;
		int rc = store_value(reading->store, "/a/1", 4, &reg, &value);

		if (rc == 0)
			value_free(&value);
		if (rc == 0)
			rc = store_fixture_unit(reading->store, 1, 2, 300);
		if (rc != 0)
			atomic_store(&reading->wrong, rc);
	}
	return NULL;
}

static void test_readers_notice_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	struct reading reading = {.store = fixture->store};
	pthread_t threads[3];
	char path[32];

	assert_int_equal(store_fixture_put(fixture->store, "/a/1", 1, 5, 300), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &reading), 0);
	for (uint64_t i = 2; i <= 120; i++) {
		(void)snprintf(path, sizeof path, "/a/%llu", (unsigned long long)i);
		assert_int_equal(store_fixture_put(fixture->store, path, i, 5, 300), 0);
	}
	wait_segments(fixture, 10);
	atomic_store(&reading.stop, true);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&reading.wrong), 0);
}

/* ---- dropping ------------------------------------------------------------------ */

static void test_overwritten_content_goes(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/y", 3, 5, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 2, 6, 100), 0);
	wait_objects(fixture, 2);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(chunks_of(fixture->store, 1), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 100), ENOENT);
		assert_int_equal(store_fixture_unit(fixture->store, 2, 0, 100), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 3, 0, 100), 0);
		store_fixture_reopen(fixture);
	}
	/* Put again under the same id, it is there again. */
	assert_int_equal(store_fixture_stage(fixture->store, "/a/z", 1, 5, 100), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 100), 0);
		store_fixture_reopen(fixture);
	}
}

static void test_grace(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;

	fixture->rules.grace_ms = 60000;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 2, 6, 100), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 100), 0);
		store_get_numbers(fixture->store, &numbers);
		assert_int_equal(numbers.objects, 2);
		store_fixture_reopen(fixture);
	}
	/* The grace began anew with the start. */
	fixture->rules.grace_ms = 1;
	store_fixture_reopen(fixture);
	wait_objects(fixture, 1);
}

static void test_who_reads_can_go_on(void **state)
{
	struct store_fixture *fixture = *state;
	int64_t end_ms;

	fixture->rules.grace_ms = 700;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/y", 3, 5, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 2, 6, 100), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/a/y", 4, 6, 100), 0);
	/*
	 * Object 1 is read for two graces and more; object 3, which is not, goes
	 * meanwhile.
	 */
	end_ms = clock_now_ms() + 1800;
	while (clock_now_ms() < end_ms)
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 100), 0);
	assert_int_equal(store_fixture_unit(fixture->store, 3, 0, 100), ENOENT);
	wait_objects(fixture, 2);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 100), ENOENT);
}

/* An upload of its own segment, bound and accepted. */
static void put_large(struct store_fixture *fixture, const char *path, uint64_t object,
		      uint64_t counter)
{
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = store_fixture_share(object, 40, CHUNKS_ALL);
	dfs_ballot ballot = store_fixture_ballot(counter);

	assert_int_equal(store_fixture_upload(uploads, object, 40, CHUNKS_ALL, 200000),
			 0);
	assert_int_equal(store_batch_upload(batch, uploads, &share), 0);
	assert_int_equal(store_fixture_bind(batch, store_fixture_object_of(&share), path,
					    strlen(path), &ballot),
			 0);
	assert_int_equal(store_commit(batch), 0);
	store_uploads_free(uploads);
	assert_int_equal(store_fixture_accept(fixture->store, path, object, counter), 0);
	store_fixture_settle(fixture->store, path, counter);
}

static void test_large_content_gives_space_back(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	uint64_t small = 200000;

	put_large(fixture, "/a/x", 1, 5);
	store_get_numbers(fixture->store, &numbers);
	assert_true(numbers.stored_bytes > 8000000);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 0, 6), 0);
	store_fixture_settle(fixture->store, "/a/x", 6);
	assert_true(store_fixture_wait(small_store, fixture, &small));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(chunks_of(fixture->store, 1), 0);
		check_value(fixture->store, "/a/x", 6, true);
		store_fixture_reopen(fixture);
	}
}

static void test_half_dead_segment_is_rewritten(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	static const char *const paths[] = {"/a/1", "/a/2", "/a/3", "/a/4"};
	dfs_ballot ballot = store_fixture_ballot(5);
	uint8_t *bytes = calloc(1, 200000);
	uint64_t small = 1000000;

	/* Four objects of 800 kB in one segment, of which three go. */
	for (uint64_t i = 0; i < 4; i++) {
		dfs_share share = store_fixture_share(i + 1, 4, CHUNKS_ALL);
		dfs_unit units[4];

		memset(bytes, (int)i + 1, 200000);
		for (uint64_t unit = 0; unit < 4; unit++)
			units[unit] = (dfs_unit){.number = unit, .data = {200000, bytes}};
		assert_int_equal(store_batch_content(batch, &share, units, 4), 0);
		assert_int_equal(store_fixture_bind(batch,
						    store_fixture_object_of(&share),
						    paths[i], 4, &ballot),
				 0);
		assert_int_equal(store_fixture_batch_accept(batch, paths[i], i + 1, 5),
				 0);
	}
	free(bytes);
	assert_int_equal(store_commit(batch), 0);
	for (uint64_t i = 0; i < 4; i++)
		store_fixture_settle(fixture->store, paths[i], 5);
	for (uint64_t i = 1; i < 4; i++) {
		assert_int_equal(store_fixture_accept(fixture->store, paths[i], 0, 6), 0);
		store_fixture_settle(fixture->store, paths[i], 6);
	}
	assert_true(store_fixture_wait(small_store, fixture, &small));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_unit(fixture->store, 1, 0, 200000), 0);
		check_value(fixture->store, "/a/1", 5, true);
		store_fixture_reopen(fixture);
	}
}

static void stage_chunks(struct store_fixture *fixture, unsigned chunks)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = store_fixture_share(1, 4, chunks);
	dfs_unit units[4];
	uint8_t bytes[4][300];
	size_t count = 0;

	for (uint64_t unit = 0; unit < 4; unit++) {
		if (!set_has(chunks, placement_chunk(unit)))
			continue;
		memset(bytes[unit], (int)unit + 1, sizeof bytes[unit]);
		units[count++] = (dfs_unit){.number = unit,
					    .data = {sizeof bytes[unit], bytes[unit]}};
	}
	assert_int_equal(store_batch_content(batch, &share, units, count), 0);
	assert_int_equal(store_commit(batch), 0);
}

/*
 * The server's own pair, and then, in an upload that was repeated past an absent server,
 * the spare too.
 */
static void test_pair_and_spare_survive_together(void **state)
{
	struct store_fixture *fixture = *state;
	char path[32];

	stage_chunks(fixture, 3);
	stage_chunks(fixture, CHUNKS_ALL);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 1, 5), 0);
	store_fixture_settle(fixture->store, "/a/x", 5);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 20; i++) {
			(void)snprintf(path, sizeof path, "/b/%d/%u", round, i);
			assert_int_equal(store_fixture_accept(fixture->store, path, 0, 1),
					 0);
		}
		wait_segments(fixture, 8);
		assert_int_equal(chunks_of(fixture->store, 1), CHUNKS_ALL);
		for (uint64_t unit = 0; unit < 4; unit++)
			assert_int_equal(store_fixture_unit(fixture->store, 1, unit, 300),
					 0);
	}
	store_fixture_reopen(fixture);
	assert_int_equal(chunks_of(fixture->store, 1), CHUNKS_ALL);
}

/* Objects 1 and 2, bound to /a/x and /a/y, in one segment of 400 kB. */
static void stage_two(struct store_fixture *fixture)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(5);
	uint8_t *bytes = calloc(1, 50000);

	for (uint64_t i = 0; i < 2; i++) {
		dfs_share share = store_fixture_share(i + 1, 4, CHUNKS_ALL);
		dfs_unit units[4];

		for (uint64_t unit = 0; unit < 4; unit++)
			units[unit] = (dfs_unit){.number = unit, .data = {50000, bytes}};
		assert_int_equal(store_batch_content(batch, &share, units, 4), 0);
		assert_int_equal(store_fixture_bind(batch,
						    store_fixture_object_of(&share),
						    i == 0 ? "/a/x" : "/a/y", 4, &ballot),
				 0);
	}
	free(bytes);
	assert_int_equal(store_commit(batch), 0);
}

/*
 * The object is in a segment that is too large to be merged; its drop is in a later one,
 * in a run that does not begin at the first segment.  How many chunks are there after a
 * start?
 */
static unsigned drop_and_merge(struct store_fixture *fixture)
{
	char path[32];

	fixture->rules.merge_bytes = 300000;
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	stage_two(fixture);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 0, 6), 0);
	store_fixture_settle(fixture->store, "/a/x", 6);
	wait_objects(fixture, 1);
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(path, sizeof path, "/b/%u", i);
		assert_int_equal(store_fixture_accept(fixture->store, path, 0, 1), 0);
	}
	wait_segments(fixture, 6);
	fixture->rules.grace_ms = 60000;
	store_fixture_reopen(fixture);
	return chunks_of(fixture->store, 1);
}

static void test_drops_stay_in_later_merges(void **state)
{
	assert_int_equal(drop_and_merge(*state), 0);
}

static void test_broken_rule_drops_left_out(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.keep_undone = false;
	assert_int_not_equal(drop_and_merge(fixture), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everything_survives, start_merging,
						end),
		cmocka_unit_test_setup_teardown(test_overtaken_values_go, start_merging,
						end),
		cmocka_unit_test_setup_teardown(test_unsettled_keeps_what_it_overtook,
						start_both, end),
		cmocka_unit_test_setup_teardown(test_bindings_survive, start_both, end),
		cmocka_unit_test_setup_teardown(test_readers_notice_nothing, start_both,
						end),
		cmocka_unit_test_setup_teardown(test_overwritten_content_goes,
						start_dropping, end),
		cmocka_unit_test_setup_teardown(test_grace, start_dropping, end),
		cmocka_unit_test_setup_teardown(test_who_reads_can_go_on, start_dropping,
						end),
		cmocka_unit_test_setup_teardown(test_large_content_gives_space_back,
						start_dropping, end),
		cmocka_unit_test_setup_teardown(test_half_dead_segment_is_rewritten,
						start_both, end),
		cmocka_unit_test_setup_teardown(test_pair_and_spare_survive_together,
						start_merging, end),
		cmocka_unit_test_setup_teardown(test_drops_stay_in_later_merges,
						start_both, end),
		cmocka_unit_test_setup_teardown(test_broken_rule_drops_left_out,
						start_both, end),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
