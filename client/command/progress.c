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

enum { PATIENCE_MS = 1000, PAUSE_MS = 200, NAME_WIDTH = 32 };

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

/* The end of a long name says more than its beginning; never half a character. */
static const char *tail(const char *name)
{
	size_t len = strlen(name);

	if (len > NAME_WIDTH) {
		name += len - NAME_WIDTH;
		while (((unsigned char)*name & 0xc0) == 0x80)
			name++;
	}
	return name;
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
	if (!progress || !is_due(progress))
		return;
	hide(progress);
	(void)fprintf(stderr, "%llu of %llu %s", (unsigned long long)done,
		      (unsigned long long)all, what);
	(void)fflush(stderr);
	progress->visible = true;
}

void progress_at(struct progress *progress, const char *name, uint64_t done,
		 uint64_t size)
{
	char so_far[FORMAT_SIZE], all[FORMAT_SIZE];
	char *escaped;

	if (!progress || !is_due(progress))
		return;
	escaped = format_escape(tail(name), progress->utf8);
	hide(progress);
	(void)fprintf(stderr, "%s  %s of %s", escaped ? escaped : "",
		      format_size(done, so_far), format_size(size, all));
	if (progress->expected > 1)
		(void)fprintf(stderr, "  (%zu of %zu files)", progress->files,
			      progress->expected);
	(void)fflush(stderr);
	progress->visible = true;
	free(escaped);
}

void progress_finished(struct progress *progress)
{
	if (progress)
		progress->files++;
}
