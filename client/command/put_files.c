/* Storing local files, trees and pipes. */
#include "put_files.h"

#include "clock.h"
#include "format.h"
#include "format_file.h"
#include "local.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "put_folders.h"
#include "run.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GATHERED_MAX = 4096 };

struct put_source {
	char *shown; /* how messages call it */
	char *local; /* NULL: standard input */
	char *path;
	int fd;       /* the content, if it is not that of local; -1 */
	char *target; /* of a symbolic link; else NULL */
};

struct put_files {
	struct run *run;
	const struct put_files_demands *demands;
	struct progress *progress;
	struct put_source *sources;
	struct dfs_put *items; /* one for each source */
	size_t count;
	struct put_folders *folders; /* empty ones, until all files are stored */
	const char *folder;          /* that is walked */
	const char *prefix;          /* of the remote names below it */
	uint64_t stored, bytes;
	bool many; /* more than one file is meant */
	bool stop; /* nothing further can work */
};

struct put_files *put_files_new(struct run *run, bool many,
				const struct put_files_demands *demands)
{
	struct put_files *put = calloc(1, sizeof *put);

	if (!put)
		return NULL;
	put->run = run;
	put->many = many;
	put->demands = demands;
	put->sources = calloc(GATHERED_MAX, sizeof *put->sources);
	put->items = calloc(GATHERED_MAX, sizeof *put->items);
	put->folders = put_folders_new(run);
	if (!put->sources || !put->items || !put->folders) {
		put_files_free(put);
		return NULL;
	}
	put->progress = progress_new(run->output);
	return put;
}

static void clear(struct put_files *put)
{
	for (size_t i = 0; i < put->count; i++) {
		struct put_source *source = &put->sources[i];

		free(source->shown);
		free(source->local);
		free(source->path);
		free(source->target);
		if (source->fd >= 0)
			(void)close(source->fd);
	}
	put->count = 0;
}

void put_files_free(struct put_files *put)
{
	if (!put)
		return;
	clear(put);
	put_folders_free(put->folders);
	progress_free(put->progress);
	free(put->items);
	free(put->sources);
	free(put);
}

/* ---- what the library reports -------------------------------------------------- */

static void show_progress(void *context, size_t item, uint64_t done, uint64_t size)
{
	struct put_files *put = context;

	progress_at(put->progress, put->sources[item].shown, done, size);
}

static json_t *fields_of(const struct dfs_put *item, const struct put_source *source)
{
	char protection[FORMAT_PROTECTION];
	const struct dfs_file file = {.copies = item->copies};
	json_t *fields = json_object();

	if (source->local)
		(void)json_object_set_new(fields, "local", output_string(source->local));
	if (item->version[0] == '\0')
		return fields;
	(void)json_object_set_new(fields, "file_version", json_string(item->version));
	(void)json_object_set_new(fields, "size", json_integer((json_int_t)item->size));
	(void)json_object_set_new(fields, "protection",
				  json_string(format_protection(&file, protection)));
	return fields;
}

/*
 * What failed behind the local file is a matter of the remote one: text for both names.
 */
static char *name_both(const struct put_source *source)
{
	char *text;

	if (!source->local)
		return strdup(source->path);
	return asprintf(&text, "%s: %s", source->shown, source->path) >= 0 ? text : NULL;
}

/* What to do about a file that does not stay as it is. */
static void add_hint(struct put_files *put, struct dfs_put *item)
{
	size_t len = strlen(item->result.why);

	(void)snprintf(item->result.why + len, DFS_WHY - len,
		       put->demands->snapshot
			       ? "; put it again"
			       : "; put it again, or add --changing snapshot to store "
				 "what a file that grows has at the beginning");
}

static void finished(void *context, size_t index)
{
	struct put_files *put = context;
	struct run *run = put->run;
	const struct put_source *source = &put->sources[index];
	struct dfs_put *item = &put->items[index];
	struct outcome_item outcome = {.shown = source->shown, .path = source->path};
	char *both = NULL;

	progress_finished(put->progress);
	if (item->result.code == DFS_EXIT_DONE) {
		put->stored++;
		put->bytes += item->size;
		if (item->copies < 2 && options_has(&run->options, OPTION_REQUIRE_FULL)) {
			item->result.code = DFS_EXIT_WEAK;
			(void)snprintf(item->result.why, DFS_WHY,
				       "stored, but not every chunk has two copies");
		}
	}
	if (item->result.code != DFS_EXIT_DONE && item->changed)
		add_hint(put, item);
	if (item->result.code != DFS_EXIT_DONE && !item->local_failed) {
		both = name_both(source);
		if (both)
			outcome.shown = both;
	}
	if (item->result.code == DFS_EXIT_OPEN)
		outcome.retry = item->retry;
	if (output_json(run->output))
		outcome.take_fields = fields_of(item, source);
	outcome_item(run, &outcome, &item->result);
	free(both);
	if (item->result.code == DFS_EXIT_DONE &&
	    (!put->many || output_verbose(run->output)))
		output_remark(run->output, "%s: stored as %s", source->shown,
			      source->path);
}

/* ---- gathering ----------------------------------------------------------------- */

/* Hands over what was gathered. */
static void flush(struct put_files *put)
{
	const struct dfs_put_callbacks callbacks = {
		.context = put, .progress = show_progress, .finished = finished};
	struct dfs_result result;

	if (put->count == 0)
		return;
	result = run_open(put->run);
	if (result.code == DFS_EXIT_DONE) {
		progress_expect(put->progress, put->count);
		dfs_put(put->run->dfs, put->items, put->count, &callbacks);
	} else if (output_json(put->run->output)) {
		for (size_t i = 0; i < put->count; i++) {
			put->items[i].result = result;
			finished(put, i);
		}
	} else {
		outcome_all(put->run, NULL, 0, &result);
	}
	/* Without a session nothing that follows can go better. */
	put->stop = result.code != DFS_EXIT_DONE;
	clear(put);
}

/* local NULL: standard input.  remote is as a person would type it. */
static void fail(struct put_files *put, const char *local, const char *remote,
		 const struct dfs_result *result)
{
	char *path = run_name(put->run, remote);
	struct outcome_item outcome = {.shown = local ? local : path, .path = path};

	if (output_json(put->run->output) && local)
		outcome.take_fields = json_pack("{s:o}", "local", output_string(local));
	outcome_item(put->run, &outcome, result);
	free(path);
}

/* An item for what stands in a place of its own, from which its source can be read. */
static void fill_item(struct put_files *put, const struct put_source *source,
		      struct dfs_put *item)
{
	const struct options *options = &put->run->options;

	item->path = source->path;
	item->local = source->fd < 0 && !source->target ? source->local : NULL;
	item->fd = source->fd;
	item->modified_ns = source->fd < 0 ? 0 : clock_wall_ns();
	if (source->target) {
		item->link = true;
		item->bytes = source->target;
		item->bytes_len = strlen(source->target);
		item->modified_ns = local_modified(source->local);
	}
	item->snapshot = put->demands->snapshot;
	item->expects_size = put->demands->expects_size;
	item->expected_size = put->demands->size;
	item->sha256 = put->demands->expects_sha256 ? put->demands->sha256 : NULL;
	item->create = options_has(options, OPTION_NO_CLOBBER);
	item->if_version = options->values[OPTION_IF_VERSION];
	item->operation = options->values[OPTION_OPERATION];
}

/*
 * local NULL: standard input.  Content that is not that of the local file is in fd, or
 * the target of the link that it is, which are taken over; else -1 and NULL.  remote is
 * as a person would type it.
 */
static void gather(struct put_files *put, const char *local, int fd, char *take_target,
		   const char *remote)
{
	struct put_source *source = &put->sources[put->count];
	struct dfs_put *item = &put->items[put->count];
	struct dfs_result result;

	memset(source, 0, sizeof *source);
	memset(item, 0, sizeof *item);
	source->fd = fd;
	result = run_path(put->run, remote, &source->path);
	if (result.code != DFS_EXIT_DONE) {
		const struct dfs_result refused = result_of(
			result.code, "cannot be stored as %s: %s", remote, result.why);

		fail(put, local, remote, &refused);
		free(take_target);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	source->target = take_target;
	source->shown = strdup(local ? local : remote);
	source->local = local ? strdup(local) : NULL;
	put->count++;
	if (!source->shown || (local && !source->local)) {
		result = result_of(DFS_EXIT_OTHER, "out of memory");
		fail(put, local, remote, &result);
		put->stop = true;
		clear(put);
		return;
	}
	fill_item(put, source, item);
	if (put->count == GATHERED_MAX)
		flush(put);
}

/* Reads a pipe to its end first: what is stored must be known before it is sent. */
static void gather_pipe(struct put_files *put, const char *local, int fd,
			const char *remote)
{
	struct dfs_result result = {.code = DFS_EXIT_OTHER};
	int spool = local_spool(fd, result.why);

	if (spool >= 0)
		gather(put, local, spool, NULL, remote);
	else
		fail(put, local, remote, &result);
}

/* ---- trees --------------------------------------------------------------------- */

/* What it is stored as; NULL when out of memory, which is reported. */
static char *remote_of(struct put_files *put, const char *name, const char *relative)
{
	char *remote = name_join(put->prefix, relative);

	if (!remote) {
		struct dfs_result result = result_of(DFS_EXIT_OTHER, "out of memory");

		fail(put, name, relative, &result);
	}
	return remote;
}

static bool take_file(void *context, const char *name, const char *relative)
{
	struct put_files *put = context;
	char *remote = remote_of(put, name, relative);

	if (!remote)
		return false;
	gather(put, name, -1, NULL, remote);
	free(remote);
	return !put->stop;
}

static void fail_read(struct put_files *put, const char *local, const char *remote,
		      int error)
{
	const struct dfs_result result =
		result_of(DFS_EXIT_OTHER, "cannot be read: %s", strerror(error));

	fail(put, local, remote, &result);
}

static bool take_link(void *context, const char *name, const char *relative)
{
	struct put_files *put = context;
	char *remote = remote_of(put, name, relative);
	char *target = remote ? local_read_link(name) : NULL;

	if (target)
		gather(put, name, -1, target, remote);
	else if (remote)
		fail_read(put, name, remote, errno);
	free(remote);
	return remote && !put->stop;
}

/* Of the tree's own folder, relative is empty. */
static bool take_empty(void *context, const char *name, const char *relative)
{
	struct put_files *put = context;
	char *remote =
		*relative == '\0' ? strdup(put->prefix) : remote_of(put, name, relative);

	if (remote && *remote != '\0')
		put_folders_add(put->folders, name, remote);
	free(remote);
	return !put->stop;
}

static void leave_out(void *context, const char *name, int error)
{
	struct put_files *put = context;
	const char *relative = name + strlen(put->folder);
	char *text;

	relative += strspn(relative, "/");
	if (error != 0) {
		text = name_join(put->prefix, relative);
		fail_read(put, name, text ? text : relative, error);
		free(text);
	} else if (asprintf(&text, "%s: left out, because it is no file, link or folder",
			    name) >= 0) {
		output_warning(put->run->output, text);
		free(text);
	}
}

static void gather_tree(struct put_files *put, const char *folder, const char *prefix)
{
	const struct local_walk walk = {.context = put,
					.file = take_file,
					.link = take_link,
					.empty = take_empty,
					.left_out = leave_out};
	int error;

	put->folder = folder;
	put->prefix = prefix;
	error = local_walk(folder, &walk);
	if (error != 0 && error != ECANCELED)
		leave_out(put, folder, error);
}

/* ---- one argument -------------------------------------------------------------- */

static void put_pipe(struct put_files *put, const char *source, const char *remote)
{
	int fd = open(source, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fail_read(put, source, remote, errno);
		return;
	}
	gather_pipe(put, source, fd, remote);
	(void)close(fd);
}

void put_files_add(struct put_files *put, const char *source, const char *remote)
{
	struct dfs_result result;

	if (put->stop)
		return;
	if (strcmp(source, "-") == 0) {
		gather_pipe(put, NULL, STDIN_FILENO, remote);
		return;
	}
	switch (local_kind(source)) {
	case LOCAL_FILE:
		gather(put, source, -1, NULL, remote);
		return;
	case LOCAL_PIPE:
		put_pipe(put, source, remote);
		return;
	case LOCAL_FOLDER:
		if (options_has(&put->run->options, OPTION_RECURSIVE)) {
			put->many = true;
			gather_tree(put, source, remote);
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
	fail(put, source, remote, &result);
}

void put_files_finish(struct put_files *put)
{
	char size[FORMAT_SIZE];

	flush(put);
	if (!put->stop)
		put_folders_finish(put->folders);
	if (put->many)
		output_remark(put->run->output, "%llu file%s stored, %s",
			      (unsigned long long)put->stored,
			      put->stored == 1 ? "" : "s", format_size(put->bytes, size));
}
