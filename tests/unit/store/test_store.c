/*
 * store/store: what is committed can be read, also after a start, and what is not
 * cannot.
 */
#include "store_fixture.h"
#include "value_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
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

static unsigned chunks_of(struct store *store, uint64_t object)
{
	dfs_id id = store_fixture_object(object);

	return store_chunks(store, &id);
}

static bool is_bound(struct store *store, uint64_t object, const char *path,
		     uint64_t counter)
{
	dfs_id id = store_fixture_object(object);
	dfs_ballot ballot = store_fixture_ballot(counter);

	return store_is_bound(store, &id, path, strlen(path), &ballot);
}

static void check_file(struct store *store, const char *path, uint64_t object,
		       uint64_t counter, bool settled)
{
	dfs_id id = store_fixture_object(object), maker = store_fixture_maker(object);
	dfs_ballot ballot = store_fixture_ballot(counter);
	struct store_register reg;
	dfs_value value;

	assert_int_equal(store_register(store, path, strlen(path), &reg), 0);
	assert_int_equal(ballot_compare(&reg.ballot, &ballot), 0);
	assert_int_equal(reg.kind, DFS_FILE);
	assert_true(id_equal(&reg.object, &id));
	assert_int_equal(reg.settled, settled);
	assert_int_equal(store_value(store, path, strlen(path), &reg, &value), 0);
	assert_int_equal(value.number, counter);
	assert_true(id_equal(&value.body.dfs_body_u.manifest.content.maker, &maker));
	value_free(&value);
}

static void test_new_store(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	const char *why;

	assert_true(store_whole(fixture->store, &why));
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.epoch, 0);
	assert_int_equal(numbers.newest_segment, 1);
	assert_int_equal(numbers.segments, 1);
	assert_false(id_is_zero(&numbers.id));
	assert_int_equal(store_create(&fixture->options), EEXIST);
}

static void test_put_and_start(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;

	assert_int_equal(store_fixture_stage(fixture->store, "/a/x", 1, 5, 100), 0);
	assert_true(is_bound(fixture->store, 1, "/a/x", 5));
	assert_false(is_bound(fixture->store, 1, "/a/x", 6));
	assert_false(is_bound(fixture->store, 1, "/a/y", 5));
	assert_int_equal(chunks_of(fixture->store, 1), CHUNKS_ALL);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 1, 5), 0);
	check_file(fixture->store, "/a/x", 1, 5, false);
	for (int round = 0; round < 2; round++) {
		for (uint64_t unit = 0; unit < 4; unit++)
			assert_int_equal(store_fixture_unit(fixture->store, 1, unit, 100),
					 0);
		assert_int_equal(store_fixture_unit(fixture->store, 1, 4, 100), ENOENT);
		assert_true(is_bound(fixture->store, 1, "/a/x", 5));
		store_fixture_reopen(fixture);
		check_file(fixture->store, "/a/x", 1, 5, false);
	}
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.files, 1);
	assert_int_equal(numbers.objects, 1);
	assert_int_equal(numbers.highest_counter, 5);
	assert_int_equal(numbers.newest_segment, 3);
}

static void test_confirmed_only_since_start(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_register reg;

	assert_int_equal(store_fixture_accept(fixture->store, "/a/x", 0, 5), 0);
	assert_int_equal(store_register(fixture->store, "/a/x", 4, &reg), 0);
	assert_true(reg.confirmed);
	assert_int_equal(reg.kind, DFS_TOMBSTONE);
	store_fixture_reopen(fixture);
	assert_int_equal(store_register(fixture->store, "/a/x", 4, &reg), 0);
	assert_false(reg.confirmed);
	assert_int_equal(store_register(fixture->store, "/a/", 3, &reg), ENOENT);
}

static void test_settled_is_kept(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 10), 0);
	assert_false(is_bound(fixture->store, 1, "/a/x", 5));
	check_file(fixture->store, "/a/x", 1, 5, true);
	store_fixture_settle(fixture->store, "/a/x", 6);
	store_fixture_settle(fixture->store, "/none", 6);
	store_fixture_reopen(fixture);
	check_file(fixture->store, "/a/x", 1, 5, true);
	assert_false(is_bound(fixture->store, 1, "/a/x", 5));
}

static bool notes_are_written(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.newest_segment > *(uint64_t *)context;
}

static void test_settled_is_written_alone(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;

	assert_int_equal(store_fixture_put(fixture->store, "/a/x", 1, 5, 10), 0);
	store_get_numbers(fixture->store, &numbers);
	assert_true(
		store_fixture_wait(notes_are_written, fixture, &numbers.newest_segment));
}

static void test_reservation_and_epoch(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	static const uint64_t reserve[] = {65536, 131072, 100};

	for (size_t i = 0; i < 3; i++) {
		struct store_batch *batch = store_batch_new(fixture->store);

		assert_int_equal(store_batch_reserve(batch, reserve[i]), 0);
		assert_int_equal(store_batch_epoch(batch, (uint32_t)(3 - i)), 0);
		assert_int_equal(store_commit(batch), 0);
	}
	for (int round = 0; round < 2; round++) {
		store_get_numbers(fixture->store, &numbers);
		assert_int_equal(numbers.reserved, 131072);
		assert_int_equal(numbers.epoch, 3);
		store_fixture_reopen(fixture);
	}
}

static void test_order_and_cursor(void **state)
{
	struct store_fixture *fixture = *state;
	static const char *const paths[] = {"/a/b/c", "/a/b!", "/a/z", "/a/b-",
					    "/shared/q"};
	static const char *const sorted[] = {"/a/b!", "/a/b-", "/a/b/c", "/a/z",
					     "/shared/q"};
	struct store_found at;

	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
			store_fixture_accept(fixture->store, paths[i], i % 2, 5 + i), 0);
	assert_int_equal(store_next(fixture->store, NULL, 0, &at), 0);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(at.path_len, strlen(sorted[i]));
		assert_memory_equal(at.path, sorted[i], at.path_len);
		assert_int_equal(store_next(fixture->store, at.path, at.path_len, &at),
				 i < 4 ? 0 : ENOENT);
	}
}

static void test_blocker(void **state)
{
	struct store_fixture *fixture = *state;
	char path[DFS_PATH_MAX];

	assert_int_equal(store_fixture_accept(fixture->store, "/a/b", 1, 5), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/c/dead", 0, 6), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/c/live", 2, 7), 0);
	assert_int_equal(store_blocker(fixture->store, "/a/b/x/y", 8, path), 4);
	assert_memory_equal(path, "/a/b", 4);
	assert_int_equal(store_blocker(fixture->store, "/a/c", 4, path), 9);
	assert_memory_equal(path, "/a/c/live", 9);
	assert_int_equal(store_blocker(fixture->store, "/a/b", 4, path), 0);
	assert_int_equal(store_blocker(fixture->store, "/a/bb", 5, path), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/c/live", 0, 8), 0);
	assert_int_equal(store_blocker(fixture->store, "/a/c", 4, path), 0);
	/* A folder that was made is in the way of a file above it alone. */
	assert_int_equal(value_fixture_accept(fixture->store, "/a/c/made",
					      value_fixture_folder("a", 9), 0),
			 0);
	assert_int_equal(store_blocker(fixture->store, "/a/c/made/x", 11, path), 0);
	assert_int_equal(store_blocker(fixture->store, "/a/c", 4, path), 9);
	assert_memory_equal(path, "/a/c/made", 9);
}

static void test_content_rules(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = store_fixture_share(1, 4, 3);
	dfs_unit units[3] = {{0, {1, (const uint8_t *)"a"}},
			     {1, {1, (const uint8_t *)"b"}},
			     {2, {1, (const uint8_t *)"c"}}};
	dfs_ballot ballot = store_fixture_ballot(5);

	assert_int_equal(store_batch_content(batch, &share, units, 1), EINVAL);
	assert_int_equal(store_batch_content(batch, &share, units, 3), EINVAL);
	assert_int_equal(store_batch_content(batch, &share, units + 1, 2), EINVAL);
	units[1].number = 0;
	assert_int_equal(store_batch_content(batch, &share, units, 2), EINVAL);
	units[1].number = 1;
	assert_int_equal(store_fixture_bind(batch, store_fixture_object_of(&share),
					    "/a/x", 4, &ballot),
			 EINVAL);
	assert_int_equal(store_batch_content(batch, &share, units, 2), 0);
	assert_int_equal(store_batch_content(batch, &share, units, 2), EINVAL);
	assert_int_equal(store_fixture_bind(batch, store_fixture_object_of(&share),
					    "/a/x", 4, &ballot),
			 0);
	assert_int_equal(store_fixture_bind(batch, store_fixture_object_of(&share),
					    "/a/y", 4, &ballot),
			 0);
	assert_int_equal(chunks_of(fixture->store, 1), 0);
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(chunks_of(fixture->store, 1), 3);
	/* An empty file: no units, and a binding all the same. */
	batch = store_batch_new(fixture->store);
	share = store_fixture_share(2, 0, 6);
	assert_int_equal(store_batch_content(batch, &share, NULL, 0), 0);
	assert_int_equal(store_fixture_bind(batch, store_fixture_object_of(&share),
					    "/a/x", 4, &ballot),
			 0);
	assert_int_equal(store_commit(batch), 0);
	store_fixture_reopen(fixture);
	assert_int_equal(chunks_of(fixture->store, 2), 6);
	assert_true(is_bound(fixture->store, 2, "/a/x", 5));
	assert_true(is_bound(fixture->store, 1, "/a/x", 5));
	assert_true(is_bound(fixture->store, 1, "/a/y", 5));
}

static void test_binding_only_rises(void **state)
{
	struct store_fixture *fixture = *state;
	dfs_id object = store_fixture_object(1);
	static const uint64_t counters[] = {7, 6};

	assert_int_equal(store_fixture_stage(fixture->store, "/a/x", 1, 5, 10), 0);
	for (size_t i = 0; i < 2; i++) {
		struct store_batch *batch = store_batch_new(fixture->store);
		dfs_ballot ballot = store_fixture_ballot(counters[i]);

		assert_int_equal(store_fixture_bind(batch, &object, "/a/x", 4, &ballot),
				 0);
		assert_int_equal(store_commit(batch), 0);
	}
	for (int round = 0; round < 2; round++) {
		assert_true(is_bound(fixture->store, 1, "/a/x", 7));
		assert_false(is_bound(fixture->store, 1, "/a/x", 6));
		store_fixture_reopen(fixture);
	}
}

static int bind_upload(struct store_fixture *fixture, struct store_uploads *uploads,
		       const dfs_share *share)
{
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_ballot ballot = store_fixture_ballot(5);
	int rc = store_batch_upload(batch, uploads, share);

	if (rc == 0)
		rc = store_fixture_bind(batch, store_fixture_object_of(share), "/a/x", 4,
					&ballot);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

static void check_upload(struct store_fixture *fixture, uint64_t units, uint32_t len)
{
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	dfs_share share = store_fixture_share(1, units, 6);
	dfs_unit again = {.number = 1, .data = {1, (const uint8_t *)"x"}};

	assert_int_equal(bind_upload(fixture, uploads, &share), ENOENT);
	assert_int_equal(store_fixture_upload(uploads, 1, units, 2, len), 0);
	assert_int_equal(bind_upload(fixture, uploads, &share), EINVAL);
	assert_int_equal(store_upload(uploads, &share.maker, &again), EINVAL);
	/* All of them, most for the second time. */
	assert_int_equal(store_fixture_upload(uploads, 1, units, 6, len), 0);
	share.size = store_fixture_size(units - 4);
	assert_int_equal(bind_upload(fixture, uploads, &share), EINVAL);
	share.size = store_fixture_size(units);
	share.chunks = 7;
	assert_int_equal(bind_upload(fixture, uploads, &share), EINVAL);
	share.chunks = 6;
	assert_int_equal(chunks_of(fixture->store, 1), 0);
	assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	/* Repeated: nothing is added, and the connection has none any more. */
	assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(chunks_of(fixture->store, 1), 6);
		assert_true(is_bound(fixture->store, 1, "/a/x", 5));
		for (uint64_t unit = 0; unit < units; unit++)
			assert_int_equal(store_fixture_unit(fixture->store, 1, unit, len),
					 6 & 1U << unit % 4 ? 0 : ENOENT);
		store_uploads_free(uploads);
		uploads = NULL;
		store_fixture_reopen(fixture);
	}
}

static void test_small_upload(void **state)
{
	check_upload(*state, 12, 1000);
}

static void test_large_upload(void **state)
{
	check_upload(*state, 40, 200000);
}

static void test_spare_comes_later(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	dfs_share share = store_fixture_share(1, 24, 3);

	assert_int_equal(store_fixture_upload(uploads, 1, 24, 3, 200000), 0);
	assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	assert_int_equal(store_fixture_upload(uploads, 1, 24, 12, 200000), 0);
	share.chunks = 15;
	assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	store_uploads_free(uploads);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(chunks_of(fixture->store, 1), 15);
		for (uint64_t unit = 0; unit < 24; unit++)
			assert_int_equal(
				store_fixture_unit(fixture->store, 1, unit, 200000), 0);
		store_fixture_reopen(fixture);
	}
}

static void test_upload_ends_with_connection(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	char path[PATH_MAX];
	struct stat status;

	assert_int_equal(store_fixture_upload(uploads, 1, 24, 15, 200000), 0);
	store_fixture_file(fixture, "tmp/0000000000000000", path);
	assert_int_equal(stat(path, &status), 0);
	store_uploads_free(uploads);
	assert_int_equal(stat(path, &status), -1);
	assert_int_equal(chunks_of(fixture->store, 1), 0);
}

/* One unit of one byte. */
static int give_unit(struct store_uploads *uploads, uint64_t object, uint64_t number)
{
	dfs_id id = store_fixture_maker(object);
	dfs_unit unit = {.number = number, .data = {1, (const uint8_t *)"x"}};

	return store_upload(uploads, &id, &unit);
}

static void test_a_connection_has_few_uploads(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	dfs_share share = store_fixture_share(1, 1, 1);

	/*
	 * The first one is used again and again, and stays; the others go, the oldest
	 * first.
	 */
	for (uint64_t object = 1; object <= 20; object++) {
		assert_int_equal(give_unit(uploads, object, 0), 0);
		assert_int_equal(give_unit(uploads, 1, 0), 0);
	}
	assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	share.maker = store_fixture_maker(13);
	assert_int_equal(bind_upload(fixture, uploads, &share), ENOENT);
	for (uint64_t object = 14; object <= 20; object++) {
		share.maker = store_fixture_maker(object);
		assert_int_equal(bind_upload(fixture, uploads, &share), 0);
	}
	store_uploads_free(uploads);
}

static void test_uploads_in_all(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *one, *two;
	dfs_id id = store_fixture_maker(1);

	fixture->rules.uploads = 3;
	store_fixture_reopen(fixture);
	one = store_uploads_new(fixture->store);
	two = store_uploads_new(fixture->store);
	assert_int_equal(give_unit(one, 1, 0), 0);
	assert_int_equal(give_unit(one, 2, 0), 0);
	assert_int_equal(give_unit(two, 3, 0), 0);
	assert_int_equal(give_unit(two, 4, 0), EAGAIN);
	assert_int_equal(give_unit(one, 5, 0), EAGAIN);
	assert_int_equal(give_unit(one, 2, 1), 0);
	store_upload_end(one, &id);
	assert_int_equal(give_unit(two, 4, 0), 0);
	assert_int_equal(give_unit(one, 5, 0), EAGAIN);
	store_uploads_free(two);
	assert_int_equal(give_unit(one, 5, 0), 0);
	store_uploads_free(one);
}

/* Units far from one another cost the most; when it is too much they are refused. */
static void test_scattered_units_are_bounded(void **state)
{
	enum { CONNECTIONS = 16, FAR = 4096 };
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads[CONNECTIONS];
	unsigned taken = 0;
	int rc = 0;

	for (unsigned i = 0; i < CONNECTIONS; i++)
		uploads[i] = store_uploads_new(fixture->store);
	for (unsigned i = 0; i < CONNECTIONS * 8 && rc == 0; i++)
		for (uint64_t unit = 0; unit < DFS_FILE_UNITS_MAX && rc == 0;
		     unit += FAR) {
			rc = give_unit(uploads[i / 8], i + 1, unit);
			taken += rc == 0;
		}
	assert_int_equal(rc, EAGAIN);
	assert_in_range(taken, 20000, 40000);
	store_uploads_free(uploads[0]);
	assert_int_equal(give_unit(uploads[CONNECTIONS - 1], 1, 0), 0);
	for (unsigned i = 1; i < CONNECTIONS; i++)
		store_uploads_free(uploads[i]);
}

static void test_alone(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_options options = fixture->options;
	struct store *other = NULL;
	char why[256];

	assert_int_equal(store_open(&options, &other, why, sizeof why), EBUSY);
	store_close(fixture->store);
	fixture->store = NULL;
	options.server = 3;
	assert_int_equal(store_open(&options, &other, why, sizeof why), EXDEV);
	assert_non_null(strstr(why, "dfs2"));
	options.server = 2;
	options.cluster = store_fixture_id(1);
	assert_int_equal(store_open(&options, &other, why, sizeof why), EXDEV);
	assert_non_null(strstr(why, "another cluster"));
	options.folder = "/nonexistent/data";
	assert_int_equal(store_open(&options, &other, why, sizeof why), ENOENT);
	store_fixture_reopen(fixture);
}

struct writer {
	struct store_fixture *fixture;
	unsigned number;
	int failed;
};

static void *write_many(void *argument)
{
	struct writer *writer = argument;
	char path[64];

	for (unsigned i = 0; i < 40; i++) {
		uint64_t object = writer->number * 1000 + i + 1;

		(void)snprintf(path, sizeof path, "/a/%u/%u", writer->number, i);
		writer->failed |=
			store_fixture_put(writer->fixture->store, path, object, 5, 100);
		writer->failed |=
			store_fixture_unit(writer->fixture->store, object, 3, 100);
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	struct store_fixture *fixture = *state;
	struct writer writers[8];
	pthread_t threads[8];
	struct store_numbers numbers;

	for (unsigned i = 0; i < 8; i++) {
		writers[i] = (struct writer){.fixture = fixture, .number = i};
		assert_int_equal(
			pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(writers[i].failed, 0);
	}
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.files, 320);
	assert_true(numbers.newest_segment < 640);
	store_fixture_reopen(fixture);
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.files, 320);
	assert_int_equal(numbers.objects, 320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_store, start, end),
		cmocka_unit_test_setup_teardown(test_put_and_start, start, end),
		cmocka_unit_test_setup_teardown(test_confirmed_only_since_start, start,
						end),
		cmocka_unit_test_setup_teardown(test_settled_is_kept, start, end),
		cmocka_unit_test_setup_teardown(test_settled_is_written_alone, start,
						end),
		cmocka_unit_test_setup_teardown(test_reservation_and_epoch, start, end),
		cmocka_unit_test_setup_teardown(test_order_and_cursor, start, end),
		cmocka_unit_test_setup_teardown(test_blocker, start, end),
		cmocka_unit_test_setup_teardown(test_content_rules, start, end),
		cmocka_unit_test_setup_teardown(test_binding_only_rises, start, end),
		cmocka_unit_test_setup_teardown(test_small_upload, start, end),
		cmocka_unit_test_setup_teardown(test_large_upload, start, end),
		cmocka_unit_test_setup_teardown(test_spare_comes_later, start, end),
		cmocka_unit_test_setup_teardown(test_upload_ends_with_connection, start,
						end),
		cmocka_unit_test_setup_teardown(test_a_connection_has_few_uploads, start,
						end),
		cmocka_unit_test_setup_teardown(test_uploads_in_all, start, end),
		cmocka_unit_test_setup_teardown(test_scattered_units_are_bounded, start,
						end),
		cmocka_unit_test_setup_teardown(test_alone, start, end),
		cmocka_unit_test_setup_teardown(test_many_threads, start, end),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
