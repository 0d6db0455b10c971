/* server/agreement/peers: what another server tells is asked back. */
#include "peers_world.h"

#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = PEERS_WORLD_SELF };

static char one[] = "/@accounts/one";

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

/* Another server tells this one of what `from` has; what is answered. */
static dfs_status told_to_learn(unsigned from, char *path)
{
	dfs_learn_item item = {.path = {(u_int)strlen(path), path}};
	const dfs_learn_args args = {{1, &item}};
	struct store_register reg;
	dfs_learn_res res = {0};
	dfs_status status;

	assert_int_equal(store_value(world->stores[from - 1].store, path, strlen(path),
				     &reg, &item.value),
			 0);
	item.ballot = reg.ballot;
	peers_learn(world->peers, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	status = res.dfs_learn_res_u.items.items_val[0];
	xdr_free((xdrproc_t)xdr_dfs_learn_res, (char *)&res);
	value_free(&item.value);
	return status;
}

static void test_12_2_what_one_tells_is_learned_where_all_others_have_it(void **state)
{
	struct store_register reg;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(4), one, 9, false);
	assert_int_equal(told_to_learn(4, one), DFS_REFUSED);
	peers_world_give(set_of(3), one, 9, false);
	assert_int_equal(told_to_learn(4, one), DFS_REFUSED);
	assert_int_equal(peers_world_has(SELF, one, &reg), 300);
	peers_world_give(set_of(1), one, 9, false);
	/* With one away it cannot be known. */
	world->up = SERVERS_ALL & ~set_of(1);
	assert_int_equal(told_to_learn(4, one), DFS_REFUSED);
	assert_int_equal(peers_world_has(SELF, one, &reg), 300);
	world->up = SERVERS_ALL;
	assert_int_equal(told_to_learn(4, one), DFS_OK);
	assert_int_equal(peers_world_has(SELF, one, &reg), 900);
	assert_true(reg.settled);
	/* What is known is not asked for again. */
	world->calls[DFS_LOOKUP] = 0;
	assert_int_equal(told_to_learn(4, one), DFS_OK);
	assert_int_equal(world->calls[DFS_LOOKUP], 0);
}

static void test_12_2_what_is_here_is_settled_once_two_more_have_it(void **state)
{
	struct store_register reg;

	(void)state;
	peers_world_give(set_of(SELF) | set_of(4), one, 3, false);
	assert_int_equal(told_to_learn(4, one), DFS_REFUSED);
	(void)peers_world_has(SELF, one, &reg);
	assert_false(reg.settled);
	peers_world_give(set_of(1), one, 3, false);
	/* For the fourth nobody waits then. */
	world->silent = set_of(3);
	assert_int_equal(told_to_learn(4, one), DFS_OK);
	(void)peers_world_has(SELF, one, &reg);
	assert_true(reg.settled);
	assert_int_equal(world->slow, 0);
}

static bool is_forgotten(unsigned server, char *path)
{
	struct store_register reg;

	return peers_world_has(server, path, &reg) == 0;
}

static void test_12_1_a_tombstone_is_forgotten_where_no_other_lacks_it(void **state)
{
	dfs_settled_item item = {.path = {(u_int)strlen(one), one}};
	const dfs_forget_args args = {{1, &item}};
	struct store_register reg;
	dfs_settled_res res;

	(void)state;
	peers_world_give(set_of(1) | set_of(SELF) | set_of(4), one, 7, true);
	(void)peers_world_has(SELF, one, &reg);
	item.ballot = reg.ballot;
	item.digest = reg.digest;
	peers_forget(world->peers, &args, &res);
	assert_false(is_forgotten(SELF, one));
	/* One that has just started does not know yet what it has. */
	peers_world_give(set_of(3), one, 7, true);
	acceptor_restart(world->acceptors[2]);
	peers_forget(world->peers, &args, &res);
	assert_false(is_forgotten(SELF, one));
	assert_int_equal(acceptor_vote(world->acceptors[2]), 0);
	/* Another may have been faster. */
	acceptor_forget(world->acceptors[0], &args, &res);
	assert_true(is_forgotten(1, one));
	peers_forget(world->peers, &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_true(is_forgotten(SELF, one));
}

#define FOUR_SERVERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOUR_SERVERS(
			test_12_2_what_one_tells_is_learned_where_all_others_have_it),
		FOUR_SERVERS(test_12_2_what_is_here_is_settled_once_two_more_have_it),
		FOUR_SERVERS(test_12_1_a_tombstone_is_forgotten_where_no_other_lacks_it),
	};

	return cmocka_run_group_tests_name("peers_hints", tests, NULL, NULL);
}
