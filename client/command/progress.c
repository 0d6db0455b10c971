/* One line on a terminal that says how far a long command is. */
#include "progress.h"

#include "clock.h"
#include "format.h"
#include "output.h"
#include <langinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum {
	PATIENCE_MS = 1000,
	PAUSE_MS = 200,
	NAME_WIDTH = 32,
	NAME_LEAST = 6,
	COLUMNS = 80
};

struct progress {
	struct output *output;
	int64_t started_ms, shown_ms;
	bool visible, utf8;
	size_t files, expected;
};

static void hide(void *context)
{
	struct progress *progress = context;

	if (!progress->visible)
		return;
	/* Back to the first column, and erase to the end of the line (ECMA-48). */
	(void)fputs("\r\033[K", stderr);
	progress->visible = false;
}

struct progress *progress_new(struct output *output)
{
	struct progress *progress;

	if (!output_progress(output))
		return NULL;
	progress = calloc(1, sizeof *progress);
	if (!progress)
		return NULL;
	progress->output = output;
	progress->started_ms = clock_now_ms();
	progress->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	output_before(output, hide, progress);
	return progress;
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	hide(progress);
	output_before(progress->output, NULL, NULL);
	free(progress);
}

void progress_expect(struct progress *progress, size_t files)
{
	if (progress)
		progress->expected += files;
}

/*
 * How many columns the terminal has now: a window may have become another size since.
 * One that does not know is taken for what terminals once were.
 */
static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
		       ? size.ws_col
		       : COLUMNS;
}

/* The character at text: its bytes, and in *ret_width how many columns it takes. */
static size_t measure(const char *text, size_t *ret_width)
{
	mbstate_t state = {0};
	wchar_t code;
	size_t len = mbrtowc(&code, text, strlen(text), &state);
	int width = len > 0 && len < (size_t)-2 ? wcwidth(code) : 1;

	*ret_width = width > 0 ? (size_t)width : 0;
	return len > 0 && len < (size_t)-2 ? len : 1;
}

static size_t width_of(const char *text)
{
	size_t all = 0, width;

	for (; *text != '\0'; all += width)
		text += measure(text, &width);
	return all;
}

/* The end of a long name says more than its beginning; never half a character. */
static const char *tail(const char *name, size_t room)
{
	size_t all = width_of(name), width;

	for (; all > room; all -= width)
		name += measure(name, &width);
	return name;
}

/*
 * As much as fits in a line whose last column stays free, where many terminals would go
 * on to the next: what "\r" takes away is one line.  Numbers say more than names.
 */
static void show(const struct progress *progress, const char *name, const char *bytes)
{
	size_t room = columns() - 1, len = strlen(bytes);
	char files[64] = "";

	if (progress->expected > 1)
		(void)snprintf(files, sizeof files, "  (%zu of %zu files)",
			       progress->files, progress->expected);
	if (len > room)
		return;
	if (len + strlen(files) > room)
		files[0] = '\0';
	room -= len + strlen(files);
	if (room > NAME_LEAST) {
		size_t most = room - 2 < NAME_WIDTH ? room - 2 : NAME_WIDTH;

		(void)fprintf(stderr, "%s  ", tail(name, most));
	}
	(void)fprintf(stderr, "%s%s", bytes, files);
	(void)fflush(stderr);
}

/* Not in the first second, and then not all the time. */
static bool is_due(struct progress *progress)
{
	int64_t now = clock_now_ms();

	if (now - progress->started_ms < PATIENCE_MS ||
	    now - progress->shown_ms < PAUSE_MS)
		return false;
	progress->shown_ms = now;
	return true;
}

void progress_count(struct progress *progress, const char *what, uint64_t done,
		    uint64_t all)
{
	char text[96];

	if (!progress || !is_due(progress))
		return;
	(void)snprintf(text, sizeof text, "%llu of %llu %s", (unsigned long long)done,
		       (unsigned long long)all, what);
	hide(progress);
	show(progress, "", text);
	progress->visible = true;
}

void progress_at(struct progress *progress, const char *name, uint64_t done,
		 uint64_t size)
{
	char so_far[FORMAT_SIZE], all[FORMAT_SIZE], bytes[2 * FORMAT_SIZE + 4];
	char *escaped;

	if (!progress || !is_due(progress))
		return;
	escaped = format_escape(name, progress->utf8);
	(void)snprintf(bytes, sizeof bytes, "%s of %s", format_size(done, so_far),
		       format_size(size, all));
	hide(progress);
	show(progress, escaped ? escaped : "", bytes);
	progress->visible = true;
	free(escaped);
}

void progress_finished(struct progress *progress)
{
	if (progress)
		progress->files++;
}
