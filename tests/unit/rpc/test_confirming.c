/* rpc/confirming: what servers sign for a proposer, gathered. */
#include "confirming.h"

#include "sign_fixture.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VALUES = 3 };

/* Values that one proposer has confirmed in one call; the ballot is of counter 9. */
static struct {
	struct authority_source source;
	dfs_ballot ballot;
	char names[VALUES][16];
	dfs_path paths[VALUES];
	dfs_value values[VALUES];
	struct confirming items[VALUES];
	dfs_signed_promise promise;
	dfs_confirm_args *args;
} world;

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof world);
	world.source.servers = sign_fixture_servers();
	world.ballot = store_fixture_ballot(9);
	world.promise.server = 2;
	world.promise.signature.leaves = 1;
	for (unsigned i = 0; i < VALUES; i++) {
		strcpy(world.names[i], "/shared/x");
		world.names[i][8] = (char)('x' + i);
		world.paths[i] = (dfs_path){9, world.names[i]};
		world.values[i] = value_fixture_tombstone(5 + i);
		world.items[i] = (struct confirming){
			.path = &world.paths[i],
			.promises = {&world.promise, &world.promise, &world.promise},
			.value = &world.values[i]};
	}
	world.items[1].highest = &world.values[0];
	world.args = confirming_args(&world.ballot, world.items, VALUES);
	assert_non_null(world.args);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VALUES; i++)
		value_free(&world.values[i]);
	confirming_free_args(world.args);
	return 0;
}

/* As this server answers: it refuses those of the mask, and signs the others. */
static void answer(unsigned server, unsigned refused, dfs_confirm_ok *ret,
		   dfs_status statuses[VALUES], char signature[DFS_SIGNATURE_LEN])
{
	struct server_key *key = sign_fixture_server_key(server);
	dfs_key statements[VALUES] = {{{0}}}, digest;

	for (unsigned i = 0; i < VALUES; i++) {
		statuses[i] = refused >> i & 1 ? DFS_REFUSED : DFS_OK;
		assert_true(
			statement_digest(&world.args->items.items_val[i].value, &digest));
		if (statuses[i] == DFS_OK)
			assert_true(statement_of_confirmation(
				&world.paths[i], &world.ballot, &digest, &statements[i]));
	}
	assert_true(server_key_sign(key, statements, VALUES, (uint8_t *)signature));
	*ret = (dfs_confirm_ok){.key = 1,
				.signature = {DFS_SIGNATURE_LEN, signature},
				.items = {VALUES, statuses}};
	server_key_free(key);
}

/* What `as` is said to have answered, in truth this server. */
static void take_as(unsigned server, unsigned as, unsigned refused)
{
	char signature[DFS_SIGNATURE_LEN];
	dfs_status statuses[VALUES];
	dfs_confirm_ok ok;

	answer(server, refused, &ok, statuses, signature);
	confirming_take(&world.source, as, world.args, &ok, world.items);
}

static void take(unsigned server, unsigned refused)
{
	take_as(server, server, refused);
}

static u_int count(unsigned value)
{
	return world.values[value].proof.confirmations.confirmations_len;
}

static void test_12_2_three_servers_make_a_proof(void **state)
{
	(void)state;
	take(1, 0);
	take(3, 2);
	assert_int_equal(count(0), 2);
	assert_int_equal(count(1), 1);
	assert_false(confirming_is_whole(&world.values[0]));
	/* Nobody counts twice. */
	take(3, 0);
	assert_int_equal(count(0), 2);
	assert_int_equal(count(1), 2);
	take(4, 0);
	assert_true(confirming_is_whole(&world.values[0]));
	assert_true(confirming_is_whole(&world.values[1]));
	/* Three are enough. */
	take(2, 0);
	assert_int_equal(count(2), DFS_CONFIRMATIONS_MAX);
	/* They are what anybody can check, of a batch of three. */
	for (unsigned i = 0; i < VALUES; i++) {
		const dfs_confirmation *all =
			world.values[i].proof.confirmations.confirmations_val;
		dfs_key digest;

		assert_true(statement_digest(&world.values[i], &digest));
		for (unsigned k = 0; k < DFS_CONFIRMATIONS_MAX; k++)
			assert_true(
				authority_has_confirmed(&world.source, &world.paths[i],
							&world.ballot, &digest, &all[k]));
		assert_true(all[0].path.path_len <= DFS_CONFIRMATION_DEPTH);
	}
	confirming_clear(&world.values[0]);
	assert_int_equal(count(0), 0);
}

static void test_12_2_only_what_the_server_signed_is_taken(void **state)
{
	char signature[DFS_SIGNATURE_LEN];
	dfs_status statuses[VALUES];
	dfs_confirm_ok ok;

	(void)state;
	/* Another's signature; one that is damaged, or of no length; other statuses. */
	take_as(1, 2, 0);
	answer(1, 0, &ok, statuses, signature);
	signature[5] ^= 1;
	confirming_take(&world.source, 1, world.args, &ok, world.items);
	signature[5] ^= 1;
	ok.signature.signature_len = 0;
	confirming_take(&world.source, 1, world.args, &ok, world.items);
	answer(1, 4, &ok, statuses, signature);
	statuses[2] = DFS_OK;
	confirming_take(&world.source, 1, world.args, &ok, world.items);
	answer(1, 0, &ok, statuses, signature);
	ok.items.items_len = 2;
	confirming_take(&world.source, 1, world.args, &ok, world.items);
	answer(1, 0, &ok, statuses, signature);
	ok.key = 2;
	confirming_take(&world.source, 1, world.args, &ok, world.items);
	for (unsigned i = 0; i < VALUES; i++)
		assert_int_equal(count(i), 0);
	/* Of another value than the one that was asked about. */
	world.values[0].number++;
	take(1, 0);
	assert_int_equal(count(0), 0);
	assert_int_equal(count(1), 1);
}

static void test_12_2_a_call_has_copies_of_all(void **state)
{
	const dfs_confirm_item *items = world.args->items.items_val;

	(void)state;
	assert_int_equal(world.args->items.items_len, VALUES);
	for (unsigned i = 0; i < VALUES; i++) {
		assert_ptr_not_equal(items[i].path.dfs_path_val, world.names[i]);
		assert_memory_equal(items[i].path.dfs_path_val, world.names[i], 9);
		assert_int_equal(items[i].promises.promises_len, DFS_CONFIRMATIONS_MAX);
		assert_int_equal(items[i].promises.promises_val[2].server, 2);
		assert_int_equal(items[i].value.number, world.values[i].number);
		assert_int_equal(items[i].highest != NULL, i == 1);
	}
	assert_int_equal(items[1].highest->number, world.values[0].number);
}

static void test_12_2_three_promises_are_chosen(void **state)
{
	dfs_signed_promise of[DFS_SERVERS][2] = {{{.server = 0}}};
	struct confirming_promises promises[DFS_SERVERS];
	struct confirming chosen;

	(void)state;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		of[s - 1][0].server = s;
		promises[s - 1] = (struct confirming_promises){2, of[s - 1]};
	}
	/* The one that tells of the highest is among them, and comes first. */
	assert_true(confirming_choose(promises, SERVERS_ALL, 0, 4, &chosen));
	assert_int_equal(chosen.promises[0]->server, 4);
	assert_int_equal(chosen.promises[1]->server, 1);
	assert_int_equal(chosen.promises[2]->server, 2);
	assert_true(
		confirming_choose(promises, set_without(SERVERS_ALL, 2), 0, 1, &chosen));
	assert_int_equal(chosen.promises[2]->server, 4);
	/* Two are not enough, nor those that did not promise this one. */
	assert_false(confirming_choose(promises, set_of(1) | set_of(4), 0, 1, &chosen));
	assert_false(confirming_choose(promises, SERVERS_ALL, 1, 1, &chosen));
	promises[0].count = promises[1].count = 0;
	assert_false(confirming_choose(promises, SERVERS_ALL, 0, 3, &chosen));
}

#define CALL(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL(test_12_2_three_servers_make_a_proof),
		CALL(test_12_2_only_what_the_server_signed_is_taken),
		CALL(test_12_2_a_call_has_copies_of_all),
		cmocka_unit_test(test_12_2_three_promises_are_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
