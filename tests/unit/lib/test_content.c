/* Digests of a content: known values, and the row. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_2_known_digests),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
