/* Universal addresses, as rpcbind gives them. */
#include "directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_addresses_are_split(void **state)
{
	static const struct {
		const char *universal, *host;
		unsigned port;
	} good[] = {
		{"127.0.0.1.39.17", "127.0.0.1", 10001},
		{"::1.0.111", "::1", 111},
		{"fe80::1.255.255", "fe80::1", 65535},
		{"h.0.0", "h", 0},
	};
	static const char *const bad[] = {"",
					  "127",
					  "1.2",
					  ".1.2",
					  "127.0.0.1.39.",
					  "127.0.0.1.256.1",
					  "1.2.3.4.x.1",
					  "1.2.3.4.1.-1"};
	char host[DIRECTORY_HOST];
	unsigned short port;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(directory_split(good[i].universal, host, &port));
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (directory_split(bad[i], host, &port))
			fail_msg("\"%s\" was taken", bad[i]);

	char endless[DIRECTORY_HOST + 10];
	memset(endless, '1', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	memcpy(endless + sizeof endless - 5, ".1.1", 4);
	assert_false(directory_split(endless, host, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_split),
	};

	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
