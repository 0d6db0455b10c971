/* ln -s TARGET LINK */
#include "commands.h"

#include "local.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct linking {
	struct run *run;
	struct dfs_put put;
	const char *shown;
};

static void finished(void *context, size_t item)
{
	struct linking *linking = context;
	struct dfs_put *put = &linking->put;
	struct outcome_item outcome = {.shown = linking->shown, .path = put->path};

	(void)item;
	if (output_json(linking->run->output) && put->version[0] != '\0')
		outcome.take_fields = json_pack("{s:s,s:s}", "type", "link",
						"file_version", put->version);
	outcome_item(linking->run, &outcome, &put->result);
}

/* The link's own name: in a folder, which ends in '/', it is called as its target is. */
static char *name_of_link(const char *target, const char *typed)
{
	char *base, *name;

	if (!name_is_folder(typed))
		return strdup(typed);
	base = name_base(target);
	name = base ? name_join(typed, base) : NULL;
	free(base);
	return name;
}

static void make(struct run *run, const char *target, const char *shown)
{
	struct linking linking = {.run = run, .shown = shown};
	const struct dfs_put_callbacks callbacks = {.context = &linking,
						    .finished = finished};
	struct timespec now;
	char *path = NULL;
	struct dfs_result result = run_path(run, shown, &path);

	if (result.code == DFS_EXIT_DONE)
		result = run_open(run);
	if (result.code != DFS_EXIT_DONE) {
		outcome_typed(run, shown, &result);
		free(path);
		return;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	linking.put = (struct dfs_put){
		.path = path,
		.bytes = target,
		.bytes_len = strlen(target),
		.link = true,
		.modified_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
		.create = !options_has(&run->options, OPTION_FORCE)};
	dfs_put(run->dfs, &linking.put, 1, &callbacks);
	free(path);
}

static int verb_ln(struct run *run)
{
	const struct options *options = &run->options;
	const char *target = options->count > 0 ? options->arguments[0] : "";
	struct dfs_result result;
	char *name;

	if (!options_has(options, OPTION_SYMBOLIC))
		return run_usage(run, "links are symbolic here: ln -s");
	if (options->count != 2)
		return run_usage(run, "ln needs a target and the name of the link");
	if (*target == '\0' || strlen(target) > LOCAL_LINK_MAX)
		return run_usage(run, "a link leads to a name of 1 to %d bytes",
				 (int)LOCAL_LINK_MAX);
	result = run_user(run);
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, NULL, 0, &result);
		return run->outcome.code;
	}
	name = name_of_link(target, options->arguments[1]);
	if (name)
		make(run, target, name);
	else
		outcome_no_memory(run);
	free(name);
	return run->outcome.code;
}

const struct command cmd_ln = {
	.name = "ln",
	.usage = "ln -s [-f] TARGET LINK",
	.summary = "Make symbolic links",
	.examples = {"ln -s report.pdf newest.pdf", "ln -s ../photos/cat.jpg pets/"},
	.details = "The store keeps where a link leads, whatever is there, and never "
		   "follows it; the servers\n"
		   "do not see it.  get writes it as a local link.  A link whose name "
		   "ends in '/' is made\n"
		   "in that folder.  What is there already is replaced only with -f.\n",
	.options = OPTION_BIT(OPTION_SYMBOLIC) | OPTION_BIT(OPTION_FORCE),
	.run = verb_ln,
};
