/* status */
#include "commands.h"

#include "output.h"
#include "verdict.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

/* Exit codes of this verb; they have nothing to do with those of the others. */
enum health { HEALTH_OK = 0, HEALTH_DEGRADED = 1, HEALTH_LOST = 2, HEALTH_UNKNOWN = 3 };

static const char *health_word(int code)
{
	switch (code) {
	case HEALTH_OK:
		return "ok";
	case HEALTH_DEGRADED:
		return "degraded";
	case HEALTH_LOST:
		return "lost";
	default:
		return "unknown";
	}
}

static const char *server_word(const struct dfs_server_status *server)
{
	if (!server->up)
		return "down";
	return server->votes ? "up" : "recovering";
}

static json_t *server_fields(const struct dfs_server_status *server)
{
	char started[OUTPUT_TIME];
	json_t *fields =
		json_pack("{s:o,s:b,s:b}", "address", output_string(server->address),
			  "up", server->up, "votes", server->votes);

	if (server->why[0] != '\0')
		(void)json_object_set_new(fields, "message", output_string(server->why));
	if (!server->told)
		return fields;
	json_t *more = json_pack(
		"{s:o,s:s,s:i,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "software",
		output_string(server->software), "store", server->store, "epoch",
		(int)server->epoch, "started",
		output_time_utc(server->started_ns, started), "files",
		(json_int_t)server->files, "tombstones", (json_int_t)server->tombstones,
		"objects", (json_int_t)server->objects, "segments",
		(json_int_t)server->segments, "newest_segment",
		(json_int_t)server->newest_segment, "stored",
		(json_int_t)server->stored_bytes, "free", (json_int_t)server->disk_free,
		"disk", (json_int_t)server->disk_size, "damaged",
		(json_int_t)server->damaged, "connections",
		(json_int_t)server->connections);
	if (more != NULL)
		(void)json_object_update_missing(fields, more);
	json_decref(more);
	return fields;
}

static void print_server(struct run *run, unsigned number,
			 const struct dfs_server_status *server)
{
	struct output *output = run->output;
	char name[8], stored[OUTPUT_SIZE], room[OUTPUT_SIZE];

	(void)snprintf(name, sizeof name, "dfs%u", number);
	if (output_json(output)) {
		output_object(output, "server", name,
			      server->up && server->votes ? HEALTH_OK : HEALTH_DEGRADED,
			      server_word(server), server_fields(server));
		return;
	}
	output_text(output, "%s  %-10s  ", name, server_word(server));
	output_name(output, server->address);
	if (server->told)
		output_text(output, "  %llu file%s  %s stored  %s free",
			    (unsigned long long)server->files,
			    server->files == 1 ? "" : "s",
			    output_size(server->stored_bytes, stored),
			    output_size(server->disk_free, room));
	if (server->told && server->damaged > 0)
		output_text(output, "  %llu damaged",
			    (unsigned long long)server->damaged);
	if (server->why[0] != '\0') {
		output_text(output, "  ");
		output_name(output, server->why);
	}
	output_text(output, "\n");
	if (server->told && output_verbose(output))
		output_text(output, "      %s, store %s, epoch %lu, %llu segments\n",
			    server->software, server->store, (unsigned long)server->epoch,
			    (unsigned long long)server->segments);
}

static unsigned answering(const struct dfs_report *report)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 4; i++)
		count += report->servers[i].up;
	return count;
}

static void print_summary(struct run *run, const struct dfs_report *report,
			  const struct dfs_result *result)
{
	struct output *output = run->output;
	const uint64_t *by_copies = report->files_by_copies;
	bool all = strcmp(run->user, "admin") == 0;

	if (output_json(output)) {
		json_t *fields = json_pack("{s:b,s:s?}", "counted", report->counted,
					   "user", report->known ? run->user : NULL);

		if (report->counted)
			(void)json_object_update_new(
				fields,
				json_pack("{s:I,s:{s:I,s:I,s:I}}", "files",
					  (json_int_t)report->files, "files_by_copies",
					  "2", (json_int_t)by_copies[0], "1",
					  (json_int_t)by_copies[1], "0",
					  (json_int_t)by_copies[2]));
		if (result->why[0] != '\0')
			(void)json_object_set_new(fields, "message",
						  output_string(result->why));
		if (result->warning[0] != '\0')
			(void)json_object_set_new(fields, "warning",
						  output_string(result->warning));
		output_object(output, "server", "all", report->code,
			      health_word(report->code), fields);
		return;
	}
	if (report->counted)
		output_text(output,
			    "%llu file%s%s%s: %llu with two copies, %llu with one, %llu "
			    "unreadable\n",
			    (unsigned long long)report->files,
			    report->files == 1 ? "" : "s",
			    all ? "" : " that may be listed by ", all ? "" : run->user,
			    (unsigned long long)by_copies[0],
			    (unsigned long long)by_copies[1],
			    (unsigned long long)by_copies[2]);
	else if (!report->known)
		output_text(output, "files: %s\n",
			    answering(report) < 2
				    ? "unknown, because fewer than two servers answer"
				    : "told only to who is logged in (see login)");
	output_text(output, "%s\n", health_word(report->code));
	output_warning(output, result->warning);
	if (result->why[0] != '\0')
		output_failure(output, "server", NULL, report->code, result->why);
}

/* Nothing could be found out. */
static int fail_unknown(struct run *run, const struct dfs_result *result)
{
	if (output_json(run->output))
		output_object(run->output, "server", "all", HEALTH_UNKNOWN,
			      health_word(HEALTH_UNKNOWN),
			      json_pack("{s:o}", "message", output_string(result->why)));
	else
		output_failure(run->output, "server", NULL, HEALTH_UNKNOWN, result->why);
	return HEALTH_UNKNOWN;
}

static int run_status(struct run *run)
{
	struct dfs_report report;
	struct dfs_result result, opened;

	if (run->options.count > 0)
		return run_usage(run, "status takes no arguments");
	result = run_user(run);
	if (result.code != DFS_EXIT_DONE) {
		output_failure(run->output, "server", NULL, result.code, result.why);
		return result.code;
	}
	opened = run_open_if_possible(run);
	if (opened.code != DFS_EXIT_DONE)
		return fail_unknown(run, &opened);
	result = dfs_report(run->dfs, &report);
	if (result.code != DFS_EXIT_DONE || report.code < HEALTH_OK ||
	    report.code > HEALTH_UNKNOWN)
		report.code = HEALTH_UNKNOWN;
	for (unsigned i = 0; i < 4; i++)
		print_server(run, i + 1, &report.servers[i]);
	if (result.warning[0] == '\0')
		memcpy(result.warning, opened.warning, sizeof result.warning);
	print_summary(run, &report, &result);
	return report.code;
}

const struct command cmd_status = {
	.name = "status",
	.usage = "status",
	.summary = "Show how the servers and the files are",
	.examples = {"status", "status --json"},
	.details =
		"Files are counted as far as you may list them; admin counts all.  "
		"Without a\n"
		"log-in it shows which servers are there, and asks for no password.\n\n"
		"Exit codes of this verb: 0 all servers answer and vote and every "
		"chunk has two\n"
		"living copies; 1 less than that, but every file can be read; 2 some "
		"cannot; 3\n"
		"unknown.\n",
	.run = run_status,
};
