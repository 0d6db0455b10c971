/* store/index: what counts, what is overtaken, and when content is nobody's any more. */
#include "index.h"

#include "ballot.h"
#include "segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct fixture {
	struct index *index;
	struct segment_cache *cache;
	struct index_segment segments[3];
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	fixture->index = index_new(0);
	fixture->cache = segment_cache_new(-1, 1);
	for (uint64_t i = 0; i < 3; i++)
		fixture->segments[i].file = segment_new(fixture->cache, i + 1, i + 1, 0);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	index_free(fixture->index);
	for (size_t i = 0; i < 3; i++)
		segment_unref(fixture->segments[i].file);
	segment_cache_free(fixture->cache);
	free(fixture);
	return 0;
}

static dfs_id id_of(unsigned number)
{
	dfs_id id = {{(char)number, 1}};

	return id;
}

static struct seal_entry entry_of(enum seal_type type, const char *path, unsigned object,
				  uint64_t counter)
{
	struct seal_entry entry = {.type = type,
				   .path = path,
				   .path_len = path ? strlen(path) : 0,
				   .ballot = {.counter = counter},
				   .kind = object ? DFS_FILE : DFS_TOMBSTONE,
				   .owner = object ? "a" : NULL,
				   .owner_len = object ? 1 : 0,
				   .size = 1000,
				   .object_count = object ? 1 : 0,
				   .units = 4,
				   .chunks = 15,
				   .bytes = 100};

	entry.objects[0] = id_of(object);
	return entry;
}

static void put(struct fixture *fixture, const char *path, unsigned object,
		uint64_t counter, size_t segment)
{
	struct seal_entry entry = entry_of(SEAL_REGISTER, path, object, counter);

	index_put_register(fixture->index, index_register_new(fixture->index, &entry),
			   &fixture->segments[segment]);
}

static void content(struct fixture *fixture, unsigned object, unsigned chunks,
		    size_t segment)
{
	struct seal_entry entry = entry_of(SEAL_CONTENT, NULL, object, 0);
	struct index_object *held = index_hold(fixture->index, &entry.objects[0]);

	entry.chunks = chunks;
	index_put_content(fixture->index, held, &entry, &fixture->segments[segment],
			  calloc(1, sizeof(struct index_part)));
	index_release(fixture->index, held);
}

static void put_binding(struct fixture *fixture, const char *path, unsigned object,
			uint64_t counter)
{
	struct seal_entry entry = entry_of(SEAL_BINDING, path, object, counter);

	index_put_binding(fixture->index, index_binding_new(fixture->index, &entry));
}

static bool settle(struct fixture *fixture, const char *path, uint64_t counter)
{
	dfs_ballot ballot = {.counter = counter};

	return index_settle(fixture->index, path, strlen(path), &ballot);
}

/* The number of the object that is due, which is dropped then; 0 when none is. */
static unsigned drop_one(struct fixture *fixture)
{
	struct index_object *object = index_due(fixture->index, INT64_MAX - 1);
	unsigned number = object ? (unsigned)object->id.bytes[0] : 0;

	if (object)
		index_drop_content(fixture->index, object);
	return number;
}

static const struct index_register *find(struct fixture *fixture, const char *path)
{
	return index_find_register(fixture->index, path, strlen(path));
}

static void test_highest_ballot_wins(void **state)
{
	struct fixture *fixture = *state;
	struct index_counts counts;

	put(fixture, "/a/x", 1, 7, 1);
	put(fixture, "/a/x", 0, 5, 2);
	assert_int_equal(find(fixture, "/a/x")->ballot.counter, 7);
	assert_int_equal(fixture->segments[1].live, 100);
	assert_int_equal(fixture->segments[2].live, 0);
	put(fixture, "/a/x", 0, 9, 2);
	assert_int_equal(find(fixture, "/a/x")->ballot.counter, 9);
	assert_int_equal(fixture->segments[1].live, 0);
	assert_int_equal(fixture->segments[2].live, 100);
	index_count(fixture->index, &counts);
	assert_int_equal(counts.files, 0);
	assert_int_equal(counts.tombstones, 1);
	assert_int_equal(counts.highest_counter, 9);
}

static void test_named_content_stays(void **state)
{
	struct fixture *fixture = *state;

	content(fixture, 1, 15, 0);
	put(fixture, "/a/x", 1, 5, 0);
	assert_int_equal(drop_one(fixture), 0);
	/* Overtaken, but not by anything settled. */
	content(fixture, 2, 15, 1);
	put(fixture, "/a/x", 2, 6, 1);
	put(fixture, "/a/x", 0, 7, 1);
	assert_int_equal(drop_one(fixture), 0);
	assert_false(settle(fixture, "/a/x", 6));
	assert_int_equal(drop_one(fixture), 0);
	assert_true(settle(fixture, "/a/x", 7));
	assert_false(settle(fixture, "/a/x", 7));
	assert_int_equal(drop_one(fixture) + drop_one(fixture), 3);
	assert_int_equal(drop_one(fixture), 0);
	assert_null(index_find_object(fixture->index, &(dfs_id){{1, 1}}));
}

static void test_bound_content_stays(void **state)
{
	struct fixture *fixture = *state;
	dfs_id one = id_of(1);

	content(fixture, 1, 15, 0);
	put_binding(fixture, "/a/x", 1, 5);
	put_binding(fixture, "/a/y", 1, 5);
	put_binding(fixture, "/a/x", 1, 4);
	assert_int_equal(
		index_find_binding(fixture->index, &one, "/a/x", 4)->ballot.counter, 5);
	put(fixture, "/a/x", 0, 4, 0);
	settle(fixture, "/a/x", 4);
	put(fixture, "/a/y", 0, 6, 0);
	settle(fixture, "/a/y", 6);
	assert_null(index_find_binding(fixture->index, &one, "/a/y", 4));
	assert_int_equal(drop_one(fixture), 0);
	put(fixture, "/a/x", 0, 5, 0);
	settle(fixture, "/a/x", 5);
	assert_int_equal(drop_one(fixture), 1);
	/* A binding that comes too late says nothing. */
	content(fixture, 1, 15, 0);
	put_binding(fixture, "/a/x", 1, 5);
	assert_int_equal(drop_one(fixture), 1);
}

static void test_content_that_comes_later(void **state)
{
	struct fixture *fixture = *state;
	dfs_id one = id_of(1);
	struct index_object *object;

	put(fixture, "/a/x", 1, 5, 0);
	object = index_find_object(fixture->index, &one);
	assert_int_equal(index_chunks(object), 0);
	content(fixture, 1, 3, 0);
	content(fixture, 1, 1, 1);
	assert_int_equal(index_chunks(object), 3);
	content(fixture, 1, 12, 2);
	assert_int_equal(index_chunks(object), 15);
	assert_ptr_equal(index_part(object, 2)->segment, &fixture->segments[0]);
	assert_ptr_equal(index_part(object, 3)->segment, &fixture->segments[2]);
	assert_int_equal(fixture->segments[1].live, 0);
	assert_int_equal(drop_one(fixture), 0);
	/* Dropped by a record while it is still named: named, and not here. */
	index_drop_content(fixture->index, object);
	assert_int_equal(index_chunks(object), 0);
	assert_int_equal(fixture->segments[0].live, 100);
	put(fixture, "/a/x", 0, 6, 0);
	settle(fixture, "/a/x", 6);
	assert_null(index_find_object(fixture->index, &one));
}

static void test_moved_records(void **state)
{
	struct fixture *fixture = *state;
	struct seal_entry entry = entry_of(SEAL_REGISTER, "/a/x", 1, 5);
	struct seal_entry part = entry_of(SEAL_CONTENT, NULL, 1, 0);

	content(fixture, 1, 15, 0);
	put(fixture, "/a/x", 1, 5, 1);
	index_move_register(fixture->index, &entry, 1, 1, &fixture->segments[2]);
	assert_int_equal(fixture->segments[1].live, 100);
	index_move_register(fixture->index, &entry, 1, 2, &fixture->segments[2]);
	index_move_content(fixture->index, &part, 1, 2, &fixture->segments[2]);
	assert_int_equal(fixture->segments[0].live, 0);
	assert_int_equal(fixture->segments[1].live, 0);
	assert_int_equal(fixture->segments[2].live, 200);
	put(fixture, "/a/x", 0, 6, 0);
	index_move_register(fixture->index, &entry, 1, 3, &fixture->segments[1]);
	assert_int_equal(find(fixture, "/a/x")->ballot.counter, 6);
	assert_int_equal(fixture->segments[1].live, 0);
}

static void test_reading_puts_a_drop_off(void **state)
{
	struct fixture *fixture = *state;
	struct index *index = index_new(1000);
	struct index_object *object;
	dfs_id id = id_of(1);
	int64_t due;

	index_free(fixture->index);
	fixture->index = index;
	content(fixture, 1, 15, 0);
	object = index_find_object(index, &id);
	due = object->due_ms;
	object->due_ms = due - 500;
	index_read(index, object);
	assert_true(object->due_ms >= due);
	assert_null(index_due(index, due - 1));
	/* But not for ever. */
	assert_int_equal(object->last_ms - (uint32_t)due, (INDEX_GRACES - 1) * 1000);
	object->due_ms = due - 500;
	object->last_ms = (uint32_t)(due - 200);
	index_read(index, object);
	assert_int_equal(object->due_ms, due - 200);
	index_read(index, object);
	assert_int_equal(object->due_ms, due - 200);
	/* Used again and given up again, it has all of it. */
	put(fixture, "/a/x", 1, 5, 0);
	index_read(index, object);
	assert_int_equal(object->due_ms, due - 200);
	put(fixture, "/a/x", 0, 6, 0);
	assert_true(settle(fixture, "/a/x", 6));
	assert_true(object->due_ms >= due);
	assert_true(object->last_ms - (uint32_t)object->due_ms > 1000);
	assert_int_equal(drop_one(fixture), 1);
}

static void test_queue_after_a_start(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 1; i <= 9; i++)
		content(fixture, i, 15, 0);
	for (unsigned i = 1; i <= 9; i += 2) {
		char path[16];

		(void)snprintf(path, sizeof path, "/a/%u", i);
		put(fixture, path, i, 5, 0);
	}
	put_binding(fixture, "/b/x", 99, 5);
	index_prune(fixture->index);
	for (unsigned i = 2; i <= 8; i += 2)
		assert_int_equal(drop_one(fixture), i);
	assert_int_equal(drop_one(fixture), 0);
	assert_int_equal(index_due_ms(fixture->index), INT64_MAX);
	assert_null(index_find_object(fixture->index, &(dfs_id){{99, 1}}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_highest_ballot_wins, start, end),
		cmocka_unit_test_setup_teardown(test_named_content_stays, start, end),
		cmocka_unit_test_setup_teardown(test_bound_content_stays, start, end),
		cmocka_unit_test_setup_teardown(test_content_that_comes_later, start,
						end),
		cmocka_unit_test_setup_teardown(test_moved_records, start, end),
		cmocka_unit_test_setup_teardown(test_reading_puts_a_drop_off, start, end),
		cmocka_unit_test_setup_teardown(test_queue_after_a_start, start, end),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
