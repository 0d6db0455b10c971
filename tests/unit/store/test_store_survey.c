/* store/store_survey: what is owed, too much, abandoned; and nobody waits for it. */
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "store_digest.h"
#include "store_survey.h"
#include "store_trim.h"
#include "walk.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The fixture's server is 2: of row 0 its own pair is 2 and 3. */
enum { LEN = 40, OWN = 6, MANY = 100000 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 60000);
}

/* ---- owed ---------------------------------------------------------------------- */

static void expect_owed(struct store_fixture *fixture, const char *path, uint64_t object,
			unsigned given, unsigned missing)
{
	dfs_id id = store_fixture_object(object);
	struct store_owed owed;

	assert_int_equal(store_next_owed(fixture->store, NULL, 0, &owed), 0);
	assert_int_equal(owed.path_len, strlen(path));
	assert_memory_equal(owed.path, path, owed.path_len);
	assert_int_equal(owed.ballot.counter, 5);
	assert_int_equal(owed.count, 1);
	assert_true(id_equal(&owed.contents[0].object, &id));
	assert_int_equal(owed.contents[0].size, 1000);
	assert_int_equal(owed.contents[0].given, given);
	assert_int_equal(owed.contents[0].missing, missing);
	assert_int_equal(store_next_owed(fixture->store, owed.path, owed.path_len, &owed),
			 ENOENT);
}

static void expect_nothing_owed(struct store_fixture *fixture)
{
	struct store_owed owed;

	assert_int_equal(store_next_owed(fixture->store, NULL, 0, &owed), ENOENT);
}

static void test_owed(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;

	expect_nothing_owed(fixture);
	/* Given its pair, with one of two chunks here, then both. */
	heal_fixture_file(store, "/a/1", 1, 5, OWN);
	assert_int_equal(heal_fixture_content(store, 1, 2, LEN), 0);
	expect_owed(fixture, "/a/1", 1, OWN, 4);
	assert_int_equal(heal_fixture_content(store, 1, 4, LEN), 0);
	expect_nothing_owed(fixture);
	/* With the spare, of which it has the pair. */
	heal_fixture_file(store, "/a/2", 2, 5, CHUNKS_ALL);
	assert_int_equal(heal_fixture_content(store, 2, OWN, LEN), 0);
	expect_owed(fixture, "/a/2", 2, CHUNKS_ALL, CHUNKS_ALL & ~OWN);
	assert_int_equal(heal_fixture_content(store, 2, CHUNKS_ALL & ~OWN, LEN), 0);
	/* Given nothing: it was away, and owes itself its own pair. */
	heal_fixture_file(store, "/a/3", 3, 5, 0);
	expect_owed(fixture, "/a/3", 3, 0, OWN);
	store_fixture_reopen(fixture);
	expect_owed(fixture, "/a/3", 3, 0, OWN);
	assert_int_equal(heal_fixture_content(fixture->store, 3, OWN, LEN), 0);
	expect_nothing_owed(fixture);
	/* A tombstone owes nothing. */
	assert_int_equal(store_fixture_accept(fixture->store, "/a/4", 0, 5), 0);
	expect_nothing_owed(fixture);
}

/* What is here and damaged is owed, too. */
static void test_damage_is_owed(void **state)
{
	struct store_fixture *fixture = *state;

	heal_fixture_file(fixture->store, "/a/1", 1, 5, OWN);
	assert_int_equal(heal_fixture_content(fixture->store, 1, OWN, LEN), 0);
	heal_fixture_close(fixture);
	heal_fixture_damage_unit(fixture, 2, LEN);
	store_fixture_reopen(fixture);
	expect_nothing_owed(fixture);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 2, LEN), EBADMSG);
	expect_owed(fixture, "/a/1", 1, OWN, 4);
	assert_int_equal(heal_fixture_content(fixture->store, 1, 4, LEN), 0);
	expect_nothing_owed(fixture);
}

/* What a path staged itself, what is copied and what is moved. */
static void test_content_that_is_here_is_not_owed(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;

	assert_int_equal(store_fixture_stage(store, "/a/1", 1, 5, LEN), 0);
	heal_fixture_file(store, "/a/1", 1, 5, OWN);
	heal_fixture_file(store, "/copy/1", 1, 5, OWN);
	expect_nothing_owed(fixture);
	assert_int_equal(store_fixture_accept(store, "/a/1", 0, 6), 0);
	store_fixture_settle(store, "/a/1", 6);
	assert_int_equal(store_fixture_accept(store, "/copy/1", 0, 6), 0);
	store_fixture_settle(store, "/copy/1", 6);
	heal_fixture_file(store, "/moved/1", 1, 7, OWN);
	expect_nothing_owed(fixture);
	/* What a recovery finds was a file's, wherever that is now. */
	assert_int_equal(store_fixture_put(store, "/a/2", 2, 5, LEN), 0);
	store_fixture_reopen(fixture);
	heal_fixture_begin(fixture);
	store_fixture_reopen(fixture);
	heal_fixture_begin(fixture);
	heal_fixture_learn(fixture->store, "/elsewhere/2", 2, 5);
	assert_int_equal(heal_fixture_chunks(fixture->store, 2), CHUNKS_ALL);
}

/* Chunks without units are always here: of three bytes the fourth, of none all. */
static void test_empty_chunks_are_not_owed(void **state)
{
	struct store_fixture *fixture = *state;
	struct value_fixture_file file = {.owner = "a", .object = 1, .counter = 5};
	struct store_owed owed;

	assert_int_equal(value_fixture_accept(fixture->store, "/a/0",
					      value_fixture_file(&file), 0),
			 0);
	expect_nothing_owed(fixture);
	file.size = 2;
	assert_int_equal(value_fixture_accept(fixture->store, "/a/2",
					      value_fixture_file(&file), 0),
			 0);
	assert_int_equal(store_next_owed(fixture->store, NULL, 0, &owed), 0);
	assert_int_equal(owed.path_len, 4);
	assert_memory_equal(owed.path, "/a/2", 4);
	assert_int_equal(owed.contents[0].missing, 2);
}

/* An earlier version that is kept has chunks of its own. */
static void test_earlier_versions_are_owed(void **state)
{
	struct store_fixture *fixture = *state;
	const struct value_fixture_file file = {
		.owner = "a", .size = 1000, .object = 1, .counter = 5};
	dfs_value value = value_fixture_file(&file);
	dfs_manifest *manifest = &value.body.dfs_body_u.manifest;
	dfs_earlier *earlier = calloc(1, sizeof *earlier);
	struct store_owed owed;
	dfs_key tree[DFS_SERVERS] = {{{0}}};
	dfs_id id;

	assert_non_null(earlier);
	store_fixture_resize(2, 900);
	id = store_fixture_object(2);
	earlier->content_version = (dfs_version){4, store_fixture_id(99)};
	earlier->content = manifest->content;
	store_fixture_content(2, &earlier->content);
	earlier->content.tree.tree_val = value_fixture_copy(tree, sizeof tree);
	earlier->content.writer.dfs_user_val = value_fixture_copy("a", 1);
	manifest->earlier.earlier_val = earlier;
	manifest->earlier.earlier_len = 1;
	assert_int_equal(value_fixture_accept(fixture->store, "/a/1", value, 0), 0);
	assert_int_equal(heal_fixture_content(fixture->store, 1, OWN, LEN), 0);
	for (unsigned chunk = 2; chunk <= 4; chunk *= 2) {
		assert_int_equal(store_next_owed(fixture->store, NULL, 0, &owed), 0);
		assert_int_equal(owed.count, 1);
		assert_true(id_equal(&owed.contents[0].object, &id));
		assert_int_equal(owed.contents[0].size, 900);
		assert_int_equal(owed.contents[0].missing, chunk == 2 ? OWN : 4);
		assert_int_equal(heal_fixture_content(fixture->store, 2, chunk, LEN), 0);
	}
	expect_nothing_owed(fixture);
}

/* ---- too much ------------------------------------------------------------------ */

static void test_surplus(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	struct store_surplus surplus;

	heal_fixture_file(store, "/a/1", 1, 5, OWN);
	assert_int_equal(heal_fixture_content(store, 1, OWN, LEN), 0);
	assert_int_equal(store_next_surplus(store, NULL, 0, &surplus), ENOENT);
	/* More than it was given, once that is settled. */
	assert_int_equal(heal_fixture_content(store, 2, CHUNKS_ALL, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/a/2", 2, 5), 0);
	assert_int_equal(store_next_surplus(store, NULL, 0, &surplus), ENOENT);
	assert_int_equal(store_surplus(store, "/a/2", 4, &surplus), ENOENT);
	store_fixture_settle(store, "/a/2", 5);
	assert_int_equal(store_next_surplus(store, NULL, 0, &surplus), 0);
	assert_memory_equal(surplus.path, "/a/2", 4);
	assert_int_equal(surplus.path_len, 4);
	assert_int_equal(surplus.given, OWN);
	assert_int_equal(surplus.here, CHUNKS_ALL);
	assert_int_equal(store_surplus(store, "/a/2", 4, &surplus), 0);
	assert_int_equal(store_trim(store, &surplus.object, surplus.given), 0);
	assert_int_equal(store_next_surplus(store, NULL, 0, &surplus), ENOENT);
	/* Not of what others refer to, nor while its own pair is not whole. */
	assert_int_equal(heal_fixture_content(store, 3, CHUNKS_ALL, LEN), 0);
	heal_fixture_file(store, "/a/3", 3, 5, OWN);
	assert_int_equal(store_surplus(store, "/a/3", 4, &surplus), 0);
	heal_fixture_file(store, "/a/4", 3, 5, OWN);
	assert_int_equal(store_surplus(store, "/a/3", 4, &surplus), ENOENT);
	assert_int_equal(heal_fixture_content(store, 5, CHUNKS_ALL & ~4, LEN), 0);
	heal_fixture_file(store, "/a/5", 5, 5, OWN);
	assert_int_equal(store_next_surplus(store, NULL, 0, &surplus), ENOENT);
}

/* ---- abandoned, unsettled, tombstones ------------------------------------------ */

static void test_abandoned(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	struct store_abandoned abandoned;
	dfs_id id;

	assert_int_equal(store_next_abandoned(store, 0, NULL, 0, &abandoned), ENOENT);
	/* Two attempts at a path, of which nothing came. */
	assert_int_equal(store_fixture_stage(store, "/a/1", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_stage(store, "/a/1", 2, 7, LEN), 0);
	id = store_fixture_object(2);
	/* One that is accepted here, one that is settled. */
	assert_int_equal(store_fixture_stage(store, "/a/2", 3, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/a/2", 3, 5), 0);
	assert_int_equal(store_fixture_put(store, "/a/3", 4, 5, LEN), 0);
	/* An old value of the path names something else. */
	assert_int_equal(store_fixture_put(store, "/b/4", 5, 5, LEN), 0);
	assert_int_equal(store_fixture_stage(store, "/b/4", 6, 6, LEN), 0);
	assert_int_equal(store_next_abandoned(store, 3600000, NULL, 0, &abandoned),
			 ENOENT);
	assert_int_equal(store_next_abandoned(store, 0, NULL, 0, &abandoned), 0);
	assert_int_equal(abandoned.path_len, 4);
	assert_memory_equal(abandoned.path, "/a/1", 4);
	assert_int_equal(abandoned.ballot.counter, 7);
	assert_true(id_equal(&abandoned.object, &id));
	assert_int_equal(store_next_abandoned(store, 0, abandoned.path,
					      abandoned.path_len, &abandoned),
			 0);
	assert_memory_equal(abandoned.path, "/b/4", 4);
	assert_int_equal(store_next_abandoned(store, 0, abandoned.path,
					      abandoned.path_len, &abandoned),
			 ENOENT);
	/* Finished above, it is no more. */
	assert_int_equal(store_fixture_accept(store, "/a/1", 0, 8), 0);
	store_fixture_settle(store, "/a/1", 8);
	assert_int_equal(store_next_abandoned(store, 0, NULL, 0, &abandoned), 0);
	assert_memory_equal(abandoned.path, "/b/4", 4);
}

static void test_unsettled_and_tombstones(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	static const char *const unsettled[] = {"/a/1", "/b/2", "/c/3"};
	struct store_found at = {0};
	size_t i;

	assert_int_equal(store_fixture_accept(store, "/a/1", 0, 5), 0);
	assert_int_equal(store_fixture_put(store, "/a/2", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(store, "/b/2", 2, 5), 0);
	assert_int_equal(store_fixture_accept(store, "/c/2", 0, 5), 0);
	store_fixture_settle(store, "/c/2", 5);
	assert_int_equal(store_fixture_accept(store, "/c/3", 0, 5), 0);
	for (i = 0;
	     store_next_unsettled(store, i ? at.path : NULL, at.path_len, &at) == 0;
	     i++) {
		assert_true(i < 3);
		assert_memory_equal(at.path, unsettled[i], 4);
		assert_false(at.reg.settled);
	}
	assert_int_equal(i, 3);
	for (i = 0;
	     store_next_tombstone(store, i ? at.path : NULL, at.path_len, &at) == 0; i++)
		assert_int_equal(at.reg.kind, DFS_TOMBSTONE);
	assert_int_equal(i, 3);
}

/* ---- many ---------------------------------------------------------------------- */

static void path_of(unsigned number, char *path)
{
	(void)snprintf(path, 32, "/many/%06u", number);
}

/* Files with all they need, and a binding each that nothing came of. */
static void put_many(struct store_fixture *fixture)
{
	static const uint8_t byte = 1;
	dfs_ballot ballot = store_fixture_ballot(5), later = store_fixture_ballot(6);
	char path[32];

	for (unsigned i = 0; i < MANY; i += 500) {
		struct store_batch *batch = store_batch_new(fixture->store);

		for (unsigned j = i; j < i + 500; j++) {
			dfs_share share = store_fixture_share(j + 1, 4, OWN);
			const dfs_unit units[2] = {{1, {1, &byte}}, {2, {1, &byte}}};
			const dfs_ballot *bound = j % 2 == 0 ? &later : &ballot;

			path_of(j, path);
			assert_int_equal(store_batch_content(batch, &share, units, 2), 0);
			assert_int_equal(
				store_fixture_bind(batch, store_fixture_object_of(&share),
						   path, strlen(path), bound),
				0);
			assert_int_equal(
				store_fixture_batch_accept(batch, path, j + 1, 5), 0);
		}
		assert_int_equal(store_commit(batch), 0);
	}
}

/* Somebody else who wants the lock, alone. */
struct other {
	struct store *store;
	atomic_bool stop;
	atomic_uint done; /* so often he had it */
	unsigned visits, first,
		last; /* done at the first visit of a walk, and at the last */
};

static void *change_on(void *argument)
{
	struct other *other = argument;

	/* It changes nothing, and takes the lock for that. */
	while (!atomic_load(&other->stop)) {
		store_fixture_settle(other->store, "/none", 1);
		atomic_fetch_add(&other->done, 1);
	}
	return NULL;
}

static void note_visit(struct other *other)
{
	other->last = atomic_load(&other->done);
	if (other->visits++ == 0)
		other->first = other->last;
}

static bool visit(void *context, struct index_register *reg)
{
	(void)reg;
	note_visit(context);
	return false;
}

static bool visit_binding(void *context, const struct index_binding *binding)
{
	(void)binding;
	note_visit(context);
	return false;
}

/*
 * Between the first visit and the last, others have had the lock.  Under load there may
 * be a walk during which they did not run.
 */
static void expect_steps(struct other *other, bool (*visit_all)(struct index_walk *))
{
	bool had = false;

	for (unsigned i = 0; i < 1000 && !had; i++) {
		static struct index_walk walk;

		walk = (struct index_walk){.store = other->store,
					   .visit = visit,
					   .visit_binding = visit_binding,
					   .context = other};
		other->visits = 0;
		assert_false(visit_all(&walk));
		assert_int_equal(other->visits, MANY);
		/* One may have had it before the first visit, and counted it after. */
		had = other->last - other->first >= 2;
	}
	assert_true(had);
}

static void test_many_files_hold_nobody_up(void **state)
{
	struct store_fixture *fixture = *state;
	const struct store_range all = {.tombstones = true};
	static struct store_abandoned abandoned;
	static struct store_surplus surplus;
	static struct store_owed owed;
	struct store_digest digest;
	struct other other = {0};
	pthread_t thread;

	fixture->rules.fsync_segments = fixture->rules.fsync_folder = false;
	store_fixture_reopen(fixture);
	put_many(fixture);
	other.store = fixture->store;
	assert_int_equal(pthread_create(&thread, NULL, change_on, &other), 0);
	expect_steps(&other, walk_registers);
	expect_steps(&other, walk_bindings);
	atomic_store(&other.stop, true);
	pthread_join(thread, NULL);
	/* These are what walks like that. */
	assert_int_equal(store_next_owed(fixture->store, NULL, 0, &owed), ENOENT);
	assert_int_equal(store_next_surplus(fixture->store, NULL, 0, &surplus), ENOENT);
	assert_int_equal(store_next_abandoned(fixture->store, 0, NULL, 0, &abandoned),
			 ENOENT);
	store_digest(fixture->store, &all, &digest);
	assert_int_equal(digest.registers, MANY);
}

/* And each is found, wherever it is among the others. */
static void test_one_among_many(void **state)
{
	struct store_fixture *fixture = *state;
	static const unsigned numbers[] = {0, WALK_STEP - 1, WALK_STEP, MANY - 1};
	static struct store_owed owed;
	char path[32];

	fixture->rules.fsync_segments = fixture->rules.fsync_folder = false;
	store_fixture_reopen(fixture);
	put_many(fixture);
	for (size_t i = 0; i < 4; i++) {
		path_of(numbers[i], path);
		heal_fixture_file(fixture->store, path, MANY + 1 + i, 7, OWN);
	}
	owed.path_len = 0;
	for (size_t i = 0; i < 4; i++) {
		path_of(numbers[i], path);
		assert_int_equal(store_next_owed(fixture->store,
						 owed.path_len ? owed.path : NULL,
						 owed.path_len, &owed),
				 0);
		assert_int_equal(owed.path_len, strlen(path));
		assert_memory_equal(owed.path, path, owed.path_len);
	}
	assert_int_equal(store_next_owed(fixture->store, owed.path, owed.path_len, &owed),
			 ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_owed, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_damage_is_owed, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_content_that_is_here_is_not_owed,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_empty_chunks_are_not_owed, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_earlier_versions_are_owed, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_surplus, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_abandoned, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_unsettled_and_tombstones, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_many_files_hold_nobody_up, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_one_among_many, start,
						heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_survey", tests, NULL, NULL);
}
