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
	struct dfs_copy *files;   /* the sources that are files, */
	size_t *which_file;       /* and which of them each is; or may be */
	size_t file_count;
	struct dfs_copy_tree *trees; /* those that are folders */
	size_t *which_tree;
	size_t tree_count;
};

static bool takes_trees(const struct relocation *relocation)
{
	return relocation->moves ||
	       options_has(&relocation->run->options, OPTION_RECURSIVE);
}

/* ---- the target ---------------------------------------------------------------- */

static void ignore(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/* "/USER" and "/shared" are always there. */
static bool is_root(const char *path)
{
	const char *slash = strchr(path + 1, '/');

	return !slash || slash[1] == '\0';
}

/* Is a folder there that is called so, with or without anything in it? */
static struct dfs_result is_folder(struct run *run, const char *path, bool *ret)
{
	struct dfs_stat stat = {.path = path};

	*ret = is_root(path);
	if (*ret)
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	dfs_stat(run->dfs, &stat, 1, ignore, NULL);
	*ret = stat.result.code == DFS_EXIT_DONE && stat.file.type == DFS_TYPE_FOLDER;
	/* What is somebody's file that is not to be read is in nobody's way yet. */
	if (stat.result.code == DFS_EXIT_MISSING || stat.result.code == DFS_EXIT_DENIED)
		stat.result = (struct dfs_result){.code = DFS_EXIT_DONE};
	return stat.result;
}

/* Is it what a tree was on its way to?  Then that goes on, and not into it. */
static bool goes_on(const struct relocation *relocation)
{
	return takes_trees(relocation) && relocation->paths.count == 1 &&
	       dfs_copy_goes_on(relocation->run->dfs, relocation->paths.items[0].path,
				relocation->target);
}

/* Where to, by what was typed. */
static struct dfs_result find_target(struct relocation *relocation, const char *typed)
{
	struct run *run = relocation->run;
	bool as_folder = relocation->paths.count > 1;
	struct dfs_result result = run_either(run, typed, &relocation->target);
	size_t len;

	if (result.code != DFS_EXIT_DONE)
		return result;
	len = strlen(relocation->target);
	as_folder |= name_is_folder(relocation->target);
	if (len > 1 && relocation->target[len - 1] == '/')
		relocation->target[len - 1] = '\0';
	if (options_has(&run->options, OPTION_NO_FOLDER) || goes_on(relocation))
		return result;
	result = is_folder(run, relocation->target, &relocation->into);
	if (result.code == DFS_EXIT_DONE && as_folder && !relocation->into)
		return result_of(DFS_EXIT_USAGE,
				 "there is no folder of that name: mkdir makes it");
	return result;
}

/* ---- the items ----------------------------------------------------------------- */

static char *own(const char *path)
{
	union {
		const char *borrow;
		char *own;
	} both = {.borrow = path};

	return both.own;
}

/* The path that a source comes to; NULL: no memory. */
static char *path_for(const struct relocation *relocation, size_t source)
{
	char *base = name_base(relocation->paths.items[source].path);
	char *path = NULL;

	if (base)
		path = relocation->into ? name_join(relocation->target, base)
					: strdup(relocation->target);
	free(base);
	return path;
}

/* One more of either kind. */
static bool add(struct relocation *relocation, size_t source, bool folder)
{
	const char *from = relocation->paths.items[source].path;
	bool create = options_has(&relocation->run->options, OPTION_NO_CLOBBER);
	char *to = path_for(relocation, source);

	if (!to)
		return false;
	if (folder) {
		relocation->trees[relocation->tree_count] =
			(struct dfs_copy_tree){.from = from, .to = to, .create = create};
		relocation->which_tree[relocation->tree_count++] = source;
	} else {
		relocation->files[relocation->file_count] =
			(struct dfs_copy){.from = from, .to = to, .create = create};
		relocation->which_file[relocation->file_count++] = source;
	}
	return true;
}

/* What is none of both is taken for a file, which is not there. */
static bool fill(struct relocation *relocation)
{
	size_t count = relocation->paths.count;
	struct dfs_stat *stats = calloc(count + 1, sizeof *stats);
	bool good;

	relocation->files = calloc(count + 1, sizeof *relocation->files);
	relocation->trees = calloc(count + 1, sizeof *relocation->trees);
	relocation->which_file = calloc(count + 1, sizeof *relocation->which_file);
	relocation->which_tree = calloc(count + 1, sizeof *relocation->which_tree);
	good = stats && relocation->files && relocation->trees &&
	       relocation->which_file && relocation->which_tree;
	for (size_t i = 0; good && i < count; i++)
		stats[i].path = relocation->paths.items[i].path;
	if (good && takes_trees(relocation))
		dfs_stat(relocation->run->dfs, stats, count, ignore, NULL);
	for (size_t i = 0; good && i < count; i++) {
		bool folder = stats[i].result.code == DFS_EXIT_DONE &&
			      stats[i].file.type == DFS_TYPE_FOLDER;

		/* Of a tree that was moved there may be nothing left but its note. */
		if (!relocation->into && stats[i].result.code == DFS_EXIT_MISSING)
			folder = goes_on(relocation);
		good = add(relocation, i, folder);
	}
	free(stats);
	return good;
}

static void free_items(struct relocation *relocation)
{
	for (size_t i = 0; i < relocation->file_count; i++)
		free(own(relocation->files[i].to));
	for (size_t i = 0; i < relocation->tree_count; i++)
		free(own(relocation->trees[i].to));
	free(relocation->files);
	free(relocation->trees);
	free(relocation->which_file);
	free(relocation->which_tree);
}

/* ---- how they ended ------------------------------------------------------------ */

static json_t *fields_of(const struct dfs_copy *of, bool folder)
{
	json_t *fields = json_pack("{s:o}", "from", output_string(of->from));

	if (folder)
		(void)json_object_set_new(fields, "type", json_string("folder"));
	if (of->result.code == DFS_EXIT_DONE && !folder) {
		(void)json_object_set_new(fields, "size",
					  json_integer((json_int_t)of->size));
		(void)json_object_set_new(fields, "file_version",
					  output_string(of->version));
	}
	return fields;
}

static const char *done(const struct relocation *relocation)
{
	return relocation->moves ? "moved" : "copied";
}

/* Tells of one of them, by the other end too where that is what failed. */
static void tell(struct run *run, struct outcome_item *outcome, const struct dfs_copy *of)
{
	char *both = NULL;

	if (of->result.code != DFS_EXIT_DONE && of->refused_there) {
		/* With -n that is all there is to say. */
		if (of->result.code == DFS_EXIT_CONFLICT && of->create)
			outcome->shown = of->to;
		else if (asprintf(&both, "%s: %s", outcome->shown, of->to) < 0)
			both = NULL;
	}
	if (both)
		outcome->shown = both;
	outcome_item(run, outcome, &of->result);
	free(both);
}

static void finished(void *context, size_t item)
{
	struct relocation *relocation = context;
	struct run *run = relocation->run;
	struct dfs_copy *of = &relocation->files[item];
	size_t source = relocation->which_file[item];
	struct outcome_item outcome = {.shown = relocation->paths.items[source].typed,
				       .path = of->to};

	if (of->result.code == DFS_EXIT_MISSING && !takes_trees(relocation) &&
	    run_is_folder(run, of->from))
		of->result = result_of(DFS_EXIT_USAGE,
				       "is a folder; -r copies it with all that is below "
				       "it");
	if (output_json(run->output))
		outcome.take_fields = fields_of(of, false);
	tell(run, &outcome, of);
	if (of->result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s: %s to %s", outcome.shown,
			      done(relocation), of->to);
}

/* One of a tree: told by itself where it failed, where that is asked, and by JSON. */
static void one_of_tree(void *context, size_t item, const struct dfs_copy *of,
			bool folder)
{
	struct relocation *relocation = context;
	struct run *run = relocation->run;
	struct outcome_item outcome = {.shown = of->from, .path = of->to};

	(void)item;
	if (output_json(run->output))
		outcome.take_fields = fields_of(of, folder);
	if (!folder || of->result.code != DFS_EXIT_DONE)
		tell(run, &outcome, of);
	else if (output_json(run->output))
		output_object(run->output, "path", of->to, of->result.code,
			      outcome.take_fields);
	if (of->result.code == DFS_EXIT_DONE && output_verbose(run->output))
		output_remark(run->output, "%s: %s to %s", outcome.shown,
			      done(relocation), of->to);
}

static void tree_finished(void *context, size_t item)
{
	struct relocation *relocation = context;
	struct run *run = relocation->run;
	struct dfs_copy_tree *tree = &relocation->trees[item];
	size_t source = relocation->which_tree[item];
	struct outcome_item outcome = {.shown = relocation->paths.items[source].typed,
				       .path = tree->to};
	const struct dfs_copy whole = {.to = tree->to,
				       .create = tree->create,
				       .result = tree->result,
				       .refused_there = tree->refused_there};

	/* What could not come has been told; with nothing in it, it has no line yet. */
	if (tree->result.code != DFS_EXIT_DONE && tree->failed == 0)
		tell(run, &outcome, &whole);
	else
		outcome_add(&run->outcome, tree->result.code);
	if (tree->result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s: %s to %s, %llu files", outcome.shown,
			      done(relocation), tree->to,
			      (unsigned long long)tree->files);
}

static void relocate(struct relocation *relocation)
{
	const struct dfs_copy_tree_callbacks callbacks = {
		.context = relocation, .one = one_of_tree, .finished = tree_finished};
	struct dfs *dfs = relocation->run->dfs;

	if (relocation->moves) {
		dfs_move(dfs, relocation->files, relocation->file_count, finished,
			 relocation);
		dfs_move_trees(dfs, relocation->trees, relocation->tree_count,
			       &callbacks);
	} else {
		dfs_copy(dfs, relocation->files, relocation->file_count, finished,
			 relocation);
		dfs_copy_trees(dfs, relocation->trees, relocation->tree_count,
			       &callbacks);
	}
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
	if (typed_paths_prepare_any(run, options->arguments, sources,
				    &relocation.paths)) {
		result = find_target(&relocation, target);
		if (result.code != DFS_EXIT_DONE)
			outcome_typed(run, target, &result);
		else if (!fill(&relocation))
			outcome_no_memory(run);
		else
			relocate(&relocation);
	}
	free_items(&relocation);
	typed_paths_free(&relocation.paths);
	free(relocation.target);
	return run->outcome.code;
}
