/* mkdir FOLDER... and rmdir FOLDER... */
#include "commands.h"

#include "libdfs_folders.h"
#include "outcome.h"
#include "output.h"
#include "question.h"
#include "removal.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- mkdir ----------------------------------------------------------------------- */

struct making {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_mkdir *items;
};

static void made(void *context, size_t item)
{
	struct making *making = context;
	struct dfs_mkdir *folder = &making->items[item];
	struct outcome_item outcome = {.shown = making->paths->items[item].typed,
				       .path = folder->path};

	if (output_json(making->run->output))
		outcome.take_fields =
			json_pack("{s:s,s:b}", "type", "folder", "made", folder->made);
	outcome_item(making->run, &outcome, &folder->result);
	if (folder->result.code == DFS_EXIT_DONE)
		output_remark(making->run->output, "%s: %s", outcome.shown,
			      folder->made ? "made" : "is there already");
}

static int verb_mkdir(struct run *run)
{
	const struct options *options = &run->options;
	struct making making = {.run = run};
	struct typed_paths paths;

	if (options->count == 0)
		return run_usage(run, "mkdir needs the name of a folder");
	if (typed_paths_prepare_new(run, &paths)) {
		making.paths = &paths;
		making.items = calloc(paths.count, sizeof *making.items);
		if (!making.items) {
			outcome_no_memory(run);
		} else {
			for (size_t i = 0; i < paths.count; i++) {
				making.items[i].path = paths.items[i].path;
				making.items[i].may_exist = making.items[i].parents =
					options_has(options, OPTION_PARENTS);
			}
			dfs_mkdir(run->dfs, making.items, paths.count, made, &making);
		}
		free(making.items);
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_mkdir = {
	.name = "mkdir",
	.usage = "mkdir [-p] FOLDER...",
	.summary = "Make folders",
	.examples = {"mkdir photos", "mkdir -p photos/2026/may"},
	.details = "A folder that was made is there until rmdir or delete -r, also "
		   "without anything in it;\n"
		   "one that was not, as long as something is below it.  What is there "
		   "already is exit 8,\n"
		   "and a missing folder on the way 4; with -p neither.\n",
	.options = OPTION_BIT(OPTION_PARENTS),
	.run = verb_mkdir,
};

/* ---- rmdir ----------------------------------------------------------------------- */

struct removing {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_rmdir *items;
};

/* Of one that is not empty: all that is below it goes, if whoever asks for it says so. */
static void remove_populated(struct removing *removing, size_t item)
{
	struct run *run = removing->run;
	struct dfs_rmdir *folder = &removing->items[item];
	const char *typed = removing->paths->items[item].typed;
	struct removal *removal;

	switch (question_ask(run, "%s is not empty: delete all that is below it",
			     typed)) {
	case QUESTION_YES:
		break;
	case QUESTION_NO:
		return;
	case QUESTION_NOBODY:
		(void)snprintf(folder->result.why, DFS_WHY,
			       "is not empty; --yes removes all that is below it too");
		return;
	}
	removal = removal_new(run);
	if (!removal) {
		folder->result = result_of(DFS_EXIT_OTHER, "out of memory");
		return;
	}
	folder->result = removal_add(removal, folder->path);
	if (folder->result.code == DFS_EXIT_DONE)
		folder->result = removal_run(removal);
	removal_free(removal);
}

static void removed(void *context, size_t item)
{
	struct removing *removing = context;
	struct run *run = removing->run;
	struct dfs_rmdir *folder = &removing->items[item];
	const struct outcome_item outcome = {.shown = removing->paths->items[item].typed,
					     .path = folder->path};

	if (folder->populated)
		remove_populated(removing, item);
	outcome_item(run, &outcome, &folder->result);
	if (folder->result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s: removed", outcome.shown);
}

static int verb_rmdir(struct run *run)
{
	struct removing removing = {.run = run};
	struct typed_paths paths;

	if (run->options.count == 0)
		return run_usage(run, "rmdir needs the name of a folder");
	if (typed_paths_prepare_any(run, run->options.arguments, run->options.count,
				    &paths)) {
		removing.paths = &paths;
		removing.items = calloc(paths.count, sizeof *removing.items);
		if (!removing.items) {
			outcome_no_memory(run);
		} else {
			for (size_t i = 0; i < paths.count; i++)
				removing.items[i].path = paths.items[i].path;
			dfs_rmdir(run->dfs, removing.items, paths.count, removed,
				  &removing);
		}
		free(removing.items);
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_rmdir = {
	.name = "rmdir",
	.usage = "rmdir [--yes] FOLDER...",
	.summary = "Remove folders",
	.examples = {"rmdir photos", "rmdir --yes photos/2026"},
	.details = "Of a folder that is not empty it asks whether all that is below it "
		   "is to be deleted,\n"
		   "as delete -r does; without a terminal and without --yes that is "
		   "exit 8.\n",
	.options = OPTION_BIT(OPTION_YES) | OPTION_BIT(OPTION_EXACT),
	.run = verb_rmdir,
};
