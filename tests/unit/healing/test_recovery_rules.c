/*
 * What each rule of the recovery is there for: without it a write is lost, with it none
 * is.
 */
#include "ballot.h"
#include "store_peers.h"
#include "world_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "/ann/x";

/* A write that three acknowledged; then two lose their stores, one after the other. */
static bool is_lost_after_two(struct world *world)
{
	const unsigned three[3] = {1, 2, 4};
	bool equal;

	world_start_all(world);
	assert_int_equal(world_accept_on(world, 0x7, path, world_ballot(0, 10, 1), 7), 3);
	for (unsigned s = 1; s <= 2; s++)
		world_lose(world, s);
	return world_read(world, three, path, &equal) != 7;
}

static void test_3_2_without_registers_of_peers_a_write_is_lost(void **state)
{
	struct world *world = *state;

	world->recovery_rules.registers = false;
	assert_true(is_lost_after_two(world));
}

static void test_3_2_with_them_it_is_not(void **state)
{
	assert_false(is_lost_after_two(*state));
}

/*
 * One proposer has promises of two servers, which lose their stores, one after the other.
 * Another one is acknowledged by three; then the first gets its third promise, which
 * knows of nothing, and writes over what was acknowledged.
 */
static bool is_overwritten_unseen(struct world *world)
{
	const dfs_ballot higher = world_ballot(1, 8, 2);
	dfs_ballot lower = world_ballot(1, 7, 1);
	unsigned seen, promised = 0;

	world_start_all(world);
	/* No store votes in epoch 0 again that was lost. */
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		assert_int_equal(acceptor_adopt(world->servers[s - 1].acceptor, 1), 0);
	assert_int_equal(world_prepare(world, 1, path, higher, &seen), DFS_OK);
	assert_int_equal(world_prepare(world, 2, path, higher, &seen), DFS_OK);
	/* The first takes its registers from two that promised nothing. */
	world->servers[1].fences_left = 0;
	world_lose(world, 1);
	world->servers[1].fences_left = UINT32_MAX;
	world_lose(world, 2);
	/* The other one knows the epoch that there is now. */
	lower.epoch = world_seen(world, 2).epoch;
	for (unsigned s = 1; s <= 3; s++)
		promised += world_prepare(world, s, path, lower, &seen) == DFS_OK &&
			    seen == 0;
	assert_int_equal(promised, 3);
	assert_int_equal(world_accept_on(world, 0x7, path, lower, 70), 3);
	if (world_prepare(world, 4, path, higher, &seen) != DFS_OK || seen != 0)
		return false;
	return world_accept_on(world, 0xb, path, higher, 80) == 3;
}

static void test_3_2_without_a_new_epoch_a_write_is_lost(void **state)
{
	struct world *world = *state;

	world->recovery_rules.new_epoch = false;
	world->recovery_rules.memory = false;
	assert_true(is_overwritten_unseen(world));
}

static void test_3_2_in_a_new_epoch_it_is_not(void **state)
{
	assert_false(is_overwritten_unseen(*state));
}

/*
 * A write is under way when one of those who have it loses its store.  The peers hand
 * over their registers; if they then still took the write, three would have acknowledged
 * it, of which one knows nothing any more; and the next loss takes it away.
 */
static bool is_lost_under_way(struct world *world)
{
	const dfs_ballot ballot = world_ballot(0, 10, 1);
	const unsigned three[3] = {1, 2, 3};
	unsigned yes;
	bool equal;

	world_start_all(world);
	yes = world_accept_on(world, 0x1, path, ballot, 7);
	world_lose(world, 1);
	yes += world_accept_on(world, 0xc, path, ballot, 7);
	world_stop(world, 4);
	world_lose(world, 3);
	return yes >= 3 && world_read(world, three, path, &equal) != 7;
}

static void test_3_2_without_the_fence_a_write_is_lost(void **state)
{
	struct world *world = *state;

	world->acceptor_rules.fence = false;
	assert_true(is_lost_under_way(world));
}

static void test_3_2_with_it_it_is_not(void **state)
{
	assert_false(is_lost_under_way(*state));
}

/*
 * A fenced peer remembers the new store and the epoch over a restart, and so condemns the
 * old one.
 */
static void test_the_fence_outlasts_a_restart(void **state)
{
	struct world *world = *state;
	struct store_numbers numbers;
	dfs_watermark known;

	world_start_all(world);
	world_stop(world, 1);
	world_save(world, 1);
	world_lose(world, 1);
	store_get_numbers(world->servers[0].store, &numbers);
	for (unsigned s = 3; s <= 4; s++) {
		world_stop(world, s);
		world_start(world, s);
		assert_true(store_watermark(world->servers[s - 1].store, 1, &known));
		assert_true(id_equal(&known.store, &numbers.id));
		assert_int_equal(world_seen(world, s).epoch, 1);
		world_recover(world, s);
	}
	world_set_back(world, 1);
	world_start(world, 1);
	(void)world_step(world, 1);
	assert_int_equal(world_state(world, 1), DFS_STATE_RECOVERING);
	assert_non_null(strstr(world_why(world, 1), "not the one"));
	world_recover(world, 1);
	assert_int_equal(world_seen(world, 1).epoch, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_3_2_without_registers_of_peers_a_write_is_lost),
		TEST(test_3_2_with_them_it_is_not),
		TEST(test_3_2_without_a_new_epoch_a_write_is_lost),
		TEST(test_3_2_in_a_new_epoch_it_is_not),
		TEST(test_3_2_without_the_fence_a_write_is_lost),
		TEST(test_3_2_with_it_it_is_not),
		TEST(test_the_fence_outlasts_a_restart),
	};

	return cmocka_run_group_tests_name("recovery_rules", tests, NULL, NULL);
}
