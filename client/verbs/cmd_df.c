/* df */
#include "commands.h"

#include "format.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <stdio.h>

/* For people on a terminal, exactly elsewhere. */
static const char *bytes_text(const struct run *run, uint64_t bytes,
			      char text[FORMAT_SIZE])
{
	if (output_terminal(run->output))
		return format_size(bytes, text);
	(void)snprintf(text, FORMAT_SIZE, "%llu", (unsigned long long)bytes);
	return text;
}

static void print_server(struct run *run, unsigned number,
			 const struct dfs_server_status *server)
{
	char name[8], size[FORMAT_SIZE], room[FORMAT_SIZE];
	int code = server->told ? DFS_EXIT_DONE : DFS_EXIT_FEW;

	(void)snprintf(name, sizeof name, "dfs%u", number);
	if (output_json(run->output)) {
		json_t *fields = json_object();

		if (server->told)
			(void)json_object_update_new(
				fields, json_pack("{s:I,s:I}", "size",
						  (json_int_t)server->disk_size, "free",
						  (json_int_t)server->disk_free));
		else
			(void)json_object_set_new(fields, "message",
						  output_string(server->why));
		output_object(run->output, "server", name, code, fields);
		return;
	}
	if (!server->told) {
		output_text(run->output, "%s  ", name);
		output_name(run->output, server->why);
		output_text(run->output, "\n");
		return;
	}
	output_text(run->output, "%s  %s free of %s\n", name,
		    bytes_text(run, server->disk_free, room),
		    bytes_text(run, server->disk_size, size));
}

static void print_user(struct run *run, const struct dfs_report *report)
{
	char used[FORMAT_SIZE], quota[FORMAT_SIZE];

	if (output_json(run->output)) {
		output_object(run->output, "user", run->user, DFS_EXIT_DONE,
			      json_pack("{s:I,s:o}", "used", (json_int_t)report->used,
					"quota", output_limit(report->quota)));
		return;
	}
	output_text(run->output, "%s  %s used%s%s%s\n", run->user,
		    bytes_text(run, report->used, used),
		    report->quota > 0 ? " of " : ", no quota",
		    report->quota > 0 ? bytes_text(run, report->quota, quota) : "",
		    report->quota > 0 && report->used >= report->quota ? ", which is all"
								       : "");
}

static int verb_df(struct run *run)
{
	struct dfs_report report;
	struct dfs_result result;

	if (run->options.count > 0)
		return run_usage(run, "df takes no arguments");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_open(run);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_report_servers(run->dfs, &report);
	if (result.code != DFS_EXIT_DONE)
		return outcome_user(run, NULL, false, &result, NULL);
	for (unsigned i = 0; i < 4; i++)
		print_server(run, i + 1, &report.servers[i]);
	print_user(run, &report);
	return DFS_EXIT_DONE;
}

const struct command cmd_df = {
	.name = "df",
	.usage = "df",
	.summary = "Show the room on the servers, and your quota",
	.examples = {"df", "df --json"},
	.details = "A file takes twice its size, and less where it can be compressed, "
		   "spread over the\n"
		   "four servers.  A quota counts the files that you own, each once: "
		   "its size and\n"
		   "about a kilobyte for its name and keys; also earlier versions that "
		   "are kept, what\n"
		   "you are putting, for others too, and for some minutes what is left "
		   "of deleted\n"
		   "files.\n",
	.options = 0,
	.run = verb_df,
};
