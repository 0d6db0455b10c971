/* client/shell/words: lines taken apart as sh does, which is asked itself. */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Each word between brackets, a pattern behind it. */
static char *shown(const struct words *words)
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	assert_non_null(stream);
	assert_null(words->items[0]);
	assert_null(words->items[words->count]);
	for (size_t i = 1; i < words->count; i++) {
		(void)fprintf(stream, "[%s]", words->items[i]);
		if (words->patterns[i])
			(void)fprintf(stream, "=%s", words->patterns[i]);
	}
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void test_11_5_words(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{"", ""},
		{"  \t ", ""},
		{"# all of it", ""},
		{"get a#b # c", "[get][a#b]"},
		{"get  a\tb ", "[get][a][b]"},
		{"get 'a b' \"c d\" e\\ f", "[get][a b][c d][e f]"},
		{"get ''", "[get][]"},
		{"get \"\"a''", "[get][a]"},
		{"get 'a'\\''b'", "[get][a'b]"},
		{"get 'a\\b' \"a\\b\" a\\b", "[get][a\\b][a\\b][ab]"},
		{"get \"\\$\\`\\\"\\\\\"", "[get][$`\"\\]"},
		{"get '$x `y` | & ; < > ( )'", "[get][$x `y` | & ; < > ( )]"},
		{"get a\\$b \\| \\`", "[get][a$b][|][`]"},
		{"get $ a$ $/ \"$ \"", "[get][$][a$][$/][$ ]"},
		{"put *.txt", "[put][*.txt]=*.txt"},
		{"put '*'.txt \\*b \"[\"*", "[put][*.txt][*b][[*]=\\[*"},
		{"put 'a\\'*", "[put][a\\*]=a\\\\*"},
		{"put a? [b]", "[put][a?]=a?[[b]]=[b]"},
		{"put ~ ~/a ~b a~ '~'/c", "[put][/h o][/h o/a][~b][a~][~/c]"},
		{"put ~/*", "[put][/h o/*]=/h o/*"},
		{"get 'two\nlines'", "[get][two\nlines]"},
		{"get a\\\nb", "[get][ab]"},
		{"get \"a\\\nb\"", "[get][ab]"},
		{"get gr\xc3\xbc\xc3\x9f", "[get][gr\xc3\xbc\xc3\x9f]"},
	};
	char why[WORDS_WHY];
	struct words words;

	(void)state;
	assert_int_equal(setenv("HOME", "/h o", 1), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text;

		assert_int_equal(words_parse(cases[i].line, &words, why), WORDS_DONE);
		text = shown(&words);
		assert_string_equal(text, cases[i].words);
		free(text);
		words_free(&words);
	}
}

/* The same words as sh makes of it, for lines put together by chance. */
static void test_11_5_as_sh_does(void **state)
{
	static const char *const parts[] = {"a",   "b c", " ",    "'",   "\"", "\\",
					    "\\ ", "''",  "\"\"", "\\'", "#",  " #",
					    "%",   "~x",  "=",    "{a}", "\t", "!"};
	enum { PARTS = sizeof parts / sizeof *parts };
	unsigned seed = 1, compared = 0;
	char line[64], command[256], why[WORDS_WHY];
	struct words words;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		char got[512] = "", *ours;
		size_t len;
		FILE *sh;

		line[0] = '\0';
		for (unsigned k = 0; k < 7; k++) {
			seed = seed * 1103515245 + 12345;
			len = strlen(line);
			(void)snprintf(line + len, sizeof line - len, "%s",
				       parts[seed / 65536 % PARTS]);
		}
		if (words_parse(line, &words, why) != WORDS_DONE)
			continue;
		(void)snprintf(command, sizeof command,
			       "set -f; set -- x%s%s\nshift; for w; do printf '[%%s]' "
			       "\"$w\"; done",
			       " ", line);
		sh = popen(command, "r");
		assert_non_null(sh);
		got[fread(got, 1, sizeof got - 1, sh)] = '\0';
		assert_int_equal(pclose(sh), 0);
		ours = shown(&words);
		if (strcmp(ours, got) != 0)
			fail_msg("%s is %s to sh, and here %s", line, got, ours);
		free(ours);
		words_free(&words);
		compared++;
	}
	assert_true(compared > 100);
}

static void test_11_5_what_is_open_or_wrong(void **state)
{
	static const char *const open[] = {"get 'a",    "get \"a", "get a\\",
					   "get \"a\\", "'",       "get 'a\nb"};
	static const char *const wrong[] = {"list | wc", "a && b", "a; b",    "a >b",
					    "a <b",      "(a)",    "a $HOME", "a ${b}",
					    "a $(b)",    "a `b`",  "a $1",    "\"$HOME\"",
					    "a \"`b`\"", "a$$"};
	char why[WORDS_WHY];
	struct words words;

	(void)state;
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		assert_int_equal(words_parse(open[i], &words, why), WORDS_OPEN);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		why[0] = '\0';
		assert_int_equal(words_parse(wrong[i], &words, why), WORDS_WRONG);
		assert_non_null(strstr(why, "quote it"));
	}
}

static void test_11_5_for_sh(void **state)
{
	(void)state;
	assert_string_equal(words_for_sh("!ls -l | wc"), "ls -l | wc");
	assert_string_equal(words_for_sh("  !ls"), "ls");
	assert_null(words_for_sh("ls !"));
	assert_null(words_for_sh(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_11_5_words),
		cmocka_unit_test(test_11_5_as_sh_does),
		cmocka_unit_test(test_11_5_what_is_open_or_wrong),
		cmocka_unit_test(test_11_5_for_sh),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
