/*
 * Who has logged in: what of an answer is believed, and what an account's signature
 * covers.
 */
#include "identity.h"
#include "status.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/*
 * A cluster with its admin, and the user ann, as cluster create and user add make them.
 */
struct world {
	struct identity admin;
	uint8_t admin_key[KEYS_LEN];
	struct keys_ring ring; /* ann's */
	uint8_t master[KEYS_MASTER];
	uint8_t locked[DFS_KEYRING_MAX];
	dfs_former_key former;
	dfs_identity answer; /* to ann */
};

static void sign_account(const struct world *world, const char *user,
			 dfs_account *account)
{
	xdr_free((xdrproc_t)xdr_dfs_signature, &account->signature);
	assert_true(identity_sign_account(world->admin.pairs[0], user, account));
}

static void end(struct world *world)
{
	xdr_free((xdrproc_t)xdr_dfs_signature, &world->answer.account.signature);
	identity_wipe(&world->admin);
}

static void begin(struct world *world)
{
	size_t len;
	dfs_key seal, sign;

	memset(world, 0, sizeof *world);
	world->admin.ring.count = 1;
	assert_true(keys_random(world->admin.ring.secrets[0], KEYS_LEN));
	assert_true(keys_random(world->admin.shared, KEYS_LEN));
	assert_true(identity_make_pairs(&world->admin));
	assert_true(keys_public(world->admin.ring.secrets[0], &seal, &sign));
	memcpy(world->admin_key, sign.bytes, KEYS_LEN);
	world->ring.count = 2;
	assert_true(keys_random(world->ring.secrets, sizeof world->ring.secrets));
	assert_true(keys_random(world->master, sizeof world->master));
	assert_true(identity_make_account(&world->admin, "ann", world->ring.secrets[0],
					  &world->answer.account));
	world->former = (dfs_former_key){1, sign};
	world->answer.account.number = 3;
	world->answer.account.key = 2;
	world->answer.account.former.former_len = 1;
	world->answer.account.former.former_val = &world->former;
	sign_account(world, "ann", &world->answer.account);
	assert_true(keys_lock_ring(&world->ring, world->master, world->locked, &len));
	world->answer.keyring.keyring_val = (char *)world->locked;
	world->answer.keyring.keyring_len = (u_int)len;
}

static bool fills(const struct world *world, const char *user, struct identity *ret)
{
	return identity_fill(ret, user, world->admin_key, &world->answer, world->master)
		       .code == DFS_EXIT_DONE;
}

static void test_identity_of_a_log_in(void **state)
{
	struct world world;
	struct identity ann;
	dfs_key seal, sign;

	(void)state;
	begin(&world);
	assert_true(fills(&world, "ann", &ann));
	assert_string_equal(ann.user, "ann");
	assert_int_equal(ann.ring.count, 2);
	assert_memory_equal(ann.ring.secrets, world.ring.secrets, 2 * KEYS_LEN);
	assert_memory_equal(keys_pair_seal_key(ann.pairs[0]), &ann.account.seal_key,
			    KEYS_LEN);
	assert_memory_equal(keys_pair_sign_key(ann.pairs[0]), &ann.account.sign_key,
			    KEYS_LEN);
	assert_memory_equal(ann.shared, world.admin.shared, KEYS_LEN);
	assert_true(keys_public(ann.shared, &seal, &sign));
	assert_memory_equal(keys_pair_seal_key(ann.shared_pair), &seal, KEYS_LEN);
	assert_true(keys_public(ann.ring.secrets[1], &seal, &sign));
	assert_memory_equal(keys_pair_seal_key(ann.pairs[1]), &seal, KEYS_LEN);
	identity_wipe(&ann);
	for (size_t i = 0; i < sizeof ann; i++)
		assert_int_equal(((uint8_t *)&ann)[i], 0);
	end(&world);
}

/* Whoever answers cannot change a byte that matters, nor answer for somebody else. */
static void test_changed_answers_are_not_believed(void **state)
{
	struct world world;
	struct identity ann;
	dfs_account *account = &world.answer.account, was;
	const struct {
		void *at;
		size_t len;
	} signed_parts[] = {
		{&account->seal_key, KEYS_LEN},
		{&account->sign_key, KEYS_LEN},
		{&account->shared, sizeof account->shared},
		{account->signature.signature, DFS_SIGNATURE_LEN},
		{&account->number, sizeof account->number},
		{&account->quota, sizeof account->quota},
		{&account->key, sizeof account->key},
		{&world.former.sign_key, KEYS_LEN},
		{&world.former.number, sizeof world.former.number},
	};

	(void)state;
	begin(&world);
	assert_true(value_copy_account(account, &was));
	assert_true(identity_account_is_same(account, &was));
	for (size_t p = 0; p < sizeof signed_parts / sizeof signed_parts[0]; p++) {
		uint8_t *bytes = signed_parts[p].at;

		for (size_t i = 0; i < signed_parts[p].len; i++) {
			bytes[i] ^= 1;
			assert_false(identity_account_is_genuine(world.admin_key, "ann",
								 account));
			assert_false(identity_account_is_same(account, &was));
			bytes[i] ^= 1;
		}
	}
	value_free_account(&was);
	assert_false(identity_account_is_genuine(world.admin_key, "anna", account));
	assert_false(identity_account_is_genuine(world.admin_key, "an", account));
	assert_false(identity_account_is_genuine(world.admin_key, "", account));
	assert_false(fills(&world, "bob", &ann));
	world.locked[20] ^= 1;
	assert_false(fills(&world, "ann", &ann));
	assert_int_equal(ann.ring.count, 0); /* nothing is left of a failure */
	world.locked[20] ^= 1;
	world.master[KEYS_MASTER - 1] ^= 1;
	assert_false(fills(&world, "ann", &ann));
	world.master[KEYS_MASTER - 1] ^= 1;
	world.admin_key[0] ^= 1;
	assert_false(fills(&world, "ann", &ann));
	world.admin_key[0] ^= 1;
	assert_true(fills(&world, "ann", &ann));
	identity_wipe(&ann);
	end(&world);
}

/* Whether he may log in and how much he may store is for admin alone to say. */
static void test_disabling_and_quota_are_signed(void **state)
{
	struct world world;
	struct identity ann;
	dfs_account *account = &world.answer.account;

	(void)state;
	begin(&world);
	account->disabled = true;
	assert_false(fills(&world, "ann", &ann));
	account->disabled = false;
	account->gone = true;
	assert_false(fills(&world, "ann", &ann));
	account->gone = false;
	account->former.former_len = 0;
	assert_false(fills(&world, "ann", &ann));
	account->former.former_len = 1;
	account->quota = 1 << 20;
	assert_false(fills(&world, "ann", &ann));
	sign_account(&world, "ann", account);
	assert_true(fills(&world, "ann", &ann));
	identity_wipe(&ann);
	end(&world);
}

/* An older account of the same user, genuine as it is, is not that of this keyring. */
static void test_account_and_keyring_belong_together(void **state)
{
	struct world world;
	struct identity ann;

	(void)state;
	begin(&world);
	xdr_free((xdrproc_t)xdr_dfs_signature, &world.answer.account.signature);
	assert_true(identity_make_account(&world.admin, "ann", world.ring.secrets[1],
					  &world.answer.account));
	sign_account(&world, "ann", &world.answer.account);
	assert_false(fills(&world, "ann", &ann));
	end(&world);
}

/* The key of /shared/ is wrapped for the user by name. */
static void test_shared_key_of_another_does_not_open(void **state)
{
	struct world world;
	struct identity ann;
	dfs_account bob;

	(void)state;
	begin(&world);
	assert_true(
		identity_make_account(&world.admin, "bob", world.ring.secrets[0], &bob));
	world.answer.account.shared = bob.shared;
	sign_account(&world, "ann", &world.answer.account);
	assert_false(fills(&world, "ann", &ann));
	assert_false(identity_sign_account(world.admin.pairs[0], "shared",
					   &world.answer.account));
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity_of_a_log_in),
		cmocka_unit_test(test_changed_answers_are_not_believed),
		cmocka_unit_test(test_disabling_and_quota_are_signed),
		cmocka_unit_test(test_account_and_keyring_belong_together),
		cmocka_unit_test(test_shared_key_of_another_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
