/* server/agreement/peers: what is made of what servers tell. */
#include "peers_world.h"

#include "ballot.h"
#include "clock.h"
#include "proof.h"
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

static int begin_proving(void **state)
{
	(void)state;
	world = peers_world_begin(true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	peers_world_end();
	return 0;
}

/* ---- what is made of it ------------------------------------------------------ */

/* What a server may tell of a path: each kind of nothing, and two values. */
enum { SILENT, UNKNOWN, GONE_2, FILE_3, FILE_4, GONE_5, KINDS };

static bool is_nothing(int kind)
{
	return kind == UNKNOWN || kind == GONE_2 || kind == GONE_5;
}

/* A second opinion: by counting. */
static void expected_tally(const int kinds[DFS_SERVERS], unsigned *ret_answers,
			   unsigned *ret_equal, int *ret_newest)
{
	unsigned counts[KINDS] = {0};

	*ret_answers = 0;
	*ret_newest = SILENT;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		counts[kinds[i]]++;
		*ret_answers += kinds[i] != SILENT;
		if (kinds[i] > *ret_newest)
			*ret_newest = kinds[i];
	}
	/* Three that say the same, whatever the fourth says. */
	for (int kind = UNKNOWN; kind < KINDS; kind++)
		if (counts[kind] >= 3)
			*ret_newest = kind;
	*ret_equal = *ret_newest == SILENT ? 0 : counts[*ret_newest];
}

static void test_2_4_what_three_tell_is_so_and_else_the_newest(void **state)
{
	dfs_register registers[KINDS];
	unsigned cases = 0;

	(void)state;
	memset(registers, 0, sizeof registers);
	for (int kind = GONE_2; kind < KINDS; kind++) {
		registers[kind].known = TRUE;
		registers[kind].dfs_register_u.accepted.ballot =
			store_fixture_ballot((uint64_t)kind);
		registers[kind].dfs_register_u.accepted.value.body.kind =
			is_nothing(kind) ? DFS_TOMBSTONE : DFS_FILE;
		/* Somebody's, not what servers say of themselves. */
		registers[kind].dfs_register_u.accepted.value.number = 1;
	}
	for (int code = 0; code < KINDS * KINDS * KINDS * KINDS; code++, cases++) {
		struct peers_told all = {.unsure = false};
		int kinds[DFS_SERVERS], rest = code, newest;
		unsigned answers, equal;
		struct peers_tally tally;

		for (unsigned i = 0; i < DFS_SERVERS; i++, rest /= KINDS) {
			kinds[i] = rest % KINDS;
			if (kinds[i] != SILENT)
				all.of[i] = &registers[kinds[i]];
		}
		expected_tally(kinds, &answers, &equal, &newest);
		tally = peers_tally(&all);
		assert_int_equal(tally.answers, answers);
		assert_int_equal(tally.equal, equal);
		assert_ptr_equal(tally.newest,
				 newest == SILENT ? NULL : &registers[newest]);
	}
	assert_int_equal(cases, 1296);
}

static void test_2_4_reading_takes_this_server_and_the_others(void **state)
{
	dfs_path names[] = {{(u_int)strlen(one), one}, {(u_int)strlen(two), two}};
	const dfs_paths paths = {.paths = {2, names}};
	struct peers_register read[2];

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	peers_world_give(set_of(1), two, 4, false);
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 4);
	assert_int_equal(read[0].equal, 4);
	assert_int_equal(peers_world_told(&read[0].reg), 300);
	assert_int_equal(read[1].equal, 3);
	assert_int_equal(peers_world_told(&read[1].reg), 0);
	peers_free_registers(read, 2);

	world->up = set_of(1);
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 2);
	assert_int_equal(read[1].equal, 1);
	assert_int_equal(peers_world_told(&read[1].reg), 400);
	peers_free_registers(read, 2);

	/* What does not vote is not counted, this server included. */
	acceptor_retire(world->acceptors[PEERS_WORLD_SELF - 1], "a test");
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 1);
	peers_free_registers(read, 2);
	world->up = SERVERS_ALL;
	acceptor_retire(world->acceptors[0], "a test");
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, read));
	assert_int_equal(read[0].answers, 2);
	assert_int_equal(peers_world_told(&read[1].reg), 0);
	peers_free_registers(read, 2);
}

static void test_2_4_who_keeps_us_waiting_does_so_once(void **state)
{
	dfs_path name = {(u_int)strlen(one), one};
	const dfs_paths paths = {.paths = {1, &name}};
	struct peers_register read;

	(void)state;
	peers_world_give(SERVERS_ALL, one, 3, false);
	world->up = set_of(1) | set_of(3);
	world->silent = set_of(3);
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, &read));
	assert_int_equal(read.answers, 2);
	assert_int_equal(world->slow, set_of(3));
	assert_int_equal(world->calls[DFS_LOOKUP], 2);
	peers_free_registers(&read, 1);
	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, &read));
	assert_int_equal(world->calls[DFS_LOOKUP], 3);
	peers_free_registers(&read, 1);
}

/* ---- one that lies ------------------------------------------------------------ */

static char of_ann[] = "/@credentials/ann";

/* Credentials of ann, signed by this user, accepted by these servers. */
static void give_credentials(unsigned servers, uint64_t counter, const char *signer)
{
	const dfs_ballot ballot = store_fixture_ballot(counter);

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		dfs_value value = value_fixture_credentials(counter);

		sign_fixture_prove(of_ann, &ballot, signer, 1, &value);
		sign_fixture_confirm(of_ann, &ballot, &value);
		if (servers & 1U << i)
			assert_int_equal(value_fixture_accept(world->stores[i].store,
							      of_ann, value,
							      STORE_CONFIRMED),
					 0);
		else
			value_free(&value);
	}
}

static void know_user(const char *user)
{
	dfs_value value = value_fixture_account(0, 1);
	dfs_user name = {(u_int)strlen(user), strdup(user)};

	value.body.dfs_body_u.account.number = 1;
	value.body.dfs_body_u.account.key = 1;
	sign_fixture_account(user, &value.body.dfs_body_u.account);
	proof_know(world->proof, &name, &value.body.dfs_body_u.account);
	free(name.dfs_user_val);
	value_free(&value);
}

/* The counter of what is read of ann's credentials. */
static uint64_t read_credentials(void)
{
	dfs_path path = {(u_int)strlen(of_ann), of_ann};
	const dfs_paths paths = {.paths = {1, &path}};
	struct peers_register ret;
	uint64_t counter;

	assert_true(peers_read(world->peers, &paths, clock_now_ms() + LONG_MS, &ret));
	counter = ret.reg.known ? ret.reg.dfs_register_u.accepted.ballot.counter : 0;
	peers_free_registers(&ret, 1);
	return counter;
}

/* A user gives one server what it could not make: his signature. */
static void test_8_9_credentials_that_another_signed_are_not_believed(void **state)
{
	(void)state;
	know_user("ann");
	know_user("eve");
	world->up = set_of(1) | set_of(PEERS_WORLD_SELF) | set_of(3);
	give_credentials(set_of(1) | set_of(PEERS_WORLD_SELF), 3, "ann");
	give_credentials(set_of(3), 5, "eve");
	assert_int_equal(read_credentials(), 3);
	/* Had ann signed them, they would count. */
	give_credentials(set_of(3), 7, "ann");
	assert_int_equal(read_credentials(), 7);
}

/* Whoever proposes builds on the highest of all, whatever three agree on. */
static void test_12_2_what_one_forges_above_three_that_agree_is_left_out(void **state)
{
	dfs_path path = {(u_int)strlen(of_ann), of_ann};
	const dfs_paths paths = {.paths = {1, &path}};
	struct peers_look look;
	struct peers_told told;

	(void)state;
	know_user("ann");
	know_user("eve");
	give_credentials(SERVERS_ALL, 3, "ann");
	give_credentials(set_of(3), 5, "eve");
	assert_true(peers_look(world->peers, &paths, clock_now_ms() + LONG_MS, &look));
	peers_look_rest(world->peers, &look);
	told = peers_told(world->peers, &look, 0);
	assert_null(told.of[2]);
	assert_non_null(told.of[3]);
	peers_look_free(&look);
}

#define FOUR_SERVERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_2_4_what_three_tell_is_so_and_else_the_newest),
		FOUR_SERVERS(test_2_4_reading_takes_this_server_and_the_others),
		FOUR_SERVERS(test_2_4_who_keeps_us_waiting_does_so_once),
		cmocka_unit_test_setup_teardown(
			test_8_9_credentials_that_another_signed_are_not_believed,
			begin_proving, end),
		cmocka_unit_test_setup_teardown(
			test_12_2_what_one_forges_above_three_that_agree_is_left_out,
			begin_proving, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
