/* One run of the command: user, session, remote names. */
#include "run.h"

#include "cluster.h"
#include "command.h"
#include "name.h"
#include "output.h"
#include "path.h"
#include "run_shell.h"
#include "session_file.h"
#include "status.h"
#include "text.h"
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many missing files of a command are looked at as folders. */
enum { HINTS = 4 };

int run_usage(const struct run *run, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct dfs_result result = result_of_list(DFS_EXIT_USAGE, format, arguments);
	va_end(arguments);
	size_t len = strlen(result.why);
	(void)snprintf(result.why + len, sizeof result.why - len,
		       " (see \"%s help%s%s\")", run->program, run->command ? " " : "",
		       run->command ? run->command->name : "");
	output_failure(run->output, "path", NULL, DFS_EXIT_USAGE, result.why);
	return DFS_EXIT_USAGE;
}

bool run_number(const struct run *run, enum option option, unsigned least, unsigned *ret)
{
	const char *typed = run->options.values[option];
	uint64_t number;

	if (!typed)
		return true;
	if (!text_number(typed, least, INT32_MAX, &number)) {
		(void)run_usage(run,
				"--%s takes a number of %u or more, and not \"%.64s\"",
				options_name(option), least, typed);
		return false;
	}
	*ret = (unsigned)number;
	return true;
}

struct dfs_result run_config(struct run *run)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	char why[DFS_WHY];

	if (run->config[0] != '\0')
		return result;
	if (!cluster_find(run->options.values[OPTION_CONFIG], run->config,
			  sizeof run->config))
		result = result_of(
			DFS_EXIT_USAGE,
			"no cluster.conf of yours found; name one with --config FILE or "
			"DFS_CONFIG, or make a cluster with \"%s cluster create "
			"DIR\"",
			run->program);
	else if (access(run->config, F_OK) != 0)
		result = result_of(
			DFS_EXIT_USAGE,
			"there is no %s; name another with --config FILE or "
			"DFS_CONFIG, or make a cluster with \"%s cluster create "
			"DIR\"",
			run->config, run->program);
	else if (!cluster_read(run->config, &run->cluster, why, sizeof why))
		result = result_of(DFS_EXIT_USAGE, "%s", why);
	if (result.code != DFS_EXIT_DONE)
		run->config[0] = '\0';
	return result;
}

/* The name that the machine knows this user by; NULL when there is none. */
static const char *machine_name(char *buf, size_t size)
{
	static struct passwd entry;
	struct passwd *found = NULL;

	return getpwuid_r(getuid(), &entry, buf, size, &found) == 0 && found
		       ? entry.pw_name
		       : NULL;
}

struct dfs_result run_user(struct run *run)
{
	const char *name = run->options.values[OPTION_USER], *wrong;
	const char *source = "--user";
	char buf[4096];

	if (!name) {
		name = getenv("DFS_USER");
		source = "DFS_USER";
	}
	if (!name || (*name == '\0' && source[0] != '-')) {
		/* That there is no cluster is told when it is needed. */
		if (run_config(run).code == DFS_EXIT_DONE &&
		    session_file_newest(&run->cluster.id, run->user))
			return (struct dfs_result){0};
		source = "the log-in name";
		name = machine_name(buf, sizeof buf);
		if (!name)
			return result_of(DFS_EXIT_USAGE,
					 "this user has no log-in name; give one with "
					 "--user or DFS_USER");
	}
	wrong = path_check_user(name, strlen(name));
	if (wrong)
		return result_of(DFS_EXIT_USAGE,
				 "\"%s\" (%s) cannot be used: %s; give another with "
				 "--user or DFS_USER",
				 name, source, wrong);
	strcpy(run->user, name);
	return (struct dfs_result){0};
}

const char *run_here(const struct run *run, char own[RUN_OWN])
{
	if (run->shell)
		return run->shell->folder;
	(void)snprintf(own, RUN_OWN, "/%s/", run->user);
	return own;
}

char *run_canonical(const struct run *run, const char *typed)
{
	return run->shell ? name_resolve(run->shell->folder, typed)
			  : path_canonical(typed, run->user);
}

/* Takes path over; checks it as a file's or a folder's. */
static struct dfs_result checked(char *path, bool folder, char **ret_path)
{
	const char *wrong;

	*ret_path = NULL;
	if (!path)
		return result_of(DFS_EXIT_OTHER, "out of memory");
	wrong = folder ? path_check_folder(path, strlen(path))
		       : path_check(path, strlen(path));
	if (wrong) {
		free(path);
		return result_of(DFS_EXIT_USAGE, "%s", wrong);
	}
	*ret_path = path;
	return (struct dfs_result){0};
}

struct dfs_result run_path(const struct run *run, const char *typed, char **ret_path)
{
	*ret_path = NULL;
	if (*typed == '\0')
		return result_of(DFS_EXIT_USAGE, "the name is empty");
	if (typed[strlen(typed) - 1] == '/' &&
	    run_folder(run, typed, ret_path).code == DFS_EXIT_DONE) {
		free(*ret_path);
		*ret_path = NULL;
		return result_of(DFS_EXIT_USAGE,
				 "is the name of a folder, because it ends in '/'; "
				 "here a file is meant");
	}
	return checked(run_canonical(run, typed), false, ret_path);
}

struct dfs_result run_folder(const struct run *run, const char *typed, char **ret_path)
{
	char *path, *folder;

	*ret_path = NULL;
	if (*typed == '\0')
		return result_of(DFS_EXIT_USAGE, "the name is empty");
	path = run_canonical(run, typed);
	if (path && path[strlen(path) - 1] != '/') {
		if (asprintf(&folder, "%s/", path) < 0)
			folder = NULL;
		free(path);
		path = folder;
	}
	return checked(path, true, ret_path);
}

struct dfs_result run_either(const struct run *run, const char *typed, char **ret_path)
{
	struct dfs_result result;

	if (name_is_folder(typed))
		return run_folder(run, typed, ret_path);
	result = run_path(run, typed, ret_path);
	if (result.code == DFS_EXIT_USAGE &&
	    run_folder(run, typed, ret_path).code == DFS_EXIT_DONE)
		result.code = DFS_EXIT_DONE;
	return result;
}

char *run_name(const struct run *run, const char *typed)
{
	char *path;

	/* Before run_user a relative name is below nothing. */
	if (run->user[0] == '\0' && typed[0] != '/')
		return strdup(typed);
	if (typed[0] == '\0' || !path_check_folder(typed, strlen(typed)) ||
	    (run_path(run, typed, &path).code != DFS_EXIT_DONE &&
	     run_folder(run, typed, &path).code != DFS_EXIT_DONE))
		return strdup(typed);
	return path;
}

static int stop_at_first(void *context, const struct dfs_entry *entry)
{
	bool *any = context;

	(void)entry;
	*any = true;
	return DFS_EXIT_OTHER;
}

bool run_is_folder(struct run *run, const char *path)
{
	bool any = false;
	char *folder;

	if (run->hints == HINTS || run_folder(run, path, &folder).code != DFS_EXIT_DONE)
		return false;
	run->hints++;
	/* One that was made may have nothing in it. */
	any = dfs_list(run->dfs, folder, (struct dfs_list_options){.recursive = false},
		       stop_at_first, &any)
		      .code == DFS_EXIT_DONE;
	free(folder);
	return any;
}
