/* Servers that start, lose their stores, and vote again: four of them in one process. */
#include "ballot.h"
#include "watermark.h"
#include "world_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "/ann/x";

/* ---- what is remembered -------------------------------------------------------- */

static dfs_watermark memory(unsigned store, uint32_t epoch, uint64_t newest)
{
	dfs_watermark known = {.epoch = epoch, .newest_segment = newest};

	known.store.bytes[0] = (char)store;
	return known;
}

static void test_memory_never_goes_down(void **state)
{
	dfs_watermark known = {.epoch = 0}, told = memory(1, 2, 10);

	(void)state;
	assert_true(watermark_take(&known, &told));
	assert_false(watermark_take(&known, &told));
	told = memory(1, 1, 9);
	assert_false(watermark_take(&known, &told));
	told = memory(1, 2, 11);
	assert_true(watermark_take(&known, &told));
	assert_int_equal(known.newest_segment, 11);
	/* Another store counts from a higher epoch on, and then as it is. */
	told = memory(2, 2, 50);
	assert_false(watermark_take(&known, &told));
	told = memory(2, 3, 5);
	assert_true(watermark_take(&known, &told));
	assert_int_equal(known.newest_segment, 5);
	assert_int_equal(known.store.bytes[0], 2);
	told = memory(0, 9, 9);
	assert_false(watermark_take(&known, &told));
}

static void test_a_store_is_judged_by_what_is_remembered(void **state)
{
	const dfs_watermark own = memory(1, 4, 10);
	dfs_watermark known = memory(1, 4, 10);

	(void)state;
	assert_int_equal(watermark_judge(&own, 3, &known), WATERMARK_FINE);
	known.newest_segment = 11;
	assert_int_equal(watermark_judge(&own, 3, &known), WATERMARK_OLDER);
	known = memory(1, 5, 10);
	assert_int_equal(watermark_judge(&own, 3, &known), WATERMARK_OLDER);
	/* Another one: from before this one voted, or not. */
	known = memory(2, 2, 99);
	assert_int_equal(watermark_judge(&own, 3, &known), WATERMARK_FINE);
	known = memory(2, 3, 1);
	assert_int_equal(watermark_judge(&own, 3, &known), WATERMARK_FOREIGN);
}

/* ---- the start ----------------------------------------------------------------- */

static void test_votes_when_two_have_answered(void **state)
{
	struct world *world = *state;

	world_start(world, 1);
	assert_false(world_step(world, 1));
	assert_int_equal(world_state(world, 1), DFS_STATE_STARTING);
	assert_non_null(strstr(world_why(world, 1), "none"));
	world_start(world, 2);
	assert_false(world_step(world, 1));
	assert_false(world_step(world, 2));
	assert_non_null(strstr(world_why(world, 1), "one"));
	/* It votes only from the second on, whatever the state of those who answer. */
	assert_int_equal(world_accept(world, 1, path, world_ballot(0, 1, 1), 1),
			 DFS_RECOVERING);
	world_start(world, 3);
	assert_true(world_step(world, 1));
	assert_true(world_step(world, 2));
	assert_true(world_step(world, 3));
	assert_int_equal(world_accept_on(world, 7, path, world_ballot(0, 1, 1), 1), 3);
}

static void test_answers_are_counted_over_time(void **state)
{
	struct world *world = *state;

	world_start(world, 1);
	world_start(world, 2);
	assert_false(world_step(world, 1));
	world_stop(world, 2);
	world_start(world, 3);
	assert_true(world_step(world, 1));
}

/* ---- a store that is lost ------------------------------------------------------ */

static void test_an_emptied_server_recovers(void **state)
{
	struct world *world = *state;
	const unsigned three[3] = {1, 3, 4};
	struct store_register reg;
	bool equal;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xe, path, world_ballot(0, 10, 1), 7), 3);
	world_empty(world, 1);
	world_start(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
	world_recover(world, 1);
	assert_true(world_has(world, 1, path, &reg));
	assert_int_equal(world_read(world, three, path, &equal), 7);
	/* Two peers have adopted the new epoch: older ballots are dead there and here. */
	assert_int_equal(world_seen(world, 1).epoch, 1);
	assert_true(world_seen(world, 1).counter >= 10);
	assert_true(world_accept_on(world, 0xf, "/ann/y", world_ballot(0, 900000, 1), 8) <
		    3);
	assert_int_equal(world_accept(world, 1, path, world_ballot(0, 900000, 1), 8),
			 DFS_REFUSED);
	/* The next one that starts has heard of it from a peer. */
	world_stop(world, 4);
	world_start(world, 4);
	world_recover(world, 4);
	assert_int_equal(world_seen(world, 4).epoch, 1);
}

static void test_a_recovery_waits_for_two_that_vote(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world_stop(world, 3);
	world_stop(world, 4);
	world_empty(world, 1);
	world_start(world, 1);
	assert_false(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "waits for two"));
	/* One that has only started does not count, though it may vote in a moment. */
	world_start(world, 3);
	assert_false(world_step(world, 1));
	assert_true(world_step(world, 3));
	assert_true(world_step(world, 1));
	assert_int_equal(world->servers[0].up, true);
}

static void test_a_server_that_was_set_back_recovers(void **state)
{
	struct world *world = *state;
	struct store_register reg;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world_stop(world, 1);
	world_save(world, 1);
	world_start(world, 1);
	world_recover(world, 1);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 900000, 1), 8),
			 4);
	/* Its peers hear of what is new, and remember it. */
	assert_true(world_step(world, 1));
	world_set_back(world, 1);
	world_start(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_STARTING);
	(void)world_step(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
	assert_non_null(strstr(world_why(world, 1), "older"));
	world_recover(world, 1);
	assert_true(world_has(world, 1, path, &reg));
	assert_int_equal(reg.ballot.counter, 900000);
}

/* ---- one that lies -------------------------------------------------------------- */

static void start_again(struct world *world, unsigned server)
{
	world_stop(world, server);
	world_start(world, server);
	(void)world_step(world, server);
}

static void test_12_6_one_alone_condemns_no_store(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world->servers[3].slanders = true;
	for (unsigned s = 1; s <= 3; s++)
		assert_true(world_step(world, s));
	start_again(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_VOTING);
	assert_int_equal(world_seen(world, 1).epoch, 0);
	/* Two do. */
	world->servers[2].slanders = true;
	start_again(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
}

static void test_12_6_whom_one_accuses_waits_for_another_word(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	world->servers[3].slanders = true;
	world_stop(world, 2);
	start_again(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_STARTING);
	assert_non_null(strstr(world_why(world, 1), "remembers more"));
	world_start(world, 2);
	assert_true(world_step(world, 1));
	/* The one that accuses may be the only one that knows. */
	world_empty(world, 2);
	world_start(world, 2);
	start_again(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
}

static void test_12_4_what_one_says_of_itself_ends_no_epochs(void **state)
{
	struct world *world = *state;
	unsigned seen;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world->servers[3].boasts = (dfs_seen){UINT32_MAX - 1, UINT64_MAX - 1};
	world_lose(world, 1);
	assert_true(world_seen(world, 1).epoch <= 2);
	assert_true(world_seen(world, 1).counter < UINT32_MAX);
	world_lose(world, 2);
	world_lose(world, 3);
	assert_true(world_seen(world, 3).epoch <= 6);
	for (unsigned s = 1; s <= 3; s++)
		(void)world_step(world, s);
	/* And none of counters or floors. */
	dfs_ballot ballot = world_ballot(world_seen(world, 3).epoch, 1 << 20, 2);

	for (unsigned s = 1; s <= 3; s++)
		assert_int_equal(world_prepare(world, s, "/ann/new", ballot, &seen),
				 DFS_OK);
}

/* Else one that is silent afterwards would leave too few in one epoch. */
static void test_12_4_whom_one_has_moved_is_followed(void **state)
{
	struct world *world = *state;
	const struct acceptor_rules *rules = &acceptor_rules_default;
	uint32_t epoch = 0;
	unsigned seen;

	world_start_all(world);
	for (unsigned i = 1; i <= rules->epochs; i++) {
		epoch = i * rules->epoch_step;
		assert_int_equal(
			acceptor_hear_epoch(world->servers[0].acceptor, 4, epoch), 0);
	}
	world_stop(world, 4);
	/* By a ballot, and by what servers tell of their stores. */
	assert_int_equal(world_prepare(world, 2, path, world_ballot(epoch, 10, 1), &seen),
			 DFS_OK);
	assert_true(world_step(world, 2));
	assert_int_equal(world_seen(world, 3).epoch, 0);
	world_stop(world, 2);
	world_stop(world, 3);
	world_start(world, 3);
	(void)world_step(world, 3);
	assert_int_equal(world_seen(world, 3).epoch, epoch);
}

/* At the most that is believed of one alone, and beyond. */
static void test_12_5_counters_of_one_that_hands_over_are_in_reach(void **state)
{
	const uint64_t most = UINT64_C(1) << 38;
	struct world *world = *state;
	uint64_t known;
	unsigned seen;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	known = world_seen(world, 2).counter;
	assert_int_equal(world_seen(world, 3).counter, known);
	world->servers[3].boasts.counter = known + most;
	world_lose(world, 1);
	assert_true(world_seen(world, 1).counter >= known + most);
	for (uint64_t more = 1; more <= most << 8; more <<= 4) {
		world->servers[3].boasts.counter = known + most + more;
		world_lose(world, 1);
		dfs_ballot ballot =
			world_ballot(world_seen(world, 1).epoch, known + (1 << 20), 2);

		assert_int_equal(world_prepare(world, 1, "/ann/new", ballot, &seen),
				 DFS_OK);
	}
}

static void test_12_7_what_one_of_three_omits_another_has(void **state)
{
	struct world *world = *state;
	struct store_register reg;

	world_start_all(world);
	/* Three have accepted it: one is lost, one lies, and one has it. */
	assert_int_equal(world_accept_on(world, 0xb, path, world_ballot(0, 10, 1), 7), 3);
	world->servers[3].omits = true;
	world_lose(world, 1);
	assert_true(world_has(world, 1, path, &reg));
	assert_string_equal(world_why(world, 1), "");
}

static void test_12_7_two_are_trusted_when_no_third_comes(void **state)
{
	struct world *world = *state;

	world->recovery_rules.third_ms = 3600000;
	world_start_all(world);
	world_stop(world, 4);
	world_empty(world, 1);
	world_start(world, 1);
	assert_false(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "three"));
	/* One that recovers as well is not waited for. */
	world_empty(world, 4);
	world_start(world, 4);
	assert_true(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "trusts what dfs2 and dfs3"));
}

static void test_the_highest_of_two_counts(void **state)
{
	struct world *world = *state;
	struct store_register reg;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	assert_int_equal(world_accept_on(world, 1 << 2, path, world_ballot(0, 20, 1), 8),
			 1);
	assert_int_equal(
		world_accept_on(world, 1 << 3, "/ann/y", world_ballot(0, 30, 1), 9), 1);
	store_settled(world->servers[3].store, "/ann/y", 6,
		      &(dfs_ballot){0, 30, world_ballot(0, 30, 1).proposer});
	world_lose(world, 1);
	assert_true(world_has(world, 1, path, &reg));
	assert_int_equal(reg.ballot.counter, 20);
	assert_false(reg.settled);
	assert_false(reg.confirmed);
	assert_true(world_has(world, 1, "/ann/y", &reg));
	assert_int_equal(reg.ballot.counter, 30);
	assert_true(reg.settled);
}

/* ---- pages, and what goes wrong between them ----------------------------------- */

enum { MANY = 2 * DFS_PAGE_MAX + 1 };

static unsigned count_of(struct world *world, unsigned server)
{
	struct store_numbers numbers;

	store_get_numbers(world->servers[server - 1].store, &numbers);
	return (unsigned)numbers.tombstones;
}

static void fill_all(struct world *world)
{
	world_start_all(world);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		world_fill(world, s, MANY);
	world_empty(world, 1);
	world_start(world, 1);
}

static void test_registers_come_in_pages(void **state)
{
	struct world *world = *state;

	fill_all(world);
	world_recover(world, 1);
	assert_int_equal(count_of(world, 1), MANY);
	/* Three pages of each of three peers, and before them one of accounts. */
	assert_int_equal(world->fences, 12);
}

static void test_a_failure_begins_it_anew(void **state)
{
	struct world *world = *state;
	struct store_numbers first, second;

	fill_all(world);
	world->servers[3].fences_left = 2;
	assert_false(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "dfs4 does not answer"));
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
	store_get_numbers(world->servers[0].store, &first);
	world->servers[3].fences_left = UINT32_MAX;
	assert_true(world_step(world, 1));
	store_get_numbers(world->servers[0].store, &second);
	assert_int_equal(count_of(world, 1), MANY);
	/*
	 * Another store, in another epoch: what was taken the first time counts for
	 * nothing.
	 */
	assert_false(id_equal(&first.id, &second.id));
	assert_true(second.newest_segment > first.newest_segment);
	assert_int_equal(second.epoch, 2);
}

/*
 * One says that it votes and hands nothing over: the other two are enough, whichever they
 * are.
 */
static void test_one_that_never_hands_over_is_passed_over(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	for (unsigned bad = 2; bad <= DFS_SERVERS; bad++) {
		struct store_register reg;

		world_empty(world, 1);
		world_start(world, 1);
		world->servers[bad - 1].fences_left = 0;
		world_recover(world, 1);
		assert_true(world_has(world, 1, path, &reg));
		world->servers[bad - 1].fences_left = UINT32_MAX;
	}
}

/* The same where what another has is damaged. */
static void test_one_that_fails_beside_one_that_is_damaged(void **state)
{
	struct world *world = *state;
	bool votes = false;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xe, path, world_ballot(0, 10, 1), 7), 3);
	world_empty(world, 1);
	world_start(world, 1);
	world->servers[3].damaged = true;
	world->servers[1].fences_left = 0;
	/* dfs3 and dfs4 have it all between them. */
	for (unsigned i = 0; i < 6 && !votes; i++)
		votes = world_step(world, 1);
	assert_true(votes);
}

static void test_a_peer_that_loses_its_store_meanwhile(void **state)
{
	struct world *world = *state;

	fill_all(world);
	world->servers[3].fences_left = 2;
	world->servers[3].other_store = true;
	assert_false(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "dfs4 has lost its store"));
}

/* Each time that it fails it waits longer: each attempt leaves something in the store. */
static void test_failures_are_put_off(void **state)
{
	struct world *world = *state;
	struct store_numbers first, second;

	world->recovery_rules.retry_ms = world->recovery_rules.retry_most_ms = 3600000;
	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world_empty(world, 1);
	world_start(world, 1);
	world->servers[3].fences_left = 0;
	assert_false(world_step(world, 1));
	store_get_numbers(world->servers[0].store, &first);
	world->servers[3].fences_left = UINT32_MAX;
	assert_false(world_step(world, 1));
	store_get_numbers(world->servers[0].store, &second);
	assert_int_equal(first.newest_segment, second.newest_segment);
	/* Waiting for peers is no failure. */
	world_empty(world, 1);
	world_stop(world, 4);
	world_stop(world, 3);
	world_start(world, 1);
	assert_false(world_step(world, 1));
	world_start(world, 3);
	world_recover(world, 3);
	assert_true(world_step(world, 1));
}

/* However often it asks: an epoch is only taken for an attempt. */
static void test_waiting_takes_no_epochs(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	world_stop(world, 3);
	world_stop(world, 4);
	world_empty(world, 1);
	world_start(world, 1);
	for (unsigned i = 0; i < 5; i++)
		assert_false(world_step(world, 1));
	world_start(world, 3);
	world_recover(world, 3);
	world_recover(world, 1);
	assert_int_equal(world_seen(world, 1).epoch, 1);
}

/* Two at once, each with the other two, which vote. */
static void test_two_recover_side_by_side(void **state)
{
	struct world *world = *state;
	const unsigned some[3] = {1, 2, 3}, others[3] = {1, 2, 4};
	bool equal;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xd, path, world_ballot(0, 10, 1), 7), 3);
	world_empty(world, 1);
	world_empty(world, 2);
	world_start(world, 1);
	world_start(world, 2);
	assert_true(world_step(world, 1));
	assert_true(world_step(world, 2));
	assert_int_equal(world_read(world, some, path, &equal), 7);
	assert_true(equal);
	assert_int_equal(world_read(world, others, path, &equal), 7);
	assert_true(equal);
	assert_int_equal(
		world_accept_on(world, 0xf, path,
				world_ballot(world_seen(world, 2).epoch, 900000, 1), 8),
		4);
}

/*
 * What is damaged at one of the two that there are waits for the third.  If nobody has
 * the value, it was not accepted by three; unless two of them name it.
 */
static void test_a_damaged_register_is_passed_over(void **state)
{
	struct world *world = *state;
	struct store_register reg;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	assert_int_equal(world_accept_on(world, 1 << 2, path, world_ballot(0, 20, 1), 8),
			 1);
	world_empty(world, 1);
	world_start(world, 1);
	world->servers[2].damaged = true;
	world_stop(world, 4);
	assert_false(world_step(world, 1));
	assert_non_null(strstr(world_why(world, 1), "damaged"));
	world_start(world, 4);
	assert_true(world_step(world, 4));
	assert_true(world_step(world, 1));
	assert_true(world_has(world, 1, path, &reg));
	assert_int_equal(reg.ballot.counter, 10);
}

static void test_what_two_name_and_nobody_can_read(void **state)
{
	struct world *world = *state;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	assert_int_equal(world_accept_on(world, 0xc, path, world_ballot(0, 20, 1), 8), 2);
	world_empty(world, 1);
	world_start(world, 1);
	world->servers[2].damaged = world->servers[3].damaged = true;
	for (unsigned i = 0; i < 3; i++)
		assert_false(world_step(world, 1));
	world->servers[3].damaged = false;
	assert_true(world_step(world, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_never_goes_down),
		cmocka_unit_test(test_a_store_is_judged_by_what_is_remembered),
		TEST(test_votes_when_two_have_answered),
		TEST(test_answers_are_counted_over_time),
		TEST(test_an_emptied_server_recovers),
		TEST(test_a_recovery_waits_for_two_that_vote),
		TEST(test_a_server_that_was_set_back_recovers),
		TEST(test_12_6_one_alone_condemns_no_store),
		TEST(test_12_6_whom_one_accuses_waits_for_another_word),
		TEST(test_12_4_what_one_says_of_itself_ends_no_epochs),
		TEST(test_12_4_whom_one_has_moved_is_followed),
		TEST(test_12_5_counters_of_one_that_hands_over_are_in_reach),
		TEST(test_12_7_what_one_of_three_omits_another_has),
		TEST(test_12_7_two_are_trusted_when_no_third_comes),
		TEST(test_the_highest_of_two_counts),
		TEST(test_registers_come_in_pages),
		TEST(test_a_failure_begins_it_anew),
		TEST(test_one_that_never_hands_over_is_passed_over),
		TEST(test_one_that_fails_beside_one_that_is_damaged),
		TEST(test_a_peer_that_loses_its_store_meanwhile),
		TEST(test_failures_are_put_off),
		TEST(test_waiting_takes_no_epochs),
		TEST(test_two_recover_side_by_side),
		TEST(test_a_damaged_register_is_passed_over),
		TEST(test_what_two_name_and_nobody_can_read),
	};

	return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
