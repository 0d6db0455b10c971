/* client/command/output, format and format_file: what people and scripts are shown. */
#include "output.h"

#include "format.h"
#include "format_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void expect_escaped(const char *text, bool utf8, const char *expected)
{
	char *escaped = format_escape(text, utf8);

	assert_non_null(escaped);
	assert_string_equal(escaped, expected);
	free(escaped);
}

static void test_escape(void **state)
{
	(void)state;
	expect_escaped("", true, "");
	expect_escaped("plain name.txt", true, "plain name.txt");
	expect_escaped("a\nb\t\x1b[31m", true, "a\\x0ab\\x09\\x1b[31m");
	expect_escaped("caf\xc3\xa9", true, "caf\xc3\xa9");
	expect_escaped("caf\xc3\xa9", false, "caf\\xc3\\xa9");
	expect_escaped("\xf0\x9f\x98\x80", true, "\xf0\x9f\x98\x80");
	/*
	 * U+0085, a control beyond ASCII, and U+202E, which turns the direction of
	 * writing.
	 */
	expect_escaped("\xc2\x85", true, "\\xc2\\x85");
	expect_escaped("a\xe2\x80\xaez", true, "a\\xe2\\x80\\xaez");
	/* Not UTF-8: a lone byte, a cut one, an overlong one, a surrogate. */
	expect_escaped("\xff", true, "\\xff");
	expect_escaped("\xe2\x82", true, "\\xe2\\x82");
	expect_escaped("\xc0\xaf", true, "\\xc0\\xaf");
	expect_escaped("\xed\xa0\x80", true, "\\xed\\xa0\\x80");
}

static void test_json_strings(void **state)
{
	json_t *string = output_string("a\xff");

	(void)state;
	assert_string_equal(json_string_value(string), "a\\xff");
	json_decref(string);
	string = output_string("caf\xc3\xa9");
	assert_string_equal(json_string_value(string), "caf\xc3\xa9");
	json_decref(string);
}

static void test_times(void **state)
{
	char text[FORMAT_TIME];

	(void)state;
	assert_string_equal(format_time_utc(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(format_time_utc(1769860800123456789, text),
			    "2026-01-31T12:00:00Z");
	assert_string_equal(format_time_utc(-1, text), "1969-12-31T23:59:59Z");
}

static void test_sizes(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_size(0, text), "0 bytes");
	assert_string_equal(format_size(1, text), "1 byte");
	assert_string_equal(format_size(1023, text), "1023 bytes");
	assert_string_equal(format_size(1024, text), "1.0 KiB");
	assert_string_equal(format_size(5 * 1024 * 1024, text), "5.0 MiB");
	assert_string_equal(format_size(UINT64_MAX, text), "16.0 EiB");
}

static void test_chunks(void **state)
{
	char text[FORMAT_CHUNKS];

	(void)state;
	assert_string_equal(format_chunks(0, text), "-");
	assert_string_equal(format_chunks(0x3, text), "1,2");
	assert_string_equal(format_chunks(0x6, text), "2,3");
	assert_string_equal(format_chunks(0xc, text), "3,4");
	assert_string_equal(format_chunks(0x9, text), "4,1");
	assert_string_equal(format_chunks(0xf, text), "1,2,3,4");
}

static void test_protection(void **state)
{
	struct dfs_file file = {.copies = 2};
	char text[FORMAT_PROTECTION];

	(void)state;
	assert_string_equal(format_protection(&file, text), "2/2");
	assert_string_equal(format_mark(&file), "");
	/*
	 * A spare makes more than two, which protects no better than the table promises.
	 */
	file.copies = 3;
	assert_string_equal(format_protection(&file, text), "2/2");
	file.copies = 1;
	assert_string_equal(format_protection(&file, text), "1/2");
	assert_string_equal(format_mark(&file), "degraded");
	file.copies = 0;
	assert_string_equal(format_mark(&file), "incomplete");
}

static void test_servers(void **state)
{
	const struct dfs_file file = {.chunks = {0x9, 0x3, 0x6, 0xf}, .live = 0xd};
	json_t *servers = format_servers(&file), *expected;

	(void)state;
	expected =
		json_pack("{s:{s:[i,i],s:b},s:{s:[i,i],s:b},s:{s:[i,i],s:b},"
			  "s:{s:[i,i,i,i],s:b}}",
			  "dfs1", "chunks", 4, 1, "within_reach", 1, "dfs2", "chunks", 1,
			  2, "within_reach", 0, "dfs3", "chunks", 2, 3, "within_reach", 1,
			  "dfs4", "chunks", 1, 2, 3, 4, "within_reach", 1);
	assert_non_null(expected);
	assert_true(json_equal(servers, expected));
	json_decref(expected);
	json_decref(servers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),  cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_times),   cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_chunks),  cmocka_unit_test(test_protection),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
