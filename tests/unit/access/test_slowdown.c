/* server/slowdown: what a wrong try costs, and what is remembered. */
#include "slowdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct slowdown_rules rules = {.floor_ms = 100,
					    .free_tries = 3,
					    .slow_first_ms = 200,
					    .slow_most_ms = 2000,
					    .forget_ms = 600000,
					    .pairs = 4};

/* One wrong try, from its beginning to its end. */
static int64_t try_wrong(struct slowdown *slowdown, const char *user, const char *address,
			 int64_t now)
{
	int64_t wait;

	assert_int_equal(slowdown_begin(slowdown, user, address, now), SLOWDOWN_GO);
	wait = slowdown_wrong(slowdown, user, address, now);
	slowdown_end(slowdown, user, address);
	return wait;
}

static void try_right(struct slowdown *slowdown, const char *user, const char *address,
		      int64_t now)
{
	assert_int_equal(slowdown_begin(slowdown, user, address, now), SLOWDOWN_GO);
	slowdown_right(slowdown, user, address);
	slowdown_end(slowdown, user, address);
}

static void test_2_5_each_wrong_one_takes_longer_up_to_a_limit(void **state)
{
	static const int64_t expected[] = {100, 100,  100,  200,  400,
					   800, 1600, 2000, 2000, 2000};
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 5), expected[i]);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 5), 2000);
	slowdown_free(slowdown);
}

static void test_2_5_a_right_one_clears_the_pair(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		(void)try_wrong(slowdown, "bob", "10.0.0.1", 5);
	try_right(slowdown, "bob", "10.0.0.1", 6);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 7), 100);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 7), 200);
	slowdown_free(slowdown);
}

static void test_2_5_pairs_are_counted_apart(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		(void)try_wrong(slowdown, "bob", "10.0.0.1", 5);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.2", 5), 100);
	assert_int_equal(try_wrong(slowdown, "eve", "10.0.0.1", 5), 100);
	try_right(slowdown, "eve", "10.0.0.1", 5);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 5), 400);
	/* Nor are they run together. */
	assert_int_equal(try_wrong(slowdown, "bob1", "0.0.0.1", 5), 100);
	slowdown_free(slowdown);
}

static void test_2_5_forgotten_after_ten_minutes_without_one(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		(void)try_wrong(slowdown, "bob", "10.0.0.1", 1000);
	/* One millisecond less is not enough, and counts from then. */
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 600999), 400);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 1200998), 800);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 1800998), 100);
	slowdown_free(slowdown);
}

static void test_2_5_tries_of_a_pair_one_after_the_other(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	/* So many may go side by side as would be free if all were wrong. */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_GO);
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_WAIT);
	assert_int_equal(slowdown_begin(slowdown, "bob", "b", 1), SLOWDOWN_GO);
	assert_int_equal(slowdown_begin(slowdown, "eve", "a", 1), SLOWDOWN_GO);
	assert_int_equal(slowdown_wrong(slowdown, "bob", "a", 1), 100);
	slowdown_end(slowdown, "bob", "a");
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_WAIT);
	slowdown_end(slowdown, "bob", "a");
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_GO);
	assert_int_equal(slowdown_wrong(slowdown, "bob", "a", 1), 100);
	slowdown_end(slowdown, "bob", "a");
	assert_int_equal(slowdown_wrong(slowdown, "bob", "a", 1), 100);
	slowdown_end(slowdown, "bob", "a");
	/* From now on one at a time. */
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_GO);
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_WAIT);
	slowdown_end(slowdown, "bob", "a");
	assert_int_equal(slowdown_begin(slowdown, "bob", "a", 1), SLOWDOWN_GO);
	slowdown_end(slowdown, "bob", "a");
	slowdown_end(slowdown, "bob", "b");
	slowdown_end(slowdown, "eve", "a");
	slowdown_free(slowdown);
}

static void test_2_5_the_oldest_pair_goes_when_there_are_too_many(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);
	char address[16];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(address, sizeof address, "10.0.0.%u", i);
		for (unsigned n = 0; n < 4; n++)
			(void)try_wrong(slowdown, "bob", address, 5);
	}
	/* Four are remembered; the first of them is now the latest. */
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.0", 6), 400);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.9", 6), 100);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.0", 6), 800);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.2", 6), 400);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.3", 6), 400);
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 6), 100);
	/* Log-ins that are right leave nothing behind that could push others out. */
	for (unsigned i = 20; i < 40; i++) {
		(void)snprintf(address, sizeof address, "10.0.0.%u", i);
		try_right(slowdown, "eve", address, 7);
	}
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.2", 8), 800);
	slowdown_free(slowdown);
}

static void test_2_5_a_try_under_way_keeps_its_pair(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);
	char address[16];

	(void)state;
	for (unsigned n = 0; n < 4; n++)
		(void)try_wrong(slowdown, "bob", "home", 5);
	assert_int_equal(slowdown_begin(slowdown, "bob", "home", 5), SLOWDOWN_GO);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(address, sizeof address, "10.0.0.%u", i);
		(void)try_wrong(slowdown, "bob", address, 6);
	}
	assert_int_equal(slowdown_begin(slowdown, "bob", "home", 7), SLOWDOWN_WAIT);
	assert_int_equal(slowdown_wrong(slowdown, "bob", "home", 7), 400);
	slowdown_end(slowdown, "bob", "home");
	slowdown_free(slowdown);
}

/* Who does not wait for his answer gains no time by it. */
static void test_2_5_an_abandoned_try_counts_until_its_answer_was_due(void **state)
{
	struct slowdown *slowdown = slowdown_new(&rules);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		(void)try_wrong(slowdown, "bob", "10.0.0.1", 5);
	assert_int_equal(slowdown_begin(slowdown, "bob", "10.0.0.1", 5), SLOWDOWN_GO);
	assert_int_equal(slowdown_wrong(slowdown, "bob", "10.0.0.1", 5), 200);
	slowdown_abandon(slowdown, "bob", "10.0.0.1", 205);
	assert_int_equal(slowdown_begin(slowdown, "bob", "10.0.0.1", 204), SLOWDOWN_WAIT);
	assert_int_equal(slowdown_begin(slowdown, "bob", "10.0.0.2", 204), SLOWDOWN_GO);
	slowdown_end(slowdown, "bob", "10.0.0.2");
	assert_int_equal(try_wrong(slowdown, "bob", "10.0.0.1", 205), 400);
	slowdown_free(slowdown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_2_5_an_abandoned_try_counts_until_its_answer_was_due),
		cmocka_unit_test(test_2_5_each_wrong_one_takes_longer_up_to_a_limit),
		cmocka_unit_test(test_2_5_a_right_one_clears_the_pair),
		cmocka_unit_test(test_2_5_pairs_are_counted_apart),
		cmocka_unit_test(test_2_5_forgotten_after_ten_minutes_without_one),
		cmocka_unit_test(test_2_5_tries_of_a_pair_one_after_the_other),
		cmocka_unit_test(test_2_5_the_oldest_pair_goes_when_there_are_too_many),
		cmocka_unit_test(test_2_5_a_try_under_way_keeps_its_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
