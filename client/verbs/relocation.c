/* cp and mv: what they are given, and the path that each source comes to. */
#include "relocation.h"

#include "command.h"
#include "libdfs_copies.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "status.h"
#include "typed_paths.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct relocation {
	struct run *run;
	bool moves;
	struct typed_paths paths; /* the sources */
	char *target;             /* canonical, without a '/' at its end */
	bool into;                /* it is a folder, which the sources come into */
	struct dfs_copy *items;   /* one for each source */
};

/* ---- the target ---------------------------------------------------------------- */

struct kind {
	const char *path;
	bool file, folder;
};

/* The first of what is listed says it: a file's listing is that of itself. */
static int take_first(void *context, const struct dfs_entry *entry)
{
	struct kind *kind = context;

	kind->file = !entry->folder && strcmp(entry->path, kind->path) == 0;
	kind->folder = !kind->file;
	return DFS_EXIT_OTHER;
}

/* Is a folder there that is called so, with or without anything in it? */
static struct dfs_result is_folder(struct run *run, const char *path, bool *ret)
{
	struct kind kind = {.path = path};
	struct dfs_result result =
		dfs_list(run->dfs, path, (struct dfs_list_options){0}, take_first, &kind);

	if (kind.file || kind.folder || result.code == DFS_EXIT_MISSING) {
		*ret = kind.folder;
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	}
	*ret = true;
	return result;
}

/* Where to, by what was typed. */
static struct dfs_result find_target(struct relocation *relocation, const char *typed)
{
	struct run *run = relocation->run;
	bool single = relocation->paths.count == 1;
	struct dfs_result result = run_either(run, typed, &relocation->target);
	size_t len;
	bool as_folder;

	if (result.code != DFS_EXIT_DONE)
		return result;
	if (options_has(&run->options, OPTION_NO_FOLDER)) {
		as_folder = false;
	} else {
		result = is_folder(run, relocation->target, &relocation->into);
		if (result.code != DFS_EXIT_DONE)
			return result;
		as_folder = name_is_folder(relocation->target) || !single;
	}
	if (as_folder && !relocation->into)
		return result_of(DFS_EXIT_USAGE,
				 "there is no folder of that name: mkdir makes it");
	len = strlen(relocation->target);
	if (len > 1 && relocation->target[len - 1] == '/')
		relocation->target[len - 1] = '\0';
	return result;
}

/* ---- the items ----------------------------------------------------------------- */

static bool fill_items(struct relocation *relocation)
{
	const struct typed_paths *paths = &relocation->paths;
	bool create = options_has(&relocation->run->options, OPTION_NO_CLOBBER);

	relocation->items = calloc(paths->count + 1, sizeof *relocation->items);
	for (size_t i = 0; relocation->items && i < paths->count; i++) {
		struct dfs_copy *item = &relocation->items[i];
		char *base = name_base(paths->items[i].path);

		item->from = paths->items[i].path;
		item->create = create;
		item->to = !base              ? NULL
			   : relocation->into ? name_join(relocation->target, base)
					      : strdup(relocation->target);
		free(base);
		if (!item->to)
			return false;
	}
	return relocation->items;
}

static void free_items(struct relocation *relocation)
{
	for (size_t i = 0; relocation->items && i < relocation->paths.count; i++) {
		union {
			const char *borrow;
			char *own;
		} to = {.borrow = relocation->items[i].to};

		free(to.own);
	}
	free(relocation->items);
}

static void finished(void *context, size_t item)
{
	struct relocation *relocation = context;
	struct run *run = relocation->run;
	struct dfs_copy *done = &relocation->items[item];
	struct outcome_item outcome = {.shown = relocation->paths.items[item].typed,
				       .path = done->to};

	/* What is in the way is at the other end. */
	if (done->result.code == DFS_EXIT_CONFLICT && done->create)
		outcome.shown = done->to;
	if (done->result.code == DFS_EXIT_MISSING && run_is_folder(run, done->from))
		done->result = result_of(DFS_EXIT_USAGE,
					 "is a folder; -r copies it with all that is "
					 "below it");
	if (output_json(run->output)) {
		outcome.take_fields =
			json_pack("{s:o}", "from", output_string(done->from));
		if (done->result.code == DFS_EXIT_DONE) {
			(void)json_object_set_new(outcome.take_fields, "size",
						  json_integer((json_int_t)done->size));
			(void)json_object_set_new(outcome.take_fields, "file_version",
						  output_string(done->version));
		}
	}
	outcome_item(run, &outcome, &done->result);
	if (done->result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s: %s to %s", outcome.shown,
			      relocation->moves ? "moved" : "copied", done->to);
}

int relocation_run(struct run *run, bool moves)
{
	const struct options *options = &run->options;
	struct relocation relocation = {.run = run, .moves = moves};
	const char *target = options->values[OPTION_TO];
	size_t sources = options->count;
	struct dfs_result result;

	if (!target && sources > 0)
		target = options->arguments[--sources];
	if (sources == 0)
		return run_usage(run, "%s takes a source and a target",
				 run->command->name);
	if (sources > 1 && options_has(options, OPTION_NO_FOLDER))
		return run_usage(run, "-T goes with one source and one target");
	if (typed_paths_prepare(run, options->arguments, sources, &relocation.paths)) {
		result = find_target(&relocation, target);
		if (result.code != DFS_EXIT_DONE)
			outcome_typed(run, target, &result);
		else if (!fill_items(&relocation))
			outcome_no_memory(run);
		else
			(moves ? dfs_move : dfs_copy)(run->dfs, relocation.items,
						      relocation.paths.count, finished,
						      &relocation);
	}
	free_items(&relocation);
	typed_paths_free(&relocation.paths);
	free(relocation.target);
	return run->outcome.code;
}
