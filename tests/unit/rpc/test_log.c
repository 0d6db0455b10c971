/* rpc/log: the shape of a line, and quoting. */
#include "log.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Runs with stderr going to a pipe; what came out is in text. */
static void capture(char *text, size_t size, void (*speak)(const char *),
		    const char *word)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t got;

	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	speak(word);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(ends[1]), 0);
	got = read(ends[0], text, size - 1);
	assert_true(got >= 0);
	text[got] = '\0';
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(saved), 0);
}

static void warn_of(const char *word)
{
	log_event(LOG_DEBUG, "unheard", "key=%s", word);
	log_event(LOG_WARN, "damaged", "segment=%s count=%d", word, 3);
}

static void say_nothing_more(const char *word)
{
	log_event(LOG_ERROR, word, "%s", "");
}

static void say_too_much(const char *word)
{
	static char much[100000];

	memset(much, 'x', sizeof much - 1);
	log_event(LOG_ERROR, word, "%s", much);
}

static void test_lines(void **state)
{
	char text[8192];
	regex_t shape;

	(void)state;
	log_start("dfs2", LOG_INFO);
	capture(text, sizeof text, warn_of, "7");
	assert_int_equal(
		regcomp(&shape,
			"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\."
			"[0-9]{3}Z dfs2 warn damaged segment=7 count=3\n$",
			REG_EXTENDED | REG_NOSUB),
		0);
	assert_int_equal(regexec(&shape, text, 0, NULL, 0), 0);
	regfree(&shape);

	capture(text, sizeof text, say_nothing_more, "word");
	assert_non_null(strstr(text, " error word"));
	assert_int_equal(text[strlen(text) - 1], '\n');

	/* cut off, but still one line */
	capture(text, sizeof text, say_too_much, "word");
	assert_in_range(strlen(text), 4000, 4096);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

/* From here on a thread writes, in this process: the last test of lines. */
static void test_nobody_reads(void **state)
{
	enum { LINES = 3000, LONG = 1000 };
	int ends[2], saved = dup(STDERR_FILENO);
	unsigned came = 0, dropped = 0;
	bool counted_in_place = false;
	char word[LONG + 1], line[8192];
	FILE *from;

	(void)state;
	memset(word, 'x', LONG);
	word[LONG] = '\0';
	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_detach();
	for (int i = 0; i < LINES; i++) /* 3 MB; would wait for ever */
		log_event(LOG_WARN, "line", "number=%d word=%s", i, word);

	from = fdopen(ends[0], "r");
	assert_non_null(from);
	while (came + dropped < LINES && fgets(line, sizeof line, from)) {
		int number;
		char *at = strstr(line, " line number=");

		if (at) {
			assert_int_equal(sscanf(at, " line number=%d", &number), 1);
			assert_int_equal(number, came); /* in order, none twice */
			assert_int_equal(dropped, 0);
			came++;
			continue;
		}
		at = strstr(line, " warn dropped lines=");
		assert_non_null(at);
		assert_int_equal(sscanf(at, " warn dropped lines=%u", &dropped), 1);
		counted_in_place = came > 0;
	}
	assert_int_equal(came + dropped, LINES);
	assert_in_range(dropped, 1, LINES - 1);
	assert_true(counted_in_place);

	/* And then it goes on. */
	log_event(LOG_WARN, "after", "%s", "");
	log_say("for people");
	assert_non_null(fgets(line, sizeof line, from));
	assert_non_null(strstr(line, " warn after"));
	assert_non_null(fgets(line, sizeof line, from));
	assert_string_equal(line, "dfs2: for people\n");
	log_flush();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(fclose(from), 0);
	assert_int_equal(close(saved), 0);
}

static void test_quote(void **state)
{
	char buf[16];

	(void)state;
	assert_string_equal(log_quote("/a/b.c=~", 8, buf, sizeof buf), "/a/b.c=~");
	assert_string_equal(log_quote("a b", 3, buf, sizeof buf), "a\\x20b");
	assert_string_equal(log_quote("\0\n\xff", 3, buf, sizeof buf), "\\x00\\x0a\\xff");
	assert_string_equal(log_quote("\\\"", 2, buf, sizeof buf), "\\x5c\\x22");
	assert_string_equal(log_quote("", 0, buf, sizeof buf), "\"\"");
	assert_string_equal(log_quote("12345678901234567890", 20, buf, sizeof buf),
			    "123456789012345");
	/* an escape is never cut in two */
	assert_string_equal(log_quote("1234567890123\n", 14, buf, sizeof buf),
			    "1234567890123");
	assert_string_equal(log_quote("abc", 3, buf, 1), "");
}

static void test_a_sentence_cannot_be_left(void **state)
{
	char buf[32], small[8];

	(void)state;
	assert_string_equal(log_sentence("no such host", buf, sizeof buf),
			    "\"no such host\"");
	assert_string_equal(log_sentence("a\"b\nc\\d\xc3\xa4", buf, sizeof buf),
			    "\"a?b?c\\d??\"");
	assert_string_equal(log_sentence("", buf, sizeof buf), "\"\"");
	assert_string_equal(log_sentence("longer than that", small, sizeof small),
			    "\"longe\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nobody_reads),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_a_sentence_cannot_be_left),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
