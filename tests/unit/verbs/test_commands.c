/* client/verbs/commands: the table of verbs, and the texts of the help. */
#include "commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_verbs(void **state)
{
	(void)state;
	assert_ptr_equal(commands_find("ls"), commands_find("list"));
	assert_ptr_equal(commands_find("rm"), commands_find("delete"));
	assert_ptr_equal(commands_find("info"), commands_find("stat"));
	assert_null(commands_find("lst"));
	assert_string_equal(commands_nearest("lst")->name, "list");
	assert_null(commands_nearest("cat"));
	assert_string_equal(commands_nearest("puts")->name, "put");
	assert_string_equal(commands_nearest("delte")->name, "delete");
	assert_string_equal(commands_nearest("statsu")->name, "status");
	assert_string_equal(commands_nearest("logn")->name, "login");
	assert_string_equal(commands_nearest("unshear")->name, "unshare");
	assert_null(commands_nearest("frobnicate"));
	assert_null(commands_nearest("averyveryverylongword"));
	assert_null(commands_nearest(""));
}

/* Help leads with two examples, and says what each option is for. */
static void test_help(void **state)
{
	(void)state;
	for (const struct command *const *at = commands_all(); *at != NULL; at++) {
		char *text = commands_help(*at, "client");

		assert_non_null(text);
		assert_ptr_equal(strstr(text, "Examples:\n  client "), text);
		assert_non_null(strstr(text, (*at)->examples[0]));
		assert_non_null(strstr(text, (*at)->examples[1]));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
