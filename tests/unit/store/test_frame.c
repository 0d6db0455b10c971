/* store/frame: a record is taken whole and in its own place, or not at all. */
#include "frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint8_t *make(const struct frame_key *key, enum frame_type type, const char *data,
		     size_t *ret_len)
{
	uint8_t *buf;

	*ret_len = frame_size(key->len, strlen(data));
	buf = malloc(*ret_len);
	assert_non_null(buf);
	frame_pack(buf, type, key, data, strlen(data));
	return buf;
}

static void test_comes_back(void **state)
{
	static const char *const texts[] = {"", "x", "some more bytes"};
	struct frame_key key;
	dfs_bytes data;

	(void)state;
	frame_key_register(&key, "/a/b", 4);
	for (size_t i = 0; i < 3; i++) {
		size_t len;
		uint8_t *buf = make(&key, FRAME_REGISTER, texts[i], &len);

		assert_true(frame_unpack(buf, len, FRAME_REGISTER, &key, &data));
		assert_int_equal(data.len, strlen(texts[i]));
		assert_memory_equal(data.data, texts[i], data.len);
		free(buf);
	}
}

static void test_every_bit_counts(void **state)
{
	struct frame_key key;
	dfs_bytes data;
	size_t len;
	uint8_t *buf;

	(void)state;
	frame_key_register(&key, "/a/b", 4);
	buf = make(&key, FRAME_REGISTER, "some bytes", &len);
	for (size_t i = 0; i < 8 * len; i++) {
		buf[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_false(frame_unpack(buf, len, FRAME_REGISTER, &key, &data));
		buf[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	for (size_t shorter = 0; shorter < len; shorter++) {
		/* In its own memory, so that a sanitizer sees a byte too many. */
		uint8_t *cut = malloc(shorter + 1);

		assert_non_null(cut);
		memcpy(cut, buf, shorter);
		assert_false(frame_unpack(cut, shorter, FRAME_REGISTER, &key, &data));
		free(cut);
	}
	free(buf);
}

static void test_exchanged_records(void **state)
{
	dfs_id object = {{1, 2, 3}}, other = {{1, 2, 4}};
	struct frame_key key, wrong;
	dfs_bytes data;
	size_t len;
	uint8_t *buf;

	(void)state;
	frame_key_unit(&key, &object, 7);
	buf = make(&key, FRAME_UNIT, "bytes", &len);
	assert_true(frame_unpack(buf, len, FRAME_UNIT, &key, &data));
	assert_false(frame_unpack(buf, len, FRAME_REGISTER, &key, &data));
	frame_key_unit(&wrong, &object, 8);
	assert_false(frame_unpack(buf, len, FRAME_UNIT, &wrong, &data));
	frame_key_unit(&wrong, &other, 7);
	assert_false(frame_unpack(buf, len, FRAME_UNIT, &wrong, &data));
	free(buf);
}

static void test_units_sort_by_number(void **state)
{
	dfs_id object = {{9}};
	struct frame_key a, b;

	(void)state;
	frame_key_unit(&a, &object, 255);
	frame_key_unit(&b, &object, 256);
	assert_int_equal(a.len, b.len);
	assert_true(memcmp(a.bytes, b.bytes, a.len) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_exchanged_records),
		cmocka_unit_test(test_units_sort_by_number),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
