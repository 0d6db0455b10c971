/* Storing local files, trees and pipes. */
#include "put_files.h"

#include "transfer.h"
#include "clock.h"
#include "format_file.h"
#include "local.h"
#include "output.h"
#include "progress.h"
#include "outcome.h"
#include "run.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GATHERED_MAX = 4096 };

struct source {
	char *shown; /* how messages call it */
	char *local; /* NULL: standard input */
	char *path;
	int fd; /* the content, if it is not that of local; -1 */
};

struct putting {
	struct run *run;
	struct progress *progress;
	struct source *sources;
	struct dfs_put *items; /* one for each source */
	size_t count;
	const char *folder; /* that is walked */
	const char *prefix; /* of the remote names below it */
	uint64_t stored, bytes;
	bool many; /* more than one file is meant */
	bool stop; /* nothing further can work */
};

struct putting *putting_new(struct run *run, bool many)
{
	struct putting *putting = calloc(1, sizeof *putting);

	if (!putting)
		return NULL;
	putting->run = run;
	putting->many = many;
	putting->sources = calloc(GATHERED_MAX, sizeof *putting->sources);
	putting->items = calloc(GATHERED_MAX, sizeof *putting->items);
	if (!putting->sources || !putting->items) {
		putting_free(putting);
		return NULL;
	}
	putting->progress = progress_new(run->output);
	return putting;
}

static void clear(struct putting *putting)
{
	for (size_t i = 0; i < putting->count; i++) {
		struct source *source = &putting->sources[i];

		free(source->shown);
		free(source->local);
		free(source->path);
		if (source->fd >= 0)
			(void)close(source->fd);
	}
	putting->count = 0;
}

void putting_free(struct putting *putting)
{
	if (!putting)
		return;
	clear(putting);
	progress_free(putting->progress);
	free(putting->items);
	free(putting->sources);
	free(putting);
}

/* ---- what the library reports -------------------------------------------------- */

static void show_progress(void *context, size_t item, uint64_t done, uint64_t size)
{
	struct putting *putting = context;

	progress_at(putting->progress, putting->sources[item].shown, done, size);
}

static json_t *fields_of(const struct dfs_put *item, const struct source *source)
{
	char protection[DESCRIBE_PROTECTION];
	const struct dfs_file file = {.copies = item->copies};
	json_t *fields = json_object();

	if (source->local)
		(void)json_object_set_new(fields, "local", output_string(source->local));
	if (item->version[0] == '\0')
		return fields;
	(void)json_object_set_new(fields, "file_version", json_string(item->version));
	(void)json_object_set_new(fields, "size", json_integer((json_int_t)item->size));
	(void)json_object_set_new(fields, "protection",
				  json_string(describe_protection(&file, protection)));
	return fields;
}

/*
 * What failed behind the local file is a matter of the remote one: text for both names.
 */
static char *name_both(const struct source *source)
{
	char *text;

	if (!source->local)
		return strdup(source->path);
	return asprintf(&text, "%s: %s", source->shown, source->path) >= 0 ? text : NULL;
}

static void finished(void *context, size_t index)
{
	struct putting *putting = context;
	struct run *run = putting->run;
	const struct source *source = &putting->sources[index];
	struct dfs_put *item = &putting->items[index];
	struct verdict verdict = {.shown = source->shown, .path = source->path};
	char *both = NULL;

	progress_finished(putting->progress);
	if (item->result.code == DFS_EXIT_DONE) {
		putting->stored++;
		putting->bytes += item->size;
		if (item->copies < 2 && options_has(&run->options, OPTION_REQUIRE_FULL)) {
			item->result.code = DFS_EXIT_WEAK;
			(void)snprintf(item->result.why, DFS_WHY,
				       "stored, but not every chunk has two copies");
		}
	}
	if (item->result.code != DFS_EXIT_DONE && !item->local_failed) {
		both = name_both(source);
		if (both)
			verdict.shown = both;
	}
	if (item->result.code == DFS_EXIT_OPEN)
		verdict.retry = item->retry;
	if (output_json(run->output))
		verdict.take_fields = fields_of(item, source);
	verdict_item(run, &verdict, &item->result);
	free(both);
	if (item->result.code == DFS_EXIT_DONE &&
	    (!putting->many || output_verbose(run->output)))
		output_remark(run->output, "%s: stored as %s", source->shown,
			      source->path);
}

/* ---- gathering ----------------------------------------------------------------- */

/* Hands over what was gathered. */
static void flush(struct putting *putting)
{
	const struct dfs_put_callbacks callbacks = {
		.context = putting, .progress = show_progress, .finished = finished};
	struct dfs_result result;

	if (putting->count == 0)
		return;
	result = run_open(putting->run);
	if (result.code == DFS_EXIT_DONE) {
		progress_expect(putting->progress, putting->count);
		dfs_put(putting->run->dfs, putting->items, putting->count, &callbacks);
	} else if (output_json(putting->run->output)) {
		for (size_t i = 0; i < putting->count; i++) {
			putting->items[i].result = result;
			finished(putting, i);
		}
	} else {
		verdict_all(putting->run, NULL, 0, &result);
	}
	/* Without a session nothing that follows can go better. */
	putting->stop = result.code != DFS_EXIT_DONE;
	clear(putting);
}

/* local NULL: standard input.  remote is as a person would type it. */
static void fail(struct putting *putting, const char *local, const char *remote,
		 const struct dfs_result *result)
{
	char *path = run_remote(putting->run, remote);
	struct verdict verdict = {.shown = local ? local : path, .path = path};

	if (output_json(putting->run->output) && local)
		verdict.take_fields = json_pack("{s:o}", "local", output_string(local));
	verdict_item(putting->run, &verdict, result);
	free(path);
}

/*
 * local NULL: standard input.  Content that is not that of the local file is in fd, which
 * is taken over; else it is -1.  remote is as a person would type it.
 */
static void gather(struct putting *putting, const char *local, int fd, const char *remote)
{
	const struct options *options = &putting->run->options;
	struct source *source = &putting->sources[putting->count];
	struct dfs_put *item = &putting->items[putting->count];
	struct dfs_result result;

	memset(source, 0, sizeof *source);
	memset(item, 0, sizeof *item);
	source->fd = fd;
	result = run_path(putting->run, remote, &source->path);
	if (result.code != DFS_EXIT_DONE) {
		const struct dfs_result refused = result_of(
			result.code, "cannot be stored as %s: %s", remote, result.why);

		fail(putting, local, remote, &refused);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	source->shown = strdup(local ? local : remote);
	source->local = local ? strdup(local) : NULL;
	putting->count++;
	if (!source->shown || (local && !source->local)) {
		result = result_of(DFS_EXIT_OTHER, "out of memory");
		fail(putting, local, remote, &result);
		putting->stop = true;
		clear(putting);
		return;
	}
	item->path = source->path;
	item->local = fd < 0 ? source->local : NULL;
	item->fd = fd;
	item->modified_ns = fd < 0 ? 0 : clock_wall_ns();
	item->create = options_has(options, OPTION_NO_CLOBBER);
	item->if_version = options->values[OPTION_IF_VERSION];
	item->operation = options->values[OPTION_OPERATION];
	if (putting->count == GATHERED_MAX)
		flush(putting);
}

/* Reads a pipe to its end first: what is stored must be known before it is sent. */
static void gather_pipe(struct putting *putting, const char *local, int fd,
			const char *remote)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};
	int spool = local_spool(fd, result.why);

	if (spool >= 0)
		gather(putting, local, spool, remote);
	else
		fail(putting, local, remote, &result);
}

/* ---- trees --------------------------------------------------------------------- */

static bool take_file(void *context, const char *name, const char *relative)
{
	struct putting *putting = context;
	char *remote = arguments_join(putting->prefix, relative);

	if (!remote) {
		struct dfs_result result = result_of(DFS_EXIT_OTHER, "out of memory");

		fail(putting, name, relative, &result);
		return false;
	}
	gather(putting, name, -1, remote);
	free(remote);
	return !putting->stop;
}

static void fail_read(struct putting *putting, const char *local, const char *remote,
		      int error)
{
	const struct dfs_result result =
		result_of(DFS_EXIT_OTHER, "cannot be read: %s", strerror(error));

	fail(putting, local, remote, &result);
}

static void leave_out(void *context, const char *name, int error)
{
	struct putting *putting = context;
	const char *relative = name + strlen(putting->folder);
	char *text;

	relative += strspn(relative, "/");
	if (error != 0) {
		text = arguments_join(putting->prefix, relative);
		fail_read(putting, name, text ? text : relative, error);
		free(text);
	} else if (asprintf(&text, "%s: left out, because it is not a regular file",
			    name) >= 0) {
		output_warning(putting->run->output, text);
		free(text);
	}
}

static void gather_tree(struct putting *putting, const char *folder, const char *prefix)
{
	const struct local_walk walk = {
		.context = putting, .file = take_file, .left_out = leave_out};
	int error;

	putting->folder = folder;
	putting->prefix = prefix;
	error = local_walk(folder, &walk);
	if (error != 0 && error != ECANCELED)
		leave_out(putting, folder, error);
}

/* ---- one argument -------------------------------------------------------------- */

static void put_pipe(struct putting *putting, const char *source, const char *remote)
{
	int fd = open(source, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fail_read(putting, source, remote, errno);
		return;
	}
	gather_pipe(putting, source, fd, remote);
	(void)close(fd);
}

void putting_add(struct putting *putting, const char *source, const char *remote)
{
	struct dfs_result result;

	if (putting->stop)
		return;
	if (strcmp(source, "-") == 0) {
		gather_pipe(putting, NULL, STDIN_FILENO, remote);
		return;
	}
	switch (local_kind(source)) {
	case LOCAL_FILE:
		gather(putting, source, -1, remote);
		return;
	case LOCAL_PIPE:
		put_pipe(putting, source, remote);
		return;
	case LOCAL_FOLDER:
		if (options_has(&putting->run->options, OPTION_RECURSIVE)) {
			putting->many = true;
			gather_tree(putting, source, remote);
			return;
		}
		result = result_of(DFS_EXIT_USAGE,
				   "is a folder; -r puts everything below it");
		break;
	case LOCAL_NONE:
		result = result_of(errno == ENOENT || errno == ENOTDIR ? DFS_EXIT_MISSING
								       : DFS_EXIT_OTHER,
				   "cannot read the local file: %s", strerror(errno));
		break;
	default:
		result = result_of(DFS_EXIT_USAGE, "is not a regular file");
		break;
	}
	fail(putting, source, remote, &result);
}

void putting_finish(struct putting *putting)
{
	char size[OUTPUT_SIZE];

	flush(putting);
	if (putting->many)
		output_remark(putting->run->output, "%llu file%s stored, %s",
			      (unsigned long long)putting->stored,
			      putting->stored == 1 ? "" : "s",
			      output_size(putting->bytes, size));
}
