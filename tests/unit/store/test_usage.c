/*
 * Who has stored how much, as the store counts it: over overwriting, deleting, restarts
 * and merges; what is kept; and what quotas leave room for.
 */
#include "usage_fixture.h"

#include "store_fixture.h"
#include "store_forget.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LEAST = STORE_FILE_LEAST };

static void test_what_is_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
	usage_fixture_put(fixture, "/bob/a", "bob", 1000, 5);
	usage_fixture_put(fixture, "/bob/b", "bob", 0, 5);
	usage_fixture_put(fixture, "/bob/c", "bob", (uint64_t)1 << 40, 5);
	usage_fixture_put(fixture, "/bobby/a", "bobby", 7, 5);
	assert_int_equal(usage_fixture_contents(fixture, "bob"),
			 1000 + ((uint64_t)1 << 40));
	assert_int_equal(usage_fixture_contents(fixture, "bobby"), 7);
	assert_int_equal(usage_fixture_contents(fixture, "bo"), 0);
	/* Overwriting, with more, with less, and by what is older and comes late. */
	usage_fixture_put(fixture, "/bob/a", "bob", 5000, 6);
	usage_fixture_put(fixture, "/bob/c", "bob", 1, 7);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 5001);
	usage_fixture_put(fixture, "/bob/a", "bob", 9000, 4);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 5001);
	/* The same value again, at a higher ballot, counts once. */
	usage_fixture_put(fixture, "/bob/a", "bob", 5000, 8);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 5001);
	usage_fixture_drop(fixture, "/bob/a", 9);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 1);
	usage_fixture_drop(fixture, "/bob/nothing", 9);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 1);
	usage_fixture_put(fixture, "/bob/a", "bob", 3, 10);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 4);
}

static void test_below_shared_who_stored_it_owns_it(void **state)
{
	struct store_fixture *fixture = *state;

	usage_fixture_put(fixture, "/shared/a", "bob", 1000, 5);
	usage_fixture_put(fixture, "/shared/b", "carol", 10, 5);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 1000);
	usage_fixture_put(fixture, "/shared/a", "carol", 2000, 6);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
	assert_int_equal(usage_fixture_contents(fixture, "carol"), 2010);
	assert_int_equal(usage_fixture_contents(fixture, "shared"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
	assert_int_equal(usage_fixture_contents(fixture, "carol"), 2010);
}

static void fill(struct store_fixture *fixture)
{
	char path[32];

	usage_fixture_set_quota(fixture, "/@accounts/bob", 123456, 3);
	assert_int_equal(value_fixture_accept(fixture->store, "/@credentials/bob",
					      value_fixture_credentials(3), 0),
			 0);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i % 10);
		usage_fixture_put(fixture, path, "bob", 100 + i, 10 + i);
		(void)snprintf(path, sizeof path, "/shared/%u", i % 5);
		usage_fixture_put(fixture, path, i % 2 ? "bob" : "carol", 1000, 10 + i);
	}
	usage_fixture_drop(fixture, "/bob/0", 100);
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
	struct store_owner bob = usage_fixture_owner(fixture, "bob");

	/* 112 to 119; the one that is shared; three of what is below /shared/ */
	assert_int_equal(bob.contents, 924 + 50 + 3000);
	assert_int_equal(bob.quota, 123456);
	assert_int_equal(bob.shared, 1);
	assert_int_equal(usage_fixture_contents(fixture, "carol"), 2000);
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.files, 14);
	assert_int_equal(numbers.tombstones, 1);
	assert_int_equal(numbers.highest_counter, 101);
}

static void make(struct store_fixture *fixture, const char *path, const char *owner,
		 uint64_t counter)
{
	assert_int_equal(value_fixture_accept(fixture->store, path,
					      value_fixture_folder(owner, counter), 0),
			 0);
}

/* Folders have no content, but what is stored of their names is not for nothing. */
static void test_folders_count(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t one, both;

	make(fixture, "/bob/folder", "bob", 5);
	one = usage_fixture_used(fixture, "bob");
	assert_true(one > 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
	make(fixture, "/shared/folder", "bob", 5);
	both = usage_fixture_used(fixture, "bob");
	assert_true(both > one);
	assert_int_equal(usage_fixture_used(fixture, "shared"), 0);
	/* Its attributes changed, and a restart. */
	make(fixture, "/bob/folder", "bob", 6);
	assert_int_equal(usage_fixture_used(fixture, "bob"), both);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_used(fixture, "bob"), both);
	/* Below /shared/ another may take its place. */
	usage_fixture_drop(fixture, "/shared/folder", 7);
	make(fixture, "/shared/folder", "carol", 8);
	assert_int_equal(usage_fixture_used(fixture, "bob"), one);
	assert_true(usage_fixture_used(fixture, "carol") > 0);
}

static void test_restarts_change_nothing(void **state)
{
	struct store_fixture *fixture = *state;

	fill(fixture);
	check(fixture);
	store_fixture_reopen(fixture);
	check(fixture);
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
	usage_fixture_put(fixture, "/dave/x", "dave", 1, 5);
	assert_true(store_fixture_wait(usage_fixture_is_merged, fixture, NULL));
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
	assert_int_equal(usage_fixture_owner(fixture, "bob").contents, 924 + 50 + 3000);
	assert_int_equal(usage_fixture_owner(fixture, "bob").quota, 123456);
	assert_int_equal(usage_fixture_owner(fixture, "bob").shared, 1);
	assert_int_equal(usage_fixture_contents(fixture, "carol"), 2000);
}

/* ---- quotas -------------------------------------------------------------------- */

static void test_a_quota_holds_at_it_and_one_past_it(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg;

	assert_true(usage_fixture_fits(fixture, "/bob/a", (uint64_t)1 << 40));
	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + LEAST, 1);
	assert_true(usage_fixture_fits(fixture, "/bob/a", 1000));
	assert_false(usage_fixture_fits(fixture, "/bob/a", 1001));
	assert_false(usage_fixture_fits(fixture, "/bob/a", UINT64_MAX));
	reg = usage_fixture_register(fixture, "a");
	usage_fixture_put(fixture, "/bob/a", "bob", 600, 5);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 600 + reg);
	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + reg + LEAST, 2);
	assert_true(usage_fixture_fits(fixture, "/bob/b", 400));
	assert_false(usage_fixture_fits(fixture, "/bob/b", 401));
	assert_true(usage_fixture_fits(fixture, "/bob/a", 1000 + reg + LEAST));
	assert_false(usage_fixture_fits(fixture, "/bob/a", 1001 + reg + LEAST));
	/*
	 * Nobody is kept from storing less than there is, whatever the quota has become.
	 */
	usage_fixture_set_quota(fixture, "/@accounts/bob", 10, 3);
	assert_true(usage_fixture_fits(fixture, "/bob/a", 600));
	assert_true(usage_fixture_fits(fixture, "/bob/a", 1));
	assert_false(usage_fixture_fits(fixture, "/bob/a", 601 + reg));
	assert_false(usage_fixture_fits(fixture, "/bob/b", 1));
	assert_false(usage_fixture_fits(fixture, "/bob/b", 0));
	usage_fixture_set_quota(fixture, "/@accounts/bob", UINT64_MAX, 4);
	assert_true(usage_fixture_fits(fixture, "/bob/b", (uint64_t)1 << 40));
	usage_fixture_set_quota(fixture, "/@accounts/bob", 0, 5);
	assert_true(usage_fixture_fits(fixture, "/bob/b", (uint64_t)1 << 40));
	/* What was below is no limit either, once the account is gone. */
	usage_fixture_set_quota(fixture, "/@accounts/bob", 10, 6);
	usage_fixture_drop(fixture, "/@accounts/bob", 7);
	assert_true(usage_fixture_fits(fixture, "/bob/b", (uint64_t)1 << 40));
}

static void test_what_is_about_to_be_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(9);
	uint64_t reg = usage_fixture_register(fixture, "0"), room = 10 * (100 + reg);
	char path[16];
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = 100, .object = 9, .counter = 9});

	usage_fixture_set_quota(fixture, "/@accounts/bob", room, 1);
	for (unsigned i = 0; i < 11; i++) {
		(void)snprintf(path, sizeof path, "/bob/%c", 'a' + i);
		assert_int_equal(store_fixture_batch_value(batch, path, &ballot, &value,
							   STORE_WITHIN_QUOTA),
				 i < 10 ? 0 : EDQUOT);
	}
	/* Somebody else, meanwhile */
	assert_false(usage_fixture_fits(fixture, "/bob/x", 1));
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/x", "bob", 1, 9, STORE_WITHIN_QUOTA),
		EDQUOT);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 0);
	/* What is given up leaves room again, */
	store_batch_free(batch);
	assert_true(usage_fixture_fits(fixture, "/bob/x", room - LEAST));
	/* and what is accepted is not counted twice. */
	assert_int_equal(usage_fixture_accept(fixture, "/bob/x", "bob", 600, 9,
					      STORE_WITHIN_QUOTA),
			 0);
	room -= reg;
	assert_true(usage_fixture_fits(fixture, "/bob/y", room - 600 - LEAST));
	assert_false(usage_fixture_fits(fixture, "/bob/y", room - 599 - LEAST));
	assert_int_equal(usage_fixture_accept(fixture, "/bob/x", "bob", room, 10,
					      STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(usage_fixture_accept(fixture, "/bob/x", "bob", room + 1, 11,
					      STORE_WITHIN_QUOTA),
			 EDQUOT);
	/* Servers bring to its end what was begun. */
	assert_int_equal(usage_fixture_accept(fixture, "/bob/x", "bob", room + 1, 11, 0),
			 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), room + 1);
	value_free(&value);
}

/* ---- registers ------------------------------------------------------------------- */

static void test_8_4_registers_count_at_their_own_size(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t one, two, dead;

	usage_fixture_put(fixture, "/bob/a", "bob", 0, 5);
	one = usage_fixture_used(fixture, "bob");
	/* At least the path, and twice the 32 bytes of a key that is wrapped. */
	assert_true(one > 6 + 64);
	/* A longer path takes more of it. */
	usage_fixture_put(fixture, "/bob/a-name-of-many-bytes", "bob", 0, 5);
	two = usage_fixture_used(fixture, "bob") - one;
	assert_true(two >= one + 19);
	/* At the limit, and one past it. */
	usage_fixture_set_quota(fixture, "/@accounts/bob", one + two + one, 1);
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/b", "bob", 1, 6, STORE_WITHIN_QUOTA),
		EDQUOT);
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/b", "bob", 0, 6, STORE_WITHIN_QUOTA),
		0);
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/c", "bob", 0, 6, STORE_WITHIN_QUOTA),
		EDQUOT);
	/* The same again, and one in its place, take no more. */
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/b", "bob", 0, 7, STORE_WITHIN_QUOTA),
		0);
	assert_int_equal(usage_fixture_used(fixture, "bob"), one + two + one);
	/* What is deleted takes less, but not nothing until it is forgotten. */
	usage_fixture_drop(fixture, "/bob/b", 8);
	dead = usage_fixture_used(fixture, "bob") - one - two;
	assert_true(dead > 0);
	assert_true(dead < one);
	usage_fixture_drop(fixture, "/bob/nothing", 8);
	assert_true(usage_fixture_used(fixture, "bob") > one + two + dead);
	store_fixture_reopen(fixture);
	assert_true(usage_fixture_used(fixture, "bob") > one + two + dead);
	assert_int_equal(usage_fixture_owner(fixture, "bob").registers,
			 usage_fixture_used(fixture, "bob"));
	/* Of others', and of accounts, nothing. */
	assert_int_equal(usage_fixture_used(fixture, "carol"), 0);
}

static struct store_batch *forgetting(struct store_fixture *fixture, const char *path,
				      uint64_t counter)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(counter);

	assert_non_null(batch);
	assert_int_equal(store_batch_forget(batch, path, strlen(path), &ballot, &ballot),
			 0);
	return batch;
}

static void test_8_4_what_is_forgotten_counts_no_more(void **state)
{
	struct store_fixture *fixture = *state;

	usage_fixture_drop(fixture, "/bob/a", 5);
	assert_true(usage_fixture_used(fixture, "bob") > 0);
	assert_int_equal(store_commit(forgetting(fixture, "/bob/a", 5)), 0);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 0);
}

static int drop_within(struct store_fixture *fixture, const char *path, uint64_t counter)
{
	return value_fixture_accept(fixture->store, path,
				    value_fixture_tombstone(counter), STORE_WITHIN_QUOTA);
}

static void test_8_4_who_is_over_his_quota_can_delete(void **state)
{
	struct store_fixture *fixture = *state;
	char path[DFS_PATH_MAX];
	uint64_t before;
	unsigned made = 0;

	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		usage_fixture_put(fixture, path, "bob", 1000, 5);
	}
	usage_fixture_set_quota(fixture, "/@accounts/bob", 1, 1);
	assert_int_equal(
		usage_fixture_accept(fixture, "/bob/9", "bob", 0, 6, STORE_WITHIN_QUOTA),
		EDQUOT);
	/* What is less than there was is taken; */
	assert_int_equal(usage_fixture_accept(fixture, "/bob/0", "bob", 999, 6,
					      STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(usage_fixture_accept(fixture, "/bob/0", "bob", 1000, 7,
					      STORE_WITHIN_QUOTA),
			 EDQUOT);
	/* so is every delete, also of what did not come here. */
	before = usage_fixture_used(fixture, "bob");
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		assert_int_equal(drop_within(fixture, path, 10), 0);
		assert_true(usage_fixture_used(fixture, "bob") < before);
		before = usage_fixture_used(fixture, "bob");
	}
	assert_int_equal(drop_within(fixture, "/bob/elsewhere", 10), 0);
	/* But not any number of deletes of nothing: a mebibyte. */
	(void)snprintf(path, sizeof path, "/bob/%*s", 200, "");
	memset(path + 5, 'x', 200);
	while (made < 10000) {
		(void)snprintf(path + 205, sizeof path - 205, "%u", made);
		if (drop_within(fixture, path, 10) != 0)
			break;
		made++;
	}
	assert_true(made > 1000 && made < 10000);
	assert_true(usage_fixture_used(fixture, "bob") <= 1 << 20);
	assert_true(usage_fixture_used(fixture, "bob") > (1 << 20) - 1024);
	/* A file goes all the same. */
	usage_fixture_put(fixture, "/bob/late", "bob", 5, 11);
	assert_int_equal(drop_within(fixture, "/bob/late", 12), 0);
}

/* ---- kept versions -------------------------------------------------------------- */

static void test_8_4_kept_versions_count(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t quota;

	assert_int_equal(
		usage_fixture_accept_kept(fixture, 10, 2000, (uint64_t)1 << 40, 5, 0), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"),
			 2010 + ((uint64_t)1 << 40));
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_contents(fixture, "bob"),
			 2010 + ((uint64_t)1 << 40));
	assert_int_equal(usage_fixture_accept_kept(fixture, 10, 20, 30, 6, 0), 0);
	store_fixture_settle(fixture->store, "/bob/a", 6);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 60);
	/* At the limit, and one past it; of each four leaves, which count too. */
	quota = usage_fixture_used(fixture, "bob");
	usage_fixture_set_quota(fixture, "/@accounts/bob", quota, 1);
	assert_int_equal(
		usage_fixture_accept_kept(fixture, 8, 12, 40, 7, STORE_WITHIN_QUOTA), 0);
	assert_int_equal(
		usage_fixture_accept_kept(fixture, 8, 13, 40, 8, STORE_WITHIN_QUOTA),
		EDQUOT);
	assert_int_equal(
		usage_fixture_accept_kept(fixture, 8, 12, 41, 8, STORE_WITHIN_QUOTA),
		EDQUOT);
	assert_int_equal(usage_fixture_used(fixture, "bob"), quota);
	usage_fixture_drop(fixture, "/bob/a", 9);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
}

/*
 * What bob deletes at the path, with so many versions of 1000 bytes that are kept; 0 or
 * an errno.
 */
static int drop_kept(struct store_fixture *fixture, const char *path, u_int versions,
		     uint64_t counter)
{
	dfs_value file = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = 1000, .object = 5, .counter = 5});
	dfs_value dead = value_fixture_tombstone(counter), said = dead;
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_earlier earlier[DFS_EARLIER_MAX];
	dfs_user *bob = &file.body.dfs_body_u.manifest.owner;
	int rc;

	assert_non_null(batch);
	for (u_int i = 0; i < versions; i++)
		earlier[i] = (dfs_earlier){
			.content_version = {versions - i, store_fixture_id(70 + i)},
			.content = file.body.dfs_body_u.manifest.content};
	said.number = said.content_version.number = versions + 1;
	said.content_version.operation = said.operation;
	said.body.dfs_body_u.tombstone =
		(dfs_tombstone){.owner = *bob, .earlier = {versions, earlier}};
	said.proof.signer = *bob;
	if (versions == 0)
		said.body.dfs_body_u.tombstone.owner.dfs_user_len = 0;
	rc = store_fixture_batch_value(batch, path, &said.origin, &said,
				       STORE_WITHIN_QUOTA);
	if (rc == 0)
		rc = store_commit(batch);
	else
		store_batch_free(batch);
	value_free(&dead);
	value_free(&file);
	return rc;
}

static void test_8_4_what_a_deleted_file_keeps_counts(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t quota;

	usage_fixture_put(fixture, "/bob/a", "bob", 1000, 5);
	usage_fixture_put(fixture, "/bob/b", "bob", 1000, 5);
	assert_int_equal(drop_kept(fixture, "/bob/a", 1, 6), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 2000);
	assert_int_equal(drop_kept(fixture, "/bob/a", 3, 7), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 4000);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 4000);
	/* Who is over his quota can delete, and keep nothing more of it. */
	quota = usage_fixture_used(fixture, "bob");
	usage_fixture_set_quota(fixture, "/@accounts/bob", quota, 1);
	assert_int_equal(drop_kept(fixture, "/bob/a", 4, 8), EDQUOT);
	assert_int_equal(drop_kept(fixture, "/bob/b", 2, 8), EDQUOT);
	assert_int_equal(drop_kept(fixture, "/bob/b", 0, 8), 0);
	assert_int_equal(drop_kept(fixture, "/bob/a", 0, 8), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 0);
}

static void test_8_4_below_shared_who_deletes_pays(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t dead;

	usage_fixture_put(fixture, "/shared/a", "carol", 1000, 5);
	assert_int_equal(drop_kept(fixture, "/shared/a", 0, 6), 0);
	assert_int_equal(usage_fixture_used(fixture, "carol"), 0);
	dead = usage_fixture_used(fixture, "bob");
	assert_true(dead > 0);
	assert_int_equal(drop_kept(fixture, "/shared/b", 1, 6), 0);
	assert_true(usage_fixture_used(fixture, "bob") > 1000 + 2 * dead);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 1000);
	dead = usage_fixture_used(fixture, "bob");
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_used(fixture, "bob"), dead);
	assert_int_equal(usage_fixture_used(fixture, "carol"), 0);
}

#define TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, usage_fixture_start, usage_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_accepted_counts),
		TEST(test_below_shared_who_stored_it_owns_it),
		TEST(test_folders_count),
		TEST(test_restarts_change_nothing),
		TEST(test_merges_change_nothing),
		TEST(test_a_quota_holds_at_it_and_one_past_it),
		TEST(test_what_is_about_to_be_accepted_counts),
		TEST(test_8_4_registers_count_at_their_own_size),
		TEST(test_8_4_what_is_forgotten_counts_no_more),
		TEST(test_8_4_who_is_over_his_quota_can_delete),
		TEST(test_8_4_kept_versions_count),
		TEST(test_8_4_what_a_deleted_file_keeps_counts),
		TEST(test_8_4_below_shared_who_deletes_pays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
