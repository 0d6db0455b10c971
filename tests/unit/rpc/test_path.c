/* rpc/path: what may be stored under, on both sides of the wire (acceptance 1.3). */
#include "path.h"

#include "dfs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool is_file(const char *path)
{
	return !path_check(path, strlen(path));
}

static bool is_folder(const char *path)
{
	return !path_check_folder(path, strlen(path));
}

static bool is_user(const char *name)
{
	return !path_check_user(name, strlen(name));
}

static void test_users(void **state)
{
	(void)state;
	assert_true(is_user("a"));
	assert_true(is_user("0"));
	assert_true(is_user("a.b_c-d"));
	assert_true(is_user("sharedx"));
	assert_true(is_user("a2345678901234567890123456789012"));
	assert_false(is_user("a23456789012345678901234567890123"));
	assert_false(is_user(""));
	assert_false(is_user("shared"));
	assert_false(is_user("Anna"));
	assert_false(is_user("_a"));
	assert_false(is_user(".a"));
	assert_false(is_user("-a"));
	assert_false(is_user("a/b"));
	assert_false(is_user("a b"));
	assert_false(is_user("\xc3\xa4"));
	assert_non_null(path_check_user("a\0b", 3));
}

static void test_1_3_allowed(void **state)
{
	static const char *const allowed[] = {
		"/anna/a",
		"/shared/a",
		"/anna/a/b/c",
		"/anna/...",
		"/anna/.hidden",
		"/anna/ ",
		"/anna/a b",
		"/anna/*?[]{}$'\"\\`!",
		"/anna/-rf",
		"/anna/\xc2\xa0",        /* U+00A0, just above the controls */
		"/anna/\xc3\xa9",        /* composed */
		"/anna/e\xcc\x81",       /* decomposed: another name */
		"/anna/\xe2\x80\xaexyz", /* right to left */
		"/anna/\xf0\x9f\x98\x80",
		"/anna/anna",
		"/anna/shared",
	};

	(void)state;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (!is_file(allowed[i]))
			fail_msg("refused: %s", allowed[i]);
}

static void test_1_3_refused(void **state)
{
	static const char *const refused[] = {
		"",
		"/",
		"a",
		"anna/a",
		"/anna",
		"/anna/",
		"/shared",
		"//a",
		"/anna//a",
		"/anna/a/",
		"/anna/.",
		"/anna/..",
		"/anna/./a",
		"/anna/../a",
		"/anna/a/..",
		"/./a",
		"/../a",
		"/Anna/a",
		"/an na/a",
		"/anna/\n",
		"/anna/\t",
		"/anna/a\x1f",
		"/anna/\x7f",
		"/anna/\xc2\x80",
		"/anna/\xc2\x9f",
		"/anna/\xff",
		"/anna/\xc0\xaf",
		"/anna/\xed\xa0\x80",
		"/anna/\xc2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (is_file(refused[i]))
			fail_msg("allowed: %s", refused[i]);
	assert_non_null(path_check("/anna/a\0b", 9));
	assert_non_null(path_check("/anna/a\0", 8));
}

/* Every single byte as a name, and every control character. */
static void test_1_3_every_byte(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char path[] = "/anna/x";
		bool allowed = c >= 0x20 && c < 0x7f && c != '/' && c != '.';

		path[6] = (char)c;
		assert_int_equal(!path_check(path, 7), allowed);
		/* between others a dot is fine, and a slash makes two parts */
		char longer[] = "/anna/axb";
		longer[7] = (char)c;
		assert_int_equal(!path_check(longer, 9), allowed || c == '.' || c == '/');
	}
	for (unsigned c = 0x80; c < 0xc0; c++) {
		char path[] = "/anna/\xc2x";

		path[7] = (char)c;
		assert_int_equal(!path_check(path, 8), c >= 0xa0);
	}
}

static void test_1_3_lengths(void **state)
{
	char path[DFS_PATH_MAX + 2];

	(void)state;
	memset(path, 'x', sizeof path);
	memcpy(path, "/anna/", 6);
	assert_null(path_check(path, 6 + DFS_PART_MAX));
	assert_non_null(path_check(path, 6 + DFS_PART_MAX + 1));

	for (size_t i = 100; i < sizeof path; i += 100)
		path[i] = '/';
	assert_null(path_check(path, DFS_PATH_MAX));
	assert_non_null(path_check(path, DFS_PATH_MAX + 1));
	assert_null(path_check_folder("/anna/", 6));
}

static void test_folders(void **state)
{
	(void)state;
	assert_true(is_folder("/"));
	assert_true(is_folder("/anna/"));
	assert_true(is_folder("/shared/"));
	assert_true(is_folder("/anna/a/b/"));
	assert_false(is_folder(""));
	assert_false(is_folder("/anna"));
	assert_false(is_folder("anna/"));
	assert_false(is_folder("//"));
	assert_false(is_folder("/anna//"));
	assert_false(is_folder("/anna/../"));
	assert_false(is_folder("/ANNA/"));
	assert_false(is_folder("/anna/\n/"));
}

static void expect_canonical(const char *typed, const char *expected)
{
	char *path = path_canonical(typed, "anna");

	assert_non_null(path);
	assert_string_equal(path, expected);
	free(path);
}

static void test_canonical(void **state)
{
	(void)state;
	expect_canonical("a", "/anna/a");
	expect_canonical("a/b", "/anna/a/b");
	expect_canonical("/shared/a", "/shared/a");
	expect_canonical("/bert/a", "/bert/a");
	expect_canonical("", "/anna/");
	expect_canonical("/", "/");
	expect_canonical("a//b", "/anna/a//b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),       cmocka_unit_test(test_1_3_allowed),
		cmocka_unit_test(test_1_3_refused), cmocka_unit_test(test_1_3_every_byte),
		cmocka_unit_test(test_1_3_lengths), cmocka_unit_test(test_folders),
		cmocka_unit_test(test_canonical),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
