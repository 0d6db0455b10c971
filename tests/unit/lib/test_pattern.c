/* client/lib/pattern: which names a pattern stands for. */
#include "pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct sample {
	const char *pattern, *name;
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void check(const struct sample *samples, size_t count, bool expected)
{
	for (size_t i = 0; i < count; i++)
		if (pattern_matches(samples[i].pattern, samples[i].name, false) !=
		    expected)
			fail_msg("%s and %s: %s expected", samples[i].pattern,
				 samples[i].name, expected ? "a match" : "none");
}

static void test_4_1_what_matches(void **state)
{
	static const struct sample samples[] = {
		{"", ""},
		{"a", "a"},
		{"*", "a"},
		{"*", ""},
		{"**", "abc"},
		{"?", "x"},
		{"?", "\xc3\xa4"},
		{"?\?", "\xc3\xa4\xf0\x9f\x98\x80"},
		{"a*c", "ac"},
		{"a*c", "abcbc"},
		{"*a*b*c*", "xxaxxbxxcxx"},
		{"*aab", "aaaaab"},
		{"[abc]", "b"},
		{"[a-c]", "c"},
		{"[!a-c]", "d"},
		{"[^a-c]", "d"},
		{"[]]", "]"},
		{"[!]]", "a"},
		{"[]-]", "-"},
		{"[a-]", "-"},
		{"[-a]", "-"},
		{"[\\]]", "]"},
		{"[a\\-c]", "-"},
		{"[\xc3\xa0-\xc3\xbc]", "\xc3\xa4"},
		{"[", "["},
		{"[a", "[a"},
		{"*[", "x["},
		{"\\*", "*"},
		{"a\\?b", "a?b"},
		{"\\a", "a"},
		{"a\\", "a\\"},
		{"/anna/*/x?", "/anna/b/x1"},
		{".*", ".profile"},
		{"\\.*", ".profile"},
		{"a/.*", "a/.b"},
		{"a*", "a.b"},
	};

	(void)state;
	check(samples, COUNT(samples), true);
}

static void test_4_1_what_does_not(void **state)
{
	static const struct sample samples[] = {
		{"", "a"},
		{"a", ""},
		{"?", ""},
		{"?", "ab"},
		{"?", "a/"},
		{"*", "a/b"},
		{"a*c", "acb"},
		{"*aab", "aab "},
		{"[abc]", "d"},
		{"[a-c]", "d"},
		{"[!a-c]", "b"},
		{"[c-a]", "b"},
		{"[a\\-c]", "b"},
		{"[]]", "["},
		{"[/]", "/"},
		{"a[/]b", "a/b"},
		{"a?b", "a/b"},
		{"\\*", "a"},
		{"*", ".profile"},
		{"?profile", ".profile"},
		{"[.]profile", ".profile"},
		{"a/*", "a/.b"},
		{"/anna/*", "/anna/b/c"},
		{"/anna/*/*", "/anna/b"},
		{"A", "a"},
		{"\xc3\xa4", "\xc3\xa5"},
	};

	(void)state;
	check(samples, COUNT(samples), false);
}

/* find has no hidden files. */
static void test_4_1_hidden(void **state)
{
	(void)state;
	assert_true(pattern_matches("*", ".profile", true));
	assert_true(pattern_matches("?a", ".a", true));
	assert_true(pattern_matches("[.]a", ".a", true));
	assert_false(pattern_matches("a*", ".a", true));
}

static void test_4_1_parts(void **state)
{
	(void)state;
	assert_true(pattern_is("*"));
	assert_true(pattern_is("a[b"));
	assert_true(pattern_is("a\\?"));
	assert_false(pattern_is("a\\b]!^-"));
	assert_false(pattern_is(""));
	assert_int_equal(pattern_folder("/anna/a*/b"), strlen("/anna/"));
	assert_int_equal(pattern_folder("/anna/a/b?"), strlen("/anna/a/"));
	/* Behind the backslash is no name yet. */
	assert_int_equal(pattern_folder("/anna/a\\b/c*"), strlen("/anna/"));
	assert_int_equal(pattern_folder("/*"), 1);
	assert_int_equal(pattern_folder("a*"), 0);
	assert_int_equal(pattern_parts("a"), 1);
	assert_int_equal(pattern_parts("/a/b"), 3);
}

/* A part may have 255 bytes; what takes longest is what has many stars and fails late. */
static void test_4_1_no_pattern_takes_for_ever(void **state)
{
	char pattern[256], name[256];
	clock_t began = clock();

	(void)state;
	memset(name, 'a', 255);
	name[255] = '\0';
	for (size_t i = 0; i < 254; i += 2)
		memcpy(&pattern[i], "*a", 2);
	memcpy(&pattern[254], "b", 2);
	assert_false(pattern_matches(pattern, name, false));
	pattern[254] = '*';
	assert_true(pattern_matches(pattern, name, false));
	assert_true(clock() - began < CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_what_matches),
		cmocka_unit_test(test_4_1_what_does_not),
		cmocka_unit_test(test_4_1_hidden),
		cmocka_unit_test(test_4_1_parts),
		cmocka_unit_test(test_4_1_no_pattern_takes_for_ever),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
