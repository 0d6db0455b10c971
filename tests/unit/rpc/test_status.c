/* rpc/status: every number has words of its own, and unknown ones have some too. */
#include "status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_statuses(void **state)
{
	const char *unknown = status_text((dfs_status)4711);

	(void)state;
	assert_non_null(unknown);
	for (int i = DFS_OK; i <= DFS_UNBROUGHT; i++) {
		assert_string_not_equal(status_text((dfs_status)i), unknown);
		for (int j = DFS_OK; j < i; j++)
			assert_string_not_equal(status_text((dfs_status)i),
						status_text((dfs_status)j));
	}
	assert_string_equal(status_text((dfs_status)(DFS_UNBROUGHT + 1)), unknown);
}

/* Words of exit codes are for scripts: one each, lower-case letters and '-'. */
static void test_exit_words(void **state)
{
	(void)state;
	assert_string_equal(status_exit_word(DFS_EXIT_DONE), "done");
	assert_string_equal(status_exit_word(DFS_EXIT_MISSING), "missing");
	assert_string_equal(status_exit_word(DFS_EXIT_CONFLICT), "conflict");
	for (int i = DFS_EXIT_DONE; i <= DFS_EXIT_OPEN; i++) {
		const char *word = status_exit_word((enum dfs_exit)i);

		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(word));
		for (int j = DFS_EXIT_DONE; j < i; j++)
			assert_string_not_equal(word, status_exit_word((enum dfs_exit)j));
	}
	assert_string_equal(status_exit_word((enum dfs_exit)99), "failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_exit_words),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
