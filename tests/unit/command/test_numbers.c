/* client/command/numbers: what listings give to names. */
#include "numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void test_11_5_each_kind_has_its_own_until_the_next_listing(void **state)
{
	struct numbers *numbers = numbers_new();

	(void)state;
	assert_non_null(numbers);
	numbers_begin(numbers, NUMBERS_REMOTE);
	assert_int_equal(numbers_add(numbers, NUMBERS_REMOTE, "/anna/a"), 1);
	assert_int_equal(numbers_add(numbers, NUMBERS_REMOTE, "/anna/b/"), 2);
	assert_int_equal(numbers_add(numbers, NUMBERS_LOCAL, "/tmp/a"), 1);
	assert_string_equal(numbers_find(numbers, NUMBERS_REMOTE, "2"), "/anna/b/");
	assert_string_equal(numbers_find(numbers, NUMBERS_LOCAL, "1"), "/tmp/a");
	assert_null(numbers_find(numbers, NUMBERS_LOCAL, "2"));
	assert_null(numbers_find(numbers, NUMBERS_REMOTE, "3"));
	assert_null(numbers_find(numbers, NUMBERS_REMOTE, "99999999999999999999"));
	numbers_begin(numbers, NUMBERS_REMOTE);
	assert_null(numbers_find(numbers, NUMBERS_REMOTE, "1"));
	assert_string_equal(numbers_find(numbers, NUMBERS_LOCAL, "1"), "/tmp/a");
	numbers_free(numbers);
}

static void test_11_5_many(void **state)
{
	struct numbers *numbers = numbers_new();
	char name[32], number[32];

	(void)state;
	assert_non_null(numbers);
	for (size_t i = 1; i <= 1000; i++) {
		(void)snprintf(name, sizeof name, "/anna/%zu", i);
		assert_int_equal(numbers_add(numbers, NUMBERS_REMOTE, name), i);
	}
	for (size_t i = 1; i <= 1000; i++) {
		(void)snprintf(name, sizeof name, "/anna/%zu", i);
		(void)snprintf(number, sizeof number, "%zu", i);
		assert_string_equal(numbers_find(numbers, NUMBERS_REMOTE, number), name);
	}
	numbers_free(numbers);
}

static void test_11_5_what_is_one(void **state)
{
	(void)state;
	assert_true(numbers_is_one("3"));
	assert_true(numbers_is_one("120"));
	assert_false(numbers_is_one(""));
	assert_false(numbers_is_one("0"));
	assert_false(numbers_is_one("03"));
	assert_false(numbers_is_one("./3"));
	assert_false(numbers_is_one("3.txt"));
	assert_false(numbers_is_one("-3"));
	assert_false(numbers_is_one("3 "));
}

/* Outside a shell there are none. */
static void test_11_5_without_a_shell(void **state)
{
	(void)state;
	numbers_begin(NULL, NUMBERS_LOCAL);
	assert_int_equal(numbers_add(NULL, NUMBERS_LOCAL, "/tmp/a"), 0);
	numbers_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_11_5_each_kind_has_its_own_until_the_next_listing),
		cmocka_unit_test(test_11_5_many),
		cmocka_unit_test(test_11_5_what_is_one),
		cmocka_unit_test(test_11_5_without_a_shell),
	};

	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
