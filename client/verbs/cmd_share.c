/* share PATH USER [--write], unshare PATH USER */
#include "commands.h"

#include "outcome.h"
#include "output.h"
#include "path.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>

static struct dfs_result with_path(struct run *run, bool sharing, const char *path,
				   const char *user)
{
	struct dfs_result result = run_open(run);

	if (result.code != DFS_EXIT_DONE)
		return result;
	return sharing ? dfs_file_share(run->dfs, path, user,
					options_has(&run->options, OPTION_WRITE))
		       : dfs_file_unshare(run->dfs, path, user);
}

static int verb_either(struct run *run, bool sharing)
{
	const struct options *options = &run->options;
	const char *user = options->count == 2 ? options->arguments[1] : "";
	const char *wrong = path_check_user(user, strlen(user));
	struct outcome_item outcome = {.path = NULL};
	struct dfs_result result;
	char *path = NULL;

	if (options->count != 2)
		return run_usage(run, "%s takes the name of a file and a user",
				 run->command->name);
	if (wrong)
		return run_usage(run, "\"%.64s\": %s", user, wrong);
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_path(run, options->arguments[0], &path);
	if (result.code == DFS_EXIT_DONE)
		result = with_path(run, sharing, path, user);
	outcome.shown = options->arguments[0];
	outcome.path = path;
	outcome_item(run, &outcome, &result);
	if (result.code == DFS_EXIT_DONE && sharing)
		output_remark(run->output, "%s: %s may read it%s", outcome.shown, user,
			      options_has(options, OPTION_WRITE) ? " and write it" : "");
	if (result.code == DFS_EXIT_DONE && !sharing)
		output_remark(run->output, "%s: not for %s any more", outcome.shown,
			      user);
	free(path);
	return run->outcome.code;
}

static int verb_share(struct run *run)
{
	return verb_either(run, true);
}

static int verb_unshare(struct run *run)
{
	return verb_either(run, false);
}

const struct command cmd_share = {
	.name = "share",
	.usage = "share [--write] PATH USER",
	.summary = "Let another user read a file of yours",
	.examples = {"share report.pdf berta", "share --write minutes.txt carl"},
	.details = "Up to 16 users a file.  The other user reaches it by its whole name, "
		   "/YOU/PATH.\n"
		   "With --write he may also put another content there, or delete it; "
		   "sharing again\n"
		   "without --write takes that back.  What is below /shared/ is for "
		   "everyone anyway.\n",
	.options = OPTION_BIT(OPTION_WRITE),
	.run = verb_share,
};

const struct command cmd_unshare = {
	.name = "unshare",
	.usage = "unshare PATH USER",
	.summary = "Take that back",
	.examples = {"unshare report.pdf berta", "unshare --json minutes.txt carl"},
	.details =
		"The servers give the file to that user no more, and of a content that "
		"is put later\n"
		"he gets no key.  What he has read he knows.\n",
	.options = 0,
	.run = verb_unshare,
};
