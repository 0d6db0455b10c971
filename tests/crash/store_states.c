/*
 * Every state in which a power cut can leave a store's folder (disk.h), while files are
 * stored, overwritten, deleted, merged and dropped.
 *
 * What had been acknowledged by a moment must be there, what had been dropped must not
 * be, and the store must be whole.  The same must fail when a rule of the store is
 * broken: else the test proves nothing.
 */
#include "disk.h"

#include "value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { FILES = 9, LEN = 400 };

/* ACKED: number of the file, counter; DROPPED: of the object. */
enum { ACKED, DROPPED };

/* ---- the script ---------------------------------------------------------------- */

static void path_of(unsigned number, char *path)
{
	(void)snprintf(path, 32, "/a/%u", number);
}

/* Object 100 * counter + number is in the value of that counter; 0 in a tombstone. */
static void write_file(struct store *store, unsigned number, uint64_t counter, bool dead)
{
	uint64_t object = dead ? 0 : 100 * counter + number;
	char path[32];

	path_of(number, path);
	if (!dead)
		assert_int_equal(store_fixture_stage(store, path, object, counter, LEN),
				 0);
	assert_int_equal(store_fixture_accept(store, path, object, counter), 0);
	disk_note(ACKED, number, counter);
	store_fixture_settle(store, path, counter);
}

static bool is_gone(struct store_fixture *fixture, void *context)
{
	return store_fixture_unit(fixture->store, *(unsigned *)context, 0, LEN) == ENOENT;
}

static void wait_gone(struct store_fixture *fixture, unsigned object)
{
	assert_true(store_fixture_wait(is_gone, fixture, &object));
	disk_note(DROPPED, object, 0);
}

static bool is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments <= 7;
}

/* Nine files; some overwritten, some deleted; merges and drops in between. */
static void run_script(struct store_fixture *fixture)
{
	for (unsigned i = 1; i <= FILES; i++)
		write_file(fixture->store, i, 1, false);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
	for (unsigned i = 1; i <= 4; i++) {
		write_file(fixture->store, i, 2, i % 2 == 0);
		wait_gone(fixture, 100 + i);
	}
	for (unsigned i = 5; i <= 8; i++)
		write_file(fixture->store, i, 3, false);
	for (unsigned i = 5; i <= 8; i++)
		wait_gone(fixture, 100 + i);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
}

/* ---- what must be so ----------------------------------------------------------- */

/* The last value acknowledged before the event, and whether it may be a tombstone. */
static uint64_t acknowledged(size_t end, unsigned number)
{
	const struct disk_note *note;
	uint64_t counter = 0;

	for (size_t i = 0; (note = disk_noted(end, i)) != NULL; i++)
		if (note->what == ACKED && note->number == number)
			counter = note->counter;
	return counter;
}

static bool file_is_right(struct store *store, unsigned number, uint64_t least)
{
	struct store_register reg;
	dfs_value value;
	char path[32];
	int rc;

	path_of(number, path);
	rc = store_value(store, path, strlen(path), &reg, &value);
	if (rc == ENOENT)
		return least == 0;
	if (rc != 0 || reg.ballot.counter < least)
		return rc == 0 ? (value_free(&value), false) : false;
	value_free(&value);
	if (reg.kind == DFS_TOMBSTONE)
		return true;
	for (uint64_t unit = 0; unit < 4 && rc == 0; unit++)
		rc = store_fixture_unit(store, 100 * reg.ballot.counter + number, unit,
					LEN);
	return rc == 0;
}

static bool state_is_right(struct store *store, size_t end)
{
	const struct disk_note *note;
	const char *why = "";
	bool right = store_whole(store, &why);

	for (unsigned number = 1; number <= FILES && right; number++)
		right = file_is_right(store, number, acknowledged(end, number));
	for (size_t i = 0; right && (note = disk_noted(end, i)) != NULL; i++) {
		dfs_id id = store_fixture_object(note->number);

		if (note->what == DROPPED)
			right = store_chunks(store, &id) == 0;
	}
	return right;
}

/* ---- the tests ----------------------------------------------------------------- */

/* Limits of a merged segment. */
enum { RUNS_BEHIND_FIRST = 30000, RUNS_FROM_FIRST = 400000 };

static void begin(struct store_fixture *fixture)
{
	fixture->rules.merge_fan = 4;
	fixture->rules.grace_ms = 1;
	store_fixture_start(fixture);
}

static const struct disk_play play = {begin, run_script, state_is_right};

static void test_1_8_no_state_loses_anything(void **state)
{
	(void)state;
	disk_expect_right(&play, RUNS_BEHIND_FIRST);
	disk_expect_right(&play, RUNS_FROM_FIRST);
}

static void test_broken_rule_no_fsync_of_segments(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_segments = false;
	disk_expect_wrong(&play, &rules, RUNS_BEHIND_FIRST);
}

static void test_broken_rule_no_fsync_of_folder(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_folder = false;
	disk_expect_wrong(&play, &rules, RUNS_BEHIND_FIRST);
}

static void test_broken_rule_covered_segments_stay(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.drop_covered = false;
	disk_expect_wrong(&play, &rules, RUNS_FROM_FIRST);
}

static void test_broken_rule_drops_left_out(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.keep_undone = false;
	disk_expect_wrong(&play, &rules, RUNS_BEHIND_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_8_no_state_loses_anything),
		cmocka_unit_test(test_broken_rule_no_fsync_of_segments),
		cmocka_unit_test(test_broken_rule_no_fsync_of_folder),
		cmocka_unit_test(test_broken_rule_covered_segments_stay),
		cmocka_unit_test(test_broken_rule_drops_left_out),
	};

	return cmocka_run_group_tests_name("store_states", tests, NULL, NULL);
}
