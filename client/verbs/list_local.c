/* list --local: what there is to put. */
#include "list_local.h"

#include "format.h"
#include "name.h"
#include "numbers.h"
#include "options.h"
#include "output.h"
#include "run.h"
#include "run_shell.h"
#include "status.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One entry of the folder. */
struct entry {
	const char *name;
	const char *path; /* whole, a folder's with a '/' behind it */
	struct stat stat;
	size_t number; /* 0: none */
};

static int64_t modified_ns(const struct stat *stat_buf)
{
	return (int64_t)stat_buf->st_mtim.tv_sec * 1000000000 + stat_buf->st_mtim.tv_nsec;
}

static void print_text(struct run *run, const struct entry *entry, bool details)
{
	struct output *output = run->output;
	bool folder = S_ISDIR(entry->stat.st_mode);
	char time[FORMAT_TIME];

	if (entry->number > 0)
		output_text(output, "%4zu  ", entry->number);
	if (details && folder)
		output_text(output, "%14s  %-19s  ", "-", "-");
	else if (details)
		output_text(output, "%14lld  %-19s  ", (long long)entry->stat.st_size,
			    format_time(modified_ns(&entry->stat), time));
	output_name(output, entry->name);
	output_text(output, folder ? "/\n" : "\n");
}

static void print_object(struct run *run, const struct entry *entry)
{
	const struct stat *stat_buf = &entry->stat;
	char time[FORMAT_TIME];
	const char *type = S_ISDIR(stat_buf->st_mode)   ? "folder"
			   : S_ISREG(stat_buf->st_mode) ? "file"
							: "other";
	json_t *name = output_string(entry->name);
	json_t *fields = json_pack("{s:o,s:s}", "name", name, "type", type);

	if (S_ISREG(stat_buf->st_mode)) {
		(void)json_object_set_new(fields, "size",
					  json_integer((json_int_t)stat_buf->st_size));
		(void)json_object_set_new(
			fields, "modified",
			json_string(format_time_utc(modified_ns(stat_buf), time)));
	}
	if (entry->number > 0)
		(void)json_object_set_new(fields, "number",
					  json_integer((json_int_t)entry->number));
	output_object(run->output, "path", entry->path, DFS_EXIT_DONE, fields);
}

/* What went away meanwhile is passed over; false when out of memory. */
static bool print(struct run *run, const char *folder, const char *name)
{
	bool details =
		options_has(&run->options, OPTION_LONG) || output_terminal(run->output);
	char *whole = name_join(folder, name), *path = NULL;
	struct entry entry = {.name = name};

	if (whole && stat(whole, &entry.stat) != 0 && lstat(whole, &entry.stat) != 0) {
		free(whole);
		return true;
	}
	if (whole &&
	    asprintf(&path, "%s%s", whole, S_ISDIR(entry.stat.st_mode) ? "/" : "") < 0)
		path = NULL;
	free(whole);
	if (!path)
		return false;
	entry.path = path;
	if (run->shell)
		entry.number = numbers_add(run->shell->numbers, NUMBERS_LOCAL, path);
	if (output_json(run->output))
		print_object(run, &entry);
	else
		print_text(run, &entry, details);
	free(path);
	return true;
}

static int failure(struct run *run, const char *folder, int error)
{
	int code = error == ENOENT ? DFS_EXIT_MISSING : DFS_EXIT_OTHER;

	output_failure(run->output, "path", folder, code, strerror(error));
	return code;
}

static int plain(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int list_local(struct run *run)
{
	const struct options *options = &run->options;
	const char *typed = options->count > 0 ? options->arguments[0] : ".";
	struct dirent **names;
	char *folder;
	int count, error = 0;

	if (options_has(options, OPTION_RECURSIVE) ||
	    options_has(options, OPTION_CHUNKS) ||
	    options_has(options, OPTION_SHARED_WITH_ME))
		return run_usage(run, "--local goes with a local folder and -l alone");
	folder = realpath(typed, NULL);
	if (!folder)
		return failure(run, typed, errno);
	count = scandir(folder, &names, plain, by_bytes);
	if (count < 0) {
		error = errno;
		free(folder);
		return failure(run, typed, error);
	}
	if (run->shell)
		numbers_begin(run->shell->numbers, NUMBERS_LOCAL);
	for (int i = 0; i < count; i++) {
		if (error == 0 && !output_broken(run->output) &&
		    !print(run, folder, names[i]->d_name))
			error = ENOMEM;
		free(names[i]);
	}
	free(names);
	free(folder);
	return error == 0 ? DFS_EXIT_DONE : failure(run, typed, error);
}
