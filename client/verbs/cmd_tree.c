/* tree [PATH...] */
#include "commands.h"

#include "format_file.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A path has not more parts than half its bytes. */
enum { DEPTH_MAX = 2048, FIRST_ROOM = 256 };

/* In the order of the listing, so that what is in a folder follows it. */
struct branch {
	char *name;
	unsigned depth; /* 1: right below the path */
	bool folder;
	bool last; /* of its folder */
};

struct tree_view {
	struct run *run;
	const char *path; /* that is drawn, */
	size_t skip;      /* and how much of every path is not */
	struct branch *branches;
	size_t count, room;
	size_t folders, files;
	bool no_memory;
};

static bool add(struct tree_view *view, const struct dfs_entry *entry)
{
	const char *slash = strrchr(entry->path, '/');
	struct branch *branch;

	if (view->count == view->room) {
		size_t room = view->room > 0 ? 2 * view->room : FIRST_ROOM;
		struct branch *more = reallocarray(view->branches, room, sizeof *more);

		if (!more)
			return false;
		view->branches = more;
		view->room = room;
	}
	branch = &view->branches[view->count];
	*branch = (struct branch){.name = strdup(slash ? slash + 1 : entry->path),
				  .depth = 1,
				  .folder = entry->folder};
	if (!branch->name)
		return false;
	for (const char *at = entry->path + view->skip; (at = strchr(at, '/')); at++)
		branch->depth++;
	view->count++;
	return true;
}

static int take_entry(void *context, size_t item, const struct dfs_entry *entry)
{
	struct tree_view *view = context;
	char *path;

	(void)item;
	view->folders += entry->folder ? 1 : 0;
	view->files += entry->folder ? 0 : 1;
	if (output_json(view->run->output)) {
		if (asprintf(&path, "%s%s", entry->path, entry->folder ? "/" : "") < 0)
			return DFS_EXIT_OTHER;
		output_object(view->run->output, "path", path, DFS_EXIT_DONE,
			      format_entry(entry));
		free(path);
		return output_broken(view->run->output) ? DFS_EXIT_OTHER : 0;
	}
	/* A file is what it is called, and has no branches. */
	if (strcmp(entry->path, view->path) == 0)
		return 0;
	view->no_memory = !add(view, entry);
	return view->no_memory ? DFS_EXIT_OTHER : 0;
}

/* From behind: which have nothing of their folder behind them? */
static void mark_last(struct tree_view *view)
{
	bool follows[DEPTH_MAX + 2] = {false};

	for (size_t i = view->count; i > 0; i--) {
		struct branch *branch = &view->branches[i - 1];

		branch->last = !follows[branch->depth];
		follows[branch->depth] = true;
		follows[branch->depth + 1] = false;
	}
}

static void draw(struct tree_view *view)
{
	static const char *const lines[] = {"|   ", "|-- ", "`-- "};
	static const char *const utf8_lines[] = {"\u2502   ", "\u251c\u2500\u2500 ",
						 "\u2514\u2500\u2500 "};
	struct output *output = view->run->output;
	const char *const *with = output_utf8(output) ? utf8_lines : lines;
	bool last[DEPTH_MAX + 2] = {false};

	mark_last(view);
	for (size_t i = 0; i < view->count && !output_broken(output); i++) {
		const struct branch *branch = &view->branches[i];

		last[branch->depth] = branch->last;
		for (unsigned depth = 1; depth < branch->depth; depth++)
			output_text(output, "%s", last[depth] ? "    " : with[0]);
		output_text(output, "%s", with[branch->last ? 2 : 1]);
		output_name(output, branch->name);
		output_text(output, branch->folder ? "/\n" : "\n");
	}
}

static void forget(struct tree_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->branches[i].name);
	free(view->branches);
	view->branches = NULL;
	view->count = view->room = 0;
}

static void show(struct tree_view *view, const struct typed_path *path, unsigned depth)
{
	struct run *run = view->run;
	struct dfs_find find = {.path = path->path,
				.condition = {.depth = depth},
				.detail = output_json(run->output)};
	struct tree_view of_one = *view;

	of_one.path = path->path;
	of_one.skip = strlen(path->path) + (name_is_folder(path->path) ? 0 : 1);
	dfs_find(run->dfs, &find, 1, take_entry, &of_one);
	if (of_one.no_memory)
		find.result = result_of(DFS_EXIT_OTHER, "out of memory");
	if (find.result.code == DFS_EXIT_DONE && !output_json(run->output)) {
		output_name(run->output, path->typed);
		output_text(run->output, "\n");
		draw(&of_one);
	}
	view->folders = of_one.folders;
	view->files = of_one.files;
	forget(&of_one);
	outcome_shown(run, path->typed, &find.result);
}

static int verb_tree(struct run *run)
{
	struct tree_view view = {.run = run};
	struct typed_paths paths;
	unsigned depth = 0;

	if (!run_number(run, OPTION_DEPTH, 1, &depth))
		return DFS_EXIT_USAGE;
	if (typed_paths_prepare_trees(run, &paths)) {
		for (size_t i = 0; i < paths.count; i++)
			show(&view, &paths.items[i], depth);
		if (!output_json(run->output) && view.folders + view.files > 0)
			output_text(run->output, "\n%zu folder%s, %zu file%s\n",
				    view.folders, view.folders == 1 ? "" : "s",
				    view.files, view.files == 1 ? "" : "s");
	}
	typed_paths_free(&paths);
	return run->outcome.code;
}

const struct command cmd_tree = {
	.name = "tree",
	.usage = "tree [-L N] [PATH...]",
	.summary = "Draw what is below folders",
	.examples = {"tree photos", "tree -L 2 /shared/"},
	.details = "Everything below each PATH (default /USER/), folders with a final "
		   "'/', and at last\n"
		   "how many there were.  -L N goes no deeper than N folders.\n",
	.options = OPTION_BIT(OPTION_DEPTH) | OPTION_BIT(OPTION_EXACT),
	.run = verb_tree,
};
