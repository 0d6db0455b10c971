/* How often others' accounts are read for keys that servers name. */
#include "account_cache.h"
#include "lookup.h"
#include "path.h"
#include "sign_fixture.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

size_t __wrap_lookup_agreed(struct dfs *dfs, struct lookup **lookups, size_t count);

struct world {
	struct dfs dfs;
	struct identity identity;
	unsigned reads;
	uint32_t key;    /* ann's present one, as the servers tell; 0: no such user */
	bool others_say; /* of each account one tells what somebody else signed */
};

static struct world *world;

static bool ask(const char *name, uint32_t number)
{
	dfs_user user = {(u_int)strlen(name), strdup(name)};
	struct authority_key key;
	bool found;

	assert_non_null(user.dfs_user_val);
	found = account_cache_key(&world->dfs, &user, number, &key);
	free(user.dfs_user_val);
	return found;
}

/* What the servers tell of an account. */
size_t __wrap_lookup_agreed(struct dfs *dfs, struct lookup **lookups, size_t count)
{
	dfs_account account = {.number = world->key, .key = world->key};

	assert_ptr_equal(dfs, &world->dfs);
	assert_int_equal(count, 1);
	world->reads++;
	if (world->others_say)
		assert_false(ask("bob", world->reads));
	if (world->key == 0 || strcmp(lookups[0]->path, PATH_ACCOUNTS "ann") != 0)
		return 0;
	sign_fixture_account("ann", &account);
	lookups[0]->known = true;
	lookups[0]->value.body.kind = DFS_ACCOUNT;
	lookups[0]->value.body.dfs_body_u.account = account;
	return 0;
}

static void begin(uint32_t key)
{
	dfs_key admin = sign_fixture_key("admin", 1);

	world = calloc(1, sizeof *world);
	assert_non_null(world);
	memcpy(world->identity.admin_key, admin.bytes, sizeof world->identity.admin_key);
	memcpy(world->dfs.user, "me", 3);
	world->dfs.identity = &world->identity;
	world->key = key;
}

static void end(void)
{
	account_cache_free(world->dfs.accounts);
	free(world);
}

static void test_8_10_nobody_is_looked_for_once(void **state)
{
	(void)state;
	begin(0);
	for (unsigned i = 0; i < 5; i++)
		assert_false(ask("nobody", i));
	assert_int_equal(world->reads, 1);
	assert_false(ask("another", 1));
	assert_int_equal(world->reads, 2);
	end();
}

static void test_8_10_a_key_that_is_not_there_is_looked_for_once(void **state)
{
	(void)state;
	begin(1);
	assert_true(ask("ann", 1));
	assert_int_equal(world->reads, 1);
	/* It may be new: that is asked once, and found. */
	world->key = 2;
	assert_true(ask("ann", 2));
	assert_int_equal(world->reads, 2);
	for (uint32_t number = 3; number < 8; number++)
		assert_false(ask("ann", number));
	assert_int_equal(world->reads, 3);
	/* What is known is as good as before. */
	assert_true(ask("ann", 2));
	assert_true(ask("ann", 1));
	assert_int_equal(world->reads, 3);
	end();
}

/* A server that lies could name one user after the other, each as signer of the last. */
static void test_8_10_an_account_is_nobody_elses_word(void **state)
{
	(void)state;
	begin(1);
	world->others_say = true;
	assert_true(ask("ann", 1));
	assert_int_equal(world->reads, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_8_10_nobody_is_looked_for_once),
		cmocka_unit_test(test_8_10_a_key_that_is_not_there_is_looked_for_once),
		cmocka_unit_test(test_8_10_an_account_is_nobody_elses_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
