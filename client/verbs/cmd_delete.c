/* delete PATH... */
#include "commands.h"

#include "outcome.h"
#include "output.h"
#include "removal.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct deletion {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_delete *items;
};

static void finished(void *context, size_t item)
{
	struct deletion *deletion = context;
	struct dfs_delete *delete = &deletion->items[item];
	struct outcome_item outcome = {.shown = deletion->paths->items[item].typed,
				       .path = delete->path};

	if (delete->result.code == DFS_EXIT_OPEN)
		outcome.retry = delete->retry;
	if (output_json(deletion->run->output) && delete->version[0] != '\0')
		outcome.take_fields = json_pack("{s:s}", "file_version", delete->version);
	/* Whether it was made or not, a folder goes by -r. */
	if (delete->result.code == DFS_EXIT_MISSING &&
	    run_is_folder(deletion->run, delete->path))
		delete->result.code = DFS_EXIT_USAGE;
	if (delete->result.code == DFS_EXIT_USAGE && !delete->if_version &&
	    !delete->operation)
		(void)snprintf(delete->result.why, DFS_WHY,
			       "is a folder; -r deletes it with all that is below it");
	outcome_item(deletion->run, &outcome, &delete->result);
	if (delete->result.code == DFS_EXIT_DONE)
		output_remark(deletion->run->output, "%s: deleted", outcome.shown);
}

/* Whoever was asked said no. */
static void report_refused(struct run *run, size_t files)
{
	struct dfs_result result =
		result_of(DFS_EXIT_CONFLICT, "%zu files were not deleted", files);

	outcome_all(run, NULL, 0, &result);
}

/* Files, links and folders with all that is below them. */
static void delete_trees(struct run *run, const struct typed_paths *paths)
{
	struct removal *removal = removal_new(run);
	bool any = false;

	if (!removal) {
		outcome_no_memory(run);
		return;
	}
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i].path;
		struct dfs_result result =
			strcmp(path, "/") == 0
				? result_of(DFS_EXIT_USAGE, "is everything of everybody")
				: removal_add(removal, path);

		any |= result.code == DFS_EXIT_DONE;
		if (result.code == DFS_EXIT_DONE)
			output_warning(run->output, result.warning);
		else
			outcome_typed(run, paths->items[i].typed, &result);
	}
	if (any && !removal_is_meant(run, removal_files(removal)))
		report_refused(run, removal_files(removal));
	else if (any)
		(void)removal_run(removal);
	removal_free(removal);
}

static void delete_files(struct run *run, const struct typed_paths *paths)
{
	const struct options *options = &run->options;
	struct deletion deletion = {.run = run, .paths = paths};

	if (paths->names.expanded && !removal_is_meant(run, paths->count)) {
		report_refused(run, paths->count);
		return;
	}
	deletion.items = calloc(paths->count, sizeof *deletion.items);
	if (!deletion.items) {
		outcome_no_memory(run);
		return;
	}
	for (size_t i = 0; i < paths->count; i++) {
		deletion.items[i].path = paths->items[i].path;
		deletion.items[i].if_version = options->values[OPTION_IF_VERSION];
		deletion.items[i].operation = options->values[OPTION_OPERATION];
	}
	dfs_delete(run->dfs, deletion.items, paths->count, finished, &deletion);
	free(deletion.items);
}

static int verb_delete(struct run *run)
{
	const struct options *options = &run->options;
	bool trees = options_has(options, OPTION_RECURSIVE);
	bool exact = options_has(options, OPTION_IF_VERSION) ||
		     options_has(options, OPTION_OPERATION);
	struct typed_paths paths;

	if (options->count == 0)
		return run_usage(run, "delete needs the name of a file");
	if (options->count > 1 && exact)
		return run_usage(run, "--if-version and --operation go with one file");
	if (trees && exact)
		return run_usage(run, "--if-version and --operation go without -r");
	if (trees && typed_paths_prepare_trees(run, &paths))
		delete_trees(run, &paths);
	else if (!trees &&
		 typed_paths_prepare(run, options->arguments, options->count, &paths))
		delete_files(run, &paths);
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_delete = {
	.name = "delete",
	.alias = "rm",
	.usage = "delete [-r] [--yes] [--if-version VERSION] [--operation OP] PATH...",
	.summary = "Delete files, with -r folders",
	.examples = {"delete report.pdf", "delete -r photos/2026"},
	.details = "With --if-version the file is deleted only if that is still its "
		   "version,\n"
		   "as stat shows it.  With -r a folder goes with all that is below it.  "
		   "Of more than\n"
		   "50 files, by a pattern or with -r, it asks first, if it is used at "
		   "a terminal and not\n"
		   "with --yes.\n",
	.options = OPTION_BIT(OPTION_RECURSIVE) | OPTION_BIT(OPTION_YES) |
		   OPTION_BIT(OPTION_IF_VERSION) | OPTION_BIT(OPTION_OPERATION) |
		   OPTION_BIT(OPTION_EXACT),
	.run = verb_delete,
};
