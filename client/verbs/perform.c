/* One command line: understood, done, and reported. */
#include "perform.h"

#include "commands.h"
#include "numbered.h"
#include "options.h"
#include "output.h"
#include "run.h"
#include "run_shell.h"
#include "secret.h"
#include "status.h"
#include <stdio.h>

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
	struct numbered numbered;
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
	if (!run->shell)
		return run->command->run(run);
	code = numbered_replace(run, &numbered);
	if (code == DFS_EXIT_DONE)
		code = run->command->run(run);
	numbered_free(&numbered);
	return code;
}

int perform_line(struct run *run, int count, char **words)
{
	char why[OPTIONS_WHY];
	int code;
	bool understood = options_parse(count, words, &run->options, why);

	run_shell_join(run);
	run->output = output_new(run->program, &run->options);
	if (!run->output) {
		(void)fprintf(stderr, "%s: out of memory\n", run->program);
		options_free(&run->options);
		return DFS_EXIT_OTHER;
	}
	if (understood) {
		code = call_verb(run);
	} else {
		if (run->options.verb)
			run->command = commands_find_in(run, run->options.verb);
		code = run_usage(run, "%s", why);
	}
	run_close(run);
	code = output_finish(run->output, code);
	output_free(run->output);
	options_free(&run->options);
	secret_wipe(&run->pass, sizeof run->pass);
	return code;
}
