/* server/agreement/peers: finishing what was begun, and what a server itself changes. */
#include "peers_world.h"

#include "ballot.h"
#include "clock.h"
#include "sign_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_MS = 20000 };

static char one[] = "/@accounts/one", two[] = "/@accounts/two";

static struct peers_world *world;

static int begin(void **state)
{
	(void)state;
	world = peers_world_begin(false);
	return 0;
}

static int end(void **state)
{
	(void)state;
	peers_world_end();
	return 0;
}

/* Finishes one path; its status, and what was told of it. */
static dfs_status finish(char *path, uint64_t *ret, int64_t within_ms)
{
	dfs_path name = {(u_int)strlen(path), path};
	const dfs_paths paths = {.paths = {1, &name}};
	dfs_looked item;
	dfs_status status;

	memset(&item, 0, sizeof item);
	peers_finish(world->peers, &paths, clock_now_ms() + within_ms, &item);
	status = item.status;
	*ret = status == DFS_OK ? peers_world_told(&item.dfs_looked_u.reg) : UINT64_MAX;
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&item);
	return status;
}

static void finish_is(char *path, uint64_t expected)
{
	uint64_t found;

	assert_int_equal(finish(path, &found, LONG_MS), DFS_OK);
	assert_int_equal(found, expected);
}

/* ---- finishing --------------------------------------------------------------- */

static void test_2_2_what_three_have_is_not_proposed_again(void **state)
{
	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	finish_is(one, 300);
	/* Also where a fourth has something newer, or older. */
	peers_world_give(set_of(4), one, 5, false);
	finish_is(one, 300);
	peers_world_give(set_of(1) | set_of(2) | set_of(4), one, 7, true);
	finish_is(one, 1);
	/* Nothing at three. */
	peers_world_give(set_of(4), two, 6, false);
	finish_is(two, 0);
	assert_int_equal(world->calls[DFS_PREPARE], 0);
	assert_int_equal(world->calls[DFS_ACCEPT], 0);
	/* But not of different kinds, of which one may be a lie. */
	peers_world_give(set_of(1), two, 3, true);
	peers_world_give(set_of(2), two, 5, true);
	finish_is(two, 600);
}

static void test_2_2_what_was_begun_is_brought_to_its_end(void **state)
{
	struct store_register reg, other;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(4), one, 5, false);
	finish_is(one, 500);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, one, &other), 500);
		assert_true(other.ballot.counter > 5);
		if (s == 1)
			reg = other;
		assert_int_equal(ballot_compare(&reg.ballot, &other.ballot), 0);
		/* Settled is noted here; the others learn it elsewhere. */
		assert_int_equal(other.settled, s == PEERS_WORLD_SELF);
	}
	/* The value is as it was: who first proposed it finds his own. */
	dfs_value value;
	assert_int_equal(
		store_value(world->stores[0].store, one, strlen(one), &reg, &value), 0);
	assert_int_equal(value.origin.counter, 5);
	assert_int_equal(value.number, 5);
	value_free(&value);
	assert_int_equal(world->calls[DFS_ACCEPT], 3);
	/* Once done it is done. */
	finish_is(one, 500);
	assert_int_equal(world->calls[DFS_ACCEPT], 3);
}

static void test_2_2_a_deletion_too(void **state)
{
	struct store_register reg;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), one, 5, true);
	finish_is(one, 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_int_equal(peers_world_has(s, one, &reg), 1);
}

static void test_2_2_three_servers_are_enough_and_two_are_not(void **state)
{
	struct store_register reg;
	uint64_t found;

	(void)state;
	peers_world_give(set_of(1), one, 3, false);
	world->up = set_of(1) | set_of(3);
	/* One of three knows of it: nobody can tell whether a fourth does. */
	finish_is(one, 300);
	assert_int_equal(peers_world_has(1, one, &reg), 300);
	assert_int_equal(peers_world_has(2, one, &reg), 300);
	assert_int_equal(peers_world_has(3, one, &reg), 300);
	assert_int_equal(peers_world_has(4, one, &reg), 0);
	/* Three tell the same now, one of them being this server. */
	finish_is(one, 300);
	world->up = set_of(3);
	assert_int_equal(finish(one, &found, LONG_MS), DFS_UNCHECKED);
	world->up = set_of(3) | set_of(4);
	acceptor_retire(world->acceptors[PEERS_WORLD_SELF - 1], "a test");
	assert_int_equal(finish(one, &found, LONG_MS), DFS_UNCHECKED);
	/* A server that does not vote can still do it for others. */
	world->up = SERVERS_ALL;
	peers_world_give(set_of(4), one, 9, false);
	peers_world_give(set_of(3), one, 7, false);
	finish_is(one, 900);
	assert_int_equal(peers_world_has(2, one, &reg), 300);
}

static void test_2_2_paths_are_finished_each_by_itself(void **state)
{
	dfs_path names[] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	dfs_looked items[2];
	struct store_register reg;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), two, 4, false);
	memset(items, 0, sizeof items);
	peers_finish(world->peers, &paths, clock_now_ms() + LONG_MS, items);
	assert_int_equal(items[0].status, DFS_OK);
	assert_int_equal(items[1].status, DFS_OK);
	assert_int_equal(peers_world_told(&items[0].dfs_looked_u.reg), 300);
	assert_int_equal(peers_world_told(&items[1].dfs_looked_u.reg), 400);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, one, &reg), 300);
		assert_int_equal(reg.ballot.counter, 3);
		assert_int_equal(peers_world_has(s, two, &reg), 400);
		assert_true(reg.ballot.counter > 4);
	}
	for (unsigned i = 0; i < 2; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&items[i]);
}

/* ---- others at work ---------------------------------------------------------- */

static unsigned rivals; /* still to come */

/* Somebody else has the next ballot promised by all, before our value is accepted. */
static void overtake(unsigned server, uint32_t procedure)
{
	dfs_prepare_item item = {.path = {(u_int)strlen(one), one}};
	dfs_prepare_args args = {.operation = store_fixture_id(9), .items = {1, &item}};

	if (procedure != DFS_ACCEPT || server != 1 || rivals == 0)
		return;
	rivals--;
	args.ballot =
		store_fixture_ballot(acceptor_seen(world->acceptors[0]).counter + 1);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_prepare_res res;

		memset(&res, 0, sizeof res);
		acceptor_prepare(world->acceptors[i], &args, &res);
		xdr_free((xdrproc_t)xdr_dfs_prepare_res, (char *)&res);
	}
}

static void test_2_2_who_is_overtaken_comes_again(void **state)
{
	uint64_t found;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), one, 5, false);
	world->before = overtake;
	rivals = 3;
	finish_is(one, 500);
	assert_int_equal(rivals, 0);
	assert_int_equal(world->calls[DFS_PREPARE], 4 * 3);
	/* Where that does not end, the answer is that it did not. */
	peers_world_give(set_of(1) | set_of(2), one, 1000, false);
	rivals = UINT32_MAX;
	assert_int_equal(finish(one, &found, 300), DFS_BUSY);
	rivals = 0;
	finish_is(one, 100000);
}

/* Somebody else is done in between: then his is the value. */
static void be_done(unsigned server, uint32_t procedure)
{
	if (procedure != DFS_PREPARE || server != 1 || rivals == 0)
		return;
	rivals--;
	peers_world_give(SERVERS_ALL, one, 8, false);
}

static void test_2_2_what_others_did_meanwhile_counts(void **state)
{
	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), one, 5, false);
	world->before = be_done;
	rivals = 1;
	finish_is(one, 800);
	assert_int_equal(world->calls[DFS_ACCEPT], 0);
}

/* The second look comes in time for who was just slow. */
static void end_slowly(unsigned server, uint32_t procedure)
{
	if (procedure == DFS_LOOKUP && server == 1 && world->calls[DFS_LOOKUP] == 4)
		peers_world_give(SERVERS_ALL, one, 5, false);
}

static void test_2_2_who_is_at_work_is_given_a_moment(void **state)
{
	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), one, 4, false);
	world->before = end_slowly;
	finish_is(one, 500);
	assert_int_equal(world->calls[DFS_PREPARE], 0);
}

static void test_2_2_the_end_of_the_server_ends_it(void **state)
{
	uint64_t found;
	int64_t began = clock_now_ms();

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1) | set_of(2), one, 5, false);
	world->before = overtake;
	rivals = UINT32_MAX;
	peers_cancel(world->peers);
	assert_int_not_equal(finish(one, &found, LONG_MS), DFS_OK);
	assert_true(clock_now_ms() - began < LONG_MS / 2);
}

/* ---- overtaking -------------------------------------------------------------- */

/* Above a ballot of this counter: who said yes. */
static unsigned overtake_above(char *path, uint64_t counter, dfs_looked *ret)
{
	dfs_path name = {(u_int)strlen(path), path};
	const dfs_paths paths = {.paths = {1, &name}};
	const dfs_ballot above = {.counter = counter};
	unsigned accepted_by = 99;

	memset(ret, 0, sizeof *ret);
	peers_propose(world->peers,
		      &(struct peers_proposal){.paths = &paths,
					       .deadline_ms = clock_now_ms() + LONG_MS,
					       .above = &above,
					       .items = ret,
					       .accepted_by = &accepted_by});
	return accepted_by;
}

static void test_3_7_what_is_abandoned_becomes_no_such_file(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	assert_int_equal(overtake_above(one, 4000, &looked), SERVERS_ALL);
	assert_int_equal(looked.status, DFS_OK);
	assert_int_equal(peers_world_told(&looked.dfs_looked_u.reg), 1);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, one, &reg), 1);
		assert_true(reg.ballot.counter > 4000);
		/* All know that it is settled: what is bound below may go. */
		assert_true(reg.settled && reg.confirmed);
	}
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
}

static void test_3_7_what_one_has_accepted_is_not_abandoned(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(4), one, 5, false);
	assert_int_equal(overtake_above(one, 5, &looked), SERVERS_ALL);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, one, &reg), 500);
		assert_true(reg.settled && reg.ballot.counter > 5);
	}
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
}

static void test_3_7_three_are_enough_and_two_are_not(void **state)
{
	struct store_register reg;
	dfs_looked looked;

	(void)state;
	world->up = set_of(1) | set_of(2) | set_of(4);
	assert_int_equal(overtake_above(one, 7, &looked),
			 set_of(1) | set_of(2) | set_of(4));
	xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked);
	assert_int_equal(peers_world_has(3, one, &reg), 0);
	world->up = set_of(1) | set_of(2);
	assert_int_equal(overtake_above(two, 7, &looked), 0);
	assert_int_not_equal(looked.status, DFS_OK);
	assert_int_equal(peers_world_has(1, two, &reg), 0);
}

/* Where no tombstone may stand nothing is proposed, and it does not go on and on. */
static void test_3_7_admin_is_not_deleted(void **state)
{
	char admin[] = "/@accounts/admin";
	struct store_register reg;
	int64_t began = clock_now_ms();
	dfs_looked looked;

	(void)state;
	assert_int_equal(overtake_above(admin, 7, &looked), 0);
	assert_true(clock_now_ms() - began < LONG_MS);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_int_equal(peers_world_has(s, admin, &reg), 0);
}

/* ---- changing ---------------------------------------------------------------- */

static const char *changed; /* the path that is to be changed; NULL: none */
static unsigned changes;    /* how often that was asked */

static bool change_quota(void *context, size_t path, dfs_value *value)
{
	const dfs_path *paths = context;

	changes++;
	value->body.dfs_body_u.account.quota += 7;
	return changed != NULL && strlen(changed) == paths[path].dfs_path_len &&
	       memcmp(changed, paths[path].dfs_path_val, paths[path].dfs_path_len) == 0;
}

/* Both paths, of which one is changed; the statuses, and who said yes. */
static void change_both(const char *which, dfs_status status[2], unsigned accepted_by[2])
{
	dfs_path names[2] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	const struct peers_change change = {change_quota, names};
	dfs_looked looked[2];

	changed = which;
	changes = 0;
	memset(looked, 0, sizeof looked);
	peers_propose(world->peers,
		      &(struct peers_proposal){.paths = &paths,
					       .deadline_ms = clock_now_ms() + LONG_MS,
					       .change = &change,
					       .items = looked,
					       .accepted_by = accepted_by});
	for (size_t i = 0; i < 2; i++) {
		status[i] = looked[i].status;
		xdr_free((xdrproc_t)xdr_dfs_looked, (char *)&looked[i]);
	}
}

static void test_3_1_the_newest_value_is_changed_and_others_stay(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(4), one, 5, false);
	peers_world_give(SERVERS_ALL, two, 6, false);
	change_both(one, status, accepted_by);
	assert_int_equal(status[0], DFS_OK);
	assert_int_equal(status[1], DFS_OK);
	assert_int_equal(accepted_by[0], SERVERS_ALL);
	assert_int_equal(accepted_by[1], 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		assert_int_equal(peers_world_has(s, one, &reg), 507);
		assert_true(reg.settled);
		assert_int_equal(peers_world_has(s, two, &reg), 600);
		assert_int_equal(reg.ballot.counter, 6);
	}
}

/* A writer's own work goes first. */
static void test_3_1_who_is_overtaken_twice_leaves_it_alone(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	world->before = overtake;
	rivals = 1;
	change_both(one, status, accepted_by);
	assert_int_equal(accepted_by[0], SERVERS_ALL);
	assert_int_equal(peers_world_has(1, one, &reg), 307);
	rivals = UINT32_MAX;
	change_both(one, status, accepted_by);
	assert_int_equal(changes, 2);
	assert_int_equal(accepted_by[0], 0);
	assert_int_equal(status[0], DFS_BUSY);
	assert_int_equal(peers_world_has(1, one, &reg), 307);
	rivals = 0;
}

static void test_3_1_two_servers_change_nothing(void **state)
{
	struct store_register reg;
	unsigned accepted_by[2];
	dfs_status status[2];

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	world->up = set_of(1) | set_of(2);
	change_both(one, status, accepted_by);
	assert_int_equal(accepted_by[0], 0);
	assert_int_not_equal(status[0], DFS_OK);
	assert_int_equal(peers_world_has(1, one, &reg), 300);
}

#define FOUR_SERVERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOUR_SERVERS(test_2_2_what_three_have_is_not_proposed_again),
		FOUR_SERVERS(test_2_2_what_was_begun_is_brought_to_its_end),
		FOUR_SERVERS(test_2_2_a_deletion_too),
		FOUR_SERVERS(test_2_2_three_servers_are_enough_and_two_are_not),
		FOUR_SERVERS(test_2_2_paths_are_finished_each_by_itself),
		FOUR_SERVERS(test_2_2_who_is_overtaken_comes_again),
		FOUR_SERVERS(test_2_2_what_others_did_meanwhile_counts),
		FOUR_SERVERS(test_2_2_who_is_at_work_is_given_a_moment),
		FOUR_SERVERS(test_2_2_the_end_of_the_server_ends_it),
		FOUR_SERVERS(test_3_7_what_is_abandoned_becomes_no_such_file),
		FOUR_SERVERS(test_3_7_what_one_has_accepted_is_not_abandoned),
		FOUR_SERVERS(test_3_7_three_are_enough_and_two_are_not),
		FOUR_SERVERS(test_3_7_admin_is_not_deleted),
		FOUR_SERVERS(test_3_1_the_newest_value_is_changed_and_others_stay),
		FOUR_SERVERS(test_3_1_who_is_overtaken_twice_leaves_it_alone),
		FOUR_SERVERS(test_3_1_two_servers_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
