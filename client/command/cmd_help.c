/* help [VERB] */
#include "commands.h"

#include "output.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

static int verb_help(struct run *run)
{
	const struct command *about = NULL;
	char *text;

	/* "help cluster create" is the one with two words. */
	if (run->options.count > 1 &&
	    strcmp(run->options.arguments[0], cmd_cluster.name) != 0)
		return run_usage(run, "help takes one verb");
	if (run->options.count > 0) {
		about = commands_find_typed(run, run->options.arguments[0]);
		if (!about)
			return DFS_EXIT_USAGE;
	}
	text = commands_help(about, run->program);
	if (!text) {
		output_failure(run->output, "path", NULL, DFS_EXIT_OTHER,
			       "out of memory");
		return DFS_EXIT_OTHER;
	}
	if (output_json(run->output))
		output_object(run->output, "path", NULL, DFS_EXIT_DONE,
			      json_pack("{s:s}", "text", text));
	else
		output_text(run->output, "%s", text);
	free(text);
	return DFS_EXIT_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.usage = "help [VERB]",
	.summary = "Explain a verb, or list them all",
	.examples = {"help", "help put"},
	.details = "",
	.run = verb_help,
};
