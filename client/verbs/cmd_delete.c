/* delete PATH... */
#include "commands.h"

#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>

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
	if (delete->result.code == DFS_EXIT_MISSING &&
	    run_is_folder(deletion->run, delete->path))
		(void)snprintf(delete->result.why, DFS_WHY,
			       "no such file: it is a folder, which goes with its last "
			       "file; list -R shows them");
	outcome_item(deletion->run, &outcome, &delete->result);
	if (delete->result.code == DFS_EXIT_DONE)
		output_remark(deletion->run->output, "%s: deleted", outcome.shown);
}

static int verb_delete(struct run *run)
{
	const struct options *options = &run->options;
	struct deletion deletion = {.run = run};
	struct typed_paths paths;

	if (options->count == 0)
		return run_usage(run, "delete needs the name of a file");
	if (options->count > 1 && (options_has(options, OPTION_IF_VERSION) ||
				   options_has(options, OPTION_OPERATION)))
		return run_usage(run, "--if-version and --operation go with one file");
	if (typed_paths_prepare(run, options->arguments, options->count, &paths)) {
		deletion.paths = &paths;
		deletion.items = calloc(paths.count, sizeof *deletion.items);
		if (!deletion.items) {
			outcome_no_memory(run);
		} else {
			for (size_t i = 0; i < paths.count; i++) {
				deletion.items[i].path = paths.items[i].path;
				deletion.items[i].if_version =
					options->values[OPTION_IF_VERSION];
				deletion.items[i].operation =
					options->values[OPTION_OPERATION];
			}
			dfs_delete(run->dfs, deletion.items, paths.count, finished,
				   &deletion);
		}
		free(deletion.items);
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_delete = {
	.name = "delete",
	.alias = "rm",
	.usage = "delete [--if-version VERSION] [--operation OP] PATH...",
	.summary = "Delete files",
	.examples = {"delete report.pdf", "delete --if-version 3-5f0c... report.pdf"},
	.details = "With --if-version the file is deleted only if that is still its "
		   "version,\n"
		   "as stat shows it.\n",
	.options = OPTION_BIT(OPTION_IF_VERSION) | OPTION_BIT(OPTION_OPERATION),
	.run = verb_delete,
};
