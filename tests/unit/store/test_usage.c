/*
 * Who has stored how much, as the store counts it: over overwriting, deleting, restarts
 * and merges; what is staged and what is kept; and what quotas leave room for.
 */
#include "store_fixture.h"
#include "store_forget.h"
#include "value_fixture.h"

#include "object.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LEAST = STORE_FILE_LEAST };

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
	struct store_owner owner = owner_of(fixture, name);

	assert_int_equal(owner.used, owner.contents + owner.registers + owner.staged);
	return owner.used;
}

static uint64_t contents(struct store_fixture *fixture, const char *name)
{
	(void)used(fixture, name);
	return owner_of(fixture, name).contents;
}

static uint64_t staged(struct store_fixture *fixture, const char *name)
{
	(void)used(fixture, name);
	return owner_of(fixture, name).staged;
}

static void test_what_is_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(contents(fixture, "bob"), 0);
	put(fixture, "/bob/a", "bob", 1000, 5);
	put(fixture, "/bob/b", "bob", 0, 5);
	put(fixture, "/bob/c", "bob", (uint64_t)1 << 40, 5);
	put(fixture, "/bobby/a", "bobby", 7, 5);
	assert_int_equal(contents(fixture, "bob"), 1000 + ((uint64_t)1 << 40));
	assert_int_equal(contents(fixture, "bobby"), 7);
	assert_int_equal(contents(fixture, "bo"), 0);
	/* Overwriting, with more, with less, and by what is older and comes late. */
	put(fixture, "/bob/a", "bob", 5000, 6);
	put(fixture, "/bob/c", "bob", 1, 7);
	assert_int_equal(contents(fixture, "bob"), 5001);
	put(fixture, "/bob/a", "bob", 9000, 4);
	assert_int_equal(contents(fixture, "bob"), 5001);
	/* The same value again, at a higher ballot, counts once. */
	put(fixture, "/bob/a", "bob", 5000, 8);
	assert_int_equal(contents(fixture, "bob"), 5001);
	drop(fixture, "/bob/a", 9);
	assert_int_equal(contents(fixture, "bob"), 1);
	drop(fixture, "/bob/nothing", 9);
	assert_int_equal(contents(fixture, "bob"), 1);
	put(fixture, "/bob/a", "bob", 3, 10);
	assert_int_equal(contents(fixture, "bob"), 4);
}

static void test_below_shared_who_stored_it_owns_it(void **state)
{
	struct store_fixture *fixture = *state;

	put(fixture, "/shared/a", "bob", 1000, 5);
	put(fixture, "/shared/b", "carol", 10, 5);
	assert_int_equal(contents(fixture, "bob"), 1000);
	put(fixture, "/shared/a", "carol", 2000, 6);
	assert_int_equal(contents(fixture, "bob"), 0);
	assert_int_equal(contents(fixture, "carol"), 2010);
	assert_int_equal(contents(fixture, "shared"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(contents(fixture, "bob"), 0);
	assert_int_equal(contents(fixture, "carol"), 2010);
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
	assert_int_equal(bob.contents, 924 + 50 + 3000);
	assert_int_equal(bob.quota, 123456);
	assert_int_equal(bob.shared, 1);
	assert_int_equal(contents(fixture, "carol"), 2000);
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
	one = used(fixture, "bob");
	assert_true(one > 0);
	assert_int_equal(contents(fixture, "bob"), 0);
	make(fixture, "/shared/folder", "bob", 5);
	both = used(fixture, "bob");
	assert_true(both > one);
	assert_int_equal(used(fixture, "shared"), 0);
	/* Its attributes changed, and a restart. */
	make(fixture, "/bob/folder", "bob", 6);
	assert_int_equal(used(fixture, "bob"), both);
	store_fixture_reopen(fixture);
	assert_int_equal(used(fixture, "bob"), both);
	/* Below /shared/ another may take its place. */
	drop(fixture, "/shared/folder", 7);
	make(fixture, "/shared/folder", "carol", 8);
	assert_int_equal(used(fixture, "bob"), one);
	assert_true(used(fixture, "carol") > 0);
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
	assert_int_equal(owner_of(fixture, "bob").contents, 924 + 50 + 3000);
	assert_int_equal(owner_of(fixture, "bob").quota, 123456);
	assert_int_equal(owner_of(fixture, "bob").shared, 1);
	assert_int_equal(contents(fixture, "carol"), 2000);
}

/* ---- quotas -------------------------------------------------------------------- */

static dfs_path path_of(const char *path, char copy[64])
{
	(void)snprintf(copy, 64, "%s", path);
	return (dfs_path){(u_int)strlen(copy), copy};
}

/* Would bob have room for this much more, of an object that nobody knows? */
static bool fits(struct store_fixture *fixture, const char *path, uint64_t size)
{
	const dfs_id object = store_fixture_id(987654321);
	char copy[64];
	const dfs_path name = path_of(path, copy);
	const struct store_stake stake = {.user = "bob", .path = &name, .size = size};

	return store_fits_quota(fixture->store, &object, &stake);
}

/*
 * What the record of a file of four units takes, at a path of so many bytes below /bob/:
 * its leaves are in it.
 */
static uint64_t register_of(struct store_fixture *fixture, const char *name)
{
	char path[32];
	uint64_t before, bytes;

	(void)snprintf(path, sizeof path, "/dan/%s", name);
	before = used(fixture, "dan");
	put(fixture, path, "dan", 1000, 1);
	bytes = used(fixture, "dan") - before;
	assert_true(bytes > 1000);
	return bytes - 1000;
}

static void test_a_quota_holds_at_it_and_one_past_it(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg;

	assert_true(fits(fixture, "/bob/a", (uint64_t)1 << 40));
	set_quota(fixture, "/@accounts/bob", 1000 + LEAST, 1);
	assert_true(fits(fixture, "/bob/a", 1000));
	assert_false(fits(fixture, "/bob/a", 1001));
	assert_false(fits(fixture, "/bob/a", UINT64_MAX));
	reg = register_of(fixture, "a");
	put(fixture, "/bob/a", "bob", 600, 5);
	assert_int_equal(used(fixture, "bob"), 600 + reg);
	set_quota(fixture, "/@accounts/bob", 1000 + reg + LEAST, 2);
	assert_true(fits(fixture, "/bob/b", 400));
	assert_false(fits(fixture, "/bob/b", 401));
	assert_true(fits(fixture, "/bob/a", 1000 + reg + LEAST));
	assert_false(fits(fixture, "/bob/a", 1001 + reg + LEAST));
	/*
	 * Nobody is kept from storing less than there is, whatever the quota has become.
	 */
	set_quota(fixture, "/@accounts/bob", 10, 3);
	assert_true(fits(fixture, "/bob/a", 600));
	assert_true(fits(fixture, "/bob/a", 1));
	assert_false(fits(fixture, "/bob/a", 601 + reg));
	assert_false(fits(fixture, "/bob/b", 1));
	assert_false(fits(fixture, "/bob/b", 0));
	set_quota(fixture, "/@accounts/bob", UINT64_MAX, 4);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
	set_quota(fixture, "/@accounts/bob", 0, 5);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
	/* What was below is no limit either, once the account is gone. */
	set_quota(fixture, "/@accounts/bob", 10, 6);
	drop(fixture, "/@accounts/bob", 7);
	assert_true(fits(fixture, "/bob/b", (uint64_t)1 << 40));
}

static void test_what_is_about_to_be_accepted_counts(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(9);
	uint64_t reg = register_of(fixture, "0"), room = 10 * (100 + reg);
	char path[16];
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = 100, .object = 9, .counter = 9});

	set_quota(fixture, "/@accounts/bob", room, 1);
	for (unsigned i = 0; i < 11; i++) {
		(void)snprintf(path, sizeof path, "/bob/%c", 'a' + i);
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
	assert_true(fits(fixture, "/bob/x", room - LEAST));
	/* and what is accepted is not counted twice. */
	assert_int_equal(accept_as(fixture, "/bob/x", "bob", 600, 9, STORE_WITHIN_QUOTA),
			 0);
	room -= reg;
	assert_true(fits(fixture, "/bob/y", room - 600 - LEAST));
	assert_false(fits(fixture, "/bob/y", room - 599 - LEAST));
	assert_int_equal(
		accept_as(fixture, "/bob/x", "bob", room, 10, STORE_WITHIN_QUOTA), 0);
	assert_int_equal(
		accept_as(fixture, "/bob/x", "bob", room + 1, 11, STORE_WITHIN_QUOTA),
		EDQUOT);
	/* Servers bring to its end what was begun. */
	assert_int_equal(accept_as(fixture, "/bob/x", "bob", room + 1, 11, 0), 0);
	assert_int_equal(contents(fixture, "bob"), room + 1);
	value_free(&value);
}

/* ---- registers ------------------------------------------------------------------- */

static void test_8_4_registers_count_at_their_own_size(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t one, two, dead;

	put(fixture, "/bob/a", "bob", 0, 5);
	one = used(fixture, "bob");
	/* At least the path, and twice the 32 bytes of a key that is wrapped. */
	assert_true(one > 6 + 64);
	/* A longer path takes more of it. */
	put(fixture, "/bob/a-name-of-many-bytes", "bob", 0, 5);
	two = used(fixture, "bob") - one;
	assert_true(two >= one + 19);
	/* At the limit, and one past it. */
	set_quota(fixture, "/@accounts/bob", one + two + one, 1);
	assert_int_equal(accept_as(fixture, "/bob/b", "bob", 1, 6, STORE_WITHIN_QUOTA),
			 EDQUOT);
	assert_int_equal(accept_as(fixture, "/bob/b", "bob", 0, 6, STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(accept_as(fixture, "/bob/c", "bob", 0, 6, STORE_WITHIN_QUOTA),
			 EDQUOT);
	/* The same again, and one in its place, take no more. */
	assert_int_equal(accept_as(fixture, "/bob/b", "bob", 0, 7, STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(used(fixture, "bob"), one + two + one);
	/* What is deleted takes less, but not nothing until it is forgotten. */
	drop(fixture, "/bob/b", 8);
	dead = used(fixture, "bob") - one - two;
	assert_true(dead > 0);
	assert_true(dead < one);
	drop(fixture, "/bob/nothing", 8);
	assert_true(used(fixture, "bob") > one + two + dead);
	store_fixture_reopen(fixture);
	assert_true(used(fixture, "bob") > one + two + dead);
	assert_int_equal(owner_of(fixture, "bob").registers, used(fixture, "bob"));
	/* Of others', and of accounts, nothing. */
	assert_int_equal(used(fixture, "carol"), 0);
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

	drop(fixture, "/bob/a", 5);
	assert_true(used(fixture, "bob") > 0);
	assert_int_equal(store_commit(forgetting(fixture, "/bob/a", 5)), 0);
	assert_int_equal(used(fixture, "bob"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(used(fixture, "bob"), 0);
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
		put(fixture, path, "bob", 1000, 5);
	}
	set_quota(fixture, "/@accounts/bob", 1, 1);
	assert_int_equal(accept_as(fixture, "/bob/9", "bob", 0, 6, STORE_WITHIN_QUOTA),
			 EDQUOT);
	/* What is less than there was is taken; */
	assert_int_equal(accept_as(fixture, "/bob/0", "bob", 999, 6, STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(accept_as(fixture, "/bob/0", "bob", 1000, 7, STORE_WITHIN_QUOTA),
			 EDQUOT);
	/* so is every delete, also of what did not come here. */
	before = used(fixture, "bob");
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		assert_int_equal(drop_within(fixture, path, 10), 0);
		assert_true(used(fixture, "bob") < before);
		before = used(fixture, "bob");
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
	assert_true(used(fixture, "bob") <= 1 << 20);
	assert_true(used(fixture, "bob") > (1 << 20) - 1024);
	/* A file goes all the same. */
	put(fixture, "/bob/late", "bob", 5, 11);
	assert_int_equal(drop_within(fixture, "/bob/late", 12), 0);
}

/* ---- kept versions -------------------------------------------------------------- */

static int accept_kept(struct store_fixture *fixture, uint64_t size, uint64_t first,
		       uint64_t second, uint64_t counter, unsigned how)
{
	dfs_value value = value_fixture_file(&(struct value_fixture_file){
		.owner = "bob", .size = size, .object = counter, .counter = counter});
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	const uint64_t sizes[2] = {first, second};

	manifest->earlier.earlier_val = calloc(2, sizeof(dfs_earlier));
	assert_non_null(manifest->earlier.earlier_val);
	manifest->earlier.earlier_len = 2;
	for (unsigned i = 0; i < 2; i++) {
		dfs_earlier *earlier = &manifest->earlier.earlier_val[i];

		earlier->content_version = (dfs_version){2 - i, store_fixture_id(70 + i)};
		earlier->content = manifest->content;
		store_fixture_resize(80 + i, sizes[i]);
		store_fixture_content(80 + i, &earlier->content);
		earlier->content.tree.tree_val =
			calloc(DFS_SERVERS, sizeof *earlier->content.tree.tree_val);
		assert_non_null(earlier->content.tree.tree_val);
		earlier->content.writer.dfs_user_val = strdup("bob");
		assert_non_null(earlier->content.writer.dfs_user_val);
	}
	return value_fixture_accept(fixture->store, "/bob/a", value, how);
}

static void test_8_4_kept_versions_count(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t quota;

	assert_int_equal(accept_kept(fixture, 10, 2000, (uint64_t)1 << 40, 5, 0), 0);
	assert_int_equal(contents(fixture, "bob"), 2010 + ((uint64_t)1 << 40));
	store_fixture_reopen(fixture);
	assert_int_equal(contents(fixture, "bob"), 2010 + ((uint64_t)1 << 40));
	assert_int_equal(accept_kept(fixture, 10, 20, 30, 6, 0), 0);
	assert_int_equal(contents(fixture, "bob"), 60);
	/* At the limit, and one past it; of each four leaves, which count too. */
	quota = used(fixture, "bob");
	set_quota(fixture, "/@accounts/bob", quota, 1);
	assert_int_equal(accept_kept(fixture, 8, 12, 40, 7, STORE_WITHIN_QUOTA), 0);
	assert_int_equal(accept_kept(fixture, 8, 13, 40, 8, STORE_WITHIN_QUOTA), EDQUOT);
	assert_int_equal(accept_kept(fixture, 8, 12, 41, 8, STORE_WITHIN_QUOTA), EDQUOT);
	assert_int_equal(used(fixture, "bob"), quota);
	drop(fixture, "/bob/a", 9);
	assert_int_equal(contents(fixture, "bob"), 0);
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

	put(fixture, "/bob/a", "bob", 1000, 5);
	put(fixture, "/bob/b", "bob", 1000, 5);
	assert_int_equal(drop_kept(fixture, "/bob/a", 1, 6), 0);
	assert_int_equal(contents(fixture, "bob"), 2000);
	assert_int_equal(drop_kept(fixture, "/bob/a", 3, 7), 0);
	assert_int_equal(contents(fixture, "bob"), 4000);
	store_fixture_reopen(fixture);
	assert_int_equal(contents(fixture, "bob"), 4000);
	/* Who is over his quota can delete, and keep nothing more of it. */
	quota = used(fixture, "bob");
	set_quota(fixture, "/@accounts/bob", quota, 1);
	assert_int_equal(drop_kept(fixture, "/bob/a", 4, 8), EDQUOT);
	assert_int_equal(drop_kept(fixture, "/bob/b", 2, 8), EDQUOT);
	assert_int_equal(drop_kept(fixture, "/bob/b", 0, 8), 0);
	assert_int_equal(drop_kept(fixture, "/bob/a", 0, 8), 0);
	assert_int_equal(contents(fixture, "bob"), 0);
}

static void test_8_4_below_shared_who_deletes_pays(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t dead;

	put(fixture, "/shared/a", "carol", 1000, 5);
	assert_int_equal(drop_kept(fixture, "/shared/a", 0, 6), 0);
	assert_int_equal(used(fixture, "carol"), 0);
	dead = used(fixture, "bob");
	assert_true(dead > 0);
	assert_int_equal(drop_kept(fixture, "/shared/b", 1, 6), 0);
	assert_true(used(fixture, "bob") > 1000 + 2 * dead);
	assert_int_equal(contents(fixture, "bob"), 1000);
	dead = used(fixture, "bob");
	store_fixture_reopen(fixture);
	assert_int_equal(used(fixture, "bob"), dead);
	assert_int_equal(used(fixture, "carol"), 0);
}

/* ---- what is staged -------------------------------------------------------------- */

/* An object of that size, all of it here. */
static dfs_share share_of(uint64_t object, uint64_t size)
{
	dfs_content content = {0};

	store_fixture_resize(object, size);
	store_fixture_content(object, &content);
	return object_share(&content, CHUNKS_ALL);
}

static size_t units_of(uint64_t size)
{
	return placement_units(size, placement_unit_size(size));
}

/* Bound at the path by bob, with units of 100 bytes; 0 or an errno. */
static int stage(struct store_fixture *fixture, const char *path, uint64_t object,
		 uint64_t size, uint64_t counter)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = share_of(object, size);
	const dfs_id *id = store_fixture_object_of(&share);
	dfs_ballot ballot = store_fixture_ballot(counter);
	uint8_t bytes[100] = {0};
	char copy[64];
	const dfs_path name = path_of(path, copy);
	const struct store_stake stake = {.user = "bob", .path = &name, .size = size};
	dfs_unit units[4];
	int rc = 0;

	assert_non_null(batch);
	for (unsigned i = 0; i < 4; i++)
		units[i] = (dfs_unit){i, {sizeof bytes, bytes}};
	if (store_chunks(fixture->store, id) == 0)
		rc = store_batch_content(batch, &share, units, units_of(size));
	if (rc == 0)
		rc = store_batch_stake(batch, id, &ballot, &stake);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static void test_8_4_what_is_bound_counts_until_it_is_named(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = register_of(fixture, "a");

	set_quota(fixture, "/@accounts/bob", 1000 + reg + LEAST, 1);
	assert_int_equal(stage(fixture, "/bob/a", 6, 600, 6), 0);
	assert_int_equal(staged(fixture, "bob"), 600);
	/* At the limit, and one past it; also below /shared/. */
	assert_int_equal(stage(fixture, "/bob/b", 7, 401 + reg, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/shared/b", 7, 401 + reg, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/shared/b", 7, 400 + reg, 7), 0);
	assert_int_equal(staged(fixture, "bob"), 1000 + reg);
	assert_int_equal(used(fixture, "shared"), 0);
	/* The same, bound again at a higher ballot, counts once. */
	assert_int_equal(stage(fixture, "/bob/a", 6, 600, 8), 0);
	assert_int_equal(staged(fixture, "bob"), 1000 + reg);
	store_fixture_reopen(fixture);
	assert_int_equal(staged(fixture, "bob"), 1000 + reg);
	/* Where a value names it, it is that file; */
	assert_int_equal(accept_as(fixture, "/shared/b", "bob", 400 + reg, 7, 0), 0);
	assert_int_equal(staged(fixture, "bob"), 600);
	assert_int_equal(contents(fixture, "bob"), 400 + reg);
	drop(fixture, "/shared/b", 9);
	store_fixture_settle(fixture->store, "/shared/b", 9);
	/* it needs room for its register alone, */
	set_quota(fixture, "/@accounts/bob", used(fixture, "bob") + reg - 1, 2);
	assert_int_equal(accept_as(fixture, "/bob/a", "bob", 600, 6, STORE_WITHIN_QUOTA),
			 EDQUOT);
	set_quota(fixture, "/@accounts/bob", used(fixture, "bob") + reg, 3);
	assert_int_equal(accept_as(fixture, "/bob/a", "bob", 600, 6, STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(staged(fixture, "bob"), 0);
	assert_int_equal(contents(fixture, "bob"), 600);
	/* and what is overtaken counts no more. */
	set_quota(fixture, "/@accounts/bob", 0, 4);
	assert_int_equal(stage(fixture, "/bob/a", 9, 5000, 10), 0);
	put(fixture, "/bob/a", "bob", 4, 11);
	assert_int_equal(staged(fixture, "bob"), 5000 - (4 + reg));
	store_fixture_settle(fixture->store, "/bob/a", 11);
	assert_int_equal(staged(fixture, "bob"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(staged(fixture, "bob"), 0);
}

static void test_8_4_what_is_staged_replaces_what_is_there_once(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = register_of(fixture, "a");

	put(fixture, "/bob/a", "bob", 1000, 5);
	set_quota(fixture, "/@accounts/bob", 1000 + reg, 1);
	/* In its place there is room for as much, */
	assert_int_equal(stage(fixture, "/bob/a", 6, 1000, 6), 0);
	assert_int_equal(staged(fixture, "bob"), 0);
	/* but not for two of them, and not once it is gone. */
	assert_int_equal(stage(fixture, "/bob/a", 7, 1000, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/bob/a", 7, reg, 7), 0);
	assert_int_equal(stage(fixture, "/bob/a", 8, 1, 8), EDQUOT);
	drop(fixture, "/bob/a", 5 + 100);
	assert_int_equal(staged(fixture, "bob"),
			 1000 + reg - owner_of(fixture, "bob").registers);
	assert_int_equal(used(fixture, "bob"), 1000 + reg);
	assert_int_equal(stage(fixture, "/bob/b", 9, 1, 9), EDQUOT);
	store_fixture_settle(fixture->store, "/bob/a", 105);
	assert_int_equal(staged(fixture, "bob"), 0);
	assert_int_equal(stage(fixture, "/bob/b", 9, 1, 9), 0);
}

static int upload(struct store_fixture *fixture, struct store_uploads *uploads,
		  const char *path, uint64_t object, uint64_t size)
{
	char copy[64];
	const dfs_path name = path_of(path, copy);
	const dfs_id id = store_fixture_maker(object);
	const struct store_stake stake = {.user = "bob", .path = &name, .size = size};
	int rc = store_upload_stake(uploads, &id, &stake);

	(void)fixture;
	if (rc == 0)
		rc = store_fixture_upload(uploads, object, units_of(size), CHUNKS_ALL,
					  100);
	if (rc == 0)
		rc = store_upload_stake(uploads, &id, &stake);
	return rc;
}

static void test_8_4_open_uploads_count(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *one = store_uploads_new(fixture->store);
	struct store_uploads *two = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	const dfs_share share = share_of(1, 300);
	dfs_ballot ballot = store_fixture_ballot(5);
	char copy[64];
	const dfs_path name = path_of("/bob/a", copy);
	const struct store_stake stake = {.user = "bob", .path = &name, .size = 300};

	set_quota(fixture, "/@accounts/bob", 1000 + LEAST, 1);
	assert_int_equal(upload(fixture, one, "/bob/a", 1, 300), 0);
	assert_int_equal(upload(fixture, one, "/bob/b", 2, 300), 0);
	/* Of all his connections, at the limit and one past it. */
	assert_int_equal(upload(fixture, two, "/bob/c", 3, 401), EDQUOT);
	assert_int_equal(upload(fixture, two, "/shared/c", 3, 401), EDQUOT);
	assert_int_equal(upload(fixture, two, "/bob/c", 3, 400), 0);
	assert_int_equal(staged(fixture, "bob"), 1000);
	assert_int_equal(upload(fixture, two, "/bob/d", 4, 1), EDQUOT);
	/* Told again, and bound, it counts once. */
	assert_int_equal(upload(fixture, one, "/bob/a", 1, 300), 0);
	assert_int_equal(store_batch_upload(batch, one, &share), 0);
	assert_int_equal(store_batch_stake(batch, store_fixture_object_of(&share),
					   &ballot, &stake),
			 0);
	assert_int_equal(staged(fixture, "bob"), 1000);
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(staged(fixture, "bob"), 1000);
	/* With their connections they end. */
	store_uploads_free(two);
	assert_int_equal(staged(fixture, "bob"), 600);
	store_uploads_free(one);
	assert_int_equal(staged(fixture, "bob"), 300);
	store_fixture_reopen(fixture);
	assert_int_equal(staged(fixture, "bob"), 300);
}

static void test_8_4_merges_keep_what_counts(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_owner before, after;
	char path[16];

	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		put(fixture, path, "bob", 1000, 20 + i);
	}
	assert_int_equal(accept_kept(fixture, 10, 20, 30, 50, 0), 0);
	drop(fixture, "/bob/0", 51);
	assert_int_equal(stage(fixture, "/bob/1", 60, 2000, 60), 0);
	assert_int_equal(stage(fixture, "/shared/1", 61, 200, 61), 0);
	before = owner_of(fixture, "bob");
	assert_int_equal(before.contents, 11 * 1000 + 60);
	assert_true(before.staged > 200 && before.staged < 700);
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	put(fixture, "/dave/x", "dave", 1, 5);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
	after = owner_of(fixture, "bob");
	assert_memory_equal(&after, &before, sizeof before);
	fixture->rules.merge_fan = 0;
	store_fixture_reopen(fixture);
	after = owner_of(fixture, "bob");
	assert_memory_equal(&after, &before, sizeof before);
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
		cmocka_unit_test_setup_teardown(test_folders_count, start, end),
		cmocka_unit_test_setup_teardown(test_restarts_change_nothing, start, end),
		cmocka_unit_test_setup_teardown(test_merges_change_nothing, start, end),
		cmocka_unit_test_setup_teardown(test_a_quota_holds_at_it_and_one_past_it,
						start, end),
		cmocka_unit_test_setup_teardown(test_what_is_about_to_be_accepted_counts,
						start, end),
		cmocka_unit_test_setup_teardown(
			test_8_4_registers_count_at_their_own_size, start, end),
		cmocka_unit_test_setup_teardown(test_8_4_what_is_forgotten_counts_no_more,
						start, end),
		cmocka_unit_test_setup_teardown(test_8_4_who_is_over_his_quota_can_delete,
						start, end),
		cmocka_unit_test_setup_teardown(test_8_4_kept_versions_count, start, end),
		cmocka_unit_test_setup_teardown(test_8_4_what_a_deleted_file_keeps_counts,
						start, end),
		cmocka_unit_test_setup_teardown(test_8_4_below_shared_who_deletes_pays,
						start, end),
		cmocka_unit_test_setup_teardown(
			test_8_4_what_is_bound_counts_until_it_is_named, start, end),
		cmocka_unit_test_setup_teardown(
			test_8_4_what_is_staged_replaces_what_is_there_once, start, end),
		cmocka_unit_test_setup_teardown(test_8_4_open_uploads_count, start, end),
		cmocka_unit_test_setup_teardown(test_8_4_merges_keep_what_counts, start,
						end),
		cmocka_unit_test_setup_teardown(test_whose_an_object_is, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
