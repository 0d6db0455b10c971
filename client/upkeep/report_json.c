/* What status prints with --json. */
#include "report.h"

#include "format.h"
#include "output.h"
#include "run.h"
#include <stdio.h>

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* null: never, or not known */
static json_t *moment(int64_t ns)
{
	char text[FORMAT_TIME];

	return ns > 0 ? json_string(format_time_utc(ns, text)) : json_null();
}

static json_t *healing_fields(const struct dfs_healing *healing)
{
	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:{s:o,s:o,s:o,s:o,s:o}}",
		"healing", output_string(healing->doing), "owed",
		integer(healing->owed_files), "owed_bytes", integer(healing->owed_bytes),
		"lost", integer(healing->lost_files), "unproved",
		integer(healing->unproved), "spares", integer(healing->spares),
		"unsettled", integer(healing->unsettled), "abandoned",
		integer(healing->abandoned), "fetched", integer(healing->fetched),
		"fetched_per_second", integer(healing->per_second), "scrub", "read",
		integer(healing->scrub_read), "of", integer(healing->scrub_of), "began",
		moment(healing->scrub_began_ns), "last_ended",
		moment(healing->scrub_ended_ns), "found", integer(healing->scrub_found));
}

static json_t *told_fields(const struct dfs_server_status *server)
{
	return json_pack(
		"{s:o,s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"software", output_string(server->software), "store", server->store,
		"epoch", (int)server->epoch, "started", moment(server->started_ns),
		"recovered", integer(server->recovered), "to_recover",
		integer(server->to_recover), "files", integer(server->files),
		"tombstones", integer(server->tombstones), "objects",
		integer(server->objects), "segments", integer(server->segments),
		"newest_segment", integer(server->newest_segment), "stored",
		integer(server->stored_bytes), "free", integer(server->disk_free), "disk",
		integer(server->disk_size), "damaged", integer(server->damaged),
		"connections", integer(server->connections));
}

static json_t *server_fields(const struct dfs_server_status *server)
{
	json_t *fields =
		json_pack("{s:s,s:o,s:b,s:b,s:o,s:o}", "status", report_state(server),
			  "address", output_string(server->address), "up", server->up,
			  "votes", server->votes, "heard", moment(server->heard_ns),
			  "certificate_ends", moment(server->certificate_ends_ns));

	if (server->why[0] != '\0')
		(void)json_object_set_new(fields, "message", output_string(server->why));
	if (!server->told)
		return fields;
	(void)json_object_update_new(fields, told_fields(server));
	(void)json_object_update_new(fields, healing_fields(&server->healing));
	return fields;
}

static json_t *all_fields(const struct run *run, const struct dfs_report *report,
			  const struct dfs_result *result)
{
	const uint64_t *by_copies = report->files_by_copies;
	json_t *fields = json_pack("{s:s,s:b,s:s?,s:o}", "status", report_health(report),
				   "counted", report->counted, "user",
				   report->known ? run->user : NULL, "ca_ends",
				   moment(report->ca_ends_ns));

	if (report->counted)
		(void)json_object_update_new(
			fields,
			json_pack("{s:o,s:{s:o,s:o,s:o},s:o,s:b}", "files",
				  integer(report->files), "files_by_copies", "2",
				  integer(by_copies[0]), "1", integer(by_copies[1]), "0",
				  integer(by_copies[2]), "lost", integer(report->lost),
				  "at_most", report->at_most));
	if (result->why[0] != '\0')
		(void)json_object_set_new(fields, "message", output_string(result->why));
	if (result->warning[0] != '\0')
		(void)json_object_set_new(fields, "warning",
					  output_string(result->warning));
	return fields;
}

void report_json(struct run *run, const struct dfs_report *report,
		 const struct dfs_result *result)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct dfs_server_status *server = &report->servers[i];
		char name[8];

		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		output_object(run->output, "server", name,
			      server->state == DFS_SERVER_UP ? HEALTH_OK
							     : HEALTH_DEGRADED,
			      server_fields(server));
	}
	output_object(run->output, "server", "all", report->code,
		      all_fields(run, report, result));
}
