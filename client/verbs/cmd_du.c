/* du [PATH...] */
#include "commands.h"

#include "name.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct du_view {
	struct run *run;
	const struct typed_paths *paths;
	struct dfs_usage *items;
	unsigned depth; /* of the folders that are shown */
};

static void print(struct output *output, const char *path, const char *slash,
		  const struct dfs_usage *usage)
{
	char *name, size[OUTPUT_SIZE];

	if (asprintf(&name, "%s%s", path, slash) < 0)
		return;
	if (output_json(output)) {
		output_object(output, "path", name, DFS_EXIT_DONE,
			      json_pack("{s:I,s:I}", "size", (json_int_t)usage->size,
					"files", (json_int_t)usage->files));
	} else {
		output_text(output, "%s\t", output_size(output, usage->size, size));
		output_name(output, name);
		output_text(output, "\n");
	}
	free(name);
}

static int take_folder(void *context, size_t item, const struct dfs_usage *folder,
		       unsigned depth)
{
	const struct du_view *view = context;

	(void)item;
	if (depth <= view->depth)
		print(view->run->output, folder->path, "/", folder);
	return output_broken(view->run->output) ? DFS_EXIT_OTHER : 0;
}

static void finished(void *context, size_t item)
{
	const struct du_view *view = context;
	const struct dfs_usage *usage = &view->items[item];

	if (usage->result.code == DFS_EXIT_DONE)
		print(view->run->output, usage->path,
		      usage->is_file || name_is_folder(usage->path) ? "" : "/", usage);
	outcome_shown(view->run, view->paths->items[item].typed, &usage->result);
}

static int verb_du(struct run *run)
{
	const struct options *options = &run->options;
	struct du_view view = {.run = run, .depth = UINT_MAX};
	const struct dfs_usage_callbacks callbacks = {
		.context = &view, .folder = take_folder, .finished = finished};
	struct typed_paths paths;

	if (options_has(options, OPTION_SUMMARIZE) && options_has(options, OPTION_DEPTH))
		return run_usage(run, "-s and -d do not go together");
	if (!run_number(run, OPTION_DEPTH, 0, &view.depth))
		return DFS_EXIT_USAGE;
	if (options_has(options, OPTION_SUMMARIZE))
		view.depth = 0;
	view.paths = &paths;
	if (typed_paths_prepare_trees(run, &paths)) {
		view.items = calloc(paths.count + 1, sizeof *view.items);
		for (size_t i = 0; view.items && i < paths.count; i++)
			view.items[i].path = paths.items[i].path;
		if (view.items)
			dfs_usage(run->dfs, view.items, paths.count, &callbacks);
		else
			outcome_no_memory(run);
		free(view.items);
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_du = {
	.name = "du",
	.usage = "du [-s | -d N] [PATH...]",
	.summary = "Show how much is below folders",
	.examples = {"du -d 1", "du -s photos '*.iso'"},
	.details =
		"The bytes of all files below each folder, the folder behind what is "
		"in it; last\n"
		"of all the PATH (default /USER/).  On a terminal in KiB, MiB and so on, "
		"else\n"
		"exactly.  What the servers keep is twice that, or less where it can "
		"be compressed;\n"
		"what a quota counts is shown by df.\n",
	.options = OPTION_BIT(OPTION_SUMMARIZE) | OPTION_BIT(OPTION_DEPTH) |
		   OPTION_BIT(OPTION_EXACT),
	.run = verb_du,
};
