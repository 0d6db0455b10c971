/* Fetching many files to their local names, or to a stream. */
#include "get_files.h"

#include "command.h"
#include "format_file.h"
#include "get_folders.h"
#include "local_target.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "progress.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 4096, FIRST_ROOM = 64 };

struct file_names {
	char *shown, *path;
	char *local; /* below the folder */
};

struct get_files {
	struct run *run;
	struct local_target *target; /* NULL: a stream */
	const char *folder; /* before the local names, as a person would type it */
	const char *stream; /* what it is called, */
	int out;            /* and its descriptor; -1: not open yet */
	bool opened;        /* that is ours to close */
	struct get_files_place place;
	struct progress *progress;
	struct file_names *names;
	size_t count, room;
	struct get_folders *folders;
	/* The slice that the library works on. */
	struct dfs_get *items;
	size_t first;
	/* The file that is being fetched. */
	struct dfs_file file;
	uint64_t done;
	bool begun;
	uint64_t lines;  /* of it that are still wanted, where they are counted */
	bool enough;     /* they have come */
	bool titled;     /* a title has been written */
	bool out_failed; /* the stream takes nothing more, */
	bool out_left;   /* because its reader has gone */
};

struct get_files *get_files_new(struct run *run, const struct get_files_place *place)
{
	struct get_files *get = calloc(1, sizeof *get);

	if (!get)
		return NULL;
	get->run = run;
	get->place = *place;
	get->out = place->fd;
	get->stream = place->stream;
	if (!place->folder) {
		if (place->fd == STDOUT_FILENO)
			output_take_stdout(run->output);
		return get;
	}
	get->folder = strcmp(place->folder, ".") == 0 ? "" : place->folder;
	get->target = local_target_new(place->folder, place->make,
				       options_has(&run->options, OPTION_FORCE));
	if (!get->target) {
		free(get);
		return NULL;
	}
	return get;
}

static void forget(struct file_names *names)
{
	free(names->shown);
	free(names->path);
	free(names->local);
}

void get_files_free(struct get_files *get)
{
	char warning[DFS_WHY];

	if (!get)
		return;
	if (get->target) {
		local_target_end(get->target);
		if (local_target_warning(get->target, warning))
			output_warning(get->run->output, warning);
	}
	local_target_free(get->target);
	if (get->opened)
		(void)close(get->out);
	for (size_t i = 0; i < get->count; i++)
		forget(&get->names[i]);
	get_folders_free(get->folders);
	free(get->names);
	free(get);
}

bool get_files_add_folder(struct get_files *get, const char *path, const char *local)
{
	if (!get->folders)
		get->folders = get_folders_new(get->run);
	return get->folders && get_folders_add(get->folders, path, local);
}

bool get_files_add(struct get_files *get, const char *shown, const char *path,
		   const char *local)
{
	struct file_names names;

	if (get->count == get->room) {
		size_t room = get->room > 0 ? 2 * get->room : FIRST_ROOM;
		struct file_names *more =
			reallocarray(get->names, room, sizeof *get->names);

		if (!more)
			return false;
		get->names = more;
		get->room = room;
	}
	names.shown = strdup(shown);
	names.path = strdup(path);
	names.local = strdup(local);
	if (!names.shown || !names.path || !names.local) {
		forget(&names);
		return false;
	}
	get->names[get->count++] = names;
	return true;
}

/* ---- what the library calls ---------------------------------------------------- */

static int fail_out(struct get_files *get, char why[DFS_WHY])
{
	(void)snprintf(why, DFS_WHY, "cannot write to %.200s: %s", get->stream,
		       strerror(errno));
	get->out_failed = true;
	get->out_left = errno == EPIPE;
	return DFS_EXIT_OTHER;
}

/*
 * Is it still something that takes a stream, and no file of one's own to which whoever
 * may write to the folder has let the name lead since?  A pipe of somebody else's would
 * give him what is fetched.
 */
static int check_out(struct get_files *get, char why[DFS_WHY])
{
	struct stat stat_buf;
	const char *wrong = NULL;

	if (fstat(get->out, &stat_buf) != 0)
		return fail_out(get, why);
	if (!S_ISFIFO(stat_buf.st_mode) && !S_ISCHR(stat_buf.st_mode))
		wrong = "is not the pipe any more that it was";
	else if (S_ISFIFO(stat_buf.st_mode) && stat_buf.st_uid != 0 &&
		 stat_buf.st_uid != geteuid())
		wrong = "is a pipe of somebody else: nothing was written to it; cat is "
			"able to, as in: get REMOTE - | cat >PIPE";
	if (!wrong)
		return 0;
	(void)snprintf(why, DFS_WHY, "%.200s %s", get->stream, wrong);
	get->out_failed = true;
	return DFS_EXIT_DENIED;
}

/* Opens the stream once there is something to write: a pipe waits for its reader. */
static int begin_out(struct get_files *get, char why[DFS_WHY])
{
	if (get->file.type == DFS_TYPE_LINK) {
		(void)snprintf(why, DFS_WHY,
			       "is a symbolic link, which %.200s does not take; stat "
			       "shows where it leads",
			       get->stream);
		return DFS_EXIT_USAGE;
	}
	if (get->out_failed) {
		(void)snprintf(why, DFS_WHY, "%.200s takes nothing more", get->stream);
		return DFS_EXIT_OTHER;
	}
	if (get->out >= 0)
		return 0;
	get->out = open(get->stream, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	get->opened = get->out >= 0;
	return get->opened ? check_out(get, why) : fail_out(get, why);
}

static int write_out(struct get_files *get, const void *bytes, size_t len,
		     char why[DFS_WHY])
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t put = write(get->out, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail_out(get, why);
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

/* "==> NAME <==", an empty line before all but the first. */
static int write_title(struct get_files *get, const char *name, char why[DFS_WHY])
{
	char *shown = output_escape(get->run->output, name), *title;
	int len, code;

	len = asprintf(&title, "%s==> %s <==\n", get->titled ? "\n" : "",
		       shown ? shown : "");
	free(shown);
	if (len < 0) {
		(void)snprintf(why, DFS_WHY, "out of memory");
		return DFS_EXIT_OTHER;
	}
	get->titled = true;
	code = write_out(get, title, (size_t)len, why);
	free(title);
	return code;
}

static int begin(void *context, size_t item, const struct dfs_file *file,
		 char why[DFS_WHY])
{
	struct get_files *get = context;
	int code;

	get->file = *file;
	get->done = 0;
	get->begun = true;
	get->lines = get->place.lines;
	get->enough = false;
	if (get->target)
		return local_target_begin(get->target,
					  get->names[get->first + item].local, file, why);
	code = begin_out(get, why);
	if (code == 0 && get->place.titles && get->count > 1)
		code = write_title(get, get->names[get->first + item].shown, why);
	return code;
}

/* How many of these bytes belong to the lines that are wanted. */
static size_t wanted(struct get_files *get, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;

	while (get->lines > 0 && at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		at = line ? line + 1 : end;
		get->lines -= line ? 1 : 0;
	}
	get->enough = get->lines == 0;
	return (size_t)(at - bytes);
}

static int take_bytes(void *context, size_t item, const void *bytes, size_t len,
		      char why[DFS_WHY])
{
	struct get_files *get = context;
	int code;

	get->done += len;
	progress_at(get->progress, get->names[get->first + item].shown, get->done,
		    get->file.size);
	if (get->target)
		return local_target_write(get->target, bytes, len, why);
	if (get->place.headed)
		len = wanted(get, bytes, len);
	code = write_out(get, bytes, len, why);
	/* That is no failure, but ends it. */
	return code == 0 && get->enough ? DFS_EXIT_OTHER : code;
}

static json_t *fields_of(const struct get_files *get, const char *relative)
{
	char *local;
	char protection[FORMAT_PROTECTION];
	json_t *fields = json_pack("{s:s,s:I,s:s}", "file_version", get->file.version,
				   "size", (json_int_t)get->file.size, "protection",
				   format_protection(&get->file, protection));

	if (!get->target)
		return fields;
	local = name_join(get->folder, relative);
	if (local)
		(void)json_object_set_new(fields, "local", output_string(local));
	free(local);
	return fields;
}

static void take_warning(struct get_files *get, struct dfs_result *result)
{
	char warning[DFS_WHY];

	if (!local_target_warning(get->target, warning))
		return;
	if (result->warning[0] == '\0')
		memcpy(result->warning, warning, sizeof result->warning);
	else
		output_warning(get->run->output, warning);
}

static void remark(struct get_files *get, const struct file_names *names, bool equal)
{
	char *local = name_join(get->folder, names->local);

	if (equal)
		output_remark(get->run->output, "%s: is there already",
			      local ? local : names->local);
	else
		output_remark(get->run->output, "%s: fetched", names->shown);
	free(local);
}

static void finished(void *context, size_t item)
{
	struct get_files *get = context;
	struct run *run = get->run;
	const struct file_names *names = &get->names[get->first + item];
	struct dfs_result *result = &get->items[item].result;
	struct outcome_item outcome = {.shown = names->shown, .path = names->path};
	bool equal = result->code == LOCAL_TARGET_EQUAL;
	bool enough = get->begun && get->enough && !get->out_failed;

	progress_finished(get->progress);
	if (equal || enough) {
		result->code = DFS_EXIT_DONE;
		result->why[0] = '\0';
	} else if (get->target && result->code == DFS_EXIT_DONE) {
		result->code = local_target_finish(get->target, result->why);
	} else if (get->target) {
		local_target_abandon(get->target);
	}
	if (get->target)
		take_warning(get, result);
	if (result->code == DFS_EXIT_MISSING && !get->begun &&
	    run_is_folder(run, names->path))
		(void)snprintf(result->why, DFS_WHY, "no such file: it is a folder; %s",
			       strcmp(run->command->name, "get") == 0
				       ? "-r gets everything below it"
				       : "list shows what is in it");
	else if (result->code == DFS_EXIT_MISSING &&
		 options_has(&run->options, OPTION_RECURSIVE))
		(void)snprintf(result->why, DFS_WHY, "no such file or folder");
	if (output_json(run->output) && get->begun && result->code == DFS_EXIT_DONE)
		outcome.take_fields = fields_of(get, names->local);
	/* A reader who has seen enough ("| head") wants no message. */
	if (get->out_left && result->code == DFS_EXIT_OTHER && !output_json(run->output))
		outcome_add(&run->outcome, result->code);
	else
		outcome_item(run, &outcome, result);
	if (result->code == DFS_EXIT_DONE && get->target &&
	    (get->count == 1 || output_verbose(run->output)))
		remark(get, names, equal);
	get->begun = false;
}

static void get_slice(struct get_files *get, size_t count)
{
	const struct dfs_get_callbacks callbacks = {.context = get,
						    .begin = begin,
						    .write = take_bytes,
						    .finished = finished};

	for (size_t i = 0; i < count; i++)
		get->items[i] = (struct dfs_get){.path = get->names[get->first + i].path,
						 .range = get->place.range,
						 .briefly = get->place.headed};
	dfs_get(get->run->dfs, get->items, count, !get->target, &callbacks);
}

static void report_none(struct get_files *get, const struct dfs_result *result)
{
	if (!output_json(get->run->output)) {
		outcome_all(get->run, NULL, 0, result);
		return;
	}
	for (size_t i = 0; i < get->count; i++)
		outcome_item(get->run, &(struct outcome_item){.path = get->names[i].path},
			     result);
}

/* ---- all ------------------------------------------------------------------------- */

static void fetch_files(struct get_files *get)
{
	struct dfs_result result;

	if (get->count == 0)
		return;
	result = run_open(get->run);
	if (result.code == DFS_EXIT_DONE) {
		get->items = calloc(get->count < AT_ONCE ? get->count : AT_ONCE,
				    sizeof *get->items);
		if (!get->items)
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	}
	if (!get->items) {
		report_none(get, &result);
		return;
	}
	get->progress = progress_new(get->run->output);
	progress_expect(get->progress, get->count);
	for (; get->first < get->count; get->first += AT_ONCE) {
		size_t left = get->count - get->first;

		get_slice(get, left < AT_ONCE ? left : AT_ONCE);
	}
	progress_free(get->progress);
	get->progress = NULL;
	free(get->items);
	get->items = NULL;
	if (get->count > 1 && get->target)
		output_remark(get->run->output, "%zu files", get->count);
}

void get_files_print(struct run *run, const struct get_files_place *place)
{
	struct get_files *get = get_files_new(run, place);
	struct typed_paths paths;
	bool good = get;

	if (!get) {
		outcome_no_memory(run);
		return;
	}
	if (typed_paths_prepare(run, run->options.arguments, run->options.count,
				&paths)) {
		for (size_t i = 0; i < paths.count && good; i++)
			good = get_files_add(get, paths.items[i].typed,
					     paths.items[i].path, "-");
		if (good)
			get_files_fetch(get);
		else
			outcome_no_memory(run);
	}
	typed_paths_free(&paths);
	get_files_free(get);
}

void get_files_fetch(struct get_files *get)
{
	fetch_files(get);
	/* There are some only where the session was opened to list them. */
	if (get->folders && get->target)
		get_folders_make(get->folders, get->target);
}
