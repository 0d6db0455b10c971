/* server/agreement/peers: one server's word against those that know nothing. */
#include "peers_world.h"

#include "ballot.h"
#include "clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_MS = 20000, OLD = 7, LATER = 9 };

/* What dfs4 alone still has was forgotten by the others, as was the other one. */
static char old[] = "/ann/old", other[] = "/ann/other";

static struct peers_world *world;

/* These forget a tombstone of a later ballot, so that their floors are above OLD. */
static void raise_floors(server_set servers)
{
	dfs_settled_item item = {.path = {(u_int)strlen(other), other}};
	const dfs_forget_args args = {{1, &item}};
	struct store_register reg;

	peers_world_give(servers, other, LATER, true);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		dfs_settled_res res = {0};

		if (!set_has(servers, s))
			continue;
		(void)peers_world_has(s, other, &reg);
		item.ballot = reg.ballot;
		item.digest = reg.digest;
		acceptor_forget(world->acceptors[s - 1], &args, &res);
		assert_int_equal(res.status, DFS_OK);
		assert_int_equal(peers_world_has(s, other, &reg), 0);
	}
}

static int begin(void **state)
{
	(void)state;
	world = peers_world_begin(false);
	peers_world_give(set_of(4), old, OLD, true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	peers_world_end();
	return 0;
}

/* 0: nothing; 1: the old one, or the "no such file" of servers. */
static uint64_t finish(void)
{
	dfs_path name = {(u_int)strlen(old), old};
	const dfs_paths paths = {.paths = {1, &name}};
	dfs_looked item;
	uint64_t found;

	memset(&item, 0, sizeof item);
	peers_finish(world->peers, &paths, clock_now_ms() + LONG_MS, &item);
	assert_int_equal(item.status, DFS_OK);
	found = peers_world_told(&item.dfs_looked_u.reg);
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&item);
	return found;
}

static void test_12_2_three_outvote_one_that_tells_of_what_they_forgot(void **state)
{
	struct store_register reg;

	(void)state;
	raise_floors(set_without(SERVERS_ALL, 4));
	assert_int_equal(finish(), 0);
	/* Its promise is one of the first three: the fourth is waited for. */
	for (unsigned s = 1; s <= 3; s++)
		assert_int_equal(peers_world_has(s, old, &reg), 0);
}

static void test_12_2_with_one_away_the_word_counts(void **state)
{
	struct store_register reg;

	(void)state;
	raise_floors(set_without(SERVERS_ALL, 4));
	world->up = set_without(SERVERS_ALL, 3);
	assert_int_equal(finish(), 1);
	assert_int_equal(peers_world_has(1, old, &reg), 1);
}

static void test_12_2_it_counts_where_floors_are_below_it(void **state)
{
	struct store_register reg;

	(void)state;
	raise_floors(set_of(1) | set_of(2));
	world->up = SERVERS_ALL;
	/* dfs3 never forgot anything: three that know nothing agree all the same. */
	assert_int_equal(finish(), 0);
	world->up = set_without(SERVERS_ALL, 1);
	assert_int_equal(finish(), 1);
	assert_int_equal(peers_world_has(3, old, &reg), 1);
}

/* So that servers do not differ for ever. */
static void test_12_2_who_was_outvoted_takes_that_there_is_nothing(void **state)
{
	dfs_path name = {(u_int)strlen(old), old};
	const dfs_paths paths = {.paths = {1, &name}};
	struct store_register first, reg;
	server_set accepted = 0;
	dfs_looked item;

	(void)state;
	raise_floors(set_without(SERVERS_ALL, 4));
	memset(&item, 0, sizeof item);
	peers_propose(world->peers,
		      &(struct peers_proposal){.paths = &paths,
					       .deadline_ms = clock_now_ms() + LONG_MS,
					       .items = &item,
					       .accepted_by = &accepted});
	assert_int_equal(item.status, DFS_OK);
	assert_int_equal(accepted, SERVERS_ALL);
	assert_int_equal(item.dfs_looked_u.reg.dfs_register_u.accepted.value.number, 0);
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&item);
	(void)peers_world_has(1, old, &first);
	for (unsigned s = 2; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, old, &reg), 1);
		assert_int_equal(ballot_compare(&reg.ballot, &first.ballot), 0);
		assert_true(reg.digest == first.digest);
	}
}

/* ---- CONFIRM for another server ------------------------------------------------ */

static dfs_signed_promise promise_of(unsigned server, bool known, uint64_t counter)
{
	return (dfs_signed_promise){
		.server = server,
		.told = {.known = known, .ballot = store_fixture_ballot(counter)}};
}

/* dfs4 shows promises of these two and its own, which tells of the old value. */
static dfs_status confirmed_by(unsigned one, unsigned two, uint64_t floor)
{
	dfs_signed_promise promises[] = {promise_of(one, false, LATER),
					 promise_of(4, true, OLD),
					 promise_of(two, false, floor)};
	dfs_confirm_item item = {.path = {(u_int)strlen(old), old},
				 .promises = {DFS_CONFIRMATIONS_MAX, promises}};
	const dfs_confirm_args args = {.items = {1, &item}};
	dfs_status status = DFS_OK;

	peers_check_lone(world->peers, &args, &status);
	return status;
}

static void test_12_2_the_fourth_decides_what_is_confirmed(void **state)
{
	(void)state;
	raise_floors(set_without(SERVERS_ALL, 4));
	/* Another is the fourth, or this one itself. */
	assert_int_equal(confirmed_by(1, 2, LATER), DFS_REFUSED);
	assert_int_equal(confirmed_by(1, 3, LATER), DFS_REFUSED);
	/* One of the two may never have heard of it. */
	assert_int_equal(confirmed_by(1, 2, OLD - 1), DFS_OK);
	/* Who is away decides nothing. */
	world->up = set_without(SERVERS_ALL, 3);
	assert_int_equal(confirmed_by(1, 2, LATER), DFS_OK);
	world->up = SERVERS_ALL;
	world->silent = set_of(3);
	assert_int_equal(confirmed_by(1, 2, LATER), DFS_OK);
	/* Who has it, too, decides for it. */
	world->silent = 0;
	peers_world_give(set_of(3), old, OLD, true);
	assert_int_equal(confirmed_by(1, 2, LATER), DFS_OK);
}

#define FOUR_SERVERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOUR_SERVERS(test_12_2_three_outvote_one_that_tells_of_what_they_forgot),
		FOUR_SERVERS(test_12_2_with_one_away_the_word_counts),
		FOUR_SERVERS(test_12_2_it_counts_where_floors_are_below_it),
		FOUR_SERVERS(test_12_2_who_was_outvoted_takes_that_there_is_nothing),
		FOUR_SERVERS(test_12_2_the_fourth_decides_what_is_confirmed),
	};

	return cmocka_run_group_tests_name("peers_lone", tests, NULL, NULL);
}
