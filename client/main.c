/* The command "client": finds the verb and runs it. */
#include "commands.h"
#include "complete.h"
#include "descriptors.h"
#include "options.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_version(struct run *run)
{
	json_t *fields = json_pack("{s:s}", "software", DFS_SOFTWARE);

	if (output_json(run->output)) {
		output_object(run->output, "path", NULL, DFS_EXIT_DONE, fields);
		return DFS_EXIT_DONE;
	}
	json_decref(fields);
	output_text(run->output, "%s %s\n", run->program, DFS_SOFTWARE);
	return DFS_EXIT_DONE;
}

static int find_verb(struct run *run)
{
	const char *verb = run->options.verb, *refused;

	if (!verb)
		return run_usage(
			run, "say what to do: put, get, list, delete, stat or status");
	run->command = commands_find_typed(run, verb);
	if (!run->command)
		return DFS_EXIT_USAGE;
	if (options_has(&run->options, OPTION_HELP))
		return DFS_EXIT_DONE;
	refused = options_refused(&run->options, run->command->options);
	if (refused)
		return run_usage(run, "%s knows no option --%s", run->command->name,
				 refused);
	return DFS_EXIT_DONE;
}

/* What --help asks for is what the verb help does. */
static int print_help(struct run *run)
{
	run->options.count = 0;
	if (run->command && run->command != &cmd_help)
		run->options.arguments[run->options.count++] = run->command->name;
	run->command = &cmd_help;
	return cmd_help.run(run);
}

static int call_verb(struct run *run)
{
	int code;

	if (options_has(&run->options, OPTION_VERSION))
		return print_version(run);
	if (options_has(&run->options, OPTION_HELP) && !run->options.verb)
		return print_help(run);
	code = find_verb(run);
	if (code != DFS_EXIT_DONE)
		return code;
	if (options_has(&run->options, OPTION_HELP))
		return print_help(run);
	return run->command->run(run);
}

int main(int argc, char **argv)
{
	struct run run = {0};
	char why[OPTIONS_WHY];
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	int code;

	run.program = slash ? slash + 1 : argc > 0 ? argv[0] : "client";
	if (!descriptors_keep_standard())
		return DFS_EXIT_OTHER;
	(void)setlocale(LC_CTYPE, "");
	/* A reader or a server that goes is an error of its own, not the end of
	 * everything. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is a disk that is full. */
	(void)signal(SIGXFSZ, SIG_IGN);
	/* What is typed so far is data there, and no options of this run. */
	if (argc > 1 && strcmp(argv[1], COMPLETE_VERB) == 0)
		return complete_words(run.program, argc - 2, argv + 2);
	bool understood = options_parse(argc, argv, &run.options, why);
	run.output = output_new(run.program, &run.options);
	if (!run.output) {
		(void)fprintf(stderr, "%s: out of memory\n", run.program);
		options_free(&run.options);
		return DFS_EXIT_OTHER;
	}
	if (understood) {
		code = call_verb(&run);
	} else {
		if (run.options.verb)
			run.command = commands_find(run.options.verb);
		code = run_usage(&run, "%s", why);
	}
	run_close(&run);
	code = output_finish(run.output, code);
	output_free(run.output);
	options_free(&run.options);
	return code;
}
