/*
 * Who has stored how much, as the store counts it: over overwriting, deleting, restarts
 * and merges; and what quotas leave room for.
 */
#include "store_fixture.h"
#include "value_fixture.h"

#include "value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.merge_fan = 0; /* but where a test wants it */
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

static int accept_as(struct store_fixture *fixture, const char *path, const char *owner,
		     uint64_t size, uint64_t counter, unsigned how)
{
	return value_fixture_accept(
		fixture->store, path,
		value_fixture_file(&(struct value_fixture_file){.owner = owner,
								.size = size,
								.object = counter,
								.counter = counter}),
		how);
}

static void put(struct store_fixture *fixture, const char *path, const char *owner,
		uint64_t size, uint64_t counter)
{
	assert_int_equal(accept_as(fixture, path, owner, size, counter, 0), 0);
}

static void drop(struct store_fixture *fixture, const char *path, uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store, path,
					      value_fixture_tombstone(counter), 0),
			 0);
}

static void set_quota(struct store_fixture *fixture, const char *path, uint64_t quota,
		      uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store, path,
					      value_fixture_account(quota, counter), 0),
			 0);
}

static struct store_owner owner_of(struct store_fixture *fixture, const char *name)
{
	struct store_owner owner;

	store_owner(fixture->store, name, strlen(name), &owner);
	return owner;
}

static uint64_t used(struct store_fixture *fixture, const char *name)
{
	return owner_of(fixture, name).used;
}

static void test_what_is_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(used(fixture, "bob"), 0);
	put(fixture, "/bob/a", "bob", 1000, 5);
	put(fixture, "/bob/b", "bob", 0, 5);
	put(fixture, "/bob/c", "bob", (uint64_t)1 << 40, 5);
	put(fixture, "/bobby/a", "bobby", 7, 5);
	assert_int_equal(used(fixture, "bob"), 1000 + ((uint64_t)1 << 40));
	assert_int_equal(used(fixture, "bobby"), 7);
	assert_int_equal(used(fixture, "bo"), 0);
	/* Overwriting, with more, with less, and by what is older and comes late. */
	put(fixture, "/bob/a", "bob", 5000, 6);
	put(fixture, "/bob/c", "bob", 1, 7);
	assert_int_equal(used(fixture, "bob"), 5001);
	put(fixture, "/bob/a", "bob", 9000, 4);
	assert_int_equal(used(fixture, "bob"), 5001);
	/* The same value again, at a higher ballot, counts once. */
	put(fixture, "/bob/a", "bob", 5000, 8);
	assert_int_equal(used(fixture, "bob"), 5001);
	drop(fixture, "/bob/a", 9);
	assert_int_equal(used(fixture, "bob"), 1);
	drop(fixture, "/bob/nothing", 9);
	assert_int_equal(used(fixture, "bob"), 1);
	put(fixture, "/bob/a", "bob", 3, 10);
	assert_int_equal(used(fixture, "bob"), 4);
}

static void test_below_shared_who_stored_it_owns_it(void **state)
{
	struct store_fixture *fixture = *state;

	put(fixture, "/shared/a", "bob", 1000, 5);
	put(fixture, "/shared/b", "carol", 10, 5);
	assert_int_equal(used(fixture, "bob"), 1000);
	put(fixture, "/shared/a", "carol", 2000, 6);
	assert_int_equal(used(fixture, "bob"), 0);
	assert_int_equal(used(fixture, "carol"), 2010);
	assert_int_equal(used(fixture, "shared"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(used(fixture, "bob"), 0);
	assert_int_equal(used(fixture, "carol"), 2010);
}

static void fill(struct store_fixture *fixture)
{
	char path[32];

	set_quota(fixture, "/@accounts/bob", 123456, 3);
	assert_int_equal(value_fixture_accept(fixture->store, "/@credentials/bob",
					      value_fixture_credentials(3), 0),
			 0);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i % 10);
		put(fixture, path, "bob", 100 + i, 10 + i);
		(void)snprintf(path, sizeof path, "/shared/%u", i % 5);
		put(fixture, path, i % 2 ? "bob" : "carol", 1000, 10 + i);
	}
	drop(fixture, "/bob/0", 100);
	assert_int_equal(
		value_fixture_accept(
			fixture->store, "/bob/1",
			value_fixture_file(&(struct value_fixture_file){.owner = "bob",
									.reader = "carol",
									.size = 50,
									.object = 4711,
									.counter = 101}),
			0),
		0);
}

static void check(struct store_fixture *fixture)
{
	struct store_numbers numbers;
	struct store_owner bob = owner_of(fixture, "bob");

	/* 112 to 119; the one that is shared; three of what is below /shared/ */
	assert_int_equal(bob.used, 924 + 50 + 3000);
	assert_int_equal(bob.quota, 123456);
	assert_int_equal(bob.shared, 1);
	assert_int_equal(used(fixture, "carol"), 2000);
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.files, 14);
	assert_int_equal(numbers.tombstones, 1);
	assert_int_equal(numbers.highest_counter, 101);
}

static void test_restarts_change_nothing(void **state)
{
	struct store_fixture *fixture = *state;

	fill(fixture);
	check(fixture);
	store_fixture_reopen(fixture);
	check(fixture);
}

static bool is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments < 10;
}

static void test_merges_change_nothing(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_value value;
	struct store_register reg;

	fill(fixture);
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	/* Something has to happen for the compactor to look. */
	put(fixture, "/dave/x", "dave", 1, 5);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
	fixture->rules.merge_fan = 0;
	store_fixture_reopen(fixture);
	assert_int_equal(store_value(fixture->store, "/@accounts/bob", 14, &reg, &value),
			 0);
	assert_int_equal(reg.kind, DFS_ACCOUNT);
	assert_int_equal(value.body.dfs_body_u.account.quota, 123456);
	value_free(&value);
	assert_int_equal(
		store_value(fixture->store, "/@credentials/bob", 17, &reg, &value), 0);
	assert_int_equal(reg.kind, DFS_CREDENTIALS);
	value_free(&value);
	assert_int_equal(owner_of(fixture, "bob").used, 924 + 50 + 3000);
	assert_int_equal(owner_of(fixture, "bob").quota, 123456);
	assert_int_equal(owner_of(fixture, "bob").shared, 1);
	assert_int_equal(used(fixture, "carol"), 2000);
}

/* ---- quotas -------------------------------------------------------------------- */

static bool fits(struct store_fixture *fixture, const char *path, uint64_t size)
{
	char copy[64];
	const dfs_path name = {(u_int)strlen(path), copy};

	memcpy(copy, path, name.dfs_path_len);
	return store_fits_quota(fixture->store, "bob", &name, size);
}

static void test_a_quota_holds_at_it_and_one_past_it(void **state)
{
	struct store_fixture *fixture = *state;

	assert_true(fits(fixture, "/bob/a", (uint64_t)1 << 40));
	set_quota(fixture, "/@accounts/bob", 1000, 1);
	assert_true(fits(fixture, "/bob/a", 1000));
	assert_false(fits(fixture, "/bob/a", 1001));
	assert_false(fits(fixture, "/bob/a", UINT64_MAX));
	put(fixture, "/bob/a", "bob", 600, 5);
	assert_true(fits(fixture, "/bob/b", 400));
	assert_false(fits(fixture, "/bob/b", 401));
	assert_true(fits(fixture, "/bob/a", 1000));
	assert_false(fits(fixture, "/bob/a", 1001));
	/*
	 * Nobody is kept from storing less than there is, whatever the quota has become.
	 */
	set_quota(fixture, "/@accounts/bob", 10, 2);
	assert_true(fits(fixture, "/bob/a", 600));
	assert_true(fits(fixture, "/bob/a", 1));
	assert_false(fits(fixture, "/bob/a", 601));
	assert_false(fits(fixture, "/bob/b", 1));
	assert_true(fits(fixture, "/bob/b", 0));
	set_quota(fixture, "/@accounts/bob", UINT64_MAX, 3);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
	set_quota(fixture, "/@accounts/bob", 0, 4);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
	/* What was below is no limit either, once the account is gone. */
	set_quota(fixture, "/@accounts/bob", 10, 5);
	drop(fixture, "/@accounts/bob", 6);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
}

static void test_what_is_about_to_be_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(9);
	char path[16];
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = 100, .object = 9, .counter = 9});

	set_quota(fixture, "/@accounts/bob", 1000, 1);
	for (unsigned i = 0; i < 11; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		assert_int_equal(store_fixture_batch_value(batch, path, &ballot, &value,
							   STORE_WITHIN_QUOTA),
				 i < 10 ? 0 : EDQUOT);
	}
	/* Somebody else, meanwhile */
	assert_false(fits(fixture, "/bob/x", 1));
	assert_int_equal(accept_as(fixture, "/bob/x", "bob", 1, 9, STORE_WITHIN_QUOTA),
			 EDQUOT);
	assert_int_equal(used(fixture, "bob"), 0);
	/* What is given up leaves room again, */
	store_batch_free(batch);
	assert_true(fits(fixture, "/bob/x", 1000));
	/* and what is accepted is not counted twice. */
	assert_int_equal(accept_as(fixture, "/bob/x", "bob", 600, 9, STORE_WITHIN_QUOTA),
			 0);
	assert_true(fits(fixture, "/bob/y", 400));
	assert_false(fits(fixture, "/bob/y", 401));
	assert_int_equal(
		accept_as(fixture, "/bob/x", "bob", 1000, 10, STORE_WITHIN_QUOTA), 0);
	assert_int_equal(
		accept_as(fixture, "/bob/x", "bob", 1001, 11, STORE_WITHIN_QUOTA),
		EDQUOT);
	/* Servers bring to its end what was begun. */
	assert_int_equal(accept_as(fixture, "/bob/x", "bob", 1001, 11, 0), 0);
	assert_int_equal(used(fixture, "bob"), 1001);
	value_free(&value);
}

/* ---- objects ------------------------------------------------------------------- */

static bool is_of(struct store_fixture *fixture, const char *path)
{
	dfs_id object = store_fixture_object(7);

	return store_is_of_path(fixture->store, &object, path, strlen(path));
}

static void test_whose_an_object_is(void **state)
{
	struct store_fixture *fixture = *state;

	assert_false(is_of(fixture, "/bob/a"));
	assert_int_equal(store_fixture_stage(fixture->store, "/bob/a", 7, 5, 100), 0);
	assert_true(is_of(fixture, "/bob/a"));
	assert_false(is_of(fixture, "/carol/a"));
	store_fixture_reopen(fixture);
	assert_true(is_of(fixture, "/bob/a"));
	/* Overtaken: nothing refers to it, and still it was this path's. */
	put(fixture, "/bob/a", "bob", 1000, 6);
	store_fixture_settle(fixture->store, "/bob/a", 6);
	assert_true(is_of(fixture, "/bob/a"));
	assert_false(is_of(fixture, "/carol/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_accepted_counts, start, end),
		cmocka_unit_test_setup_teardown(test_below_shared_who_stored_it_owns_it,
						start, end),
		cmocka_unit_test_setup_teardown(test_restarts_change_nothing, start, end),
		cmocka_unit_test_setup_teardown(test_merges_change_nothing, start, end),
		cmocka_unit_test_setup_teardown(test_a_quota_holds_at_it_and_one_past_it,
						start, end),
		cmocka_unit_test_setup_teardown(test_what_is_about_to_be_accepted_counts,
						start, end),
		cmocka_unit_test_setup_teardown(test_whose_an_object_is, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
