/* store/space: the reserve of a disk, and who may use how much of it. */
#include "space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MIB = 1 << 20 };

static void test_the_reserve_has_bounds(void **state)
{
	(void)state;
	assert_int_equal(space_reserve(10 * MIB), 4 * MIB);
	assert_int_equal(space_reserve(80 * MIB), 4 * MIB);
	assert_int_equal(space_reserve(100 * MIB), 5 * MIB);
	assert_int_equal(space_reserve((uint64_t)5120 * MIB), 256 * MIB);
	assert_int_equal(space_reserve((uint64_t)100000 * MIB), 256 * MIB);
}

/* Each at its limit and one byte past it. */
static void expect_room(const struct space *space, enum space_use use, uint64_t most)
{
	assert_true(space_has_room(space, most, use));
	assert_false(space_has_room(space, most + 1, use));
}

static void test_1_11_half_of_it_is_for_repairs(void **state)
{
	const struct space roomy = {.size = 100 * MIB, .left = 12 * MIB, .free = 7 * MIB};
	const struct space full = {.size = 100 * MIB, .left = 3 * MIB, .free = 0};
	const struct space fuller = {.size = 100 * MIB, .left = 2 * MIB, .free = 0};

	(void)state;
	expect_room(&roomy, SPACE_ORDINARY, 7 * MIB);
	expect_room(&roomy, SPACE_REPAIR, 12 * MIB - 5 * MIB / 2);
	expect_room(&roomy, SPACE_ALL, 12 * MIB);
	expect_room(&full, SPACE_ORDINARY, 0);
	expect_room(&full, SPACE_REPAIR, MIB / 2);
	expect_room(&full, SPACE_ALL, 3 * MIB);
	assert_false(space_has_room(&fuller, 1, SPACE_REPAIR));
	expect_room(&fuller, SPACE_ALL, 2 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_reserve_has_bounds),
		cmocka_unit_test(test_1_11_half_of_it_is_for_repairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
