/* client/lib/report: what may still be put, from what servers have told. */
#include "libdfs_upkeep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct dfs_report report_of(uint64_t one, uint64_t two, uint64_t three,
				   uint64_t four)
{
	const uint64_t room[] = {one, two, three, four};
	struct dfs_report report = {.code = 0};

	for (size_t i = 0; i < 4; i++) {
		report.servers[i].told = true;
		report.servers[i].disk_free = room[i];
	}
	return report;
}

/* Each server keeps half of every file. */
static void test_4_1_room_of_the_fullest(void **state)
{
	struct dfs_report report = report_of(1000, 700, 900, 800);

	(void)state;
	assert_int_equal(dfs_report_available(&report), 1400);
	report.servers[2].disk_free = 0;
	assert_int_equal(dfs_report_available(&report), 0);
}

/* For an absent one the opposite one keeps the other half too. */
static void test_4_1_spares_take_room(void **state)
{
	struct dfs_report report = report_of(1000, 700, 900, 800);

	(void)state;
	report.servers[1].told = false;
	assert_int_equal(dfs_report_available(&report), 800);
	report.servers[1].told = true;
	report.servers[2].told = false;
	assert_int_equal(dfs_report_available(&report), 1000);
	report.servers[0].told = false;
	assert_int_equal(dfs_report_available(&report), 0);
}

static void test_4_1_quota(void **state)
{
	struct dfs_report report = report_of(1000, 700, 900, 800);

	(void)state;
	report.quota = 1000;
	report.used = 999;
	assert_int_equal(dfs_report_available(&report), 1);
	report.used = 1000;
	assert_int_equal(dfs_report_available(&report), 0);
	report.used = 1001;
	assert_int_equal(dfs_report_available(&report), 0);
	report.quota = 3000;
	report.used = 0;
	assert_int_equal(dfs_report_available(&report), 1400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_room_of_the_fullest),
		cmocka_unit_test(test_4_1_spares_take_room),
		cmocka_unit_test(test_4_1_quota),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
