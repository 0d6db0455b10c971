/* repair [PATH] */
#include "upkeep.h"

#include "clock.h"
#include "format.h"
#include "interrupt.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "sets.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 200,
	/*
	 * Nothing was left to do for so long: what servers find out when they compare
	 * counts.
	 */
	DONE_MS = 1000,
	/* When nothing has moved for so long, and no server says that it is at work; */
	IDLE_MS = 10000,
	/* or for so long, whatever they say. */
	STUCK_MS = 60000
};

struct repair_watch {
	struct run *run;
	struct progress *progress;
	const char *path; /* canonical; "/": everything */
	uint64_t owed;    /* files in path, as they were counted last */
	uint64_t most;    /* the most that there ever were */
	int code;
};

/* ---- how far it is ------------------------------------------------------------- */

/* What changes while servers are at work. */
struct state {
	uint64_t files, bytes, spares, fetched, recovered;
	unsigned voting;
	bool working;
};

static struct state state_of(const struct dfs_report *report)
{
	struct state state = {.files = 0};

	for (unsigned i = 0; i < 4; i++) {
		const struct dfs_server_status *server = &report->servers[i];

		if (server->votes)
			state.voting++;
		if (!server->told)
			continue;
		state.files += server->healing.owed_files;
		state.bytes += server->healing.owed_bytes;
		state.spares += server->healing.spares;
		state.fetched += server->healing.fetched;
		state.recovered += server->recovered;
		state.working |= server->healing.doing[0] != '\0' ||
				 server->state == DFS_SERVER_RECOVERING ||
				 server->state == DFS_SERVER_STARTING;
	}
	return state;
}

static bool same(const struct state *a, const struct state *b)
{
	return a->files == b->files && a->bytes == b->bytes && a->spares == b->spares &&
	       a->fetched == b->fetched && a->recovered == b->recovered &&
	       a->voting == b->voting;
}

static int count_owed(void *context, const struct dfs_owed *owed)
{
	struct repair_watch *watch = context;

	watch->owed += owed->code != DFS_EXIT_DONE;
	return 0;
}

/*
 * Files that are still to be mended: of all, as servers count them; of a path, by name.
 */
static struct dfs_result count(struct repair_watch *watch, const struct state *state)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};

	watch->owed = state->files;
	if (strcmp(watch->path, "/") != 0 && state->files > 0) {
		watch->owed = 0;
		result = dfs_owed(watch->run->dfs, watch->path, count_owed, watch);
	}
	return result;
}

static bool is_done(const struct repair_watch *watch, const struct state *state)
{
	bool all = strcmp(watch->path, "/") == 0;

	return watch->owed == 0 && state->voting == 4 &&
	       (!all || (state->spares == 0 && !state->working));
}

/* Until nothing is left to do, or nothing moves any more. */
static struct dfs_result wait(struct repair_watch *watch, struct dfs_report *report,
			      bool *ret_done)
{
	struct state before = {.files = UINT64_MAX};
	int64_t moved = clock_now_ms(), undone = moved;
	struct dfs_result result;

	for (;;) {
		result = dfs_report_servers(watch->run->dfs, report);
		if (result.code != DFS_EXIT_DONE)
			return result;
		struct state now = state_of(report);
		int64_t still;

		result = count(watch, &now);
		if (result.code != DFS_EXIT_DONE)
			return result;
		if (watch->owed > watch->most)
			watch->most = watch->owed;
		if (!is_done(watch, &now))
			undone = clock_now_ms();
		*ret_done = clock_now_ms() - undone > DONE_MS;
		if (*ret_done)
			return result;
		if (!same(&now, &before))
			moved = clock_now_ms();
		before = now;
		progress_count(watch->progress, "files mended", watch->most - watch->owed,
			       watch->most);
		still = clock_now_ms() - moved;
		if (still > (now.working ? STUCK_MS : IDLE_MS))
			return result;
		interrupt_pause(LOOK_MS);
	}
}

/* ---- the end ------------------------------------------------------------------- */

static void add_code(struct repair_watch *watch, int code)
{
	if (watch->code == DFS_EXIT_DONE || code == DFS_EXIT_DAMAGED)
		watch->code = code;
}

static int print_owed(void *context, const struct dfs_owed *owed)
{
	struct repair_watch *watch = context;
	struct output *output = watch->run->output;
	json_t *servers = json_object();
	char name[8], text[DFS_WHY] = "";
	size_t len = 0;

	watch->owed += owed->code != DFS_EXIT_DONE;
	add_code(watch, owed->code);
	for (unsigned i = 0; i < 4; i++) {
		json_t *chunks;

		if (owed->missing[i] == 0)
			continue;
		chunks = json_array();
		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		len += (size_t)snprintf(text + len, sizeof text - len,
					"%s%s lacks chunk%s", len > 0 ? ", " : "", name,
					set_count(owed->missing[i]) > 1 ? "s" : "");
		for (unsigned c = 1; c <= 4; c++)
			if (set_has(owed->missing[i], c)) {
				len += (size_t)snprintf(text + len, sizeof text - len,
							" %u", c);
				(void)json_array_append_new(chunks, json_integer(c));
			}
		(void)json_object_set_new(servers, name, chunks);
	}
	if (output_json(output)) {
		output_object(
			output, "path", owed->path, owed->code,
			json_pack("{s:o,s:s}", "missing", servers, "message", owed->why));
	} else {
		json_decref(servers);
		output_name(output, owed->path);
		output_text(output, ": %s: %s\n", text, owed->why);
	}
	return output_broken(output) ? DFS_EXIT_OTHER : 0;
}

/* Only what there is nothing to mend of: its writer has not brought it whole. */
static int print_unbrought(void *context, const struct dfs_owed *owed)
{
	return owed->code == DFS_EXIT_DONE ? print_owed(context, owed) : 0;
}

static bool has_unbrought(const struct dfs_report *report)
{
	for (unsigned i = 0; i < 4; i++)
		if (report->servers[i].healing.unbrought > 0)
			return true;
	return false;
}

/* Names, which cost a listing. */
static void print_names(struct repair_watch *watch,
			int (*print)(void *context, const struct dfs_owed *owed))
{
	struct output *output = watch->run->output;
	struct dfs_result result = dfs_owed(watch->run->dfs, watch->path, print, watch);

	output_warning(output, result.warning);
	if (result.code != DFS_EXIT_DONE) {
		add_code(watch, result.code);
		output_failure(output, "path", NULL, result.code, result.why);
	}
}

/* Servers that stand in the way. */
static void print_servers(struct repair_watch *watch, const struct dfs_report *report)
{
	char name[8];

	for (unsigned i = 0; i < 4; i++) {
		const struct dfs_server_status *server = &report->servers[i];

		if (server->votes)
			continue;
		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		add_code(watch, DFS_EXIT_FEW);
		if (output_json(watch->run->output))
			output_failure(watch->run->output, "server", name, DFS_EXIT_FEW,
				       server->why);
		else {
			output_text(watch->run->output, "%s does not vote: ", name);
			output_name(watch->run->output, server->why);
			output_text(watch->run->output, "\n");
		}
	}
}

/* Of what no server has read since, none knows whether its disk still has it. */
static void print_read(struct repair_watch *watch, const struct dfs_report *report)
{
	struct output *output = watch->run->output;
	char time[FORMAT_TIME];

	output_text(output, "all that it stores was last read by ");
	for (unsigned i = 0; i < 4; i++) {
		const struct dfs_healing *healing = &report->servers[i].healing;

		output_text(output, "%sdfs%u %s", i > 0 ? ", " : "", i + 1,
			    healing->scrub_ended_ns == 0
				    ? "never"
				    : format_time(healing->scrub_ended_ns, time));
	}
	output_text(output, ": what a disk has damaged since then, verify finds\n");
}

static json_t *read_fields(const struct dfs_report *report)
{
	json_t *servers = json_object();
	char name[8], time[FORMAT_TIME];

	for (unsigned i = 0; i < 4; i++) {
		int64_t ended = report->servers[i].healing.scrub_ended_ns;

		(void)snprintf(name, sizeof name, "dfs%u", i + 1);
		(void)json_object_set_new(
			servers, name,
			ended == 0 ? json_null()
				   : json_string(format_time_utc(ended, time)));
	}
	return servers;
}

static void print_end(struct repair_watch *watch, bool done,
		      const struct dfs_report *report)
{
	struct output *output = watch->run->output;
	uint64_t all = watch->owed;

	if (done && has_unbrought(report))
		print_names(watch, print_unbrought);
	if (!done) {
		print_servers(watch, report);
		watch->owed = 0;
		print_names(watch, print_owed);
		/*
		 * Of several servers each counts its own; of others' files no names are
		 * told.
		 */
		if (watch->owed == 0 && all > 0) {
			add_code(watch, DFS_EXIT_FEW);
			output_failure(
				output, "path", NULL, DFS_EXIT_FEW,
				"files of others are still to be mended: see status");
		}
		if (watch->code == DFS_EXIT_DONE) {
			watch->code = DFS_EXIT_FEW;
			output_failure(
				output, "path", NULL, DFS_EXIT_FEW,
				"the servers do not come to an end: see status -v");
		}
	}
	if (output_json(output)) {
		output_object(output, "path", NULL, watch->code,
			      json_pack("{s:I,s:o}", "left", (json_int_t)watch->owed,
					"last_read", read_fields(report)));
	} else if (done) {
		output_text(output, "nothing left to do\n");
		print_read(watch, report);
	}
}

static struct dfs_result find_path(struct run *run, char **ret)
{
	const char *typed = run->options.count > 0 ? run->options.arguments[0] : "/";

	return run_either(run, typed, ret);
}

static int stop_at_first(void *context, const struct dfs_entry *entry)
{
	(void)context;
	(void)entry;
	return DFS_EXIT_OTHER;
}

/* There is nothing to mend of a file, or folder, that is not there. */
static struct dfs_result check_path(struct run *run, const char *path)
{
	if (strcmp(path, "/") == 0)
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	return dfs_list(run->dfs, path, (struct dfs_list_options){.recursive = true},
			stop_at_first, NULL);
}

static int verb_repair(struct run *run)
{
	struct repair_watch watch = {.run = run};
	struct dfs_report report = {.code = 0};
	struct dfs_result result;
	char *path = NULL;
	bool done = false;

	if (run->options.count > 1)
		return run_usage(run, "repair takes one name");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = find_path(run, &path);
	if (result.code == DFS_EXIT_DONE)
		result = run_open(run);
	if (result.code == DFS_EXIT_DONE)
		result = check_path(run, path);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_heal(run->dfs);
	if (result.code == DFS_EXIT_DONE) {
		watch.path = path;
		watch.progress = progress_new(run->output);
		result = wait(&watch, &report, &done);
		progress_free(watch.progress);
	}
	if (result.code == DFS_EXIT_DONE) {
		print_end(&watch, done, &report);
		result.code = watch.code;
	} else if (result.code == DFS_EXIT_MISSING && run->options.count == 1) {
		outcome_typed(run, run->options.arguments[0], &result);
	} else {
		outcome_all(run, run->options.arguments, run->options.count, &result);
	}
	free(path);
	return result.code;
}

const struct command cmd_repair = {
	.name = "repair",
	.usage = "repair [PATH]",
	.summary = "Have the servers mend everything now",
	.examples = {"repair", "repair photos/"},
	.details =
		"The servers do so by themselves, but take their time.  Waits while they "
		"are at work,\n"
		"and ends with \"nothing left to do\", or, when nothing has moved for 10 "
		"seconds (60\n"
		"while a server says that it is at work), with the names of what could "
		"not be mended\n"
		"and why: exit code 5 where copies are out of reach, 9 where none is "
		"left.\n\n"
		"Servers mend what they know of.  Each reads all that it stores now and "
		"then; repair\n"
		"says when it last did.  What a disk has damaged since then, verify "
		"finds.\n",
	.options = 0,
	.run = verb_repair,
};
