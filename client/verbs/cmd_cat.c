/* cat PATH... */
#include "commands.h"

#include "amount.h"
#include "get_files.h"
#include "run.h"
#include <unistd.h>

static int verb_cat(struct run *run)
{
	const struct options *options = &run->options;
	const char *typed = options->values[OPTION_RANGE];
	struct dfs_range range;
	struct get_files_place place = {.fd = STDOUT_FILENO, .stream = "standard output"};

	if (options->count == 0)
		return run_usage(run, "cat needs the name of a file");
	if (typed && !amount_parse_range(typed, &range.offset, &range.length))
		return run_usage(run,
				 "\"%.64s\" is no range: write OFFSET:LENGTH, as "
				 "1M:64K, or OFFSET: for all behind it",
				 typed);
	if (typed)
		place.range = &range;
	get_files_print(run, &place);
	return run->outcome.code;
}

const struct command cmd_cat = {
	.name = "cat",
	.usage = "cat [--range OFFSET:LENGTH] PATH...",
	.summary = "Write the content of files to standard output",
	.examples = {"cat notes.txt", "cat --range 1M:64K film.mp4 >part"},
	.details =
		"One file after the other, every byte proved before it is written.  With "
		"--range\n"
		"of each file these bytes, as far as it has them; nothing else of it "
		"is fetched, so\n"
		"that a part may still be read when the whole cannot.  K, M, G and T "
		"may be written\n"
		"behind the numbers.  --json prints its objects on stderr.\n",
	.options = OPTION_BIT(OPTION_RANGE) | OPTION_BIT(OPTION_EXACT),
	.run = verb_cat,
};
