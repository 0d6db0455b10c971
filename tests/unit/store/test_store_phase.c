/*
 * store/store_phase: a lost store begins again, and nothing of what it was comes back
 * but content.
 */
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "segment.h"
#include "store_forget.h"
#include "store_phase.h"
#include "value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { LEN = 300 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 1);
}

static bool is_whole(struct store_fixture *fixture)
{
	const char *why = "";
	bool whole = store_whole(fixture->store, &why);

	assert_true(whole || strlen(why) > 10);
	return whole;
}

static void expect_why(struct store_fixture *fixture, const char *word)
{
	const char *why = "";

	assert_false(store_whole(fixture->store, &why));
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
}

static int look(struct store_fixture *fixture, const char *path)
{
	struct store_register reg;

	return store_register(fixture->store, path, strlen(path), &reg);
}

static bool is_bound(struct store *store, uint64_t object, const char *path,
		     uint64_t counter)
{
	dfs_id id = store_fixture_object(object);
	dfs_ballot ballot = store_fixture_ballot(counter);

	return store_is_bound(store, &id, path, strlen(path), &ballot);
}

static int reserve(struct store *store, uint64_t counter, uint32_t epoch)
{
	struct store_batch *batch = store_batch_new(store);

	store_batch_reserve(batch, counter);
	store_batch_epoch(batch, epoch);
	return store_commit(batch);
}

/* ---- beginning and ending ------------------------------------------------------ */

static void test_empty_folder(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_id old = store_fixture_numbers(fixture).id;
	struct store_numbers numbers;
	char names[8][64], name[80], path[PATH_MAX];
	size_t count;

	heal_fixture_close(fixture);
	count = store_fixture_segments(fixture, names, 8);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "seg/%.63s", names[i]);
		assert_int_equal(unlink(store_fixture_file(fixture, name, path)), 0);
	}
	store_fixture_reopen(fixture);
	expect_why(fixture, "empty");
	assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, 5), EIO);
	assert_int_equal(store_recover_end(fixture->store, 1), EINVAL);
	assert_int_equal(store_recover_begin(fixture->store, 40), 0);
	expect_why(fixture, "takes its registers");
	numbers = store_fixture_numbers(fixture);
	assert_int_equal(numbers.newest_segment, 41);
	assert_false(id_is_zero(&numbers.id));
	assert_false(id_equal(&numbers.id, &old));
	heal_fixture_learn(fixture->store, "/a", 0, 5);
	/* A start without an end to it begins anew. */
	store_fixture_reopen(fixture);
	expect_why(fixture, "had not ended");
	assert_int_equal(store_recover_begin(fixture->store, 40), 0);
	assert_int_equal(look(fixture, "/a"), ENOENT);
	heal_fixture_learn(fixture->store, "/b", 0, 6);
	old = store_fixture_numbers(fixture).id;
	assert_int_equal(store_recover_end(fixture->store, 3), 0);
	for (int round = 0; round < 2; round++) {
		assert_true(is_whole(fixture));
		numbers = store_fixture_numbers(fixture);
		assert_true(id_equal(&numbers.id, &old));
		assert_int_equal(numbers.epoch, 3);
		assert_int_equal(numbers.born, 3);
		assert_int_equal(look(fixture, "/a"), ENOENT);
		assert_int_equal(look(fixture, "/b"), 0);
		assert_int_equal(store_fixture_put(fixture->store, "/c", 7,
						   8 + (uint64_t)round, LEN),
				 0);
		store_fixture_reopen(fixture);
	}
}

static void test_when_it_may_not(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(store_recover_begin(fixture->store, 0), EINVAL);
	assert_int_equal(store_recover_end(fixture->store, 1), EINVAL);
	store_condemn(fixture->store, "It is old.");
	assert_int_equal(store_recover_end(fixture->store, 1), EINVAL);
	assert_int_equal(store_recover_begin(fixture->store, SEGMENT_NUMBER_MAX / 2),
			 ERANGE);
	assert_int_equal(store_recover_begin(fixture->store, UINT64_MAX), ERANGE);
	assert_int_equal(store_recover_begin(fixture->store, SEGMENT_NUMBER_MAX / 2 - 1),
			 0);
	assert_int_equal(reserve(fixture->store, 5, 4), 0);
	assert_int_equal(store_recover_end(fixture->store, 0), EINVAL);
	assert_int_equal(store_recover_end(fixture->store, 3), EINVAL);
	assert_false(is_whole(fixture));
	assert_int_equal(store_recover_end(fixture->store, 4), 0);
	assert_true(is_whole(fixture));
	assert_int_equal(store_recover_end(fixture->store, 4), EINVAL);
	assert_int_equal(store_recover_begin(fixture->store, 0), EINVAL);
}

/* A condemned store is as it was, on the disk; from it only content is read. */
static void test_condemned(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *before = store_batch_new(fixture->store);
	struct store_numbers numbers;

	assert_int_equal(store_fixture_put(fixture->store, "/a", 1, 5, LEN), 0);
	numbers = store_fixture_numbers(fixture);
	assert_int_equal(store_fixture_batch_accept(before, "/b", 0, 6), 0);
	store_condemn(fixture->store, "dfs3 remembers another one.");
	expect_why(fixture, "dfs3");
	assert_int_equal(store_fixture_accept(fixture->store, "/c", 0, 6), EIO);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 0, LEN), 0);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment,
			 numbers.newest_segment);
	/* What was begun before the recovery does not come into the new store. */
	assert_int_equal(store_recover_begin(fixture->store, 0), 0);
	assert_int_equal(store_commit(before), EIO);
	assert_int_equal(look(fixture, "/b"), ENOENT);
	heal_fixture_learn(fixture->store, "/b", 0, 7);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	store_fixture_reopen(fixture);
	assert_true(is_whole(fixture));
	assert_int_equal(look(fixture, "/b"), 0);
	assert_int_equal(look(fixture, "/a"), ENOENT);
}

static void test_condemned_and_started_again(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(store_fixture_put(fixture->store, "/a", 1, 5, LEN), 0);
	store_condemn(fixture->store, "dfs3 remembers another one.");
	store_fixture_reopen(fixture);
	assert_true(is_whole(fixture));
	assert_int_equal(look(fixture, "/a"), 0);
}

/* ---- what is dead -------------------------------------------------------------- */

/* Files, a tombstone, a binding, a reservation, an epoch and a floor; then a recovery. */
static uint64_t fill_and_begin(struct store_fixture *fixture)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot floor = store_fixture_ballot(77);

	assert_int_equal(store_fixture_put(fixture->store, "/old/1", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/old/2", 2, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/old/2", 0, 6), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/old/3", 0, 6), 0);
	assert_int_equal(store_fixture_stage(fixture->store, "/old/4", 4, 9, LEN), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/old/5", 5, 5, LEN), 0);
	assert_int_equal(reserve(fixture->store, 1000000, 1), 0);
	store_batch_floor(batch, &floor);
	assert_int_equal(store_commit(batch), 0);
	return heal_fixture_begin(fixture);
}

static void expect_nothing_old(struct store_fixture *fixture)
{
	static const char *const paths[] = {"/old/1", "/old/2", "/old/3", "/old/4",
					    "/old/5"};
	struct store_numbers numbers = store_fixture_numbers(fixture);

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_int_equal(look(fixture, paths[i]), ENOENT);
	assert_false(is_bound(fixture->store, 4, "/old/4", 9));
	assert_int_equal(numbers.reserved, 0);
	assert_int_equal(numbers.floor.counter, 0);
	assert_int_equal(numbers.files, 0);
}

static void test_only_content_is_left(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.grace_ms = 60000;
	store_fixture_reopen(fixture);
	fill_and_begin(fixture);
	expect_nothing_old(fixture);
	assert_int_equal(store_fixture_numbers(fixture).epoch, 0);
	assert_int_equal(store_fixture_numbers(fixture).highest_counter, 0);
	assert_int_equal(store_recover_end(fixture->store, 2), 0);
	for (int round = 0; round < 3; round++) {
		expect_nothing_old(fixture);
		for (uint64_t object = 1; object <= 5; object++)
			assert_int_equal(
				store_fixture_unit(fixture->store, object, 3, LEN),
				object == 3 ? ENOENT : 0);
		if (round == 1)
			fixture->rules.merge_fan = 3;
		store_fixture_reopen(fixture);
	}
}

static void test_broken_rule_registers_below_count(void **state)
{
	struct store_fixture *fixture = *state;

	fill_and_begin(fixture);
	assert_int_equal(store_recover_end(fixture->store, 2), 0);
	fixture->rules.bury_registers = false;
	store_fixture_reopen(fixture);
	assert_int_equal(look(fixture, "/old/1"), 0);
}

static void test_broken_rule_recovery_is_not_known(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.seal_recovering = false;
	store_fixture_reopen(fixture);
	fill_and_begin(fixture);
	store_fixture_reopen(fixture);
	/* It votes, and knows nothing. */
	assert_true(is_whole(fixture));
}

/* The lowest and the highest number of a segment below n; 0: there is none. */
static size_t count_below(struct store_fixture *fixture, uint64_t number,
			  bool *ret_crosses)
{
	static char names[256][64];
	size_t count = store_fixture_segments(fixture, names, 256), below = 0;
	uint64_t lo, hi;

	for (size_t i = 0; i < count; i++) {
		assert_true(segment_parse_name(names[i], &lo, &hi));
		below += lo < number;
		*ret_crosses |= lo < number && hi >= number;
	}
	return below;
}

static bool nothing_below(struct store_fixture *fixture, void *context)
{
	bool crosses = false;
	size_t below = count_below(fixture, *(uint64_t *)context, &crosses);

	assert_false(crosses);
	return below == 0;
}

/*
 * With merges below n, at n and above: registers stay dead, content that is named is kept
 * and what is not goes, and with it the segments.
 */
static void test_merges_around_a_recovery(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t number;

	number = fill_and_begin(fixture);
	heal_fixture_learn(fixture->store, "/new/1", 1, 5);
	fixture->rules.merge_fan = 3;
	heal_fixture_fill(fixture, 12, 3);
	assert_int_equal(store_recover_end(fixture->store, 2), 0);
	for (int round = 0; round < 3; round++) {
		store_fixture_reopen(fixture);
		assert_true(is_whole(fixture));
		heal_fixture_fill(fixture, 12, 4 + (uint64_t)round);
		heal_fixture_wait_segments(fixture, 8);
		assert_int_equal(look(fixture, "/old/1"), ENOENT);
		assert_int_equal(look(fixture, "/old/3"), ENOENT);
		assert_false(is_bound(fixture->store, 4, "/old/4", 9));
		assert_int_equal(look(fixture, "/new/1"), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 2, LEN), 0);
		assert_false(nothing_below(fixture, &number));
	}
	/* Its content overtaken, nothing below n is left. */
	heal_fixture_learn(fixture->store, "/new/1", 0, 6);
	assert_true(store_fixture_wait(nothing_below, fixture, &number));
	store_fixture_reopen(fixture);
	assert_true(is_whole(fixture));
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), 0);
	assert_int_equal(look(fixture, "/new/1"), 0);
}

static bool one_below(struct store_fixture *fixture, void *context)
{
	bool crosses = false;

	return count_below(fixture, *(uint64_t *)context, &crosses) == 1;
}

/* What was merged while it was alive, and then dies, goes without a start between. */
static void test_merged_below_and_dead(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t number = fill_and_begin(fixture);

	heal_fixture_learn(fixture->store, "/new/1", 1, 5);
	assert_int_equal(store_recover_end(fixture->store, 2), 0);
	fixture->rules.merge_fan = 3;
	store_fixture_reopen(fixture);
	assert_true(store_fixture_wait(one_below, fixture, &number));
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
	heal_fixture_learn(fixture->store, "/new/1", 0, 6);
	assert_true(store_fixture_wait(nothing_below, fixture, &number));
}

/* Until the recovery has ended nobody knows what content is for. */
static void test_content_waits_for_the_end(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.merge_fan = 3;
	fixture->rules.grace_ms = 60000;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_put(fixture->store, "/old/1", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_put(fixture->store, "/old/2", 2, 5, LEN), 0);
	fixture->rules.grace_ms = 0;
	store_fixture_reopen(fixture);
	heal_fixture_begin(fixture);
	/* The compactor has been at work: it merges, and its grace is over. */
	heal_fixture_fill(fixture, 30, 3);
	heal_fixture_wait_segments(fixture, 12);
	heal_fixture_fill(fixture, 30, 4);
	heal_fixture_wait_segments(fixture, 12);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
	assert_int_equal(heal_fixture_chunks(fixture->store, 2), CHUNKS_ALL);
	heal_fixture_learn(fixture->store, "/new", 2, 9);
	assert_int_equal(store_recover_end(fixture->store, 2), 0);
	while (heal_fixture_chunks(fixture->store, 1) != 0)
		heal_fixture_fill(fixture, 1, 5);
	assert_int_equal(heal_fixture_chunks(fixture->store, 2), CHUNKS_ALL);
}

/* ---- gaps and damage below ----------------------------------------------------- */

static void test_gaps_and_damage_below(void **state)
{
	struct store_fixture *fixture = *state;
	char names[32][64], name[80], path[PATH_MAX];
	uint64_t number;

	for (unsigned i = 1; i <= 4; i++) {
		(void)snprintf(path, sizeof path, "/old/%u", i);
		assert_int_equal(store_fixture_put(fixture->store, path, i, 5, LEN), 0);
	}
	heal_fixture_close(fixture);
	store_fixture_segments(fixture, names, 32);
	/* Segment 4 has the second content, 5 its register; 6 the third one. */
	(void)snprintf(name, sizeof name, "seg/%s", names[3]);
	assert_int_equal(unlink(store_fixture_file(fixture, name, path)), 0);
	heal_fixture_damage(fixture, names[5], "@seal", 5, 3);
	heal_fixture_damage(fixture, names[0], "@seal", 5, 3);
	store_fixture_reopen(fixture);
	assert_false(is_whole(fixture));
	assert_int_equal(store_recover_begin(fixture->store, 0), 0);
	number = store_fixture_numbers(fixture).newest_segment;
	heal_fixture_learn(fixture->store, "/new/1", 1, 5);
	heal_fixture_learn(fixture->store, "/new/4", 4, 5);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	for (int round = 0; round < 3; round++) {
		assert_true(is_whole(fixture));
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
		assert_int_equal(heal_fixture_chunks(fixture->store, 2), 0);
		assert_int_equal(heal_fixture_chunks(fixture->store, 3), 0);
		assert_int_equal(store_fixture_unit(fixture->store, 4, 1, LEN), 0);
		fixture->rules.merge_fan = 2;
		store_fixture_reopen(fixture);
	}
	/* What cannot be read below n goes too, at last. */
	heal_fixture_learn(fixture->store, "/new/1", 0, 6);
	heal_fixture_learn(fixture->store, "/new/4", 0, 6);
	assert_true(store_fixture_wait(nothing_below, fixture, &number));
}

/* From n on everything is demanded. */
static void test_gap_above(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t number = heal_fixture_begin(fixture);
	char name[80], path[PATH_MAX];

	heal_fixture_learn(fixture->store, "/a", 0, 5);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	heal_fixture_learn(fixture->store, "/b", 0, 5);
	for (uint64_t gone = number; gone <= number + 1; gone++) {
		heal_fixture_close(fixture);
		(void)snprintf(name, sizeof name, "seg/%015llu-%015llu.gdbm",
			       (unsigned long long)gone, (unsigned long long)gone);
		assert_int_equal(unlink(store_fixture_file(fixture, name, path)), 0);
		store_fixture_reopen(fixture);
		expect_why(fixture, "missing");
	}
	assert_int_equal(store_recover_begin(fixture->store, 0), 0);
	assert_int_equal(look(fixture, "/b"), ENOENT);
}

/* The end of a recovery is the last of it: without it the store does not vote. */
static void test_the_end_is_lost(void **state)
{
	struct store_fixture *fixture = *state;
	char name[80], path[PATH_MAX];

	heal_fixture_begin(fixture);
	heal_fixture_learn(fixture->store, "/a", 0, 5);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	(void)snprintf(name, sizeof name, "seg/%015llu-%015llu.gdbm",
		       (unsigned long long)store_fixture_numbers(fixture).newest_segment,
		       (unsigned long long)store_fixture_numbers(fixture).newest_segment);
	heal_fixture_close(fixture);
	assert_int_equal(unlink(store_fixture_file(fixture, name, path)), 0);
	store_fixture_reopen(fixture);
	expect_why(fixture, "had not ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty_folder, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_when_it_may_not, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_condemned, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_condemned_and_started_again, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_only_content_is_left, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_broken_rule_registers_below_count,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_broken_rule_recovery_is_not_known,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_merges_around_a_recovery, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_merged_below_and_dead, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_content_waits_for_the_end, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_gaps_and_damage_below, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_gap_above, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_the_end_is_lost, start,
						heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_phase", tests, NULL, NULL);
}
