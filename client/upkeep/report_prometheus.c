/*
 * What status prints with --prometheus: the text exposition format 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats).
 *
 * Names begin with dfs_, units are bytes and seconds, and what only grows while a server
 * runs ends in _total.  A server that does not answer has no other sample than that it is
 * not up, and perhaps when it was heard of last.
 */
#include "report.h"

#include "output.h"
#include "run.h"
#include <stddef.h>
#include <string.h>

/* Of each server. */
struct metric {
	const char *name, *type, *help;
	size_t offset; /* in struct dfs_server_status */
	bool is_time;  /* an int64_t of nanoseconds, 0: none; else a uint64_t */
};

#define OF(field) offsetof(struct dfs_server_status, field)

static const struct metric metrics[] = {
	{"start_time_seconds", "gauge", "When it was started, since 1970.",
	 OF(started_ns), true},
	{"recovered_registers", "gauge",
	 "Registers that it has from its peers, while it recovers.", OF(recovered),
	 false},
	{"to_recover_registers", "gauge", "Of about so many.", OF(to_recover), false},
	{"files", "gauge", "Files that it knows.", OF(files), false},
	{"tombstones", "gauge", "Deleted paths that it remembers.", OF(tombstones),
	 false},
	{"objects", "gauge", "Contents of which it has something.", OF(objects), false},
	{"segments", "gauge", "Files that its store consists of.", OF(segments), false},
	{"stored_bytes", "gauge", "What it stores.", OF(stored_bytes), false},
	{"disk_free_bytes", "gauge", "Room on its disk, without the reserve.",
	 OF(disk_free), false},
	{"disk_size_bytes", "gauge", "The size of its disk.", OF(disk_size), false},
	{"damaged_records_total", "counter",
	 "Records found damaged since it was started.", OF(damaged), false},
	{"owed_files", "gauge", "Files of which it has to fetch something.",
	 OF(healing.owed_files), false},
	{"owed_bytes", "gauge", "What it has to fetch, about.", OF(healing.owed_bytes),
	 false},
	{"lost_files", "gauge",
	 "Owed files of which nobody in reach had what is missing.",
	 OF(healing.lost_files), false},
	{"unproved_uploads", "gauge",
	 "Contents that came from their writers and are not proved yet.",
	 OF(healing.unproved), false},
	{"spares", "gauge", "Contents of which it keeps more than it should.",
	 OF(healing.spares), false},
	{"unsettled_registers", "gauge", "Registers not known to be settled.",
	 OF(healing.unsettled), false},
	{"abandoned_uploads", "gauge",
	 "Uploads that came to nothing and are not cleaned yet.", OF(healing.abandoned),
	 false},
	{"fetched_bytes_total", "counter", "What it fetched since it was started.",
	 OF(healing.fetched), false},
	{"scrub_read_bytes", "gauge", "Read in this round of re-reading everything.",
	 OF(healing.scrub_read), false},
	{"scrub_size_bytes", "gauge", "What such a round has to read.",
	 OF(healing.scrub_of), false},
	{"scrub_start_time_seconds", "gauge", "When this round began, since 1970.",
	 OF(healing.scrub_began_ns), true},
	{"scrub_last_end_time_seconds", "gauge",
	 "When the last whole round ended, since 1970.", OF(healing.scrub_ended_ns),
	 true},
	{"scrub_damaged_records", "gauge", "Records found damaged in this round.",
	 OF(healing.scrub_found), false},
};

static void head(struct output *output, const char *prefix, const char *name,
		 const char *type, const char *help)
{
	output_text(output, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help,
		    prefix, name, type);
}

static void sample_metric(struct output *output, const struct metric *metric,
			  unsigned number, const struct dfs_server_status *server)
{
	const char *at = (const char *)server + metric->offset;
	uint64_t count;
	int64_t ns;

	if (metric->is_time) {
		memcpy(&ns, at, sizeof ns);
		if (ns > 0)
			output_text(output,
				    "dfs_server_%s{server=\"dfs%u\"} %lld.%09lld\n",
				    metric->name, number, (long long)ns / 1000000000,
				    (long long)ns % 1000000000);
		return;
	}
	memcpy(&count, at, sizeof count);
	output_text(output, "dfs_server_%s{server=\"dfs%u\"} %llu\n", metric->name,
		    number, (unsigned long long)count);
}

/* A label's value: backslash, quote and newline are escaped. */
static void print_label(struct output *output, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n')
			output_text(output, "\\n");
		else
			output_text(output, "%s%c",
				    *text == '\\' || *text == '"' ? "\\" : "", *text);
}

/* What is known of servers that do not answer, too. */
static void show_states(struct output *output, const struct dfs_report *report)
{
	head(output, "dfs_server_", "up", "gauge", "Whether it answers.");
	for (unsigned i = 0; i < 4; i++)
		output_text(output, "dfs_server_up{server=\"dfs%u\"} %d\n", i + 1,
			    report->servers[i].up);
	head(output, "dfs_server_", "voting", "gauge",
	     "Whether it votes: 0 also while it is starting or recovering.");
	for (unsigned i = 0; i < 4; i++)
		output_text(output, "dfs_server_voting{server=\"dfs%u\"} %d\n", i + 1,
			    report->servers[i].votes);
	const struct metric heard = {"last_heard_time_seconds", "gauge",
				     "When another server heard of it last, since 1970.",
				     OF(heard_ns), true};

	head(output, "dfs_server_", heard.name, heard.type, heard.help);
	for (unsigned i = 0; i < 4; i++)
		sample_metric(output, &heard, i + 1, &report->servers[i]);
	const struct metric ends = {"certificate_end_time_seconds", "gauge",
				    "When its certificate ends, since 1970.",
				    OF(certificate_ends_ns), true};

	head(output, "dfs_server_", ends.name, ends.type, ends.help);
	for (unsigned i = 0; i < 4; i++)
		sample_metric(output, &ends, i + 1, &report->servers[i]);
	head(output, "dfs_server_", "info", "gauge", "Its version.");
	for (unsigned i = 0; i < 4; i++) {
		if (!report->servers[i].told)
			continue;
		output_text(output, "dfs_server_info{server=\"dfs%u\",version=\"", i + 1);
		print_label(output, report->servers[i].software);
		output_text(output, "\"} 1\n");
	}
}

static void show_connections(struct output *output, const struct dfs_report *report)
{
	head(output, "dfs_server_", "connections", "gauge", "Open connections.");
	for (unsigned i = 0; i < 4; i++)
		if (report->servers[i].told)
			output_text(output,
				    "dfs_server_connections{server=\"dfs%u\"} %lu\n",
				    i + 1, (unsigned long)report->servers[i].connections);
}

static void show_files(struct output *output, const struct dfs_report *report)
{
	head(output, "dfs_", "files", "gauge",
	     "Files by the living copies of the worst of their chunks, 2 or more, 1, 0.");
	for (unsigned copies = 0; copies <= 2; copies++)
		output_text(output, "dfs_files{copies=\"%u\"} %llu\n", copies,
			    (unsigned long long)report->files_by_copies[2 - copies]);
	head(output, "dfs_", "files_lost", "gauge",
	     "Files that nobody has any more, not even a server that is away.");
	output_text(output, "dfs_files_lost %llu\n", (unsigned long long)report->lost);
	head(output, "dfs_", "files_at_most", "gauge",
	     "Whether fewer files than said may have less than two copies.");
	output_text(output, "dfs_files_at_most %d\n", report->at_most);
}

void report_prometheus(struct run *run, const struct dfs_report *report)
{
	struct output *output = run->output;

	head(output, "dfs_", "health", "gauge",
	     "The exit code of status: 0 ok, 1 degraded, 2 unreadable, 3 unknown.");
	output_text(output, "dfs_health %d\n", report->code);
	if (report->ca_ends_ns > 0) {
		head(output, "dfs_", "ca_end_time_seconds", "gauge",
		     "When the certificate of the cluster's CA ends, since 1970.");
		output_text(output, "dfs_ca_end_time_seconds %lld\n",
			    (long long)report->ca_ends_ns / 1000000000);
	}
	show_states(output, report);
	if (report->counted)
		show_files(output, report);
	show_connections(output, report);
	for (size_t k = 0; k < sizeof metrics / sizeof metrics[0]; k++) {
		head(output, "dfs_server_", metrics[k].name, metrics[k].type,
		     metrics[k].help);
		for (unsigned i = 0; i < 4; i++)
			if (report->servers[i].told)
				sample_metric(output, &metrics[k], i + 1,
					      &report->servers[i]);
	}
}
