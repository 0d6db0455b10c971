/* delete PATH... */
#include "commands.h"

#include "output.h"
#include "typed_paths.h"
#include "outcome.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>

struct deleting {
	struct run *run;
	const struct remotes *remotes;
	struct dfs_delete *items;
};

static void finished(void *context, size_t item)
{
	struct deleting *deleting = context;
	struct dfs_delete *delete = &deleting->items[item];
	struct verdict verdict = {.shown = deleting->remotes->items[item].typed,
				  .path = delete->path};

	if (delete->result.code == DFS_EXIT_OPEN)
		verdict.retry = delete->retry;
	if (output_json(deleting->run->output) && delete->version[0] != '\0')
		verdict.take_fields = json_pack("{s:s}", "file_version", delete->version);
	if (delete->result.code == DFS_EXIT_MISSING &&
	    run_is_folder(deleting->run, delete->path))
		(void)snprintf(delete->result.why, DFS_WHY,
			       "no such file: it is a folder, which goes with its last "
			       "file; list -R shows them");
	verdict_item(deleting->run, &verdict, &delete->result);
	if (delete->result.code == DFS_EXIT_DONE)
		output_remark(deleting->run->output, "%s: deleted", verdict.shown);
}

static int run_delete(struct run *run)
{
	const struct options *options = &run->options;
	struct deleting deleting = {.run = run};
	struct remotes remotes;

	if (options->count == 0)
		return run_usage(run, "delete needs the name of a file");
	if (options->count > 1 && (options_has(options, OPTION_IF_VERSION) ||
				   options_has(options, OPTION_OPERATION)))
		return run_usage(run, "--if-version and --operation go with one file");
	if (remotes_prepare(run, options->arguments, options->count, &remotes)) {
		deleting.remotes = &remotes;
		deleting.items = calloc(remotes.count, sizeof *deleting.items);
		if (!deleting.items) {
			verdict_no_memory(run);
		} else {
			for (size_t i = 0; i < remotes.count; i++) {
				deleting.items[i].path = remotes.items[i].path;
				deleting.items[i].if_version =
					options->values[OPTION_IF_VERSION];
				deleting.items[i].operation =
					options->values[OPTION_OPERATION];
			}
			dfs_delete(run->dfs, deleting.items, remotes.count, finished,
				   &deleting);
		}
		free(deleting.items);
	}
	remotes_free(&remotes);
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
	.run = run_delete,
};
