/* store/unit_set: what was added is there, and only that is paid for. */
#include "unit_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { UNITS = 1 << 22 };

static void add(struct unit_set *set, uint64_t unit)
{
	size_t before = unit_set_bytes(set), cost = unit_set_cost(set, unit);

	assert_true(unit_set_make_room(set, unit));
	assert_int_equal(unit_set_bytes(set), before + cost);
	assert_int_equal(unit_set_cost(set, unit), 0);
	unit_set_add(set, unit);
	assert_true(unit_set_has(set, unit));
}

static void test_against_a_plain_list(void **state)
{
	struct unit_set set = {0};
	uint8_t *plain = calloc(1, UNITS);
	uint32_t number = 1;

	(void)state;
	assert_non_null(plain);
	for (unsigned i = 0; i < 20000; i++) {
		number = number * 1664525 + 1013904223;
		/* Some of them near one another, some anywhere. */
		uint32_t unit = (number >> 8) % (i % 2 ? UNITS : 10000);

		add(&set, unit);
		plain[unit] = 1;
	}
	for (uint32_t unit = 0; unit < UNITS; unit++)
		assert_int_equal(unit_set_has(&set, unit), plain[unit]);
	unit_set_free(&set);
	free(plain);
}

static void test_the_highest_unit_is_cheap(void **state)
{
	struct unit_set set = {0};

	(void)state;
	assert_false(unit_set_has(&set, UNITS - 1));
	add(&set, UNITS - 1);
	assert_false(unit_set_has(&set, UNITS - 2));
	assert_true(unit_set_bytes(&set) < 1024);
	/* A file of a gigabyte, in order, is as cheap. */
	unit_set_free(&set);
	for (uint64_t unit = 0; unit < 4096; unit++)
		add(&set, unit);
	assert_true(unit_set_bytes(&set) < 1024);
	unit_set_free(&set);
	assert_int_equal(unit_set_bytes(&set), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_a_plain_list),
		cmocka_unit_test(test_the_highest_unit_is_cheap),
	};

	return cmocka_run_group_tests_name("unit_set", tests, NULL, NULL);
}
