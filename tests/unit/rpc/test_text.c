/* rpc/text: numbers, hex digits, UTF-8. */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void test_numbers(void **state)
{
	uint64_t number = 7;

	(void)state;
	assert_true(text_number("0", 0, 10, &number));
	assert_int_equal(number, 0);
	assert_true(text_number("18446744073709551615", 0, UINT64_MAX, &number));
	assert_true(number == UINT64_MAX);
	assert_true(text_number("0010", 10, 10, &number));
	assert_int_equal(number, 10);

	static const char *const wrong[] = {"",
					    " 1",
					    "1 ",
					    "+1",
					    "-1",
					    "0x1",
					    "1.0",
					    "1e3",
					    "ten",
					    "18446744073709551616",
					    "99999999999999999999999"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(text_number(wrong[i], 0, UINT64_MAX, &number));
	assert_false(text_number("9", 10, 20, &number));
	assert_false(text_number("21", 10, 20, &number));
	assert_int_equal(number, 10); /* untouched by failures */
}

static void test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x09, 0xaf, 0xff};
	uint8_t back[4];
	char hex[9];

	(void)state;
	assert_string_equal(text_hex(bytes, sizeof bytes, hex), "0009afff");
	assert_true(text_unhex("0009AFff", back, sizeof back));
	assert_memory_equal(back, bytes, sizeof bytes);
	assert_string_equal(text_hex(bytes, 0, hex), "");
	assert_true(text_unhex("", back, 0));

	memset(back, 1, sizeof back);
	static const char *const wrong[] = {"0009aff", "0009afff0", "0009afg0", "",
					    "0x09afff"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(text_unhex(wrong[i], back, sizeof back));
	for (size_t i = 0; i < sizeof back; i++)
		assert_int_equal(back[i], 1);
}

static void test_utf8(void **state)
{
	static const char *const right[] = {"",
					    "a",
					    "\x7f",
					    "\xc2\x80",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xef\xbf\xbf",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf"};
	static const char *const wrong[] = {"\x80",         /* begins in the middle */
					    "\xc2",         /* ends in the middle */
					    "\xc0\xaf",     /* overlong '/' */
					    "\xc1\xbf",     /* overlong */
					    "\xe0\x9f\xbf", /* overlong */
					    "\xf0\x8f\xbf\xbf",
					    "\xed\xa0\x80",     /* a surrogate */
					    "\xf4\x90\x80\x80", /* above U+10FFFF */
					    "\xf5\x80\x80\x80",
					    "\xff",
					    "\xe2\x82",
					    "\xe2\x82z",
					    "\xf0\x9f\x98",
					    "ab\xfe"};

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		assert_true(text_is_utf8(right[i], strlen(right[i])));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(text_is_utf8(wrong[i], strlen(wrong[i])));
	assert_true(text_is_utf8("a\0b", 3)); /* U+0000 is a character; paths refuse it */
}

/* Every code point in its shortest form, and nothing else of the same lengths. */
static void test_utf8_all_code_points(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x110010; point++) {
		uint8_t bytes[4];
		size_t len = 0;

		if (point < 0x80) {
			bytes[len++] = (uint8_t)point;
		} else if (point < 0x800) {
			bytes[len++] = (uint8_t)(0xc0 | point >> 6);
			bytes[len++] = (uint8_t)(0x80 | (point & 63));
		} else if (point < 0x10000) {
			bytes[len++] = (uint8_t)(0xe0 | point >> 12);
			bytes[len++] = (uint8_t)(0x80 | (point >> 6 & 63));
			bytes[len++] = (uint8_t)(0x80 | (point & 63));
		} else {
			bytes[len++] = (uint8_t)(0xf0 | point >> 18);
			bytes[len++] = (uint8_t)(0x80 | (point >> 12 & 63));
			bytes[len++] = (uint8_t)(0x80 | (point >> 6 & 63));
			bytes[len++] = (uint8_t)(0x80 | (point & 63));
		}
		bool character = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
		if (text_is_utf8(bytes, len) != character)
			fail_msg("U+%04X", (unsigned)point);
		if (len > 1 && text_is_utf8(bytes, len - 1))
			fail_msg("U+%04X cut off", (unsigned)point);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_all_code_points),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
