/* What status prints for people. */
#include "report.h"

#include "format.h"
#include "output.h"
#include "run.h"
#include "tls.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *report_health(const struct dfs_report *report)
{
	switch (report->code) {
	case HEALTH_OK:
		return "ok";
	case HEALTH_DEGRADED:
		return "degraded";
	case HEALTH_LOST:
		return report->lost > 0 ? "lost" : "unreadable";
	default:
		return "unknown";
	}
}

const char *report_state(const struct dfs_server_status *server)
{
	switch (server->state) {
	case DFS_SERVER_UP:
		return "up";
	case DFS_SERVER_STARTING:
		return "starting";
	case DFS_SERVER_RECOVERING:
		return "recovering";
	case DFS_SERVER_DOWN:
		break;
	}
	return "down";
}

static unsigned long long number(uint64_t value)
{
	return (unsigned long long)value;
}

/* "since 12:03, 4 min": the time of day, with the day where it was not today. */
static void print_since(struct output *output, int64_t ns)
{
	char then[FORMAT_TIME], now[FORMAT_TIME], length[FORMAT_DURATION];
	int64_t seconds = (int64_t)time(NULL) - ns / 1000000000;

	(void)format_time(ns, then);
	(void)format_time((long long)time(NULL) * 1000000000, now);
	then[strlen(then) - 3] = '\0';
	output_text(output, "  since %s, %s",
		    strncmp(then, now, 10) == 0 ? then + 11 : then,
		    format_duration(seconds > 0 ? (uint64_t)seconds : 0, length));
}

/* What there is to heal, how long the rest takes, and what it is at. */
static void print_healing(struct output *output, const struct dfs_healing *healing)
{
	char size[FORMAT_SIZE], speed[FORMAT_SIZE], length[FORMAT_DURATION];
	bool all = output_verbose(output);
	const struct {
		uint64_t count;
		const char *what, *why;
	} rest[] = {{healing->unproved, "upload", "to prove"},
		    {healing->spares, "spare", "to give back"},
		    {healing->abandoned, "abandoned upload", "to clean"},
		    {healing->unsettled, "file", "to settle"}};

	if (!all && healing->doing[0] == '\0' &&
	    healing->owed_files + healing->unproved + healing->spares +
			    healing->abandoned ==
		    0)
		return;
	output_text(output, "      heals: %llu file%s to fetch",
		    number(healing->owed_files), healing->owed_files == 1 ? "" : "s");
	if (healing->owed_files > 0)
		output_text(output, " (%s)", format_size(healing->owed_bytes, size));
	if (healing->owed_bytes > 0 && healing->per_second > 0)
		output_text(output, " at %s/s, about %s",
			    format_size(healing->per_second, speed),
			    format_duration(healing->owed_bytes / healing->per_second + 1,
					    length));
	if (healing->lost_files > 0)
		output_text(output, ", of which nobody in reach has %llu",
			    number(healing->lost_files));
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
		if (all || rest[i].count > 0)
			output_text(output, "; %llu %s%s %s", number(rest[i].count),
				    rest[i].what, rest[i].count == 1 ? "" : "s",
				    rest[i].why);
	if (healing->doing[0] != '\0') {
		output_text(output, "; ");
		output_name(output, healing->doing);
	}
	output_text(output, "\n");
}

static void print_scrub(struct output *output, const struct dfs_healing *healing)
{
	char read[FORMAT_SIZE], all[FORMAT_SIZE], time[FORMAT_TIME];

	if (healing->scrub_began_ns == 0) {
		output_text(output, "      re-reads everything: not begun yet\n");
		return;
	}
	output_text(output,
		    "      re-reads everything: %s of %s since %s, %llu found damaged; ",
		    format_size(healing->scrub_read, read),
		    format_size(healing->scrub_of, all),
		    format_time(healing->scrub_began_ns, time),
		    number(healing->scrub_found));
	if (healing->scrub_ended_ns > 0)
		output_text(output, "the last whole round ended %s\n",
			    format_time(healing->scrub_ended_ns, time));
	else
		output_text(output, "no whole round yet\n");
}

static void print_told(struct output *output, const struct dfs_server_status *server)
{
	char stored[FORMAT_SIZE], room[FORMAT_SIZE];

	output_text(output, "  ");
	output_name(output, server->software);
	output_text(output, "  %llu file%s  %s stored  %s free", number(server->files),
		    server->files == 1 ? "" : "s",
		    format_size(server->stored_bytes, stored),
		    format_size(server->disk_free, room));
	if (server->damaged > 0)
		output_text(output, "  %llu found damaged", number(server->damaged));
	if (server->state == DFS_SERVER_RECOVERING && server->to_recover > 0)
		output_text(output, "  has %llu of about %llu files back",
			    number(server->recovered), number(server->to_recover));
}

static void print_server(struct output *output, unsigned at,
			 const struct dfs_server_status *server)
{
	output_text(output, "dfs%u  %-10s  ", at, report_state(server));
	output_name(output, server->address);
	if (server->told)
		print_told(output, server);
	else if (server->state == DFS_SERVER_DOWN && server->heard_ns > 0)
		print_since(output, server->heard_ns);
	if (server->why[0] != '\0') {
		output_text(output, "  ");
		output_name(output, server->why);
	}
	output_text(output, "\n");
	if (!server->told)
		return;
	if (output_verbose(output))
		output_text(output, "      store %s, epoch %lu, %llu segments\n",
			    server->store, (unsigned long)server->epoch,
			    number(server->segments));
	print_healing(output, &server->healing);
	if (output_verbose(output))
		print_scrub(output, &server->healing);
}

static unsigned answering(const struct dfs_report *report)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 4; i++)
		count += report->servers[i].up;
	return count;
}

/* What nobody has any more, and what those that are away have. */
static void print_unreadable(struct output *output, const struct dfs_report *report)
{
	const char *most = report->at_most ? "at most " : "";
	uint64_t waiting = report->files_by_copies[2] - report->lost;
	unsigned named = 0;

	if (waiting == 0 || report->lost > 0)
		output_text(output, ", %s%llu unreadable", most, number(report->lost));
	if (waiting == 0)
		return;
	output_text(output, ", %s%llu not readable until ", most, number(waiting));
	for (unsigned i = 0; i < 4; i++)
		if (!report->servers[i].told)
			output_text(output, "%sdfs%u", named++ > 0 ? " or " : "", i + 1);
	output_text(output, " is back");
}

static void print_files(struct output *output, const struct dfs_report *report)
{
	const uint64_t *by_copies = report->files_by_copies;

	if (report->counted) {
		output_text(output,
			    "%llu file%s: %s%llu with two copies, %s%llu with one",
			    number(report->files), report->files == 1 ? "" : "s",
			    report->at_most ? "at least " : "", number(by_copies[0]),
			    report->at_most ? "at most " : "", number(by_copies[1]));
		print_unreadable(output, report);
		output_text(output, "\n");
	} else if (answering(report) < 2)
		output_text(output, "files: unknown, because fewer than two servers "
				    "answer\n");
	else if (!report->known)
		output_text(output, "files: told only to who is logged in (see login)\n");
	else
		output_text(output, "files: unknown, because fewer than two servers that "
				    "vote have counted them\n");
}

/* What ends, well before it does. */
static void warn_of_end(struct output *output, const char *whose, int64_t ends_ns)
{
	int64_t left = ends_ns / 1000000000 - (int64_t)time(NULL);
	char text[FORMAT_TIME], warning[FORMAT_TIME + 128];

	if (ends_ns == 0 || left >= TLS_WARN_DAYS * INT64_C(86400))
		return;
	(void)snprintf(warning, sizeof warning,
		       "the certificate of %s ends %s, in %lld days", whose,
		       format_time(ends_ns, text), (long long)(left / 86400));
	output_warning(output, warning);
}

static void warn_of_ends(struct output *output, const struct dfs_report *report)
{
	char name[8];

	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		warn_of_end(output, name, report->servers[i].certificate_ends_ns);
	}
	warn_of_end(output, "the cluster's CA", report->ca_ends_ns);
}

void report_text(struct run *run, const struct dfs_report *report,
		 const struct dfs_result *result)
{
	struct output *output = run->output;

	for (unsigned i = 0; i < 4; i++)
		print_server(output, i + 1, &report->servers[i]);
	print_files(output, report);
	output_text(output, "%s\n", report_health(report));
	output_warning(output, result->warning);
	warn_of_ends(output, report);
	if (result->why[0] != '\0')
		output_failure(output, "server", NULL, report->code, result->why);
}
