/* help [VERB] */
#include "commands.h"

#include "output.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

/* Has the verb verbs of its own? */
static bool has_words(const char *name)
{
	return strcmp(name, cmd_cluster.name) == 0 || strcmp(name, cmd_key.name) == 0 ||
	       strcmp(name, cmd_user.name) == 0;
}

static void list_of_shell(struct output *output)
{
	const struct command *const *at;

	output_text(output, "\nIn this shell, without the program's name, also:\n");
	for (at = commands_of_shell(); *at; at++)
		output_text(output, "  %-13s %s\n", (*at)->name, (*at)->summary);
	output_text(output, "  %-13s %s\n", "!COMMAND", "A command of sh");
}

static int verb_help(struct run *run)
{
	const struct command *about = NULL;
	char *text;

	/* Of "help user add" the first word is the verb. */
	if (run->options.count > 1 && !has_words(run->options.arguments[0]))
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
	if (!about && run->shell && !output_json(run->output))
		list_of_shell(run->output);
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
