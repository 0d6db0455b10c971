/* Servers that bring their content back: four of them in one process. */
#include "ballot.h"
#include "clock.h"
#include "placement.h"
#include "repair_fixture.h"
#include "store_fixture.h"
#include "store.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Row 0: dfs1 has chunks 1,2; dfs2 2,3; dfs3 3,4; dfs4 4,1. */
enum { PAIR1 = 0x3, PAIR2 = 0x6, PAIR3 = 0xc, ALL = CHUNKS_ALL };
enum { SMALL = 4000, OBJECT = 7 };

static const char path[] = "/ann/x";

static const struct repair_file plain = {
	.path = path, .object = OBJECT, .size = SMALL, .counter = 10};

/* A file of which server 3 has not what its value gives it. */
static struct repair_file missing_on_3(unsigned here)
{
	struct repair_file file = plain;

	file.holders = repair_holders(3, PAIR3);
	file.here = repair_holders(3, here);
	return file;
}

/* A file that was put while server 3 was away, with its pair at server 1. */
static struct repair_file put_without_3(void)
{
	struct repair_file file = plain;

	file.holders = placement_hold(repair_holders(3, 0), 1, ALL);
	file.here = file.holders;
	return file;
}

/* ---- pulling ------------------------------------------------------------------- */

static void test_3_1_a_pair_comes_from_two_peers(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	repair_fixture_put(fixture, &file);
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.bytes, SMALL / 2);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
	/* Whoever has it is asked, and nobody else. */
	assert_int_equal(fixture->asked, 2);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 0);
	assert_int_equal(fixture->asked, 2);
}

static void test_3_1_only_what_is_missing_is_fetched(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(1U << 2);

	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 1);
	assert_int_equal(fixture->asked, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
}

/* Server 2 is named and does not have it; server 1 is not, and does. */
static void test_3_1_who_does_not_have_it_is_followed_by_the_next(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	file.here = placement_hold(0, 1, ALL) | placement_hold(0, 4, 0x9);
	repair_fixture_put(fixture, &file);
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
}

static void test_3_1_a_damaged_copy_is_followed_by_the_next(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	file.here = placement_hold(file.here, 1, ALL);
	repair_fixture_put(fixture, &file);
	repair_fixture_damage(fixture, 2, OBJECT, 2);
	assert_int_equal(repair_fixture_pass(fixture, 3).lost, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
	/* What was found damaged there is fetched by its own server. */
	assert_int_equal(repair_fixture_chunks(fixture, 2, OBJECT, SMALL), PAIR2 & ~4U);
	assert_int_equal(repair_fixture_pass(fixture, 2).files, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 2, OBJECT, SMALL), PAIR2);
}

static uint64_t lost_of(struct repair_fixture *fixture, unsigned server)
{
	dfs_to_heal told = {0};

	assert_true(repair_status(fixture->callers[server - 1].repair, &told));
	free(told.doing.dfs_text_val);
	return told.lost_files;
}

static void test_3_1_what_nobody_has_is_told_and_tried_again(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	repair_fixture_put(fixture, &file);
	fixture->away = 1U << 1;
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	/* The chunk that is to be had is taken. */
	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.lost, 1);
	assert_int_equal(lost_of(fixture, 3), 1);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), 1U << 3);
	outcome = repair_fixture_pass(fixture, 3);
	assert_int_equal(outcome.files, 0);
	assert_int_equal(outcome.lost, 1);
	/* The first pass after its return has it. */
	fixture->away = 0;
	fixture->unmet = 1U << 1;
	outcome = repair_fixture_pass(fixture, 3);
	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(lost_of(fixture, 3), 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
}

static void test_3_1_what_is_damaged_is_replaced(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(PAIR3);

	repair_fixture_put(fixture, &file);
	repair_fixture_damage(fixture, 3, OBJECT, 3);
	/* It is found by reading, and not before. */
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), 1U << 2);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 0);
}

static void test_3_1_a_spare_that_was_kept_is_fetched_too(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	file.here = repair_holders(1, 0) & ~placement_hold(0, 3, ALL);
	file.here = placement_hold(file.here, 2, ALL);
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 1).lost, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT, SMALL), ALL);
}

static void test_3_1_earlier_versions_count(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	file.earlier = OBJECT + 1;
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 2);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), PAIR3);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT + 1, SMALL), PAIR3);
}

/* ---- what was never brought ---------------------------------------------------- */

/* Brought to server 1 alone of four, or to 1 and 2 of these holders. */
static struct repair_file brought_to(unsigned servers, uint32_t holders)
{
	struct repair_file file = plain;

	file.holders = holders;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			file.here = placement_hold(file.here, s, placement_pair(0, s));
		else if (placement_held(holders, s) != 0)
			file.unbrought |= set_of(s);
	return file;
}

static void expect_unbrought(struct repair_fixture *fixture, unsigned server,
			     const struct repair_file *file)
{
	struct repair_outcome outcome = repair_fixture_pass(fixture, server);
	uint64_t asked = fixture->asked;

	assert_int_equal(outcome.lost + outcome.open, 0);
	assert_int_equal(outcome.unbrought, 1);
	assert_int_equal(lost_of(fixture, server), 0);
	/* It is known, and nobody is asked again. */
	outcome = repair_fixture_pass(fixture, server);
	assert_int_equal(outcome.unbrought + outcome.lost + outcome.open, 0);
	assert_int_equal(fixture->asked, asked);
	assert_int_not_equal(repair_fixture_chunks(fixture, server, file->object, SMALL),
			     placement_pair(0, server));
}

static void test_8_7_what_was_brought_to_few_is_not_lost(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file four = brought_to(1, repair_holders(3, PAIR3));
	struct repair_file three = brought_to(3, repair_holders(4, 0));

	three.path = "/ann/three";
	three.object = OBJECT + 1;
	repair_fixture_put(fixture, &four);
	/* What server 1 has is fetched from it all the same. */
	expect_unbrought(fixture, 2, &four);
	assert_int_equal(repair_fixture_chunks(fixture, 2, OBJECT, SMALL), 1U << 1);
	expect_unbrought(fixture, 3, &four);
	expect_unbrought(fixture, 4, &four);
	/* Nor by one that was to have nothing, and hears it from who was. */
	repair_fixture_put(fixture, &three);
	expect_unbrought(fixture, 4, &three);
	expect_unbrought(fixture, 3, &three);
}

/* One server alone may say so of what it had: the word of two is needed. */
static void test_8_7_one_word_does_not_hide_a_loss(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = brought_to(3, repair_holders(3, PAIR3));

	/* Server 3 had it, and lost its disk; server 4 lies. */
	file.unbrought = set_of(4);
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).lost, 1);
	assert_int_equal(lost_of(fixture, 3), 1);
	/* Nor is it hidden at an honest server that once was brought nothing. */
	assert_int_equal(repair_fixture_pass(fixture, 4).lost, 1);
}

static void test_8_7_two_words_are_enough_after_a_lost_disk(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = brought_to(1, repair_holders(3, PAIR3));

	file.unbrought = set_without(file.unbrought, 3);
	repair_fixture_put(fixture, &file);
	expect_unbrought(fixture, 3, &file);
}

/* While a peer is away, or has yet to hear of the file, nothing is known. */
static void test_8_7_it_is_open_until_all_were_asked(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = brought_to(3, repair_holders(3, PAIR3));
	struct repair_outcome outcome;

	repair_fixture_put(fixture, &file);
	fixture->away = set_of(4);
	outcome = repair_fixture_pass(fixture, 3);
	assert_int_equal(outcome.open, 1);
	assert_int_equal(outcome.lost + outcome.unbrought, 0);
	fixture->away = 0;
	expect_unbrought(fixture, 3, &file);
}

/* ---- sizes --------------------------------------------------------------------- */

static void pull_size(struct repair_fixture *fixture, uint64_t object, uint64_t size)
{
	char name[32];
	struct repair_file file = missing_on_3(0);
	unsigned filled = placement_filled(size) & PAIR3;

	(void)snprintf(name, sizeof name, "/ann/%05u", (unsigned)object);
	file.path = name;
	file.object = object;
	file.size = size;
	repair_fixture_put(fixture, &file);
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_false(outcome.failed);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(outcome.files, filled != 0);
	assert_int_equal(outcome.bytes, placement_bytes_of(size, filled));
	assert_int_equal(repair_fixture_chunks(fixture, 3, object, size) & filled,
			 filled);
}

/*
 * Chunks without units are not missing; small ones go together, large ones by themselves.
 */
static void test_3_1_files_of_all_sizes(void **state)
{
	struct repair_fixture *fixture = *state;
	static const uint64_t sizes[] = {
		0,     1,      2,      3,       4,       5,       65535,   65536,
		65537, 131072, 131073, 1000000, 1048575, 1048576, 1048577, 3000001};

	fixture->rules.load_bytes = 64 << 10;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		pull_size(fixture, 100 + i, sizes[i]);
}

/* What goes into a commit together is half of a load, and more is fetched by itself. */
static void test_3_1_at_the_limit_of_what_goes_together(void **state)
{
	struct repair_fixture *fixture = *state;

	/* Half of a file is fetched, and that may be half of a load. */
	fixture->rules.load_bytes = 4 * SMALL;
	pull_size(fixture, 1, 4 * SMALL);
	pull_size(fixture, 2, 4 * SMALL + 4);
}

static void test_3_1_a_large_file_keeps_what_is_to_be_had(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	fixture->rules.load_bytes = 600000;
	file.size = 5000000;
	repair_fixture_put(fixture, &file);
	fixture->away = 1U << 3;
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.lost, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, file.size), 1U << 2);
	fixture->away = 0;
	assert_int_equal(repair_fixture_pass(fixture, 3).lost, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, file.size), PAIR3);
}

/* More than a load, an answer or a commit holds. */
static void test_3_1_many_files(void **state)
{
	struct repair_fixture *fixture = *state;
	enum { MANY = 1300, SIZE = 40 };
	char name[32];

	fixture->answer = 100;
	for (unsigned i = 0; i < MANY; i++) {
		struct repair_file file = missing_on_3(0);

		(void)snprintf(name, sizeof name, "/ann/%05u", i);
		file.path = name;
		file.object = 1000 + i;
		file.size = SIZE;
		repair_fixture_put(fixture, &file);
	}
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, MANY);
	assert_int_equal(outcome.bytes, MANY * SIZE / 2);
	assert_int_equal(outcome.lost, 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(repair_fixture_chunks(fixture, 3, 1000 + i, SIZE),
				 PAIR3);
}

/* Two paths of one content, and each is fetched once. */
static void test_3_1_what_two_paths_have_is_fetched_once(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	repair_fixture_put(fixture, &file);
	file.path = "/ann/y";
	file.here = 0;
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 1);
	assert_int_equal(fixture->asked, 2);
}

/* ---- holders ------------------------------------------------------------------- */

static void test_3_1_who_was_away_says_what_it_has_and_the_spare_goes(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	repair_fixture_put(fixture, &file);
	dfs_value before = repair_fixture_value(fixture, 1, path);

	/* Not before the value says so. */
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 0);
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.proposed, 1);
	assert_int_equal(outcome.refused, 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_value after = repair_fixture_value(fixture, s, path);
		struct store_register reg;

		assert_int_equal(repair_fixture_holders(fixture, s, path),
				 repair_holders(3, PAIR3));
		assert_true(world_has(&fixture->world, s, path, &reg));
		assert_true(reg.settled);
		/* Nothing else is another. */
		after.body.dfs_body_u.manifest.content.holders = file.holders;
		uint8_t packed[2][DFS_VALUE_MAX];
		size_t len = value_pack(&before, packed[0], DFS_VALUE_MAX);

		assert_int_equal(value_pack(&after, packed[1], DFS_VALUE_MAX), len);
		assert_memory_equal(packed[0], packed[1], len);
		value_free(&after);
	}
	value_free(&before);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 0);
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT, SMALL), PAIR1);
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 0);
}

/* Without its whole pair it says nothing, and the spare stays. */
static void test_3_1_half_a_pair_is_none(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	file.here = placement_hold(file.here & ~placement_hold(0, 1, ALL), 1, PAIR1);
	repair_fixture_put(fixture, &file);
	fixture->away = 1U << 1;
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 0);
	assert_int_equal(repair_fixture_holders(fixture, 1, path), file.holders);
}

static void test_3_1_an_empty_file_is_had_by_all(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	file.size = 0;
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
	assert_int_equal(repair_fixture_holders(fixture, 2, path),
			 repair_holders(3, PAIR3));
}

static void test_3_1_earlier_versions_are_named_too(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	file.earlier = OBJECT + 1;
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
	dfs_value value = repair_fixture_value(fixture, 2, path);

	assert_int_equal(
		value.body.dfs_body_u.manifest.earlier.earlier_val[0].content.holders,
		repair_holders(3, PAIR3));
	value_free(&value);
}

/*
 * What is said of server 1 is more than its pair: 3 alone knows whether it has its own.
 */
static void test_3_1_a_spare_that_is_not_needed_is_not_named(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = plain;

	file.holders = file.here = repair_holders(1, ALL);
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 1).proposed, 0);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
	assert_int_equal(repair_fixture_holders(fixture, 4, path),
			 repair_holders(1, PAIR1));
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT, SMALL), PAIR1);
}

static void put_another(struct repair_fixture *fixture)
{
	struct repair_file file = put_without_3();

	file.object = OBJECT + 1;
	file.counter = 20;
	repair_fixture_put(fixture, &file);
}

static void test_3_1_another_content_is_left_as_it_is(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	repair_fixture_put(fixture, &file);
	fixture->meanwhile = put_another;
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 0);
	assert_int_equal(repair_fixture_holders(fixture, 2, path), file.holders);
	/* Of that it has nothing yet. */
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT + 1, SMALL), 0);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
}

static void test_3_1_too_few_servers_are_a_reason_to_come_again(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	repair_fixture_put(fixture, &file);
	fixture->alone = true;
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.proposed, 0);
	assert_int_equal(outcome.refused, 1);
	fixture->alone = false;
	outcome = repair_fixture_pass(fixture, 3);
	assert_int_equal(outcome.proposed, 1);
	assert_int_equal(outcome.refused, 0);
}

/* Somebody may be at work on it. */
static void test_3_1_what_is_not_settled_is_left_alone(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	file.unsettled = 1U << 2;
	repair_fixture_put(fixture, &file);
	struct repair_outcome outcome = repair_fixture_pass(fixture, 3);

	assert_int_equal(outcome.files, 1);
	assert_int_equal(outcome.proposed + outcome.refused, 0);
	file = (struct repair_file){.path = "/ann/y",
				    .object = OBJECT + 1,
				    .size = SMALL,
				    .counter = 11,
				    .holders = repair_holders(3, PAIR3),
				    .here = repair_holders(1, ALL),
				    .unsettled = 1U << 0};
	repair_fixture_put(fixture, &file);
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT + 1, SMALL), ALL);
}

/* A batch is full, and one is beyond it. */
static void test_3_1_many_values(void **state)
{
	struct repair_fixture *fixture = *state;
	enum { MANY = DFS_BATCH_MAX + 1, SIZE = 40 };
	char name[32];

	for (unsigned i = 0; i < MANY; i++) {
		struct repair_file file = put_without_3();

		(void)snprintf(name, sizeof name, "/ann/%05u", i);
		file.path = name;
		file.object = 1000 + i;
		file.size = SIZE;
		repair_fixture_put(fixture, &file);
	}
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, MANY);
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, MANY);
}

/* ---- the thread ---------------------------------------------------------------- */

static void wait_for_chunks(struct repair_fixture *fixture, unsigned server,
			    unsigned expected)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	int64_t until = clock_now_ms() + 20000;

	while (repair_fixture_chunks(fixture, server, OBJECT, SMALL) != expected) {
		assert_true(clock_now_ms() < until);
		(void)nanosleep(&moment, NULL);
	}
}

static void test_3_1_it_is_woken(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	repair_fixture_run(fixture, 3);
	repair_fixture_put(fixture, &file);
	repair_wake(fixture->callers[2].repair);
	wait_for_chunks(fixture, 3, PAIR3);
}

static void test_3_1_it_comes_again_for_what_was_left(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	fixture->rules.again_ms = 5;
	repair_fixture_put(fixture, &file);
	fixture->away = 1U << 1;
	repair_fixture_run(fixture, 3);
	wait_for_chunks(fixture, 3, 1U << 3);
	fixture->away = 0;
	wait_for_chunks(fixture, 3, PAIR3);
}

static void test_3_1_what_is_read_and_found_damaged_is_a_reason(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = missing_on_3(0);

	repair_fixture_put(fixture, &file);
	repair_fixture_run(fixture, 3);
	wait_for_chunks(fixture, 3, PAIR3);
	repair_fixture_damage(fixture, 3, OBJECT, 3);
	assert_int_equal(repair_fixture_chunks(fixture, 3, OBJECT, SMALL), 1U << 2);
	wait_for_chunks(fixture, 3, PAIR3);
}

/* A value that comes to a server, with a pair that it lacks or a spare that it keeps. */
static void test_3_1_a_value_that_gives_something_else_is_a_reason(void **state)
{
	struct repair_fixture *fixture = *state;
	struct repair_file file = put_without_3();

	repair_fixture_put(fixture, &file);
	repair_fixture_run(fixture, 1);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
	wait_for_chunks(fixture, 1, PAIR1);
}

#define TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, repair_fixture_start, repair_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_3_1_a_pair_comes_from_two_peers),
		TEST(test_3_1_only_what_is_missing_is_fetched),
		TEST(test_3_1_who_does_not_have_it_is_followed_by_the_next),
		TEST(test_3_1_a_damaged_copy_is_followed_by_the_next),
		TEST(test_3_1_what_nobody_has_is_told_and_tried_again),
		TEST(test_3_1_what_is_damaged_is_replaced),
		TEST(test_3_1_a_spare_that_was_kept_is_fetched_too),
		TEST(test_3_1_earlier_versions_count),
		TEST(test_8_7_what_was_brought_to_few_is_not_lost),
		TEST(test_8_7_one_word_does_not_hide_a_loss),
		TEST(test_8_7_two_words_are_enough_after_a_lost_disk),
		TEST(test_8_7_it_is_open_until_all_were_asked),
		TEST(test_3_1_files_of_all_sizes),
		TEST(test_3_1_at_the_limit_of_what_goes_together),
		TEST(test_3_1_a_large_file_keeps_what_is_to_be_had),
		TEST(test_3_1_many_files),
		TEST(test_3_1_what_two_paths_have_is_fetched_once),
		TEST(test_3_1_who_was_away_says_what_it_has_and_the_spare_goes),
		TEST(test_3_1_half_a_pair_is_none),
		TEST(test_3_1_an_empty_file_is_had_by_all),
		TEST(test_3_1_earlier_versions_are_named_too),
		TEST(test_3_1_a_spare_that_is_not_needed_is_not_named),
		TEST(test_3_1_another_content_is_left_as_it_is),
		TEST(test_3_1_too_few_servers_are_a_reason_to_come_again),
		TEST(test_3_1_what_is_not_settled_is_left_alone),
		TEST(test_3_1_many_values),
		TEST(test_3_1_it_is_woken),
		TEST(test_3_1_it_comes_again_for_what_was_left),
		TEST(test_3_1_what_is_read_and_found_damaged_is_a_reason),
		TEST(test_3_1_a_value_that_gives_something_else_is_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
