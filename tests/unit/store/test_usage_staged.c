/*
 * What is staged, as the store counts it: against whom, until when, and over restarts and
 * merges; and whose path an object is of.
 */
#include "usage_fixture.h"

#include "object.h"
#include "path.h"
#include "placement.h"
#include "store_fixture.h"
#include "store_survey.h"
#include "value_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LEAST = STORE_FILE_LEAST };

/* An object of that size, all of it here. */
static dfs_share share_of(uint64_t object, uint64_t size)
{
	dfs_content content = {0};

	store_fixture_resize(object, size);
	store_fixture_content(object, &content);
	return object_share(&content, CHUNKS_ALL);
}

static struct store_stake stake_of(const char *user, const dfs_path *path, uint64_t size)
{
	return (struct store_stake){.user = user, .path = path, .size = size};
}

static size_t units_of(uint64_t size)
{
	return placement_units(size, placement_unit_size(size));
}

/* Bound at the path by the user, with units of 100 bytes; 0 or an errno. */
static int stage_as(struct store_fixture *fixture, const char *user, const char *path,
		    uint64_t object, uint64_t size, uint64_t counter)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = share_of(object, size);
	const dfs_id *id = store_fixture_object_of(&share);
	dfs_ballot ballot = store_fixture_ballot(counter);
	uint8_t bytes[100] = {0};
	const dfs_path name = path_borrow(path);
	const struct store_stake stake = stake_of(user, &name, size);
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

static int stage(struct store_fixture *fixture, const char *path, uint64_t object,
		 uint64_t size, uint64_t counter)
{
	return stage_as(fixture, "bob", path, object, size, counter);
}

static void test_8_4_what_is_bound_counts_until_it_is_named(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = usage_fixture_register(fixture, "a");

	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + reg + LEAST, 1);
	assert_int_equal(stage(fixture, "/bob/a", 6, 600, 6), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 600);
	/* At the limit, and one past it; also below /shared/. */
	assert_int_equal(stage(fixture, "/bob/b", 7, 401 + reg, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/shared/b", 7, 401 + reg, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/shared/b", 7, 400 + reg, 7), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000 + reg);
	assert_int_equal(usage_fixture_used(fixture, "shared"), 0);
	/* The same, bound again at a higher ballot, counts once. */
	assert_int_equal(stage(fixture, "/bob/a", 6, 600, 8), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000 + reg);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000 + reg);
	/* Where a value names it, it is that file; */
	assert_int_equal(
		usage_fixture_accept(fixture, "/shared/b", "bob", 400 + reg, 7, 0), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 600);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 400 + reg);
	usage_fixture_drop(fixture, "/shared/b", 9);
	store_fixture_settle(fixture->store, "/shared/b", 9);
	/* it needs room for its register alone, */
	usage_fixture_set_quota(fixture, "/@accounts/bob",
				usage_fixture_used(fixture, "bob") + reg - 1, 2);
	assert_int_equal(usage_fixture_accept(fixture, "/bob/a", "bob", 600, 6,
					      STORE_WITHIN_QUOTA),
			 EDQUOT);
	usage_fixture_set_quota(fixture, "/@accounts/bob",
				usage_fixture_used(fixture, "bob") + reg, 3);
	assert_int_equal(usage_fixture_accept(fixture, "/bob/a", "bob", 600, 6,
					      STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 600);
	/* and what is overtaken counts no more. */
	usage_fixture_set_quota(fixture, "/@accounts/bob", 0, 4);
	assert_int_equal(stage(fixture, "/bob/a", 9, 5000, 10), 0);
	usage_fixture_put(fixture, "/bob/a", "bob", 4, 11);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 5000 - (4 + reg));
	store_fixture_settle(fixture->store, "/bob/a", 11);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
}

static void test_8_4_what_is_staged_replaces_what_is_there_once(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = usage_fixture_register(fixture, "a");

	usage_fixture_put(fixture, "/bob/a", "bob", 1000, 5);
	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + reg, 1);
	/* In its place there is room for as much, */
	assert_int_equal(stage(fixture, "/bob/a", 6, 1000, 6), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
	/* but not for two of them, and not once it is gone. */
	assert_int_equal(stage(fixture, "/bob/a", 7, 1000, 7), EDQUOT);
	assert_int_equal(stage(fixture, "/bob/a", 7, reg, 7), 0);
	assert_int_equal(stage(fixture, "/bob/a", 8, 1, 8), EDQUOT);
	usage_fixture_drop(fixture, "/bob/a", 5 + 100);
	assert_int_equal(usage_fixture_staged(fixture, "bob"),
			 1000 + reg - usage_fixture_owner(fixture, "bob").registers);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 1000 + reg);
	assert_int_equal(stage(fixture, "/bob/b", 9, 1, 9), EDQUOT);
	store_fixture_settle(fixture->store, "/bob/a", 105);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
	assert_int_equal(stage(fixture, "/bob/b", 9, 1, 9), 0);
}

static int upload_as(struct store_uploads *uploads, const char *user, const char *path,
		     uint64_t object, uint64_t size)
{
	const dfs_path name = path_borrow(path);
	const dfs_id id = store_fixture_maker(object);
	const struct store_stake stake = stake_of(user, &name, size);
	int rc = store_upload_stake(uploads, &id, &stake);

	if (rc == 0)
		rc = store_fixture_upload(uploads, object, units_of(size), CHUNKS_ALL,
					  100);
	if (rc == 0)
		rc = store_upload_stake(uploads, &id, &stake);
	return rc;
}

static int upload(struct store_uploads *uploads, const char *path, uint64_t object,
		  uint64_t size)
{
	return upload_as(uploads, "bob", path, object, size);
}

static void test_8_4_open_uploads_count(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *one = store_uploads_new(fixture->store);
	struct store_uploads *two = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	const dfs_share share = share_of(1, 300);
	dfs_ballot ballot = store_fixture_ballot(5);
	const dfs_path name = path_borrow("/bob/a");
	const struct store_stake stake = stake_of("bob", &name, 300);

	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + LEAST, 1);
	assert_int_equal(upload(one, "/bob/a", 1, 300), 0);
	assert_int_equal(upload(one, "/bob/b", 2, 300), 0);
	/* Of all his connections, at the limit and one past it. */
	assert_int_equal(upload(two, "/bob/c", 3, 401), EDQUOT);
	assert_int_equal(upload(two, "/shared/c", 3, 401), EDQUOT);
	assert_int_equal(upload(two, "/bob/c", 3, 400), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000);
	assert_int_equal(upload(two, "/bob/d", 4, 1), EDQUOT);
	/* Told again, and bound, it counts once. */
	assert_int_equal(upload(one, "/bob/a", 1, 300), 0);
	assert_int_equal(store_batch_upload(batch, one, &share), 0);
	assert_int_equal(store_batch_stake(batch, store_fixture_object_of(&share),
					   &ballot, &stake),
			 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000);
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 1000);
	/* With their connections they end. */
	store_uploads_free(two);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 600);
	store_uploads_free(one);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 300);
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 300);
}

static void test_8_4_who_brings_it_is_charged(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);

	/* At bob's paths by carol: at her limit, and one past it. */
	usage_fixture_set_quota(fixture, "/@accounts/carol", 2000, 1);
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 6, 1600, 6), 0);
	assert_int_equal(stage_as(fixture, "carol", "/bob/b", 7, 401, 7), EDQUOT);
	assert_int_equal(upload_as(uploads, "carol", "/bob/b", 1, 401), EDQUOT);
	assert_int_equal(upload_as(uploads, "carol", "/bob/b", 1, 400), 0);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 2000);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 0);
	store_uploads_free(uploads);
	/* It is hers after a start too, until a value names it: then it is bob's file. */
	store_fixture_reopen(fixture);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 1600);
	assert_int_equal(usage_fixture_used(fixture, "bob"), 0);
	usage_fixture_put(fixture, "/bob/a", "bob", 1600, 6);
	assert_int_equal(usage_fixture_used(fixture, "carol"), 0);
	assert_int_equal(usage_fixture_contents(fixture, "bob"), 1600);
	assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
	/* What it is to replace is not hers, and so all of it counts. */
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 8, 2001, 8), EDQUOT);
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 8, 2000, 8), 0);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 2000);
	usage_fixture_drop(fixture, "/bob/a", 9);
	store_fixture_settle(fixture->store, "/bob/a", 9);
	assert_int_equal(usage_fixture_used(fixture, "carol"), 0);
}

/* Entries on the disk, and paths in memory: so many as files would have room. */
static void test_8_4_what_is_bound_costs_more_than_its_content(void **state)
{
	struct store_fixture *fixture = *state;
	char path[600];
	unsigned made = 0;

	memset(path, 'p', sizeof path);
	memcpy(path, "/bob/", strlen("/bob/"));
	usage_fixture_set_quota(fixture, "/@accounts/carol", 10000, 1);
	for (; made < 100; made++) {
		(void)snprintf(path + sizeof path - 4, 4, "%03u", made);
		if (stage_as(fixture, "carol", path, 6 + made, 1, 6) != 0)
			break;
	}
	assert_int_equal(made, 10000 / (LEAST + strlen(path)));
	/* The same once more is no more of it; another is, after a start too; */
	path[sizeof path - 2] = '0';
	assert_int_equal(stage_as(fixture, "carol", path, 6, 1, 7), 0);
	store_fixture_reopen(fixture);
	path[sizeof path - 2] = '9';
	assert_int_equal(stage_as(fixture, "carol", path, 60, 1, 7), EDQUOT);
	/* and not once what was bound is a file. */
	path[sizeof path - 2] = '0';
	usage_fixture_put(fixture, path, "bob", 1, 6);
	path[sizeof path - 2] = '9';
	assert_int_equal(stage_as(fixture, "carol", path, 60, 1, 7), 0);
}

static int write_again(struct store_fixture *fixture, uint64_t counter)
{
	return usage_fixture_accept(fixture, "/bob/a", "bob", 1000, counter,
				    STORE_WITHIN_QUOTA);
}

static unsigned write_on(struct store_fixture *fixture, uint64_t counter)
{
	unsigned written = 0;

	while (written < 100 && write_again(fixture, counter + written) == 0)
		written++;
	return written;
}

/* What nobody tells that it is settled keeps all that it overtook. */
static void test_8_4_what_is_overtaken_is_no_more_than_the_quota(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = usage_fixture_register(fixture, "a");

	usage_fixture_set_quota(fixture, "/@accounts/bob", 10 * (1000 + reg), 1);
	assert_int_equal(write_on(fixture, 10), 11);
	/* Others and other paths go on, and so do deletes. */
	assert_int_equal(usage_fixture_accept(fixture, "/bob/b", "bob", 1000, 50,
					      STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(value_fixture_accept(fixture->store, "/bob/a",
					      value_fixture_tombstone(60),
					      STORE_WITHIN_QUOTA),
			 0);
	assert_int_equal(write_again(fixture, 70), EDQUOT);
	store_fixture_settle(fixture->store, "/bob/a", 60);
	assert_true(write_on(fixture, 80) >= 10);
}

static void test_8_4_what_the_owner_may_not_have_is_not_brought(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t reg = usage_fixture_register(fixture, "a");

	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + LEAST, 1);
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 6, 1001, 6), EDQUOT);
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 6, 1000, 6), 0);
	/* However much is brought, he has his room for himself. */
	assert_int_equal(stage_as(fixture, "carol", "/bob/b", 7, 1000, 7), 0);
	assert_true(usage_fixture_fits(fixture, "/bob/c", 1000));
	assert_int_equal(stage(fixture, "/bob/c", 8, 1000, 8), 0);
	assert_int_equal(stage_as(fixture, "carol", "/bob/d", 9, 1, 9), EDQUOT);
	/* In the place of what there is, there is room for as much. */
	usage_fixture_set_quota(fixture, "/@accounts/bob", 1000 + reg, 2);
	usage_fixture_put(fixture, "/bob/c", "bob", 1000, 8);
	assert_int_equal(stage_as(fixture, "carol", "/bob/c", 10, 1000, 10), 0);
	assert_int_equal(stage_as(fixture, "carol", "/bob/c", 11, 1001 + reg, 11),
			 EDQUOT);
}

static void test_8_4_no_charge_is_shifted(void **state)
{
	struct store_fixture *fixture = *state;

	/* What carol brought stays hers, whoever binds it once more. */
	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 6, 600, 6), 0);
	assert_int_equal(stage_as(fixture, "dan", "/bob/a", 6, 600, 7), 0);
	assert_int_equal(stage(fixture, "/bob/a", 6, 600, 8), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(usage_fixture_staged(fixture, "carol"), 600);
		assert_int_equal(usage_fixture_staged(fixture, "dan"), 0);
		assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
		store_fixture_reopen(fixture);
	}
	/* A value named it, and is overtaken: it is his who keeps it from going. */
	usage_fixture_put(fixture, "/bob/a", "bob", 600, 6);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 0);
	assert_int_equal(stage_as(fixture, "dan", "/bob/a", 6, 600, 30), 0);
	usage_fixture_drop(fixture, "/bob/a", 9);
	assert_int_equal(usage_fixture_staged(fixture, "dan"), 0);
	store_fixture_settle(fixture->store, "/bob/a", 9);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(usage_fixture_staged(fixture, "carol"), 0);
		assert_int_equal(usage_fixture_staged(fixture, "dan"), 600);
		assert_int_equal(usage_fixture_staged(fixture, "bob"), 0);
		store_fixture_reopen(fixture);
	}
}

enum { OLD_MS = 200 };

static bool is_old(struct store_fixture *fixture, void *context)
{
	static struct store_abandoned found;

	(void)context;
	return store_next_abandoned(fixture->store, OLD_MS, NULL, 0, &found) == 0;
}

static void test_8_4_nobody_is_charged_longer_by_what_others_repeat(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(stage_as(fixture, "carol", "/bob/a", 6, 600, 6), 0);
	assert_true(store_fixture_wait(is_old, fixture, NULL));
	assert_int_equal(stage_as(fixture, "dan", "/bob/a", 6, 600, 7), 0);
	assert_true(is_old(fixture, NULL));
}

static void test_8_4_merges_keep_what_counts(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_owner before, after;
	char path[16];

	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(path, sizeof path, "/bob/%u", i);
		usage_fixture_put(fixture, path, "bob", 1000, 20 + i);
	}
	assert_int_equal(usage_fixture_accept_kept(fixture, 10, 20, 30, 50, 0), 0);
	usage_fixture_drop(fixture, "/bob/0", 51);
	assert_int_equal(stage(fixture, "/bob/1", 60, 2000, 60), 0);
	assert_int_equal(stage(fixture, "/shared/1", 61, 200, 61), 0);
	assert_int_equal(stage_as(fixture, "carol", "/bob/2", 62, 300, 62), 0);
	/* Bound once more, by another: what is left of it in the end says whose it is. */
	assert_int_equal(stage_as(fixture, "dan", "/bob/2", 62, 300, 63), 0);
	before = usage_fixture_owner(fixture, "bob");
	assert_int_equal(before.contents, 11 * 1000 + 60);
	assert_true(before.staged > 200 && before.staged < 700);
	fixture->rules.merge_fan = 4;
	store_fixture_reopen(fixture);
	usage_fixture_put(fixture, "/dave/x", "dave", 1, 5);
	assert_true(store_fixture_wait(usage_fixture_is_merged, fixture, NULL));
	after = usage_fixture_owner(fixture, "bob");
	assert_memory_equal(&after, &before, sizeof before);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 300);
	assert_int_equal(usage_fixture_staged(fixture, "dan"), 0);
	fixture->rules.merge_fan = 0;
	store_fixture_reopen(fixture);
	after = usage_fixture_owner(fixture, "bob");
	assert_memory_equal(&after, &before, sizeof before);
	assert_int_equal(usage_fixture_staged(fixture, "carol"), 300);
	assert_int_equal(usage_fixture_staged(fixture, "dan"), 0);
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
	usage_fixture_put(fixture, "/bob/a", "bob", 1000, 6);
	store_fixture_settle(fixture->store, "/bob/a", 6);
	assert_true(is_of(fixture, "/bob/a"));
	assert_false(is_of(fixture, "/carol/a"));
}

#define TEST(name)                                                                       \
	cmocka_unit_test_setup_teardown(name, usage_fixture_start, usage_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_8_4_what_is_bound_counts_until_it_is_named),
		TEST(test_8_4_what_is_staged_replaces_what_is_there_once),
		TEST(test_8_4_open_uploads_count),
		TEST(test_8_4_who_brings_it_is_charged),
		TEST(test_8_4_what_is_bound_costs_more_than_its_content),
		TEST(test_8_4_what_is_overtaken_is_no_more_than_the_quota),
		TEST(test_8_4_what_the_owner_may_not_have_is_not_brought),
		TEST(test_8_4_no_charge_is_shifted),
		TEST(test_8_4_nobody_is_charged_longer_by_what_others_repeat),
		TEST(test_8_4_merges_keep_what_counts),
		TEST(test_whose_an_object_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
