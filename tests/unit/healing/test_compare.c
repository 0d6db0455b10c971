/* Servers that compare what they have: four of them in one process. */
#include "ballot.h"
#include "store_digest.h"
#include "value.h"
#include "value_fixture.h"
#include "world_fixture.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char path[] = "/ann/x";

static int set_up(void **state)
{
	struct world *world;
	int rc = world_set_up(state);

	world = *state;
	world->compare_rules.patience_ms = 0;
	world_start_all(world);
	return rc;
}

static struct compare_outcome compare(struct world *world, unsigned server, unsigned peer,
				      bool must)
{
	struct compare_outcome outcome;

	compare_with(world->servers[server - 1].compare, peer, must, &outcome);
	return outcome;
}

static uint64_t counter_of(struct world *world, unsigned server, const char *at)
{
	struct store_register reg;

	return world_has(world, server, at, &reg) ? reg.ballot.counter : 0;
}

static bool are_alike(struct world *world, unsigned a, unsigned b)
{
	const struct store_range all = {.tombstones = true};
	struct store_digest digests[2];

	store_digest(world->servers[a - 1].store, &all, &digests[0]);
	store_digest(world->servers[b - 1].store, &all, &digests[1]);
	return digests[0].registers == digests[1].registers &&
	       id_equal(&digests[0].digest, &digests[1].digest);
}

/* ---- finding ------------------------------------------------------------------- */

enum { MANY = 2 * DFS_PAGE_MAX + 100 };

static void test_what_is_alike_costs_one_call(void **state)
{
	struct world *world = *state;

	for (unsigned s = 1; s <= 2; s++)
		world_fill(world, s, MANY);
	struct compare_outcome outcome = compare(world, 1, 2, false);

	assert_true(outcome.whole);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.different, 0);
}

static void test_one_of_many_is_found_in_few_calls(void **state)
{
	struct world *world = *state;

	world->compare_rules.small = 64;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		world_stop(world, s);
		world_start(world, s);
		world_fill(world, s, MANY);
	}
	world_start_all(world);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		world_recover(world, s);
	assert_int_equal(
		world_accept_on(world, 0xd, "/ann/01500", world_ballot(0, 900000, 1), 7),
		3);
	struct compare_outcome outcome = compare(world, 2, 1, false);

	assert_true(outcome.whole);
	assert_int_equal(outcome.different, 1);
	assert_int_equal(outcome.learned, 1);
	assert_int_equal(counter_of(world, 2, "/ann/01500"), 900000);
	/*
	 * 2148 registers are halved six times, each time two digests; then a page is
	 * listed.
	 */
	assert_in_range(outcome.calls, 3, 1 + 2 * 6 + 1);
	assert_true(are_alike(world, 1, 2));
}

/* A path of the greatest length, at the end of a page: none is longer, one may follow. */
static void test_all_of_many_are_found_page_by_page(void **state)
{
	struct world *world = *state;
	const dfs_ballot ballot = world_ballot(0, 2, 1);
	char *longest = malloc(DFS_PATH_MAX);
	dfs_id operation = {{1}};
	const dfs_path name = {DFS_PATH_MAX, longest};
	dfs_value value = {.operation = operation, .origin = ballot, .number = 1};

	assert_non_null(longest);
	memset(longest, 'z', DFS_PATH_MAX);
	for (size_t i = 0; i < DFS_PATH_MAX; i += 200)
		longest[i] = '/';
	memcpy(longest, "/ann/01022", 10);
	value.recent.recent_len = 1;
	value.recent.recent_val = &operation;
	value.content_version = (dfs_version){1, operation};
	value.body.kind = DFS_TOMBSTONE;
	for (unsigned s = 1; s <= 3; s++) {
		struct store *store = world->servers[s - 1].store;
		struct store_batch *batch = store_batch_new(store);

		assert_int_equal(store_batch_accept(batch, &name, &ballot, &value,
						    STORE_CONFIRMED),
				 0);
		assert_int_equal(store_commit(batch), 0);
		world_fill(world, s, MANY);
	}
	struct compare_outcome outcome = compare(world, 4, 1, false);

	assert_true(outcome.whole);
	assert_int_equal(outcome.different, MANY + 1);
	assert_int_equal(outcome.learned, MANY + 1);
	assert_true(are_alike(world, 1, 4));
	free(longest);
}

static void test_digests_of_ranges(void **state)
{
	struct world *world = *state;
	struct acceptor *acceptor = world->servers[0].acceptor;
	char from[] = "/ann/00010", to[] = "/ann/00020";
	dfs_digest_args args = {.from = {sizeof from - 1, from},
				.to = {sizeof to - 1, to},
				.tombstones = TRUE};
	dfs_digest_res res = {0};
	const dfs_digest_ok *ok = &res.dfs_digest_res_u.ok;

	world_fill(world, 1, 30);
	acceptor_digest(acceptor, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(ok->registers, 10);
	/* The first is of the range, the end is not. */
	args.entries = 10;
	acceptor_digest(acceptor, &args, &res);
	assert_int_equal(ok->entries.entries_len, 10);
	assert_false(ok->more);
	assert_memory_equal(ok->entries.entries_val[0].path.dfs_path_val, from, 10);
	assert_memory_equal(ok->entries.entries_val[9].path.dfs_path_val, "/ann/00019",
			    10);
	xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
	memset(&res, 0, sizeof res);
	args.entries = 9;
	acceptor_digest(acceptor, &args, &res);
	assert_int_equal(ok->entries.entries_len, 9);
	assert_true(ok->more);
	xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
	memset(&res, 0, sizeof res);
	args.tombstones = FALSE;
	acceptor_digest(acceptor, &args, &res);
	assert_int_equal(ok->entries.entries_len, 0);
	xdr_free((xdrproc_t)xdr_dfs_digest_res, &res);
}

/* ---- mending ------------------------------------------------------------------- */

static void test_who_was_away_learns(void **state)
{
	struct world *world = *state;
	struct store_register reg;

	assert_int_equal(world_accept_on(world, 0x7, path, world_ballot(0, 10, 1), 7), 3);
	struct compare_outcome outcome = compare(world, 4, 2, false);

	assert_int_equal(outcome.learned, 1);
	assert_true(world_has(world, 4, path, &reg));
	assert_int_equal(reg.ballot.counter, 10);
	assert_true(reg.settled);
	assert_int_equal(outcome.finished, 0);
}

static void test_who_was_away_is_taught(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	assert_int_equal(world_accept_on(world, 0x7, path, world_ballot(0, 20, 1), 8), 3);
	struct compare_outcome outcome = compare(world, 2, 4, false);

	assert_int_equal(outcome.taught, 1);
	assert_int_equal(counter_of(world, 4, path), 20);
	assert_int_equal(compare(world, 2, 4, false).different, 0);
}

static void test_what_no_three_name_is_finished(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_accept_on(world, 0xf, path, world_ballot(0, 10, 1), 7), 4);
	assert_int_equal(world_accept_on(world, 0x5, path, world_ballot(0, 20, 1), 8), 2);
	/* By the first server that votes, or by any if it must be. */
	assert_int_equal(compare(world, 3, 4, false).finished, 0);
	assert_int_equal(counter_of(world, 4, path), 10);
	assert_int_equal(compare(world, 1, 4, false).finished, 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_true(counter_of(world, s, path) > 20);
	for (unsigned s = 2; s <= DFS_SERVERS; s++)
		assert_true(are_alike(world, 1, s));
	assert_int_equal(world_accept_on(world, 0x8, path, world_ballot(0, 900000, 1), 9),
			 1);
	assert_int_equal(compare(world, 3, 4, true).finished, 1);
	assert_true(are_alike(world, 3, 4));
}

static void accept_more(struct world *world)
{
	assert_int_equal(world_accept_on(world, 0x1, path, world_ballot(0, 30, 1), 9), 1);
}

/* Somebody is at work: what was found has become something newer meanwhile. */
static void test_what_moves_is_left_alone(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_accept_on(world, 0x1, path, world_ballot(0, 20, 1), 8), 1);
	world->meanwhile = accept_more;
	struct compare_outcome outcome = compare(world, 1, 2, true);

	assert_int_equal(outcome.different, 1);
	assert_int_equal(outcome.finished, 0);
	assert_int_equal(counter_of(world, 1, path), 30);
	assert_int_equal(compare(world, 1, 2, true).finished, 1);
}

static void test_two_are_too_few(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_accept_on(world, 0x3, path, world_ballot(0, 20, 1), 8), 2);
	world_stop(world, 3);
	world_stop(world, 2);
	struct compare_outcome outcome = compare(world, 1, 4, true);

	assert_true(outcome.whole);
	assert_int_equal(outcome.different, 1);
	assert_int_equal(outcome.finished + outcome.learned + outcome.taught, 0);
	/* One that only tells is no third. */
	world_start(world, 2);
	outcome = compare(world, 1, 4, true);
	assert_int_equal(outcome.finished + outcome.learned + outcome.taught, 0);
	world_recover(world, 2);
	assert_int_equal(compare(world, 1, 4, true).finished, 1);
}

static void test_a_peer_that_is_gone_breaks_it_off(void **state)
{
	struct world *world = *state;

	world_stop(world, 2);
	assert_false(compare(world, 1, 2, true).whole);
}

/* ---- what the rule is there for ------------------------------------------------ */

/*
 * One server has accepted a value, another proposer has three promises which know of
 * nothing.  If that one value is handed around, a reader sees three that agree on it, and
 * then it is overwritten by somebody who never saw it.
 */
static bool is_read_and_overwritten(struct world *world)
{
	const dfs_ballot lower = world_ballot(0, 10, 1), higher = world_ballot(0, 11, 2);
	const unsigned three[3] = {1, 2, 3};
	unsigned seen, promised = 0, operation;
	bool equal;

	assert_int_equal(world_accept(world, 1, path, lower, 7), DFS_OK);
	for (unsigned s = 2; s <= DFS_SERVERS; s++)
		promised += world_prepare(world, s, path, higher, &seen) == DFS_OK &&
			    seen == 0;
	assert_int_equal(promised, 3);
	(void)compare(world, 2, 1, false);
	(void)compare(world, 3, 1, false);
	operation = world_read(world, three, path, &equal);
	return equal && operation == 7 &&
	       world_accept_on(world, 0xe, path, higher, 8) == 3;
}

/* Else it would be compared with nobody else any more. */
static void test_a_peer_whose_list_has_no_end_has_its_time(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_accept_on(world, 0x3, path, world_ballot(0, 10, 1), 7), 2);
	world->servers[3].made_up = 200000;
	world->compare_rules.pass_ms = 1;
	world_stop(world, 1);
	world_start(world, 1);
	assert_true(world_step(world, 1));
	assert_false(compare(world, 1, 4, true).whole);
	assert_true(world->servers[3].made_up > 0);
}

static void test_learning_from_one_is_wrong(void **state)
{
	struct world *world = *state;

	world->compare_rules.three = false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		world_stop(world, s);
		world_start(world, s);
	}
	world_start_all(world);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		world_recover(world, s);
	assert_true(is_read_and_overwritten(world));
}

static void test_learning_from_three_is_right(void **state)
{
	assert_false(is_read_and_overwritten(*state));
}

/* ---- all of it ----------------------------------------------------------------- */

/* Values here and there, some settled, some not: in the end nothing differs. */
static void test_in_the_end_nothing_differs(void **state)
{
	struct world *world = *state;
	unsigned random = 12345, different = 1;
	char name[WORLD_PATH];

	for (unsigned i = 0; i < 150; i++) {
		random = random * 1103515245U + 12345U;
		(void)snprintf(name, sizeof name, "/ann/%03u", (random >> 8) % 60);
		(void)world_accept_on(world, (random >> 16) & 0xf, name,
				      world_ballot(0, i + 1, random >> 20), i + 1);
	}
	for (unsigned round = 0; round < 3 && different > 0; round++) {
		different = 0;
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			for (unsigned peer = 1; peer <= DFS_SERVERS; peer++)
				if (peer != s)
					different += (unsigned)compare(world, s, peer,
								       round > 0)
							     .different;
		assert_true(round > 0 || different > 0);
	}
	assert_int_equal(different, 0);
	for (unsigned s = 2; s <= DFS_SERVERS; s++)
		assert_true(are_alike(world, 1, s));
}

/* ---- what is still different --------------------------------------------------- */

/* A file on one server only, which nobody else names: fewer than three tell of it. */
static void give_file(struct world *world, unsigned server)
{
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "ann", .size = 400, .object = 9, .counter = 9});

	assert_int_equal(value_fixture_accept(world->servers[server - 1].store,
					      "/ann/file", value, STORE_CONFIRMED),
			 0);
}

static void test_3_3_tombstones_are_told_from_files(void **state)
{
	struct world *world = *state;
	struct compare_outcome outcome;

	assert_int_equal(world_accept_on(world, 0x1, path, world_ballot(0, 5, 1), 7), 1);
	outcome = compare(world, 1, 2, true);
	assert_int_equal(outcome.different, 1);
	assert_int_equal(outcome.files, 0);
	assert_int_equal(compare(world, 1, 2, true).different, 0);
	give_file(world, 1);
	outcome = compare(world, 1, 2, true);
	assert_int_equal(outcome.different, 1);
	assert_int_equal(outcome.files, 1);
	/* Seen from the other side as well. */
	assert_int_equal(compare(world, 2, 1, true).files, 1);
}

static atomic_uint alike_meanwhile; /* while it waits before it mends */

static void note_alike(struct world *world)
{
	alike_meanwhile = compare_alike(world->servers[0].compare);
}

static bool are_those_alike(struct compare *compare, unsigned servers)
{
	return compare_alike(compare) == servers;
}

static bool was_noted(struct compare *compare, unsigned servers)
{
	(void)compare;
	return alike_meanwhile == servers;
}

/* Waits at most ten seconds. */
static bool becomes(bool (*is)(struct compare *compare, unsigned servers),
		    struct compare *compare, unsigned servers)
{
	const struct timespec moment = {.tv_nsec = 2000000};

	for (unsigned i = 0; i < 5000; i++) {
		if (is(compare, servers))
			return true;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}

static void test_3_3_who_is_alike(void **state)
{
	struct world *world = *state;
	struct compare *compare = world->servers[0].compare;

	assert_int_equal(compare_alike(compare), 0);
	assert_true(compare_start(compare));
	compare_wake(compare, 0xe);
	assert_true(becomes(are_those_alike, compare, 0xe));
	/* One that comes back is not, before it was looked at and has the same files. */
	give_file(world, 3);
	alike_meanwhile = 99;
	world->meanwhile = note_alike;
	compare_wake(compare, 0x4);
	assert_true(becomes(was_noted, compare, 0xa));
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (s != 3)
			give_file(world, s);
	compare_wake(compare, 0x4);
	assert_true(becomes(are_those_alike, compare, 0xe));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_alike_costs_one_call),
		TEST(test_one_of_many_is_found_in_few_calls),
		TEST(test_all_of_many_are_found_page_by_page),
		TEST(test_digests_of_ranges),
		TEST(test_who_was_away_learns),
		TEST(test_who_was_away_is_taught),
		TEST(test_what_no_three_name_is_finished),
		TEST(test_what_moves_is_left_alone),
		TEST(test_two_are_too_few),
		TEST(test_a_peer_that_is_gone_breaks_it_off),
		TEST(test_a_peer_whose_list_has_no_end_has_its_time),
		TEST(test_learning_from_one_is_wrong),
		TEST(test_learning_from_three_is_right),
		TEST(test_in_the_end_nothing_differs),
		TEST(test_3_3_tombstones_are_told_from_files),
		TEST(test_3_3_who_is_alike),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
