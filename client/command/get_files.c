/* Fetching many files to their local names, or to standard output. */
#include "get_files.h"

#include "transfer.h"
#include "format_file.h"
#include "local_target.h"
#include "output.h"
#include "progress.h"
#include "outcome.h"
#include "run.h"
#include "status.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE = 4096, FIRST_ROOM = 64 };

struct wanted {
	char *shown, *path;
	char *local; /* below the folder */
};

struct getting {
	struct run *run;
	struct landing *landing; /* NULL: standard output */
	const char *folder;      /* before the local names, as a person would type it */
	struct progress *progress;
	struct wanted *wanted;
	size_t count, room;
	/* The slice that the library works on. */
	struct dfs_get *items;
	size_t first;
	/* The file that is being fetched. */
	struct dfs_file file;
	uint64_t done;
	bool begun;
	bool out_failed; /* standard output takes nothing more */
};

struct getting *getting_new(struct run *run, const char *folder, bool make)
{
	struct getting *getting = calloc(1, sizeof *getting);

	if (!getting)
		return NULL;
	getting->run = run;
	if (!folder) {
		output_take_stdout(run->output);
		return getting;
	}
	getting->folder = strcmp(folder, ".") == 0 ? "" : folder;
	getting->landing =
		landing_new(folder, make, options_has(&run->options, OPTION_FORCE));
	if (!getting->landing) {
		free(getting);
		return NULL;
	}
	return getting;
}

static void forget(struct wanted *wanted)
{
	free(wanted->shown);
	free(wanted->path);
	free(wanted->local);
}

void getting_free(struct getting *getting)
{
	struct dfs_result result = {0};

	if (!getting)
		return;
	result.code = landing_free(getting->landing, result.why);
	if (result.code != DFS_EXIT_DONE)
		verdict_all(getting->run, NULL, 0, &result);
	for (size_t i = 0; i < getting->count; i++)
		forget(&getting->wanted[i]);
	free(getting->wanted);
	free(getting);
}

bool getting_add(struct getting *getting, const char *shown, const char *path,
		 const char *local)
{
	struct wanted wanted;

	if (getting->count == getting->room) {
		size_t room = getting->room > 0 ? 2 * getting->room : FIRST_ROOM;
		struct wanted *more =
			reallocarray(getting->wanted, room, sizeof *getting->wanted);

		if (!more)
			return false;
		getting->wanted = more;
		getting->room = room;
	}
	wanted.shown = strdup(shown);
	wanted.path = strdup(path);
	wanted.local = strdup(local);
	if (!wanted.shown || !wanted.path || !wanted.local) {
		forget(&wanted);
		return false;
	}
	getting->wanted[getting->count++] = wanted;
	return true;
}

/* ---- what the library calls ---------------------------------------------------- */

static int begin(void *context, size_t item, const struct dfs_file *file,
		 char why[DFS_WHY])
{
	struct getting *getting = context;

	getting->file = *file;
	getting->done = 0;
	getting->begun = true;
	if (getting->landing)
		return landing_begin(getting->landing,
				     getting->wanted[getting->first + item].local, file,
				     why);
	if (!getting->out_failed)
		return 0;
	(void)snprintf(why, DFS_WHY, "standard output takes nothing more");
	return DFS_EXIT_OTHER;
}

static int write_out(struct getting *getting, const void *bytes, size_t len,
		     char why[DFS_WHY])
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t put = write(STDOUT_FILENO, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			(void)snprintf(why, DFS_WHY,
				       "cannot write to standard output: %s",
				       strerror(errno));
			getting->out_failed = true;
			return DFS_EXIT_OTHER;
		}
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

static int take_bytes(void *context, size_t item, const void *bytes, size_t len,
		      char why[DFS_WHY])
{
	struct getting *getting = context;

	getting->done += len;
	progress_at(getting->progress, getting->wanted[getting->first + item].shown,
		    getting->done, getting->file.size);
	if (getting->landing)
		return landing_write(getting->landing, bytes, len, why);
	return write_out(getting, bytes, len, why);
}

static json_t *fields_of(const struct getting *getting, const char *relative)
{
	char *local;
	char protection[DESCRIBE_PROTECTION];
	json_t *fields = json_pack("{s:s,s:I,s:s}", "file_version", getting->file.version,
				   "size", (json_int_t)getting->file.size, "protection",
				   describe_protection(&getting->file, protection));

	if (!getting->landing)
		return fields;
	local = arguments_join(getting->folder, relative);
	if (local)
		(void)json_object_set_new(fields, "local", output_string(local));
	free(local);
	return fields;
}

static void finished(void *context, size_t item)
{
	struct getting *getting = context;
	struct run *run = getting->run;
	const struct wanted *wanted = &getting->wanted[getting->first + item];
	struct dfs_result *result = &getting->items[item].result;
	struct verdict verdict = {.shown = wanted->shown, .path = wanted->path};
	bool equal = result->code == LANDING_EQUAL;

	progress_finished(getting->progress);
	if (equal) {
		result->code = DFS_EXIT_DONE;
		result->why[0] = '\0';
	} else if (getting->landing && result->code == DFS_EXIT_DONE) {
		result->code = landing_finish(getting->landing, result->why);
	} else if (getting->landing) {
		landing_abandon(getting->landing);
	}
	if (result->code == DFS_EXIT_MISSING && !getting->begun &&
	    run_is_folder(run, wanted->path))
		(void)snprintf(
			result->why, DFS_WHY,
			"no such file: it is a folder; -r gets everything below it");
	if (output_json(run->output) && getting->begun && result->code == DFS_EXIT_DONE)
		verdict.take_fields = fields_of(getting, wanted->local);
	verdict_item(run, &verdict, result);
	if (result->code == DFS_EXIT_DONE && getting->landing &&
	    (getting->count == 1 || output_verbose(run->output)))
		output_remark(run->output, "%s: %s", wanted->shown,
			      equal ? "is there already" : "fetched");
	getting->begun = false;
}

static void get_slice(struct getting *getting, size_t count)
{
	const struct dfs_get_callbacks callbacks = {.context = getting,
						    .begin = begin,
						    .write = take_bytes,
						    .finished = finished};

	for (size_t i = 0; i < count; i++)
		getting->items[i] = (struct dfs_get){
			.path = getting->wanted[getting->first + i].path};
	dfs_get(getting->run->dfs, getting->items, count, !getting->landing, &callbacks);
}

static void report_none(struct getting *getting, const struct dfs_result *result)
{
	if (!output_json(getting->run->output)) {
		verdict_all(getting->run, NULL, 0, result);
		return;
	}
	for (size_t i = 0; i < getting->count; i++)
		verdict_item(getting->run,
			     &(struct verdict){.path = getting->wanted[i].path}, result);
}

void getting_all(struct getting *getting)
{
	struct dfs_result result;

	if (getting->count == 0)
		return;
	result = run_open(getting->run);
	if (result.code == DFS_EXIT_DONE) {
		getting->items =
			calloc(getting->count < AT_ONCE ? getting->count : AT_ONCE,
			       sizeof *getting->items);
		if (!getting->items)
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	}
	if (result.code != DFS_EXIT_DONE) {
		report_none(getting, &result);
		return;
	}
	getting->progress = progress_new(getting->run->output);
	progress_expect(getting->progress, getting->count);
	for (; getting->first < getting->count; getting->first += AT_ONCE) {
		size_t left = getting->count - getting->first;

		get_slice(getting, left < AT_ONCE ? left : AT_ONCE);
	}
	progress_free(getting->progress);
	getting->progress = NULL;
	free(getting->items);
	getting->items = NULL;
	if (getting->count > 1 && getting->landing)
		output_remark(getting->run->output, "%zu files", getting->count);
}
