/* client/command/date: times as people write them. */
#include "date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static const int64_t second = 1000000000;

static void test_what_is_a_date(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds, ns;
	} dates[] = {
		{"@0", 0, 0},
		{"@-1", -1, 0},
		{"@-1.5", -1, -500000000},
		{"@1577934245.25", 1577934245, 250000000},
		{"@9223372035", 9223372035, 0},
		{"1970-01-01Z", 0, 0},
		{"2020-01-02T03:04:05Z", 1577934245, 0},
		{"2020-01-02 03:04:05.000000001Z", 1577934245, 1},
		{"2020-01-02 03:04Z", 1577934240, 0},
		{"2024-02-29Z", 1709164800, 0},
		{"1969-12-31 23:59:59.9Z", -1, 900000000},
		/* Two hours and a half before UTC, all year. */
		{"1970-01-01", -9000, 0},
		{"2020-01-02T05:34:05", 1577934245, 0},
	};

	(void)state;
	assert_int_equal(setenv("TZ", "XYZ-2:30", 1), 0);
	tzset();
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		int64_t ns = 0;

		assert_true(date_parse(dates[i].text, &ns));
		assert_int_equal(ns, dates[i].seconds * second + dates[i].ns);
	}
}

static void test_what_is_none(void **state)
{
	static const char *const texts[] = {
		"",
		"@",
		"@x",
		"@1.",
		"@--1",
		"@9999999999",
		"@1 ",
		"2020",
		"2020-1-2",
		"2020-13-01",
		"2020-00-01",
		"2026-02-29",
		"2020-01-32",
		"2020-01-01T",
		"2020-01-01 1",
		"2020-01-01 24:00",
		"yesterday",
		"2020-01-01Zulu",
		"1500-01-01Z",
		"2300-01-01Z",
		"2020-01-01 01:00:00.Z",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(date_parse(texts[i], &ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_date),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
