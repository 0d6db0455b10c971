/* client/command/amount: numbers of bytes, and ranges of them. */
#include "amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void is(const char *text, uint64_t expected)
{
	uint64_t found = 7;

	if (!amount_parse(text, &found) || found != expected)
		fail_msg("%s: %llu", text, (unsigned long long)found);
}

static void is_none(const char *text)
{
	uint64_t found = 7;

	if (amount_parse(text, &found) || found != 7)
		fail_msg("%s: %llu", text, (unsigned long long)found);
}

static void test_4_1_amounts(void **state)
{
	(void)state;
	is("0", 0);
	is("17", 17);
	is("1K", 1024);
	is("3M", UINT64_C(3) << 20);
	is("1G", UINT64_C(1) << 30);
	is("2T", UINT64_C(2) << 40);
	is("9223372036854775807", INT64_MAX);
	is_none("9223372036854775808");
	is("8388607T", UINT64_C(8388607) << 40);
	is_none("8388608T");
	is_none("");
	is_none("K");
	is_none("1k");
	is_none("1KB");
	is_none("-1");
	is_none("+1");
	is_none("1 ");
	is_none("0x10");
}

static void is_range(const char *text, uint64_t offset, uint64_t length)
{
	uint64_t found_offset, found_length;

	if (!amount_parse_range(text, &found_offset, &found_length) ||
	    found_offset != offset || found_length != length)
		fail_msg("%s", text);
}

static void is_no_range(const char *text)
{
	uint64_t offset, length;

	if (amount_parse_range(text, &offset, &length))
		fail_msg("%s", text);
}

static void test_4_1_ranges(void **state)
{
	(void)state;
	is_range("0:1", 0, 1);
	is_range("10:0", 10, 0);
	is_range("1K:2M", 1024, 2 << 20);
	is_range("5:", 5, INT64_MAX);
	is_range(":5", 0, 5);
	is_range("9223372036854775807:9223372036854775807", INT64_MAX, INT64_MAX);
	is_no_range("9223372036854775808:1");
	is_no_range("1:9223372036854775808");
	is_no_range("00000000000000000000000:1");
	is_no_range(":");
	is_no_range("");
	is_no_range("5");
	is_no_range("1:2:3");
	is_no_range("-1:5");
	is_no_range("a:5");
	is_no_range("5 :5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_amounts),
		cmocka_unit_test(test_4_1_ranges),
	};

	return cmocka_run_group_tests_name("amount", tests, NULL, NULL);
}
