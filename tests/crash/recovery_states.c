/*
 * Every state in which a power cut can leave a store's folder (disk.h) while a store that
 * is lost begins again, and then forgets, trims, merges and drops.
 *
 * Until the recovery has begun it is the old store, whole.  From then on it is none that
 * votes, until it has ended; a store that votes knows all that was learned, and nothing
 * of before but content.  What was forgotten or trimmed then never comes back.
 */
#include "disk.h"
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "store_forget.h"
#include "store_phase.h"
#include "store_trim.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { OLD = 4, LEARNED = 6, LEN = 400, STAYS = 6 };

enum {
	BEGUN,
	LEARNED_ONE, /* number of the file */
	VOTES,
	FORGOTTEN, /* number of the file, counter */
	TRIMMED,   /* number of the object */
	DROPPED    /* number of the object */
};

/* ---- the script ---------------------------------------------------------------- */

static const char *path_of(const char *folder, unsigned number, char *path)
{
	(void)snprintf(path, 32, "/%s/%u", folder, number);
	return path;
}

/* Before: settled files 1 to 4, whose objects have these numbers; a tombstone. */
static void fill(struct store_fixture *fixture)
{
	char path[32];

	for (unsigned i = 1; i <= OLD; i++)
		assert_int_equal(store_fixture_put(fixture->store,
						   path_of("old", i, path), i, 1000, LEN),
				 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/old/0", 0, 1000), 0);
	store_fixture_settle(fixture->store, "/old/0", 1000);
	store_fixture_reopen(fixture);
}

/*
 * The first two name content of before; the others have none here; the last is a
 * tombstone.
 */
static uint64_t object_of(unsigned number)
{
	return number == LEARNED ? 0 : number <= 2 ? number : 100 + number;
}

static void learn(struct store_fixture *fixture)
{
	char path[32];

	for (unsigned i = 1; i <= LEARNED; i++) {
		heal_fixture_learn(fixture->store, path_of("new", i, path), object_of(i),
				   5);
		disk_note(LEARNED_ONE, i, 5);
	}
}

static void forget(struct store_fixture *fixture, unsigned number, uint64_t counter)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = heal_fixture_ballot(counter);
	char path[32];

	path_of("new", number, path);
	assert_int_equal(store_batch_forget(batch, path, strlen(path), &ballot, &ballot),
			 0);
	assert_int_equal(store_commit(batch), 0);
	disk_note(FORGOTTEN, number, counter);
}

static void trim(struct store_fixture *fixture, unsigned object)
{
	dfs_id id = store_fixture_object(object);

	assert_int_equal(store_trim(fixture->store, &id, STAYS), 0);
	disk_note(TRIMMED, object, 0);
}

/*
 * Its chunks are nobody's already while it is being dropped; its units are read until it
 * was.
 */
static bool is_gone(struct store_fixture *fixture, void *context)
{
	return store_fixture_unit(fixture->store, *(unsigned *)context, 0, LEN) == ENOENT;
}

static void wait_gone(struct store_fixture *fixture, unsigned object)
{
	assert_true(store_fixture_wait(is_gone, fixture, &object));
	disk_note(DROPPED, object, 0);
}

static void wait_merged(struct store_fixture *fixture)
{
	if (fixture->rules.merge_fan > 0)
		heal_fixture_wait_segments(fixture, 7);
}

static void run_script(struct store_fixture *fixture)
{
	heal_fixture_begin(fixture);
	disk_note(BEGUN, 0, 0);
	learn(fixture);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	disk_note(VOTES, 0, 0);
	trim(fixture, 1);
	forget(fixture, LEARNED, 5);
	/* What nothing names goes. */
	wait_gone(fixture, 3);
	wait_gone(fixture, 4);
	heal_fixture_fill(fixture, 9, 2);
	wait_merged(fixture);
	/* A file of before is deleted, and forgotten, too. */
	heal_fixture_learn(fixture->store, "/new/2", 0, 7);
	forget(fixture, 2, 7);
	wait_gone(fixture, 2);
	heal_fixture_fill(fixture, 9, 3);
	wait_merged(fixture);
}

/* ---- what must be so ----------------------------------------------------------- */

static bool noted(size_t end, unsigned what)
{
	const struct disk_note *note;

	for (size_t i = 0; (note = disk_noted(end, i)) != NULL; i++)
		if (note->what == what)
			return true;
	return false;
}

static int look(struct store *store, const char *folder, unsigned number,
		struct store_register *ret)
{
	char path[32];

	path_of(folder, number, path);
	return store_register(store, path, strlen(path), ret);
}

/* As it was before: all of it. */
static bool is_old(struct store *store)
{
	struct store_register reg;
	bool right = look(store, "old", 0, &reg) == 0;

	for (unsigned i = 1; i <= OLD && right; i++)
		right = look(store, "old", i, &reg) == 0 &&
			store_fixture_unit(store, i, 0, LEN) == 0;
	return right && look(store, "new", 1, &reg) == ENOENT;
}

/* Of the registers of before there is none. */
static bool is_buried(struct store *store)
{
	struct store_register reg;
	bool right = true;

	for (unsigned i = 0; i <= OLD && right; i++)
		right = look(store, "old", i, &reg) == ENOENT;
	return right;
}

/*
 * The ballot up to which the path was forgotten, or may have been when the power went: 0,
 * none.
 */
static uint64_t forgotten(size_t end, unsigned number)
{
	const struct disk_note *note;
	uint64_t counter = 0;

	for (size_t i = 0; (note = disk_noted(end, i)) != NULL; i++)
		if (note->what == FORGOTTEN && note->number == number)
			counter = note->counter;
	return counter;
}

static bool may_be_forgotten(unsigned number)
{
	return number == 2 || number == LEARNED;
}

/* What forgets also raises the floor. */
static bool floor_covers(struct store *store, unsigned number)
{
	dfs_ballot least = heal_fixture_ballot(number == 2 ? 7 : 5);
	struct store_numbers numbers;

	store_get_numbers(store, &numbers);
	return ballot_compare(&numbers.floor, &least) >= 0;
}

static bool is_learned(struct store *store, size_t end, unsigned number)
{
	struct store_register reg;
	int rc = look(store, "new", number, &reg);

	if (rc == ENOENT)
		return may_be_forgotten(number) && floor_covers(store, number);
	return rc == 0 && reg.ballot.epoch == 1 && forgotten(end, number) == 0;
}

/*
 * Of the content of before what is still named is there, unless it was trimmed.  Read,
 * not counted: it was staged for another path than the one that names it now, and is
 * fetched anew for that.
 */
static bool content_is_right(struct store *store, size_t end)
{
	const struct disk_note *note;
	struct store_register reg;
	bool right = true, trimmed = store_fixture_unit(store, 1, 0, LEN) == ENXIO &&
				     store_fixture_unit(store, 1, 3, LEN) == ENXIO;

	for (uint64_t unit = 1; unit <= 2 && right; unit++)
		right = store_fixture_unit(store, 1, unit, LEN) == 0;
	if (right && look(store, "new", 2, &reg) == 0 && reg.kind == DFS_FILE)
		right = store_fixture_unit(store, 2, 0, LEN) == 0;
	for (size_t i = 0; right && (note = disk_noted(end, i)) != NULL; i++) {
		if (note->what == TRIMMED)
			right = trimmed;
		if (note->what == DROPPED)
			right = heal_fixture_chunks(store, note->number) == 0;
	}
	return right;
}

static bool state_is_right(struct store *store, size_t end)
{
	const char *why = "";
	bool right;

	if (!store_whole(store, &why))
		/* The old one serves its content, at every moment. */
		return !noted(end, VOTES) && store_fixture_unit(store, 1, 1, LEN) == 0 &&
		       store_fixture_unit(store, 2, 0, LEN) == 0;
	if (!noted(end, BEGUN) && is_old(store))
		return true;
	right = is_buried(store) && content_is_right(store, end);
	for (unsigned i = 1; i <= LEARNED && right; i++)
		right = is_learned(store, end, i);
	return right;
}

/* ---- the tests ----------------------------------------------------------------- */

/* Limits of a merged segment; none: nothing is merged. */
enum { NO_RUNS = 0, RUNS_BEHIND_FIRST = 6000, RUNS_FROM_FIRST = 400000 };

static void begin(struct store_fixture *fixture)
{
	fixture->rules.merge_fan = 0;
	fixture->rules.grace_ms = 3600000;
	store_fixture_start(fixture);
	fill(fixture);
	fixture->rules.merge_fan = fixture->rules.merge_bytes == NO_RUNS ? 0 : 4;
	fixture->rules.grace_ms = 1;
	store_fixture_reopen(fixture);
}

static const struct disk_play play = {begin, run_script, state_is_right};

static void test_no_state_is_wrong(void **state)
{
	(void)state;
	disk_expect_right(&play, RUNS_BEHIND_FIRST);
	disk_expect_right(&play, RUNS_FROM_FIRST);
}

static void test_broken_rule_registers_below_count(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.bury_registers = false;
	/* A merge may be early enough to leave out all that is buried. */
	disk_expect_wrong(&play, &rules, NO_RUNS);
}

static void test_broken_rule_recovery_is_not_known(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.seal_recovering = false;
	disk_expect_wrong(&play, &rules, RUNS_FROM_FIRST);
}

static void test_broken_rule_floor_is_not_raised(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.raise_floor = false;
	disk_expect_wrong(&play, &rules, RUNS_FROM_FIRST);
}

static void test_broken_rule_what_undoes_is_left_out(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.keep_undone = false;
	disk_expect_wrong(&play, &rules, RUNS_BEHIND_FIRST);
}

static void test_broken_rule_no_fsync_of_segments(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_segments = false;
	disk_expect_wrong(&play, &rules, RUNS_FROM_FIRST);
}

static void test_broken_rule_no_fsync_of_folder(void **state)
{
	struct store_rules rules = store_rules_default;

	(void)state;
	rules.fsync_folder = false;
	disk_expect_wrong(&play, &rules, RUNS_FROM_FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_state_is_wrong),
		cmocka_unit_test(test_broken_rule_registers_below_count),
		cmocka_unit_test(test_broken_rule_recovery_is_not_known),
		cmocka_unit_test(test_broken_rule_floor_is_not_raised),
		cmocka_unit_test(test_broken_rule_what_undoes_is_left_out),
		cmocka_unit_test(test_broken_rule_no_fsync_of_segments),
		cmocka_unit_test(test_broken_rule_no_fsync_of_folder),
	};

	return cmocka_run_group_tests_name("recovery_states", tests, NULL, NULL);
}
