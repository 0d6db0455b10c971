/* client/verbs/typed_line: lines as bash has them, and what is inserted into them. */
#include "typed_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_words(void **state)
{
	static const struct {
		const char *line, *end, *before, *word;
		size_t count, kept;
		char quote;
	} cases[] = {
		{"dfs ", "", NULL, "", 1, 0, 0},
		{"dfs ge", "ge", NULL, "ge", 1, 0, 0},
		{"dfs  get\t", "", "get", "", 2, 0, 0},
		{"dfs get a\\ b", "a\\ b", "get", "a b", 2, 0, 0},
		{"dfs get \"a b", "a b", "get", "a b", 2, 0, '"'},
		{"dfs get 'a b", "a b", "get", "a b", 2, 0, '\''},
		{"dfs get 'a \"b' \"c'd\"", "\"c'd\"", "a \"b", "c'd", 3, 0, 0},
		{"dfs get a:b=c", "c", "get", "a:b=c", 2, 4, 0},
		{"dfs --user=an", "an", NULL, "--user=an", 1, 7, 0},
		{"dfs get 'x y'z", "z", "get", "x yz", 2, 3, 0},
		{"dfs get \"\\$\\a\\\"\" x", "x", "$\\a\"", "x", 3, 0, 0},
		{"dfs get '$x`' x", "x", "$x`", "x", 3, 0, 0},
		{"dfs put a 2>b c", "c", "a", "c", 3, 0, 0},
		{"dfs put '' c", "c", "", "c", 3, 0, 0},
		{"dfs put ~/a x", "x", "/home/of me/a", "x", 3, 0, 0},
		{"dfs put \\~/a '~'/b x", "x", "~/b", "x", 4, 0, 0},
	};
	struct typed_line line;

	(void)state;
	assert_int_equal(setenv("HOME", "/home/of me", 1), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!typed_line_parse(cases[i].line, cases[i].end, &line))
			fail_msg("not taken: %s", cases[i].line);
		assert_int_equal(line.count, cases[i].count);
		assert_string_equal(line.words[line.count - 1], cases[i].word);
		if (cases[i].before)
			assert_string_equal(line.words[line.count - 2], cases[i].before);
		assert_int_equal(line.kept, cases[i].kept);
		assert_int_equal(line.quote, cases[i].quote);
		typed_line_free(&line);
	}
}

/* What the shell alone can tell, what is no argument, and what does not fit together. */
static void test_what_is_not_understood(void **state)
{
	static const struct {
		const char *line, *end;
	} cases[] = {{"", ""},
		     {"dfs", "dfs"},
		     {"dfs get $x", "$x"},
		     {"dfs get \"$x", "$x"},
		     {"dfs get `x", "x"},
		     {"dfs get a >", ""},
		     {"dfs get a > b", "b"},
		     {"dfs get a b", "a b"},
		     {"dfs get a", "c"},
		     {"a", "longer than the line"}};
	struct typed_line line;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (typed_line_parse(cases[i].line, cases[i].end, &line))
			fail_msg("taken: %s", cases[i].line);
}

/* Any bytes, inserted behind any beginning of them, within any quotes, come back. */
static void test_9_1_what_is_inserted_is_the_word(void **state)
{
	static const char quotes[] = {0, '\'', '"'};
	struct typed_line line;
	char word[16], *text, *whole;

	(void)state;
	srandom(91);
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = 1 + (size_t)random() % (sizeof word - 1);
		char quote = quotes[round % 3];

		for (size_t i = 0; i < len; i++)
			do {
				word[i] = (char)(1 + random() % 255);
			} while (word[i] == '\n');
		word[len] = '\0';
		line = (struct typed_line){.quote = quote};
		text = typed_line_insertion(&line, word);
		assert_non_null(text);
		assert_true(asprintf(&whole, "dfs get %.1s%s%.1s", &quote, text, &quote) >
			    0);
		if (!typed_line_parse(whole, "", &line))
			fail_msg("not taken: %s", whole);
		assert_int_equal(line.count, 2);
		assert_string_equal(line.words[1], word);
		typed_line_free(&line);
		free(whole);
		free(text);
	}
}

/*
 * In GBK the last byte of the letter and a backslash are one character: what would follow
 * bare is the shell's.
 */
static void test_9_1_no_backslash_becomes_half_a_character(void **state)
{
	static const struct {
		char quote;
		size_t kept;
		const char *word, *utf8, *gbk;
	} cases[] = {
		{0, 0, "\u4e01;x", "\u4e01\\;x", "\u4e01''\\;x"},
		{0, 3, "\u4e01;x", "\\;x", "''\\;x"},
		{0, 0, "\u4e01a;", "\u4e01a\\;", "\u4e01a\\;"},
		{'"', 0, "\u4e01$x", "\u4e01\\$x", "\u4e01\"\"\\$x"},
		{'"', 0, "\u4e01;x", "\u4e01;x", "\u4e01;x"},
		{'\'', 0, "\u4e01'$", "\u4e01'\\''$", "\u4e01'\\''$"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int pairs = 0; pairs <= 1; pairs++) {
			const struct typed_line line = {.quote = cases[i].quote,
							.kept = cases[i].kept,
							.pairs = pairs};
			char *text = typed_line_insertion(&line, cases[i].word);

			assert_string_equal(text, pairs ? cases[i].gbk : cases[i].utf8);
			free(text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_what_is_not_understood),
		cmocka_unit_test(test_9_1_what_is_inserted_is_the_word),
		cmocka_unit_test(test_9_1_no_backslash_becomes_half_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
