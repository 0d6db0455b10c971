/* client/command/moment: ages and dates as people write them. */
#include "moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const int64_t SECOND = INT64_C(1000000000);
/* 2026-01-31T12:00:00Z */
static const int64_t NOW = INT64_C(1769860800000000000);

static void is(const char *text, int64_t expected)
{
	int64_t found = -1;

	if (!moment_parse(text, NOW, &found) || found != expected)
		fail_msg("%s: %lld", text, (long long)found);
}

static void is_none(const char *text)
{
	int64_t found = -1;

	if (moment_parse(text, NOW, &found))
		fail_msg("%s: %lld", text, (long long)found);
	assert_true(found == -1);
}

static void test_4_1_ages(void **state)
{
	(void)state;
	is("0s", NOW);
	is("90s", NOW - 90 * SECOND);
	is("10m", NOW - 600 * SECOND);
	is("2h", NOW - 7200 * SECOND);
	is("7d", NOW - 604800 * SECOND);
	is("2w", NOW - 2 * 604800 * SECOND);
	/* As far back as 1970, and one second more. */
	is("1769860800s", 0);
	is_none("1769860801s");
	is_none("99999999999s");
	is_none("d");
	is_none("7");
	is_none("7D");
	is_none("-7d");
	is_none("+7d");
	is_none("1.5h");
	is_none("7d ");
	is_none("");
}

static void test_4_1_dates(void **state)
{
	(void)state;
	is("2026-01-31T12:00:00Z", NOW);
	is("2026-01-31 12:00Z", NOW);
	is("2026-01-31Z", NOW - 43200 * SECOND);
	/* Local time is two hours ahead of UTC here. */
	is("2026-01-31 14:00:05", NOW + 5 * SECOND);
	is("2026-01-31T14:00", NOW);
	is("2026-01-31", NOW - 14 * 3600 * SECOND);
	is("2024-02-29Z", INT64_C(1709164800) * SECOND);
	is_none("2026-02-29");
	is_none("2026-02-31");
	is_none("2026-13-01");
	is_none("2026-01-31 25:00");
	is_none("2026-01-31 12:00:00 ");
	is_none("2026-01-31 12");
	is_none("31.01.2026");
	is_none("2020-1-2");
	is_none("2020-00-01");
	is_none("2020-01-01T");
	is_none("2020-01-01 1");
	is_none("2020-01-01Zulu");
	is_none("yesterday");
	is("1970-01-01Z", 0);
	/* Files may be older, within what 64 bits have nanoseconds for. */
	is("1969-12-31T23:59:59Z", -SECOND);
	is_none("1500-01-01Z");
	is_none("2300-01-01Z");
}

static void test_4_1_fractions_and_seconds(void **state)
{
	(void)state;
	is("2026-01-31 12:00:00.000000001Z", NOW + 1);
	is("1969-12-31 23:59:59.9Z", -SECOND / 10);
	is("2026-01-31T12:00:00.123456789012345678Z", NOW + 123456789);
	is_none("2020-01-01 01:00:00.Z");
	is_none("2020-01-01 01:00.5Z");
	is("@0", 0);
	is("@-1", -SECOND);
	is("@-1.5", -SECOND * 3 / 2);
	is("@1769860800.25", NOW + SECOND / 4);
	is("@9223372035", 9223372035 * SECOND);
	is_none("@9999999999");
	is_none("@");
	is_none("@x");
	is_none("@1.");
	is_none("@--1");
	is_none("@1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_ages),
		cmocka_unit_test(test_4_1_dates),
		cmocka_unit_test(test_4_1_fractions_and_seconds),
	};

	if (setenv("TZ", "EET-2", 1) != 0)
		return 1;
	tzset();
	return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
