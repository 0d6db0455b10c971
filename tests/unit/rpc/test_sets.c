/* rpc/sets: bit n - 1 stands for number n, as on the wire. */
#include "sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_one_number(void **state)
{
	(void)state;
	assert_int_equal(set_of(1), 0x1);
	assert_int_equal(set_of(4), 0x8);
	assert_int_equal(set_with(0x1, 3), 0x5);
	assert_int_equal(set_with(0x5, 3), 0x5);
	assert_int_equal(set_without(0xf, 2), 0xd);
	assert_int_equal(set_without(0xd, 2), 0xd);
}

static void test_every_set(void **state)
{
	(void)state;
	for (server_set set = 0; set <= SERVERS_ALL; set++) {
		server_set again = 0;
		unsigned count = 0;

		for (unsigned n = 1; n <= 4; n++) {
			if (!set_has(set, n))
				continue;
			again = set_with(again, n);
			count++;
		}
		assert_int_equal(again, set);
		assert_int_equal(set_count(set), count);
	}
	assert_int_equal(set_count(SERVERS_ALL), 4);
	assert_int_equal(set_count(CHUNKS_ALL), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_number),
		cmocka_unit_test(test_every_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
