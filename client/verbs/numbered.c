/* In a shell: names in the place of numbers and of patterns of local files. */
#include "numbered.h"

#include "commands.h"
#include "complete.h"
#include "name.h"
#include "numbers.h"
#include "outcome.h"
#include "run.h"
#include "run_shell.h"
#include "status.h"
#include "transfer.h"
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 16 };

/* ---- what is put in their place ------------------------------------------------- */

/* Takes the name over; false when there is none, or no memory. */
static bool add(struct numbered *numbered, char *take_name)
{
	char **names = numbered->names;

	if (take_name && numbered->count == numbered->room) {
		names = reallocarray(names, numbered->room + ROOM, sizeof *names);
		if (names) {
			numbered->names = names;
			numbered->room += ROOM;
		}
	}
	if (!take_name || !names) {
		free(take_name);
		return false;
	}
	numbered->names[numbered->count++] = take_name;
	return true;
}

/* The word as a pattern, with what was quoted in it; NULL: it is none. */
static const char *pattern_of(const struct run *run, const char *typed)
{
	const struct run_shell *shell = run->shell;

	for (size_t i = 0; shell->words && shell->words[i]; i++)
		if (shell->words[i] == typed)
			return shell->patterns[i];
	return NULL;
}

/* One that stands for nothing stays, as in sh. */
static bool add_pattern(struct numbered *numbered, const char *typed, const char *pattern)
{
	glob_t found;
	bool good = true;

	if (glob(pattern, 0, NULL, &found) != 0)
		return add(numbered, strdup(typed));
	for (size_t i = 0; i < found.gl_pathc && good; i++) {
		const char *name = found.gl_pathv[i];

		/* A name, be it "-". */
		good = add(numbered, name_join(name[0] == '-' ? "." : "", name));
	}
	globfree(&found);
	return good;
}

static int no_memory(struct run *run)
{
	outcome_no_memory(run);
	return run->outcome.code;
}

/* One argument, whatever it stands for. */
static int replace(struct run *run, struct numbered *numbered, const char *typed,
		   enum numbers_kind kind)
{
	const char *pattern = kind == NUMBERS_LOCAL ? pattern_of(run, typed) : NULL;
	const char *name = typed;
	bool good;

	if (numbers_is_one(typed)) {
		name = numbers_find(run->shell->numbers, kind, typed);
		if (!name)
			return run_usage(run,
					 "there is no number %.20s in the last list%s; "
					 "what is called so is ./%.20s",
					 typed, kind == NUMBERS_LOCAL ? " --local" : "",
					 typed);
	}
	good = pattern ? add_pattern(numbered, typed, pattern)
		       : add(numbered, strdup(name));
	return good ? DFS_EXIT_DONE : no_memory(run);
}

/* ---- which of them --------------------------------------------------------------- */

static bool are_numbers(const struct options *options)
{
	for (size_t i = 0; i < options->count; i++)
		if (!numbers_is_one(options->arguments[i]))
			return false;
	return true;
}

/* "..", as the target of put, is no name of a file but the folder. */
static char *whole_target(const char *target, bool gets)
{
	const char *slash = strrchr(target, '/'), *last = slash ? slash + 1 : target;
	bool dots = strcmp(last, ".") == 0 || strcmp(last, "..") == 0;

	return dots && !gets ? name_join(target, "") : strdup(target);
}

/* Of put and get; a target is no number, and several numbers are all sources. */
static int replace_sources(struct run *run, struct numbered *numbered)
{
	struct options *options = &run->options;
	bool gets = run->command == &cmd_get, all = options_has(options, OPTION_TO);
	struct transfer transfer;
	bool sources; /* are what would be read as one and its target */
	int code = DFS_EXIT_DONE;

	transfer_split(options, gets, &transfer);
	sources = !all && transfer.target &&
		  (are_numbers(options) || (!gets && pattern_of(run, transfer.target)));
	if (sources) {
		transfer.count = options->count;
		transfer.target = NULL;
	}
	if (!all && transfer.target && numbers_is_one(transfer.target))
		return run_usage(run,
				 "%.20s is a number of a listing, and no target; what is "
				 "called so is ./%.20s",
				 transfer.target, transfer.target);
	if (transfer.target) {
		numbered->target = whole_target(transfer.target, gets);
		if (!numbered->target)
			return no_memory(run);
	}
	for (size_t i = 0; i < transfer.count && code == DFS_EXIT_DONE; i++)
		code = replace(run, numbered, transfer.sources[i],
			       gets ? NUMBERS_REMOTE : NUMBERS_LOCAL);
	if (code != DFS_EXIT_DONE)
		return code;
	/* As it was typed, one source and its target, or what nobody could mistake. */
	if (!all && transfer.target && numbered->count == transfer.count)
		return add(numbered, strdup(numbered->target)) ? code : no_memory(run);
	/* Nor are those that one word has become. */
	if (sources || transfer.target || numbered->count != options->count)
		options->values[OPTION_TO] = numbered->target ? numbered->target
					     : gets           ? "."
							      : run->shell->folder;
	return code;
}

static int replace_names(struct run *run, struct numbered *numbered)
{
	const struct options *options = &run->options;
	int code = DFS_EXIT_DONE;

	for (size_t i = 0; i < options->count && code == DFS_EXIT_DONE; i++) {
		const char *typed = options->arguments[i];

		if (complete_is_remote(run, i))
			code = replace(run, numbered, typed, NUMBERS_REMOTE);
		else if (complete_is_local(run, i))
			code = replace(run, numbered, typed, NUMBERS_LOCAL);
		else if (!add(numbered, strdup(typed)))
			code = no_memory(run);
	}
	return code;
}

int numbered_replace(struct run *run, struct numbered *ret)
{
	bool moves = run->command == &cmd_put || run->command == &cmd_get;
	const char **arguments;
	int code;

	memset(ret, 0, sizeof *ret);
	code = moves ? replace_sources(run, ret) : replace_names(run, ret);
	if (code != DFS_EXIT_DONE)
		return code;
	arguments = calloc(ret->count + 1, sizeof *arguments);
	if (!arguments)
		return no_memory(run);
	for (size_t i = 0; i < ret->count; i++)
		arguments[i] = ret->names[i];
	free(run->options.arguments);
	run->options.arguments = arguments;
	run->options.count = ret->count;
	return code;
}

void numbered_free(struct numbered *numbered)
{
	for (size_t i = 0; i < numbered->count; i++)
		free(numbered->names[i]);
	free(numbered->names);
	free(numbered->target);
	memset(numbered, 0, sizeof *numbered);
}
