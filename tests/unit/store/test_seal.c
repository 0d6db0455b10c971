/*
 * store/seal: the list of a segment comes back as it was, and nothing else is taken for
 * one.
 */
#include "seal.h"

#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct seal_head head = {
	.store = {{1}},
	.cluster = {{2}},
	.server = 3,
	.epoch = 4,
	.reserved = 1ULL << 40,
	.floor = {.epoch = 1, .counter = 2, .proposer = {{3}}},
	.begun = 1ULL << 33,
	.votes = true,
	.born = 77,
	.peers = {{.store = {{9}}, .epoch = 3, .newest_segment = 1ULL << 41},
		  [3] = {.store = {{8}}, .epoch = 4, .newest_segment = 12}}};

static const dfs_key leaves[3] = {{{1}}, {{2}}, {{3}}};

static const struct seal_entry entries[] = {
	{.type = SEAL_CONTENT,
	 .objects = {{{7}}, {{17}}},
	 .size = 40 << 18,
	 .units = 40,
	 .chunks = 3,
	 .bytes = 1 << 20},
	{.type = SEAL_CONTENT,
	 .objects = {{{5}}, {{15}}},
	 .size = 5,
	 .units = 3,
	 .tree = leaves,
	 .chunks = 12,
	 .proved = true,
	 .by_maker = true,
	 .bytes = 1 << 19},
	{.type = SEAL_BINDING,
	 .objects = {{{7}}},
	 .path = "/a/x",
	 .path_len = 4,
	 .ballot = {.counter = 9, .proposer = {{4}}},
	 .size = 1ULL << 40,
	 .owner = "somebody",
	 .owner_len = 8},
	{.type = SEAL_BINDING,
	 .objects = {{{7}}},
	 .path = "/a/x",
	 .path_len = 4,
	 .ballot = {.counter = 9, .proposer = {{5}}}},
	{.type = SEAL_BINDING,
	 .objects = {{{7}}},
	 .path = "/shared/x",
	 .path_len = 9,
	 .ballot = {.counter = 9, .proposer = {{4}}},
	 .size = 7,
	 .owner = "somebody",
	 .owner_len = 8},
	{.type = SEAL_BINDING,
	 .objects = {{{7}}},
	 .path = "/shared/x",
	 .path_len = 9,
	 .ballot = {.counter = 8, .proposer = {{4}}}},
	{.type = SEAL_REGISTER,
	 .path = "/a/x",
	 .path_len = 4,
	 .ballot = {.counter = 9, .proposer = {{4}}},
	 .kind = DFS_FILE,
	 .holders = 0x9630,
	 .size = 1000,
	 .owner = "a",
	 .owner_len = 1,
	 .object_count = 2,
	 .objects = {{{7}}, {{8}}},
	 .earlier_size = 1ULL << 43,
	 .bytes = 333},
	{.type = SEAL_REGISTER,
	 .path = "/shared/x",
	 .path_len = 9,
	 .ballot = {.counter = 9, .proposer = {{4}}},
	 .kind = DFS_FILE,
	 .settled = true,
	 .has_readers = true,
	 .holders = 0x9630,
	 .size = 1ULL << 40,
	 .owner = "somebody",
	 .owner_len = 8,
	 .object_count = 1,
	 .objects = {{{9}}},
	 .bytes = 334},
	{.type = SEAL_REGISTER,
	 .path = "/@accounts/bob",
	 .path_len = 14,
	 .ballot = {.counter = 1},
	 .kind = DFS_ACCOUNT,
	 .size = UINT64_MAX,
	 .owner = "bob",
	 .owner_len = 3,
	 .bytes = 335},
	{.type = SEAL_REGISTER,
	 .path = "/@credentials/bob",
	 .path_len = 17,
	 .ballot = {.counter = 1},
	 .kind = DFS_CREDENTIALS,
	 .bytes = 336},
	{.type = SEAL_REGISTER,
	 .path = "/b/y",
	 .path_len = 4,
	 .ballot = {.counter = 10},
	 .kind = DFS_TOMBSTONE,
	 .settled = true,
	 .owner = "b",
	 .owner_len = 1,
	 .bytes = 200},
	{.type = SEAL_REGISTER,
	 .path = "/shared/y",
	 .path_len = 9,
	 .ballot = {.counter = 10},
	 .kind = DFS_TOMBSTONE,
	 .owner = "somebody",
	 .owner_len = 8,
	 .bytes = 201},
	{.type = SEAL_REGISTER,
	 .path = "/shared/z",
	 .path_len = 9,
	 .ballot = {.counter = 10},
	 .kind = DFS_TOMBSTONE,
	 .bytes = 201},
	{.type = SEAL_SETTLED, .path = "/a/x", .path_len = 4, .ballot = {.counter = 9}},
	{.type = SEAL_DROP, .objects = {{{6}}}},
	{.type = SEAL_TRIM, .objects = {{{7}}}, .chunks = 9},
	{.type = SEAL_TRIM, .objects = {{{8}}}, .chunks = 0},
	{.type = SEAL_FORGET, .path = "/b/y", .path_len = 4, .ballot = {.counter = 10}},
};
enum { COUNT = sizeof entries / sizeof *entries };

static struct pack_out make(uint32_t count)
{
	struct pack_out list = {0}, seal = {0};

	for (size_t i = 0; i < COUNT; i++)
		seal_put_entry(&list, &entries[i]);
	seal_put(&seal, &head, count, &list);
	assert_false(seal.failed);
	pack_free(&list);
	return seal;
}

static void check_entry(const struct seal_entry *a, const struct seal_entry *b)
{
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->path_len, b->path_len);
	if (a->path_len > 0)
		assert_memory_equal(a->path, b->path, a->path_len);
	assert_int_equal(ballot_compare(&a->ballot, &b->ballot), 0);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->settled, b->settled);
	assert_int_equal(a->has_readers, b->has_readers);
	assert_true(a->size == b->size);
	assert_true(a->earlier_size == b->earlier_size);
	assert_int_equal(a->owner_len, b->owner_len);
	if (a->owner_len > 0)
		assert_memory_equal(a->owner, b->owner, a->owner_len);
	assert_int_equal(a->holders, b->holders);
	assert_int_equal(a->object_count, b->object_count);
	for (size_t i = 0; i < SEAL_OBJECTS_MAX; i++)
		assert_true(id_equal(&a->objects[i], &b->objects[i]));
	assert_int_equal(a->units, b->units);
	assert_int_equal(a->chunks, b->chunks);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->proved, b->proved);
	assert_int_equal(a->by_maker, b->by_maker);
	assert_int_equal(!a->tree, !b->tree);
	if (a->tree)
		assert_memory_equal(a->tree, b->tree, a->units * sizeof *a->tree);
}

static void test_comes_back(void **state)
{
	struct pack_out seal = make(COUNT);
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head again;

	(void)state;
	assert_true(
		seal_open((dfs_bytes){(uint32_t)seal.len, seal.bytes}, &again, &reader));
	assert_true(id_equal(&again.store, &head.store));
	assert_true(id_equal(&again.cluster, &head.cluster));
	assert_int_equal(again.server, head.server);
	assert_int_equal(again.epoch, head.epoch);
	assert_int_equal(again.reserved, head.reserved);
	assert_int_equal(ballot_compare(&again.floor, &head.floor), 0);
	assert_int_equal(again.begun, head.begun);
	assert_true(again.votes);
	assert_int_equal(again.born, head.born);
	for (size_t i = 0; i < DFS_SERVERS; i++) {
		assert_true(id_equal(&again.peers[i].store, &head.peers[i].store));
		assert_int_equal(again.peers[i].epoch, head.peers[i].epoch);
		assert_int_equal(again.peers[i].newest_segment,
				 head.peers[i].newest_segment);
	}
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(seal_next(&reader, &entry), SEAL_ENTRY);
		check_entry(&entry, &entries[i]);
	}
	assert_int_equal(seal_next(&reader, &entry), SEAL_END);
	pack_free(&seal);
}

/* Reads it to the end, whatever it says; how it ended. */
static enum seal_step read_all(const uint8_t *bytes, size_t len)
{
	enum seal_step step = SEAL_ENTRY;
	struct seal_reader reader;
	struct seal_entry entry;
	struct seal_head again;

	if (!seal_open((dfs_bytes){(uint32_t)len, bytes}, &again, &reader))
		return SEAL_BROKEN;
	while (step == SEAL_ENTRY)
		step = seal_next(&reader, &entry);
	return step;
}

static void test_cut_and_long(void **state)
{
	struct pack_out seal = make(COUNT);

	(void)state;
	for (size_t len = 0; len < seal.len; len++) {
		uint8_t *cut = malloc(len + 1);

		assert_non_null(cut);
		memcpy(cut, seal.bytes, len);
		assert_int_equal(read_all(cut, len), SEAL_BROKEN);
		free(cut);
	}
	pack_put_u8(&seal, 0);
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_BROKEN);
	pack_free(&seal);
	seal = make(COUNT - 1);
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_BROKEN);
	pack_free(&seal);
	seal = make(COUNT + 1);
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_BROKEN);
	pack_free(&seal);
}

/*
 * What no program of ours writes: chunks that there are not, a store that begins nowhere.
 */
static void test_no_such_numbers(void **state)
{
	static const struct seal_entry bad = {.type = SEAL_TRIM, .chunks = 16};
	struct seal_head nowhere = head;
	struct pack_out list = {0}, seal = {0};

	(void)state;
	seal_put_entry(&list, &bad);
	seal_put(&seal, &head, 1, &list);
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_BROKEN);
	pack_free(&list);
	pack_free(&seal);
	nowhere.begun = 0;
	seal_put(&seal, &nowhere, 0, &list);
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_BROKEN);
	pack_free(&seal);
}

/* The frame's checksum finds damage; even without it no byte leads a reader astray. */
static void test_any_byte_may_be_wrong(void **state)
{
	struct pack_out seal = make(COUNT);

	(void)state;
	for (size_t i = 0; i < seal.len; i++) {
		uint8_t was = seal.bytes[i];

		for (unsigned value = 0; value < 256; value++) {
			seal.bytes[i] = (uint8_t)value;
			(void)read_all(seal.bytes, seal.len);
		}
		seal.bytes[i] = was;
	}
	assert_int_equal(read_all(seal.bytes, seal.len), SEAL_END);
	pack_free(&seal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_cut_and_long),
		cmocka_unit_test(test_no_such_numbers),
		cmocka_unit_test(test_any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
