/* cd, pwd, lcd, lpwd, exit: what only a shell has */
#include "commands.h"

#include "outcome.h"
#include "output.h"
#include "run.h"
#include "run_shell.h"
#include "status.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- remote -------------------------------------------------------------------- */

static int stop_at_first(void *context, const struct dfs_entry *entry)
{
	(void)context;
	(void)entry;
	return DFS_EXIT_OTHER;
}

/* Is there such a folder?  "/shared/" always is, be there nothing in it. */
static struct dfs_result look(struct run *run, const char *folder)
{
	struct dfs_result result = run_open(run);

	if (result.code != DFS_EXIT_DONE || strcmp(folder, "/shared/") == 0)
		return result;
	return dfs_list(run->dfs, folder, (struct dfs_list_options){.recursive = false},
			stop_at_first, NULL);
}

static int verb_cd(struct run *run)
{
	const char *typed = run->options.count > 0 ? run->options.arguments[0] : NULL;
	struct dfs_result result;
	char *folder = NULL;

	if (run->options.count > 1)
		return run_usage(run, "cd takes one folder");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE && !typed) {
		if (asprintf(&folder, "/%s/", run->user) < 0)
			folder = NULL;
		if (!folder)
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	} else if (result.code == DFS_EXIT_DONE) {
		/* A folder of that name is "./...". */
		result = run_folder(run, strcmp(typed, "...") == 0 ? ".." : typed,
				    &folder);
		if (result.code == DFS_EXIT_DONE)
			result = look(run, folder);
	}
	if (result.code == DFS_EXIT_DONE) {
		free(run->shell->folder);
		run->shell->folder = folder;
		return DFS_EXIT_DONE;
	}
	free(folder);
	outcome_typed(run, typed ? typed : "/", &result);
	return result.code;
}

const struct command cmd_cd = {
	.name = "cd",
	.usage = "cd [FOLDER]",
	.summary = "Go to a remote folder, or to your own",
	.examples = {"cd reports", "cd .."},
	.details = ".. and ... go up.\n",
	.run = verb_cd,
};

static int verb_pwd(struct run *run)
{
	if (run->options.count > 0)
		return run_usage(run, "pwd takes no arguments");
	if (output_json(run->output)) {
		output_object(run->output, "path", run->shell->folder, DFS_EXIT_DONE,
			      NULL);
		return DFS_EXIT_DONE;
	}
	output_name(run->output, run->shell->folder);
	output_text(run->output, "\n");
	return DFS_EXIT_DONE;
}

const struct command cmd_pwd = {
	.name = "pwd",
	.usage = "pwd",
	.summary = "Show the current remote folder",
	.examples = {"pwd", "pwd --json"},
	.details = "",
	.run = verb_pwd,
};

/* ---- local --------------------------------------------------------------------- */

static int local_failure(struct run *run, const char *name)
{
	output_failure(run->output, "path", name,
		       errno == ENOENT ? DFS_EXIT_MISSING : DFS_EXIT_OTHER,
		       strerror(errno));
	return errno == ENOENT ? DFS_EXIT_MISSING : DFS_EXIT_OTHER;
}

static int verb_lcd(struct run *run)
{
	const char *folder =
		run->options.count > 0 ? run->options.arguments[0] : getenv("HOME");

	if (run->options.count > 1)
		return run_usage(run, "lcd takes one local folder");
	if (!folder)
		return run_usage(run, "HOME names no folder: name one");
	if (strcmp(folder, "...") == 0)
		folder = "..";
	return chdir(folder) == 0 ? DFS_EXIT_DONE : local_failure(run, folder);
}

const struct command cmd_lcd = {
	.name = "lcd",
	.usage = "lcd [FOLDER]",
	.summary = "Go to a local folder, or home",
	.examples = {"lcd Downloads", "lcd .."},
	.details = ".. and ... go up.\n",
	.run = verb_lcd,
};

static int verb_lpwd(struct run *run)
{
	char *folder;

	if (run->options.count > 0)
		return run_usage(run, "lpwd takes no arguments");
	folder = getcwd(NULL, 0);
	if (!folder)
		return local_failure(run, ".");
	if (output_json(run->output)) {
		output_object(run->output, "path", folder, DFS_EXIT_DONE, NULL);
	} else {
		output_name(run->output, folder);
		output_text(run->output, "\n");
	}
	free(folder);
	return DFS_EXIT_DONE;
}

const struct command cmd_lpwd = {
	.name = "lpwd",
	.usage = "lpwd",
	.summary = "Show the current local folder",
	.examples = {"lpwd", "lpwd --json"},
	.details = "",
	.run = verb_lpwd,
};

/* ---- the end ------------------------------------------------------------------- */

static int verb_exit(struct run *run)
{
	if (run->options.count > 0)
		return run_usage(run, "exit takes no arguments");
	run->shell->over = true;
	return DFS_EXIT_DONE;
}

const struct command cmd_exit = {
	.name = "exit",
	.alias = "quit",
	.usage = "exit",
	.summary = "Leave the shell, as Ctrl-D does",
	.examples = {"exit", "quit"},
	.details = "",
	.run = verb_exit,
};
