/* status */
#include "upkeep.h"

#include "interrupt.h"
#include "output.h"
#include "report.h"
#include "run.h"
#include "status.h"
#include "text.h"
#include <stdio.h>
#include <string.h>

enum { WATCH_SECONDS = 2, WATCH_MAX = 86400 };

/* Nothing could be found out. */
static int fail_unknown(struct run *run, const struct dfs_result *result)
{
	static const struct dfs_report nothing = {.code = HEALTH_UNKNOWN};

	if (options_has(&run->options, OPTION_PROMETHEUS))
		report_prometheus(run, &nothing);
	if (output_json(run->output))
		output_object(run->output, "server", "all", HEALTH_UNKNOWN,
			      json_pack("{s:s,s:o}", "status", report_health(&nothing),
					"message", output_string(result->why)));
	else
		output_failure(run->output, "server", NULL, HEALTH_UNKNOWN, result->why);
	return HEALTH_UNKNOWN;
}

static void show(struct run *run, const struct dfs_report *report,
		 const struct dfs_result *result)
{
	if (options_has(&run->options, OPTION_PROMETHEUS))
		report_prometheus(run, report);
	else if (output_json(run->output))
		report_json(run, report, result);
	else
		report_text(run, report, result);
}

/* Looks once, and shows it. */
static int look(struct run *run)
{
	struct dfs_report report;
	struct dfs_result opened = run_open_if_possible(run), result;

	if (opened.code != DFS_EXIT_DONE)
		return fail_unknown(run, &opened);
	result = dfs_report(run->dfs, &report);
	if (result.code != DFS_EXIT_DONE || report.code < HEALTH_OK ||
	    report.code > HEALTH_UNKNOWN)
		report.code = HEALTH_UNKNOWN;
	if (result.warning[0] == '\0')
		memcpy(result.warning, opened.warning, sizeof result.warning);
	show(run, &report, &result);
	if (options_has(&run->options, OPTION_WHAT_IF) && report.known)
		report_what_if(run);
	else if (options_has(&run->options, OPTION_WHAT_IF))
		output_warning(run->output, "--what-if is told only to who is logged in");
	/* Who could not be logged in now may be the next time. */
	if (!report.known)
		run_close(run);
	return report.code;
}

/* Again and again, until somebody interrupts it or nobody reads any more. */
static int watch(struct run *run, uint64_t seconds)
{
	int code;

	for (;;) {
		/* To the first place of an empty screen (ECMA-48). */
		if (output_terminal(run->output))
			output_text(run->output, "\033[H\033[2J");
		code = look(run);
		if (output_finish(run->output, DFS_EXIT_DONE) != DFS_EXIT_DONE)
			return code;
		interrupt_pause((int64_t)seconds * 1000);
		if (interrupt_came())
			return code;
	}
}

/* DFS_EXIT_DONE, or the code of a usage error that was reported. */
static int check(struct run *run, uint64_t *ret_seconds)
{
	const struct options *options = &run->options;
	bool watched = options_has(options, OPTION_WATCH);
	const char *seconds = watched ? options->values[OPTION_WATCH] : "";
	size_t count = options->count;

	if (watched && *seconds == '\0' && count > 0) {
		seconds = options->arguments[0];
		count--;
	}
	*ret_seconds = WATCH_SECONDS;
	if (count > 0)
		return run_usage(run, "status takes no arguments");
	if (*seconds != '\0' && !text_number(seconds, 1, WATCH_MAX, ret_seconds))
		return run_usage(run, "--watch takes seconds, 1 to %d", (int)WATCH_MAX);
	if (options_has(options, OPTION_PROMETHEUS) &&
	    (output_json(run->output) || watched || options_has(options, OPTION_WHAT_IF)))
		return run_usage(run, "--prometheus goes with no other form");
	return DFS_EXIT_DONE;
}

static int verb_status(struct run *run)
{
	struct dfs_result result;
	uint64_t seconds;
	int code = check(run, &seconds);

	if (code != DFS_EXIT_DONE)
		return code;
	result = run_user(run);
	if (result.code != DFS_EXIT_DONE) {
		output_failure(run->output, "server", NULL, result.code, result.why);
		return result.code;
	}
	return options_has(&run->options, OPTION_WATCH) ? watch(run, seconds) : look(run);
}

const struct command cmd_status = {
	.name = "status",
	.usage = "status [--what-if] [--watch [SECONDS] | --prometheus]",
	.summary = "Show how the servers and the files are",
	.examples = {"status", "status --what-if"},
	.details =
		"Files are counted by the living copies of the worst of their chunks; "
		"the counts are\n"
		"of everybody's files.  --what-if shows, for each server and each pair "
		"of servers that\n"
		"could go, what would become unreadable: by name, up to 1000 files, "
		"and all with -v.\n"
		"Without a log-in it shows which servers are there, and asks for no "
		"password.\n\n"
		"Exit codes of this verb: 0 all servers answer and vote and every "
		"chunk has two\n"
		"living copies; 1 less than that, but every file can be read; 2 some "
		"cannot; 3\n"
		"unknown.\n",
	.options = OPTION_BIT(OPTION_WATCH) | OPTION_BIT(OPTION_WHAT_IF) |
		   OPTION_BIT(OPTION_PROMETHEUS),
	.run = verb_status,
};
