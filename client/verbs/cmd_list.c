/* list [PATH], list --shared-with-me */
#include "commands.h"

#include "format.h"
#include "format_file.h"
#include "list_local.h"
#include "name.h"
#include "numbers.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "run_shell.h"
#include "sets.h"
#include "status.h"
#include "typed_names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list_view {
	struct run *run;
	const char *path;  /* what is listed */
	const char *name;  /* as it was typed; NULL: its whole name */
	const char *above; /* stands before names below a folder; NULL: nothing does */
	bool details, chunks;
};

/*
 * What is printed of an entry's path, without a folder's '/': below a folder what is
 * behind its name.
 */
static const char *name_of(const struct list_view *view, const struct dfs_entry *entry)
{
	size_t len = strlen(view->path);

	if (name_is_folder(view->path))
		return strncmp(entry->path, view->path, len) == 0 ? entry->path + len
								  : entry->path;
	return view->name ? view->name : entry->path;
}

static void print_details(struct output *output, const struct dfs_entry *entry)
{
	char time[FORMAT_TIME], protection[FORMAT_PROTECTION];

	if (entry->folder)
		output_text(output, "%14s  %-19s  %-3s  ", "-",
			    entry->has_file ? format_time(entry->file.modified_ns, time)
					    : "-",
			    "-");
	else if (!entry->has_file)
		output_text(output, "%14s  %-19s  %-3s  ", "?", "?",
			    format_protection(&entry->file, protection));
	else
		output_text(output, "%14llu  %-19s  %-3s  ",
			    (unsigned long long)entry->file.size,
			    format_time(entry->file.modified_ns, time),
			    format_protection(&entry->file, protection));
}

static void print_chunks(struct output *output, const struct dfs_entry *entry)
{
	char chunks[FORMAT_CHUNKS];

	if (entry->folder) {
		output_text(output, "%-5s  ", "-");
		for (unsigned i = 1; i <= 4; i++)
			output_text(output, "%-14s  ", "-");
		return;
	}
	if (entry->has_file)
		output_text(output, "row %u  ", entry->file.row);
	else
		output_text(output, "row ?  ");
	for (unsigned i = 1; i <= 4; i++)
		output_text(output, "dfs%u %-4s%s  ", i,
			    format_chunks(entry->file.chunks[i - 1], chunks),
			    set_has(entry->file.live, i) ? " up  " : " down");
}

static void print_text(const struct list_view *view, const struct dfs_entry *entry,
		       const char *name, size_t number)
{
	struct output *output = view->run->output;
	const char *mark = entry->folder ? "" : format_mark(&entry->file);
	const char *type = entry->link ? "link" : "";

	if (number > 0)
		output_text(output, "%4zu  ", number);
	if (view->details)
		print_details(output, entry);
	if (view->chunks)
		print_chunks(output, entry);
	output_name(output, name);
	if (entry->folder)
		output_text(output, "/");
	if (*type != '\0' && (view->details || view->chunks))
		output_text(output, "  [%s]", type);
	if (*mark != '\0' && (view->details || view->chunks))
		output_text(output, "  [%s]", mark);
	output_text(output, "\n");
}

static void print_object(const struct list_view *view, const struct dfs_entry *entry,
			 const char *name, const char *path, size_t number)
{
	json_t *fields = format_entry(entry);

	(void)json_object_set_new(fields, "name", output_string(name));
	if (number > 0)
		(void)json_object_set_new(fields, "number",
					  json_integer((json_int_t)number));
	if (!entry->folder && view->chunks)
		(void)json_object_set_new(fields, "servers",
					  format_servers(&entry->file));
	if (!entry->folder && entry->has_file && view->chunks)
		(void)json_object_set_new(fields, "row", json_integer(entry->file.row));
	output_object(view->run->output, "path", path, DFS_EXIT_DONE, fields);
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	const struct list_view *view = context;
	char *path, *name;
	size_t number = 0;

	if (asprintf(&path, "%s%s", entry->path, entry->folder ? "/" : "") < 0)
		return DFS_EXIT_OTHER;
	if (asprintf(&name, "%s%s", view->above ? view->above : "",
		     name_of(view, entry)) < 0) {
		free(path);
		return DFS_EXIT_OTHER;
	}
	if (view->run->shell)
		number = numbers_add(view->run->shell->numbers, NUMBERS_REMOTE, path);
	if (output_json(view->run->output))
		print_object(view, entry, name, path, number);
	else
		print_text(view, entry, name, number);
	free(name);
	free(path);
	return output_broken(view->run->output) ? DFS_EXIT_OTHER : 0;
}

/* Is more to be told of a file than its name? */
static bool needs_detail(const struct list_view *view)
{
	return view->details || view->chunks || output_json(view->run->output);
}

static struct dfs_result list(struct list_view *view, const char *path)
{
	const struct options *options = &view->run->options;

	view->path = path;
	return dfs_list(view->run->dfs, path,
			(struct dfs_list_options){
				.recursive = options_has(options, OPTION_RECURSIVE),
				.detail = needs_detail(view)},
			take_entry, view);
}

/* As a folder; if there is none and the name is not plainly a folder's, as a file. */
static struct dfs_result list_either(struct list_view *view)
{
	struct run *run = view->run;
	char *folder = NULL, *file = NULL;
	struct dfs_result result = run_folder(run, view->name, &folder);

	if (result.code == DFS_EXIT_DONE)
		result = list(view, folder);
	if (result.code == DFS_EXIT_MISSING && !name_is_folder(view->name) &&
	    run_path(run, view->name, &file).code == DFS_EXIT_DONE)
		result = list(view, file);
	free(folder);
	free(file);
	return result;
}

/*
 * What a pattern stands for, by name: of folders only with -R what is in them.  It was
 * listed a moment ago, and only what more is to be told of a file has to be asked for.
 */
static void list_named(struct list_view *view, const char *name)
{
	struct run *run = view->run;
	size_t slash = name_is_folder(name) ? 1 : 0;
	struct dfs_entry entry = {.folder = slash > 0};
	char *path = NULL, *name_only = strndup(name, strlen(name) - slash);
	struct dfs_result result = run_either(run, name, &path);

	if (!name_only)
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	view->name = name_only;
	if (result.code == DFS_EXIT_DONE && !entry.folder && needs_detail(view)) {
		result = list(view, path);
	} else if (result.code == DFS_EXIT_DONE) {
		size_t end = strlen(path) - slash;

		path[end] = '\0';
		entry.path = view->path = path;
		(void)take_entry(view, &entry);
		if (slash > 0 && options_has(&run->options, OPTION_RECURSIVE)) {
			path[end] = '/';
			view->above = name;
			result = list(view, path);
			view->above = NULL;
		}
	}
	outcome_shown(run, name, &result);
	free(name_only);
	free(path);
}

static int list_pattern(struct list_view *view, const char *const *typed)
{
	struct run *run = view->run;
	struct typed_names names;

	if (typed_names_expand(run, typed, 1, true, &names))
		for (size_t i = 0; i < names.count && !output_broken(run->output); i++)
			list_named(view, names.names[i]);
	typed_names_free(&names);
	return run->outcome.code;
}

static struct dfs_result list_shared(struct list_view *view)
{
	view->path = "";
	view->name = NULL;
	return dfs_list_shared(view->run->dfs, take_entry, view);
}

static int verb_list(struct run *run)
{
	const struct options *options = &run->options;
	struct list_view view = {.run = run};
	bool shared = options_has(options, OPTION_SHARED_WITH_ME);
	struct dfs_result result;
	char own[RUN_OWN];

	if (options->count > 1)
		return run_usage(run, "list takes one name");
	if (shared && options->count > 0)
		return run_usage(run, "--shared-with-me lists all of it, and takes no "
				      "name");
	if (options_has(options, OPTION_LOCAL))
		return list_local(run);
	if (run->shell)
		numbers_begin(run->shell->numbers, NUMBERS_REMOTE);
	view.details = options_has(options, OPTION_LONG) || output_terminal(run->output);
	view.chunks = options_has(options, OPTION_CHUNKS);
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE) {
		view.name =
			options->count > 0 ? options->arguments[0] : run_here(run, own);
		result = run_open(run);
	}
	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, &view.name, view.name ? 1 : 0, &result);
		return result.code;
	}
	if (options->count > 0 && typed_names_is_pattern(run, view.name))
		return list_pattern(&view, options->arguments);
	result = shared ? list_shared(&view) : list_either(&view);
	if (result.code != DFS_EXIT_DONE) {
		outcome_typed(run, view.name ? view.name : "/", &result);
		return result.code;
	}
	output_warning(run->output, result.warning);
	return DFS_EXIT_DONE;
}

const struct command cmd_list = {
	.name = "list",
	.alias = "ls",
	.usage = "list [-l] [-R] [--chunks] [PATH | --shared-with-me | --local "
		 "[FOLDER]]",
	.summary = "List files and folders",
	.examples = {"list", "list -l '*.txt'"},
	.details = "Without a name, lists /USER/.  To a pipe names only, one per line, "
		   "folders with a\n"
		   "final '/'.  Columns of -l: size, modified, protection, name, mark.  "
		   "Protection is\n"
		   "the number of living copies of the worst chunk: 2/2 is full, 1/2 "
		   "[degraded] has\n"
		   "nothing to spare, 0/2 [incomplete] cannot be read now.  --chunks "
		   "adds the row and,\n"
		   "per server, which chunks it keeps and whether it is up.  A pattern "
		   "is replaced by\n"
		   "the names that it stands for.  --shared-with-me lists the files "
		   "that others let\n"
		   "you read, by their whole names.  --local lists local files "
		   "instead.\n",
	.options = OPTION_BIT(OPTION_LONG) | OPTION_BIT(OPTION_RECURSIVE) |
		   OPTION_BIT(OPTION_CHUNKS) | OPTION_BIT(OPTION_EXACT) |
		   OPTION_BIT(OPTION_SHARED_WITH_ME) | OPTION_BIT(OPTION_LOCAL),
	.run = verb_list,
};
