/* Digests of a content: known values, and the row; times of local files. */
#include "content.h"

#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What xxh128sum and sha256sum print for "hello\n" and for nothing at all. */
static const struct {
	const char *content, *xxh128, *sha256;
	unsigned row;
} known[] = {
	{"hello\n", "6bba86c7e069f56d5a10b435f1c8e49c",
	 "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", 0},
	{"", "99aa06d3014798d86001c324468d497f",
	 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 3},
};

static void test_1_2_known_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct content_hash *hash = content_hash_new(true);
		struct content_digests digests;
		char hex[65];

		assert_non_null(hash);
		/* Byte by byte is the same as at once. */
		for (const char *c = known[i].content; *c; c++)
			assert_true(content_hash_add(hash, c, 1));
		assert_true(content_hash_end(hash, &digests));
		assert_string_equal(text_hex(digests.xxh128, 16, hex), known[i].xxh128);
		assert_string_equal(text_hex(digests.sha256, 32, hex), known[i].sha256);
		assert_int_equal(content_row(digests.xxh128), known[i].row);
	}
}

static void test_9_9_times(void **state)
{
	static const struct {
		time_t seconds;
		long rest;
		int64_t ns;
	} times[] = {
		{0, 0, 0},
		{-1, 999999999, -1},
		{-315619200, 250000000, -315619199750000000}, /* 1960 */
		{9223372036, 854775807, INT64_MAX},
		{9223372036, 854775808, INT64_MAX},
		{9223372037, 0, INT64_MAX}, /* wrapped, that is 1677 */
		{10413792000, 0, INT64_MAX},
		{-9223372036, 0, -9223372036000000000},
		{-9223372038, 0, INT64_MIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		const struct timespec time = {times[i].seconds, times[i].rest};

		assert_int_equal(content_time(&time), times[i].ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_2_known_digests),
		cmocka_unit_test(test_9_9_times),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
