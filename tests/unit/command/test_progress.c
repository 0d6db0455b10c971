/* command/progress: the line fits the terminal, whose width may change. */
#include "progress.h"

#include "options.h"
#include "output.h"
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <cmocka.h>

enum { LIMIT_MS = 20000, MIB = 1 << 20 };

static int terminal, kept_stderr;
static struct options options;
static struct output *output;
static struct progress *progress;

static int begin(void **state)
{
	int other;

	(void)state;
	if (!setlocale(LC_ALL, "C.UTF-8") || setenv("TERM", "xterm", 1) != 0 ||
	    openpty(&terminal, &other, NULL, NULL, NULL) != 0)
		return -1;
	kept_stderr = dup(STDERR_FILENO);
	if (dup2(other, STDERR_FILENO) < 0 || close(other) != 0)
		return -1;
	output = output_new("client", &options);
	progress = output ? progress_new(output) : NULL;
	return progress ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	progress_free(progress);
	output_free(output);
	(void)dup2(kept_stderr, STDERR_FILENO);
	return close(terminal);
}

/* The next line that is shown when the terminal has so many columns. */
static void next_line(unsigned short columns, const char *name, char *ret, size_t size)
{
	const struct winsize window = {.ws_row = 24, .ws_col = columns};
	struct pollfd item = {.fd = terminal, .events = POLLIN};
	size_t len = 0;
	ssize_t got;

	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &window), 0);
	for (int waited = 0; poll(&item, 1, 10) == 0; waited += 10) {
		assert_true(waited < LIMIT_MS);
		progress_at(progress, name, 5 * MIB, 12 * MIB);
	}
	do {
		got = read(terminal, ret + len, size - 1 - len);
		assert_true(got > 0);
		len += (size_t)got;
	} while (poll(&item, 1, 0) > 0);
	ret[len] = '\0';
	if (strncmp(ret, "\r\033[K", 4) == 0)
		memmove(ret, ret + 4, len - 3);
}

static int width(const char *line)
{
	wchar_t wide[512];
	size_t len = mbstowcs(wide, line, sizeof wide / sizeof *wide);

	if (len == (size_t)-1)
		fail_msg("half a character in \"%s\"", line);
	return wcswidth(wide, len);
}

static void test_9_11_a_line_is_never_longer_than_the_terminal(void **state)
{
	static const char *const names[] = {
		"a", "/shared/somewhere/far/below/many/folders/a-long-name.tar.gz",
		/* two columns each; and one that takes none */
		"/shared/\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac/"
		"\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac\u6771\u4eac",
		"/shared/u\u0308u\u0308u\u0308u\u0308u\u0308u\u0308"
		"u\u0308u\u0308u\u0308"};
	static const unsigned short widths[] = {80, 41, 33, 21};
	char line[1024];

	(void)state;
	progress_expect(progress, 7);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
			next_line(widths[w], names[i], line, sizeof line);
			if (width(line) < 0 || width(line) >= widths[w])
				fail_msg("%d columns of %d: %s", width(line), widths[w],
					 line);
			assert_null(strpbrk(line, "\r\n"));
			assert_non_null(strstr(line, "5.0 MiB of 12.0 MiB"));
		}
	/* One that is wide enough is made use of, also after a narrow one. */
	next_line(200, names[1], line, sizeof line);
	assert_string_equal(line, "/many/folders/a-long-name.tar.gz"
				  "  5.0 MiB of 12.0 MiB  (0 of 7 files)");
	next_line(53, names[1], line, sizeof line);
	assert_string_equal(line, "ong-name.tar.gz  5.0 MiB of 12.0 MiB"
				  "  (0 of 7 files)");
	/* One that does not tell its width has 80. */
	next_line(0, names[1], line, sizeof line);
	assert_true(width(line) > 60 && width(line) < 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_9_11_a_line_is_never_longer_than_the_terminal),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
