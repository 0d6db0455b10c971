/* find [PATH...] */
#include "commands.h"

#include "amount.h"
#include "clock.h"
#include "format_file.h"
#include "moment.h"
#include "outcome.h"
#include "output.h"
#include "path.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct find_view {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_condition condition;
	bool with_nul;
};

static int print(void *context, size_t item, const struct dfs_entry *entry)
{
	struct find_view *view = context;
	struct output *output = view->run->output;
	const char *slash = entry->folder ? "/" : "";
	char *path;

	(void)item;
	if (asprintf(&path, "%s%s", entry->path, slash) < 0)
		return DFS_EXIT_OTHER;
	if (output_json(output)) {
		output_object(output, "path", path, DFS_EXIT_DONE, format_entry(entry));
	} else {
		output_name(output, path);
		output_text(output, "%c", view->with_nul ? '\0' : '\n');
	}
	free(path);
	return output_broken(output) ? DFS_EXIT_OTHER : 0;
}

static void find_all(struct find_view *view)
{
	struct run *run = view->run;
	const struct typed_paths *paths = view->paths;
	struct dfs_find *items = calloc(paths->count + 1, sizeof *items);

	if (!items) {
		outcome_no_memory(run);
		return;
	}
	for (size_t i = 0; i < paths->count; i++)
		items[i] = (struct dfs_find){.path = paths->items[i].path,
					     .condition = view->condition,
					     .detail = output_json(run->output)};
	dfs_find(run->dfs, items, paths->count, print, view);
	for (size_t i = 0; i < paths->count; i++)
		outcome_shown(run, paths->items[i].typed, &items[i].result);
	free(items);
}

/* ---- the conditions ------------------------------------------------------------ */

static bool take_size(const char *typed, struct dfs_condition *ret)
{
	const char *number = *typed == '+' || *typed == '-' ? typed + 1 : typed;
	uint64_t bytes;

	if (!amount_parse(number, &bytes))
		return false;
	ret->sized = true;
	ret->least = *typed == '+' ? bytes + 1 : *typed == '-' ? 0 : bytes;
	ret->most = *typed == '+' ? UINT64_MAX : bytes;
	if (*typed != '-')
		return true;
	/* Less than nothing is nothing. */
	ret->most = bytes > 0 ? bytes - 1 : 0;
	ret->least = bytes > 0 ? 0 : 1;
	return true;
}

static void note_stat(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/* Later than this file.  Opens the session. */
static struct dfs_result take_newer(struct run *run, const char *typed,
				    struct dfs_condition *ret)
{
	struct dfs_stat stat = {.path = NULL};
	char *path = NULL;
	struct dfs_result result = run_path(run, typed, &path);

	if (result.code == DFS_EXIT_DONE)
		result = run_open(run);
	if (result.code == DFS_EXIT_DONE) {
		stat.path = path;
		dfs_stat(run->dfs, &stat, 1, note_stat, NULL);
		result = stat.result;
	}
	ret->newer = true;
	ret->newer_ns = stat.file.modified_ns;
	free(path);
	return result;
}

/* 0, or the exit code of what was reported. */
static int take_conditions(struct run *run, struct dfs_condition *ret)
{
	const struct options *options = &run->options;
	const char *owner = options->values[OPTION_OWNER];
	const char *size = options->values[OPTION_SIZED];
	const char *newer = options->values[OPTION_NEWER];
	const char *type = options->values[OPTION_TYPE];
	const char *wrong = owner ? path_check_user(owner, strlen(owner)) : NULL;
	struct dfs_result result;

	ret->name = options->values[OPTION_NAME];
	ret->owner = owner;
	if (wrong)
		return run_usage(run, "\"%.64s\": %s", owner, wrong);
	if (size && !take_size(size, ret))
		return run_usage(run,
				 "\"%.64s\" is no size: write 10M, +10M for more, or "
				 "-10M for less",
				 size);
	if (type && (strlen(type) != 1 || !strchr("fld", *type)))
		return run_usage(run,
				 "\"%.64s\" is no type: f is files, d folders, l links",
				 type);
	ret->no_files = type && *type != 'f';
	ret->no_links = type && *type != 'l';
	ret->no_folders = type && *type != 'd';
	if (!run_number(run, OPTION_DEPTH, 1, &ret->depth))
		return DFS_EXIT_USAGE;
	ret->newer = newer && moment_parse(newer, clock_wall_ns(), &ret->newer_ns);
	if (!newer || ret->newer)
		return DFS_EXIT_DONE;
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = take_newer(run, newer, ret);
	if (result.code == DFS_EXIT_DONE)
		return DFS_EXIT_DONE;
	outcome_typed(run, newer, &result);
	return run->outcome.code;
}

static int verb_find(struct run *run)
{
	struct find_view view = {.run = run,
				 .with_nul = options_has(&run->options, OPTION_PRINT0)};
	struct typed_paths paths;
	int code = take_conditions(run, &view.condition);

	if (code != DFS_EXIT_DONE)
		return code;
	if (view.with_nul && output_json(run->output))
		return run_usage(run, "--print0 and --json do not go together");
	view.paths = &paths;
	if (typed_paths_prepare_trees(run, &paths))
		find_all(&view);
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_find = {
	.name = "find",
	.usage = "find [OPTIONS] [PATH...]",
	.summary = "Find files and folders by what they are",
	.examples = {"find --name '*.jpg' --size +10M photos",
		     "find --newer 7d --print0 | xargs -0 client get --exact --to new"},
	.details = "Prints the whole names of all below each PATH (default /USER/) that "
		   "meet all\n"
		   "conditions, folders with a final '/'.  --name looks at the last part "
		   "of the name;\n"
		   "there '*' stands for a leading '.' too.  --newer takes an age (90s, "
		   "10m, 2h, 7d,\n"
		   "2w), a date (2026-01-31, \"2026-01-31 12:00\", with a Z in UTC) or "
		   "the name of a\n"
		   "file: what was changed after it.  Who you are is --user before the "
		   "verb; behind it,\n"
		   "it is whose the files are.  --type is f for files, d for folders, l "
		   "for links.  With\n"
		   "--size, --newer or --user only files and links are found.\n",
	.options = OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_SIZED) |
		   OPTION_BIT(OPTION_NEWER) | OPTION_BIT(OPTION_OWNER) |
		   OPTION_BIT(OPTION_TYPE) | OPTION_BIT(OPTION_DEPTH) |
		   OPTION_BIT(OPTION_PRINT0) | OPTION_BIT(OPTION_EXACT),
	.run = verb_find,
};
