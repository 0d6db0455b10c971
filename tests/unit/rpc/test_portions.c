/* rpc/portions: nobody takes more than he leaves to all others. */
#include "portions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Takes one by one until it is refused; how many he got. */
static unsigned take_all(struct portions *portions, const char *user)
{
	unsigned got = 0;

	while (portions_take(portions, user, 1))
		got++;
	return got;
}

static void give(struct portions *portions, const char *user, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		portions_give(portions, user, 1);
}

static void test_8_6_one_user_gets_half_and_no_more(void **state)
{
	struct portions portions;

	(void)state;
	portions_init(&portions, 1024);
	for (unsigned i = 1; i <= 512; i++)
		assert_true(portions_take(&portions, "greedy", 1));
	assert_false(portions_take(&portions, "greedy", 1));
	/* What he gives back he may take again. */
	portions_give(&portions, "greedy", 1);
	assert_true(portions_take(&portions, "greedy", 1));
	assert_false(portions_take(&portions, "greedy", 1));
	assert_int_equal(portions.taken, 512);
	/* The next takes half of what is left, and all the same something is left. */
	assert_int_equal(take_all(&portions, "second"), 256);
	assert_int_equal(take_all(&portions, "third"), 128);
	/* In one piece as in many. */
	assert_false(portions_take(&portions, "fourth", 129));
	assert_true(portions_take(&portions, "fourth", 128));
	portions_clear(&portions);
}

/* As long as anything is left, whoever has nothing gets it. */
static void test_8_6_who_has_nothing_gets_what_he_needs(void **state)
{
	struct portions portions;
	char user[16];
	unsigned in_all = 0, users = 0;

	(void)state;
	portions_init(&portions, 1024);
	assert_true(portions_take(&portions, "greedy", 1000));
	assert_false(portions_take(&portions, "greedy", 1));
	assert_true(portions_take(&portions, "modest", 20));
	give(&portions, "modest", 20);
	portions_give(&portions, "greedy", 1000);
	while (in_all < 1024) {
		(void)snprintf(user, sizeof user, "user%u", users++);
		unsigned got = take_all(&portions, user);

		assert_true(got > 0);
		in_all += got;
	}
	assert_int_equal(users, 11);
	assert_false(portions_take(&portions, "late", 1));
	portions_clear(&portions);
}

static void test_8_6_what_is_nobodys_is_held_to_the_limit_alone(void **state)
{
	struct portions portions;

	(void)state;
	portions_init(&portions, 100);
	assert_int_equal(take_all(&portions, PORTIONS_NOBODY), 100);
	portions_give(&portions, PORTIONS_NOBODY, 40);
	/* It counts as taken: forty are left to be shared out. */
	assert_int_equal(take_all(&portions, "ann"), 20);
	portions_clear(&portions);
}

static void test_what_changes_hands(void **state)
{
	struct portions portions;

	(void)state;
	portions_init(&portions, 8);
	assert_int_equal(take_all(&portions, PORTIONS_NOBODY), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(portions_move(&portions, PORTIONS_NOBODY, "ann", 1),
				 i == 0);
	assert_int_equal(portions.taken, 8);
	portions_give(&portions, PORTIONS_NOBODY, 6);
	assert_int_equal(portions.taken, 2);
	assert_true(portions_move(&portions, PORTIONS_NOBODY, "ann", 1));
	assert_true(portions_move(&portions, "ann", "ann", 2));
	assert_true(portions_move(&portions, "ann", "bob", 2));
	/* Ann has nothing any more, and bob has two. */
	portions_give(&portions, "bob", 2);
	assert_int_equal(portions.taken, 0);
	assert_null(portions.users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_8_6_one_user_gets_half_and_no_more),
		cmocka_unit_test(test_8_6_who_has_nothing_gets_what_he_needs),
		cmocka_unit_test(test_8_6_what_is_nobodys_is_held_to_the_limit_alone),
		cmocka_unit_test(test_what_changes_hands),
	};

	return cmocka_run_group_tests_name("portions", tests, NULL, NULL);
}
