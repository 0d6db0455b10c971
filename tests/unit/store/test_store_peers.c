/* store/store_peers: what is remembered of peers. */
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "store_peers.h"
#include "store_phase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int start(void **state)
{
	return heal_fixture_start(state, 0, 1);
}

static dfs_watermark watermark_of(unsigned store, uint32_t epoch, uint64_t newest)
{
	return (dfs_watermark){.store = store_fixture_id(store),
			       .epoch = epoch,
			       .newest_segment = newest};
}

static void remember(struct store_fixture *fixture, unsigned server, dfs_watermark told)
{
	store_remember(fixture->store, server, &told);
}

static void check_memory(struct store_fixture *fixture, unsigned server,
			 dfs_watermark wanted)
{
	dfs_watermark memory;

	assert_true(store_watermark(fixture->store, server, &memory));
	assert_true(id_equal(&memory.store, &wanted.store));
	assert_int_equal(memory.epoch, wanted.epoch);
	assert_int_equal(memory.newest_segment, wanted.newest_segment);
}

static void test_memory(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_watermark memory;

	fixture->rules.merge_fan = 2;
	store_fixture_reopen(fixture);
	assert_false(store_watermark(fixture->store, 1, &memory));
	remember(fixture, 1, watermark_of(1, 0, 10));
	remember(fixture, 4, watermark_of(4, 2, 40));
	for (int round = 0; round < 3; round++) {
		check_memory(fixture, 1, watermark_of(1, 0, 10));
		check_memory(fixture, 4, watermark_of(4, 2, 40));
		assert_false(store_watermark(fixture->store, 3, &memory));
		heal_fixture_fill(fixture, 8, 1 + (uint64_t)round);
		store_fixture_reopen(fixture);
	}
	/* It only grows within one store; another store counts from a higher epoch. */
	remember(fixture, 4, watermark_of(4, 1, 39));
	remember(fixture, 1, watermark_of(2, 0, 99));
	check_memory(fixture, 4, watermark_of(4, 2, 40));
	check_memory(fixture, 1, watermark_of(1, 0, 10));
	remember(fixture, 4, watermark_of(4, 2, 41));
	remember(fixture, 1, watermark_of(2, 3, 5));
	/* A recovery of one's own does not make it less true. */
	heal_fixture_begin(fixture);
	check_memory(fixture, 4, watermark_of(4, 2, 41));
	assert_int_equal(store_recover_end(fixture->store, 4), 0);
	for (int round = 0; round < 3; round++) {
		check_memory(fixture, 1, watermark_of(2, 3, 5));
		check_memory(fixture, 4, watermark_of(4, 2, 41));
		heal_fixture_fill(fixture, 8, 5 + (uint64_t)round);
		store_fixture_reopen(fixture);
	}
}

/* In the next segment, of whatever kind; one of its own is not written then. */
static void test_memory_travels(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads;
	struct store_batch *batch;
	dfs_share share = store_fixture_share(1, 24, CHUNKS_ALL);
	uint64_t newest = store_fixture_numbers(fixture).newest_segment;

	remember(fixture, 3, watermark_of(3, 0, 1));
	assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, 5), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest + 1);
	check_memory(fixture, 3, watermark_of(3, 0, 1));
	remember(fixture, 3, watermark_of(3, 0, 2));
	uploads = store_uploads_new(fixture->store);
	batch = store_batch_new(fixture->store);
	assert_int_equal(store_fixture_upload(uploads, 1, 24, CHUNKS_ALL, 60000), 0);
	assert_int_equal(store_batch_upload(batch, uploads, &share), 0);
	assert_int_equal(store_fixture_batch_accept(batch, "/b", 1, 5), 0);
	assert_int_equal(store_commit(batch), 0);
	store_uploads_free(uploads);
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest + 2);
	check_memory(fixture, 3, watermark_of(3, 0, 2));
	/* What is known already needs none. */
	remember(fixture, 3, watermark_of(3, 0, 2));
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest + 2);
}

static bool has_newest(struct store_fixture *fixture, void *context)
{
	return store_fixture_numbers(fixture).newest_segment >= *(uint64_t *)context;
}

static void test_memory_is_written_by_itself(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t newest = store_fixture_numbers(fixture).newest_segment + 1;

	remember(fixture, 3, watermark_of(3, 0, 1));
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest - 1);
	assert_true(store_fixture_wait(has_newest, fixture, &newest));
	/* Not by a store that is lost. */
	store_condemn(fixture->store, "It is old.");
	remember(fixture, 3, watermark_of(3, 0, 2));
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest);
	check_memory(fixture, 3, watermark_of(3, 0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_memory, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_memory_travels, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_memory_is_written_by_itself, start,
						heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_peers", tests, NULL, NULL);
}
