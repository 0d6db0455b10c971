/* touch PATH... and chmod MODE PATH... */
#include "commands.h"

#include "clock.h"
#include "libdfs_folders.h"
#include "moment.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdlib.h>
#include <string.h>

struct setting {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_setting *items;
	/* Those that were not there, on their way to become empty files. */
	struct dfs_put *puts;
	size_t *which; /* item of each */
	size_t put_count;
	/* Those that can only be folders, which something below them may make. */
	size_t *folders;
	size_t folder_count;
};

static void report(const struct setting *setting, size_t item,
		   const struct dfs_result *result)
{
	const struct outcome_item outcome = {.shown = setting->paths->items[item].typed,
					     .path = setting->paths->items[item].path};

	outcome_item(setting->run, &outcome, result);
}

/* false after wrong usage, or out of memory, which is reported. */
static bool prepare(struct setting *setting, const char *const *typed, size_t count,
		    struct typed_paths *paths)
{
	if (!typed_paths_prepare_any(setting->run, typed, count, paths))
		return false;
	setting->paths = paths;
	setting->items = calloc(paths->count, sizeof *setting->items);
	setting->puts = calloc(paths->count, sizeof *setting->puts);
	setting->which = calloc(paths->count, sizeof *setting->which);
	setting->folders = calloc(paths->count, sizeof *setting->folders);
	if (!setting->items || !setting->puts || !setting->which || !setting->folders) {
		outcome_no_memory(setting->run);
		return false;
	}
	for (size_t i = 0; i < paths->count; i++)
		setting->items[i].path = paths->items[i].path;
	return true;
}

static void end(struct setting *setting, struct typed_paths *paths)
{
	free(setting->items);
	free(setting->puts);
	free(setting->which);
	free(setting->folders);
	typed_paths_free(paths);
}

/* ---- touch ----------------------------------------------------------------------- */

static void touched(void *context, size_t item)
{
	struct setting *setting = context;
	const struct dfs_setting *done = &setting->items[item];

	if (done->result.code != DFS_EXIT_MISSING) {
		report(setting, item, &done->result);
	} else if (options_has(&setting->run->options, OPTION_NO_CREATE)) {
		report(setting, item, &(struct dfs_result){.code = DFS_EXIT_DONE});
	} else if (name_is_folder(setting->paths->items[item].typed)) {
		setting->folders[setting->folder_count++] = item;
	} else {
		setting->puts[setting->put_count] =
			(struct dfs_put){.path = done->path,
					 .bytes = "",
					 .modified_ns = done->modified_ns,
					 .create = true};
		setting->which[setting->put_count++] = item;
	}
}

static void again(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/*
 * It could not be made: somebody was faster, or it is a folder, because something lies
 * below it, which is then made, so that it has a time.
 */
static void touch_again(struct setting *setting, size_t item)
{
	struct dfs *dfs = setting->run->dfs;
	struct dfs_setting *once_more = &setting->items[item];
	struct dfs_mkdir make = {.path = once_more->path,
				 .may_exist = true,
				 .modified_ns = once_more->modified_ns};

	dfs_set_attributes(dfs, once_more, 1, again, NULL);
	if (once_more->result.code == DFS_EXIT_MISSING) {
		dfs_mkdir(dfs, &make, 1, again, NULL);
		once_more->result = make.result;
	}
	report(setting, item, &once_more->result);
}

/* No file is made where the name is a folder's: is it one? */
static void touch_folder(struct setting *setting, size_t item)
{
	struct dfs_stat stat = {.path = setting->items[item].path};

	dfs_stat(setting->run->dfs, &stat, 1, again, NULL);
	if (stat.result.code == DFS_EXIT_DONE)
		touch_again(setting, item);
	else
		report(setting, item, &stat.result);
}

static void created(void *context, size_t index)
{
	struct setting *setting = context;
	size_t item = setting->which[index];
	const struct dfs_put *put = &setting->puts[index];

	if (put->result.code != DFS_EXIT_CONFLICT)
		report(setting, item, &put->result);
}

static void touch_all(struct setting *setting, int64_t modified_ns)
{
	const struct dfs_put_callbacks callbacks = {.context = setting,
						    .finished = created};
	struct dfs *dfs = setting->run->dfs;

	for (size_t i = 0; i < setting->paths->count; i++) {
		setting->items[i].set_modified = true;
		setting->items[i].modified_ns = modified_ns;
	}
	dfs_set_attributes(dfs, setting->items, setting->paths->count, touched, setting);
	dfs_put(dfs, setting->puts, setting->put_count, &callbacks);
	for (size_t i = 0; i < setting->put_count; i++)
		if (setting->puts[i].result.code == DFS_EXIT_CONFLICT)
			touch_again(setting, setting->which[i]);
	for (size_t i = 0; i < setting->folder_count; i++)
		touch_folder(setting, setting->folders[i]);
}

static int verb_touch(struct run *run)
{
	const struct options *options = &run->options;
	struct setting setting = {.run = run};
	struct typed_paths paths = {0};
	int64_t modified_ns = clock_wall_ns();

	if (options->count == 0)
		return run_usage(run, "touch needs the name of a file");
	if (options_has(options, OPTION_DATE) &&
	    !moment_parse(options->values[OPTION_DATE], modified_ns, &modified_ns))
		return run_usage(run, "--date is " MOMENT_FORMS);
	if (prepare(&setting, options->arguments, options->count, &paths))
		touch_all(&setting, modified_ns);
	end(&setting, &paths);
	return run->outcome.code;
}

const struct command cmd_touch = {
	.name = "touch",
	.usage = "touch [-c] [-d DATE] PATH...",
	.summary = "Set the time of files, or make them empty",
	.examples = {"touch notes.txt", "touch -d \"2026-01-31 12:00\" report.pdf"},
	.details = "A file that is not there is made, empty, unless with -c.  Its "
		   "version stays when only\n"
		   "its time is set.  DATE is " MOMENT_FORMS ".\n",
	.options = OPTION_BIT(OPTION_NO_CREATE) | OPTION_BIT(OPTION_DATE) |
		   OPTION_BIT(OPTION_EXACT),
	.run = verb_touch,
};

/* ---- chmod ----------------------------------------------------------------------- */

static void changed(void *context, size_t item)
{
	const struct setting *setting = context;

	report(setting, item, &setting->items[item].result);
}

/* "+x", "u-x", "755" and the like: all that counts of it is the owner's x. */
static bool parse_mode(const char *text, bool *ret_executable)
{
	size_t octal = strspn(text, "01234567"), who = strspn(text, "ugoa");

	if (octal >= 3 && octal <= 4 && text[octal] == '\0') {
		*ret_executable = (text[octal - 3] - '0') & 1;
		return true;
	}
	text += who;
	*ret_executable = *text == '+';
	return (*text == '+' || *text == '-') && strcmp(text + 1, "x") == 0;
}

static int verb_chmod(struct run *run)
{
	const struct options *options = &run->options;
	/* "-x" reads like an option, and is one. */
	size_t first = options_has(options, OPTION_NO_EXECUTE) ? 0 : 1;
	struct setting setting = {.run = run};
	struct typed_paths paths = {0};
	bool executable = false;

	if (options->count <= first)
		return run_usage(run, "chmod needs a mode and the name of a file");
	if (first == 1 && !parse_mode(options->arguments[0], &executable))
		return run_usage(run, "\"%.80s\" is no mode: +x, -x, or one like 755",
				 options->arguments[0]);
	if (prepare(&setting, options->arguments + first, options->count - first,
		    &paths)) {
		for (size_t i = 0; i < paths.count; i++) {
			setting.items[i].set_executable = true;
			setting.items[i].executable = executable;
		}
		dfs_set_attributes(run->dfs, setting.items, paths.count, changed,
				   &setting);
	}
	end(&setting, &paths);
	return run->outcome.code;
}

const struct command cmd_chmod = {
	.name = "chmod",
	.usage = "chmod MODE PATH...",
	.summary = "Say whether files may be executed",
	.examples = {"chmod +x backup.sh", "chmod 644 notes.txt"},
	.details = "MODE is +x or -x, also with letters of ugoa before it, or three or "
		   "four octal digits.\n"
		   "Of these the store keeps whether the owner may execute the file, "
		   "and get sets it\n"
		   "again; who may read and write is for share.  The version stays.\n",
	.options = OPTION_BIT(OPTION_NO_EXECUTE) | OPTION_BIT(OPTION_EXACT),
	.run = verb_chmod,
};
