/* store/store_digest: stores that accepted the same are known as such, and no others. */
#include "heal_fixture.h"

#include "ballot.h"
#include "statement.h"
#include "store_digest.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <cmocka.h>

enum { COUNT = 60 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 60000);
}

/* Every fifth one is a tombstone. */
static void put(struct store *store, unsigned number, dfs_ballot ballot)
{
	const struct value_fixture_file file = {
		.owner = "a", .size = 1000, .object = number, .counter = 5};
	dfs_value value =
		number % 5 == 0 ? value_fixture_tombstone(5) : value_fixture_file(&file);
	struct store_batch *batch = store_batch_new(store);
	char path[32];

	(void)snprintf(path, sizeof path, "/%c/%u", (char)('a' + number % 3), number);
	assert_int_equal(store_fixture_batch_value(batch, path, &ballot, &value, 0), 0);
	value_free(&value);
	assert_int_equal(store_commit(batch), 0);
}

static struct store_digest digest_in(struct store *store, const char *from,
				     const char *to, bool tombstones)
{
	const struct store_range range = {.from = from,
					  .from_len = from ? strlen(from) : 0,
					  .to = to,
					  .to_len = to ? strlen(to) : 0,
					  .tombstones = tombstones};
	struct store_digest digest;

	store_digest(store, &range, &digest);
	return digest;
}

static bool are_equal(const struct store_digest *a, const struct store_digest *b)
{
	return a->registers == b->registers && id_equal(&a->digest, &b->digest);
}

/* Of both stores. */
static bool same(struct store *a, struct store *b, const char *from, const char *to,
		 bool tombstones)
{
	struct store_digest left = digest_in(a, from, to, tombstones);
	struct store_digest right = digest_in(b, from, to, tombstones);

	return are_equal(&left, &right);
}

static void test_order_and_merges_do_not_matter(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_fixture other = {0};

	store_fixture_rules(&other);
	other.rules.merge_fan = 3;
	store_fixture_start(&other);
	assert_true(same(fixture->store, other.store, NULL, NULL, true));
	for (unsigned i = 1; i <= COUNT; i++) {
		put(fixture->store, i, store_fixture_ballot(5 + i));
		/* Backwards, and some of them twice. */
		if (i % 4 == 0)
			put(other.store, COUNT + 1 - i, store_fixture_ballot(3));
		put(other.store, COUNT + 1 - i, store_fixture_ballot(5 + COUNT + 1 - i));
	}
	heal_fixture_wait_segments(&other, 8);
	for (int round = 0; round < 2; round++) {
		assert_true(same(fixture->store, other.store, NULL, NULL, true));
		assert_true(same(fixture->store, other.store, NULL, NULL, false));
		assert_true(same(fixture->store, other.store, "/b", "/c", true));
		assert_int_equal(digest_in(fixture->store, NULL, NULL, true).registers,
				 COUNT);
		assert_int_equal(digest_in(fixture->store, NULL, NULL, false).registers,
				 COUNT - COUNT / 5);
		store_fixture_reopen(&other);
		store_fixture_reopen(fixture);
	}
	store_fixture_end(&other);
}

/* Each one, and each part of its ballot. */
static void test_one_ballot_matters(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_fixture other = {0};

	store_fixture_rules(&other);
	other.rules.merge_fan = 0;
	store_fixture_start(&other);
	for (unsigned i = 1; i <= COUNT; i++) {
		put(fixture->store, i, store_fixture_ballot(5));
		put(other.store, i, store_fixture_ballot(5));
	}
	for (unsigned i = 1; i <= COUNT; i++) {
		dfs_ballot ballot = store_fixture_ballot(5);

		switch (i % 3) {
		case 0:
			ballot.counter++;
			break;
		case 1:
			ballot.epoch++;
			break;
		default:
			/* the lowest byte of the proposer */
			ballot.proposer.bytes[DFS_ID_LEN - 1]++;
		}
		put(other.store, i, ballot);
		assert_false(same(fixture->store, other.store, NULL, NULL, true));
		if (i % 5 != 0)
			assert_false(
				same(fixture->store, other.store, NULL, NULL, false));
		put(fixture->store, i, ballot);
		assert_true(same(fixture->store, other.store, NULL, NULL, true));
	}
	/* A tombstone more matters only where tombstones count. */
	put(other.store, 1000, store_fixture_ballot(5));
	assert_false(same(fixture->store, other.store, NULL, NULL, true));
	assert_true(same(fixture->store, other.store, NULL, NULL, false));
	store_fixture_end(&other);
}

static void test_ranges(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	static const char *const paths[] = {"/a", "/a/1", "/a/2", "/b"};

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(store_fixture_accept(store, paths[i], i % 2, 5), 0);
	assert_int_equal(digest_in(store, NULL, "/a", true).registers, 0);
	assert_int_equal(digest_in(store, NULL, "/a/1", true).registers, 1);
	assert_int_equal(digest_in(store, "/a", "/a/1", true).registers, 1);
	assert_int_equal(digest_in(store, "/a/", "/b", true).registers, 2);
	assert_int_equal(digest_in(store, "/a/", "/b", false).registers, 1);
	assert_int_equal(digest_in(store, "/b", NULL, true).registers, 1);
	assert_int_equal(digest_in(store, "/b/", NULL, true).registers, 0);
	assert_int_equal(digest_in(store, "/b", "/a", true).registers, 0);
}

/* As the header says, by another way. */
static __uint128_t sum_of(struct store *store, const char *path, uint64_t counter)
{
	dfs_ballot ballot = store_fixture_ballot(counter);
	struct store_register reg;
	dfs_value value;
	dfs_key digest;
	XXH128_canonical_t canonical;
	uint8_t bytes[64] = {0};
	__uint128_t sum = 0;
	size_t len = strlen(path);

	assert_int_equal(store_value(store, path, len, &reg, &value), 0);
	assert_true(statement_digest(&value, &digest));
	value_free(&value);
	memcpy(bytes, path, len);
	bytes[len + 3] = (uint8_t)ballot.epoch;
	for (unsigned i = 0; i < 8; i++)
		bytes[len + 4 + i] = (uint8_t)(counter >> 8 * (7 - i));
	memcpy(bytes + len + 12, ballot.proposer.bytes, DFS_ID_LEN);
	memcpy(bytes + len + 12 + DFS_ID_LEN, digest.bytes, 8);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, len + 36));
	for (unsigned i = 0; i < 16; i++)
		sum = sum << 8 | canonical.digest[i];
	return sum;
}

static void test_known_answer(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_digest digest;
	__uint128_t sum = 0;
	char path[32];

	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(path, sizeof path, "/known/%u", i);
		assert_int_equal(store_fixture_accept(fixture->store, path, i, 1000 + i),
				 0);
		sum += sum_of(fixture->store, path, 1000 + i);
		digest = digest_in(fixture->store, NULL, NULL, true);
		for (unsigned byte = 0; byte < 16; byte++)
			assert_int_equal((uint8_t)digest.digest.bytes[byte],
					 (uint8_t)(sum >> 8 * (15 - byte)));
	}
}

/* One by one, in the range: as many as the digest counts. */
static void test_entries(void **state)
{
	struct store_fixture *fixture = *state;
	char last[DFS_PATH_MAX] = "";
	struct store_found at;

	for (unsigned i = 1; i <= COUNT; i++)
		put(fixture->store, i, store_fixture_ballot(5));
	for (int tombstones = 0; tombstones < 2; tombstones++) {
		const struct store_range range = {.from = "/b/1",
						  .from_len = 4,
						  .to = "/c/2",
						  .to_len = 4,
						  .tombstones = tombstones};
		struct store_digest digest;
		uint64_t count = 0;
		int rc = store_next_in(fixture->store, &range, NULL, 0, &at);

		store_digest(fixture->store, &range, &digest);
		assert_memory_equal(at.path, "/b/1", 4);
		for (; rc == 0; count++) {
			assert_true(tombstones || at.reg.kind != DFS_TOMBSTONE);
			assert_true(count == 0 || strncmp(last, at.path, 10) < 0);
			memset(last, 0, sizeof last);
			memcpy(last, at.path, at.path_len);
			rc = store_next_in(fixture->store, &range, at.path, at.path_len,
					   &at);
			memset(at.path + at.path_len, 0, sizeof at.path - at.path_len);
		}
		assert_int_equal(count, digest.registers);
		assert_true(count > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_and_merges_do_not_matter,
						start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_one_ballot_matters, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_ranges, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_known_answer, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_entries, start, heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_digest", tests, NULL, NULL);
}
