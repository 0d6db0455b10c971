/* head PATH... */
#include "commands.h"

#include "amount.h"
#include "get_files.h"
#include "run.h"
#include <unistd.h>

enum { LINES = 10 };

static int verb_head(struct run *run)
{
	const struct options *options = &run->options;
	const char *lines = options->values[OPTION_LINES];
	const char *bytes = options->values[OPTION_BYTES];
	struct dfs_range range = {0, 0};
	struct get_files_place place = {.fd = STDOUT_FILENO,
					.stream = "standard output",
					.lines = LINES,
					.headed = !bytes,
					.titles = true};

	if (options->count == 0)
		return run_usage(run, "head needs the name of a file");
	if (lines && bytes)
		return run_usage(run, "-n and -c do not go together");
	if (lines && !amount_parse(lines, &place.lines))
		return run_usage(run, "\"%.64s\" is no number of lines", lines);
	if (bytes && !amount_parse(bytes, &range.length))
		return run_usage(run, "\"%.64s\" is no number of bytes", bytes);
	/* Of no lines nothing is needed either. */
	if (bytes || place.lines == 0)
		place.range = &range;
	get_files_print(run, &place);
	return run->outcome.code;
}

const struct command cmd_head = {
	.name = "head",
	.usage = "head [-n LINES | -c BYTES] PATH...",
	.summary = "Write the first lines of files to standard output",
	.examples = {"head notes.txt", "head -c 1K '*.log'"},
	.details = "Ten lines without -n or -c.  What is not needed for them is not "
		   "fetched, but for\n"
		   "a megabyte or so ahead, up to eight behind many lines.  Of several "
		   "files each has\n"
		   "its name before it.\n",
	.options = OPTION_BIT(OPTION_LINES) | OPTION_BIT(OPTION_BYTES) |
		   OPTION_BIT(OPTION_EXACT),
	.run = verb_head,
};
