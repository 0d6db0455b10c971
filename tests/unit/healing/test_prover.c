/* server/prover: what came unproved is proved by its thread, and what waits for that. */
#include "prover.h"

#include "clock.h"
#include "placement.h"
#include "repair_fixture.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Nine units, so that its writer's upload is not proved when it comes. */
enum { OBJECT = 7, LARGE = 9 * DFS_UNIT_SIZE - 5, WAIT_MS = 20000 };

static const char path[] = "/a/x";

struct calls {
	_Atomic unsigned damaged, condemned, proved;
};

static void note_damaged(void *context)
{
	((struct calls *)context)->damaged++;
}

static void note_condemned(void *context, const char *why)
{
	(void)why;
	((struct calls *)context)->condemned++;
}

static void note_proved(void *context)
{
	((struct calls *)context)->proved++;
}

static uint64_t unproved(struct repair_fixture *fixture, unsigned server)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->world.servers[server - 1].store, &numbers);
	return numbers.unproved;
}

/* The thread of a server, until it has called back. */
static void run(struct repair_fixture *fixture, unsigned server, struct calls *calls)
{
	const struct prover_options options = {
		.store = fixture->world.servers[server - 1].store,
		.acceptor = fixture->world.servers[server - 1].acceptor,
		.calls = {calls, note_damaged, note_condemned, note_proved}};
	struct prover *prover = prover_new(&options);
	int64_t until = clock_now_ms() + WAIT_MS;

	assert_non_null(prover);
	assert_true(prover_start(prover));
	while (calls->proved == 0 && clock_now_ms() < until)
		clock_pause(5);
	prover_free(prover);
	assert_int_equal(calls->proved, 1);
	assert_int_equal(unproved(fixture, server), 0);
}

/* Server 3 was away: 1, its opposite, was given all four chunks. */
static void put_unproved(struct repair_fixture *fixture)
{
	uint32_t holders = placement_hold(
		repair_holders(3, 0) & ~placement_hold(0, 1, CHUNKS_ALL), 1, CHUNKS_ALL);
	const struct repair_file file = {.path = path,
					 .object = OBJECT,
					 .size = LARGE,
					 .holders = holders,
					 .here = holders,
					 .counter = 5};

	fixture->unproved = true;
	repair_fixture_put(fixture, &file);
	assert_int_equal(unproved(fixture, 1), 1);
}

/* The opposite has its own pair again, proved as it came; the spare waits. */
static void test_8_12_a_spare_stays_until_its_keeper_has_proved_its_own(void **state)
{
	struct repair_fixture *fixture = *state;
	struct calls calls = {0};

	put_unproved(fixture);
	assert_int_equal(repair_fixture_pass(fixture, 3).files, 1);
	assert_int_equal(unproved(fixture, 3), 0);
	assert_int_equal(repair_fixture_holders(fixture, 1, path),
			 repair_holders(3, placement_pair(0, 3)));
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 0);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT, LARGE), CHUNKS_ALL);
	run(fixture, 1, &calls);
	assert_int_equal(calls.damaged, 0);
	assert_int_equal(repair_fixture_pass(fixture, 1).trimmed, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 1, OBJECT, LARGE),
			 placement_pair(0, 1));
}

/* Nor does a server that has not proved its pair say that it has it. */
static void test_8_12_what_is_unproved_gives_no_spare_back(void **state)
{
	struct repair_fixture *fixture = *state;
	struct calls calls = {0};

	put_unproved(fixture);
	repair_fixture_stage(fixture, OBJECT, LARGE,
			     placement_hold(0, 3, placement_pair(0, 3)));
	assert_int_equal(unproved(fixture, 3), 1);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 0);
	run(fixture, 3, &calls);
	assert_int_equal(repair_fixture_pass(fixture, 3).proposed, 1);
}

static void test_8_12_what_does_not_prove_is_told_and_mended(void **state)
{
	struct repair_fixture *fixture = *state;
	struct calls calls = {0};

	put_unproved(fixture);
	repair_fixture_damage(fixture, 2, OBJECT, 1);
	run(fixture, 2, &calls);
	assert_int_equal(calls.damaged, 1);
	assert_int_equal(calls.condemned, 0);
	assert_int_equal(repair_fixture_pass(fixture, 2).files, 1);
	assert_int_equal(repair_fixture_chunks(fixture, 2, OBJECT, LARGE),
			 placement_pair(0, 2));
	assert_int_equal(unproved(fixture, 2), 0);
}

#define TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, repair_fixture_start, repair_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_8_12_a_spare_stays_until_its_keeper_has_proved_its_own),
		TEST(test_8_12_what_is_unproved_gives_no_spare_back),
		TEST(test_8_12_what_does_not_prove_is_told_and_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
