/* Patterns among the names on the command line, and the names that they stand for. */
#include "typed_names.h"

#include "outcome.h"
#include "output.h"
#include "pattern.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* The patterns, as the library takes them, and what it found so far. */
struct expanding {
	struct run *run;
	const char **typed; /* of each pattern, */
	char **patterns;    /* and its canonical form */
	struct dfs_expand *items;
	size_t count;
	struct found_name {
		char *name;
		size_t item;
	} * found;
	size_t found_count, room;
	bool no_memory;
};

bool typed_names_is_pattern(const struct run *run, const char *typed)
{
	return !options_has(&run->options, OPTION_EXACT) && pattern_is(typed);
}

/* The path as whoever typed the pattern would type it. */
static char *name_of(const struct run *run, const char *pattern, const char *path,
		     bool folder)
{
	char own[RUN_OWN], *name;
	const char *here = run_here(run, own);
	size_t len = strlen(here);

	if (*pattern != '/' && strncmp(path, here, len) == 0)
		path += len;
	return asprintf(&name, "%s%s", path, folder ? "/" : "") < 0 ? NULL : name;
}

static int take_found(void *context, size_t item, const char *path, bool folder)
{
	struct expanding *expanding = context;
	struct found_name *more;

	if (expanding->found_count == expanding->room) {
		size_t room = 2 * expanding->room + FIRST_ROOM;

		more = reallocarray(expanding->found, room, sizeof *more);
		expanding->no_memory = !more;
		if (!more)
			return DFS_EXIT_OTHER;
		expanding->found = more;
		expanding->room = room;
	}
	more = &expanding->found[expanding->found_count];
	more->item = item;
	more->name = name_of(expanding->run, expanding->typed[item], path, folder);
	expanding->no_memory = !more->name;
	expanding->found_count += more->name ? 1 : 0;
	return more->name ? 0 : DFS_EXIT_OTHER;
}

/* One more pattern; false when out of memory. */
static bool add_pattern(struct expanding *expanding, const char *typed, bool folders)
{
	struct dfs_expand *item = &expanding->items[expanding->count];
	char *canonical = run_canonical(expanding->run, typed);
	size_t len = canonical ? strlen(canonical) : 0;

	if (!canonical)
		return false;
	item->no_folders = !folders;
	if (len > 1 && canonical[len - 1] == '/') {
		canonical[len - 1] = '\0';
		item->no_files = true;
	}
	item->pattern = expanding->patterns[expanding->count] = canonical;
	expanding->typed[expanding->count++] = typed;
	return true;
}

/* The names in their order; each that is found goes over to ret.  false: no memory. */
static bool put_together(struct expanding *expanding, const char *const *typed,
			 size_t count, struct typed_names *ret)
{
	size_t item = 0, found = 0;

	ret->names = calloc(count + expanding->found_count + 1, sizeof *ret->names);
	if (!ret->names)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!typed_names_is_pattern(expanding->run, typed[i])) {
			ret->names[ret->count] = strdup(typed[i]);
			if (!ret->names[ret->count])
				return false;
			ret->count++;
			continue;
		}
		for (; found < expanding->found_count &&
		       expanding->found[found].item == item;
		     found++) {
			ret->names[ret->count++] = expanding->found[found].name;
			expanding->found[found].name = NULL;
		}
		item++;
	}
	return true;
}

static void expanding_end(struct expanding *expanding)
{
	for (size_t i = 0; i < expanding->count; i++)
		free(expanding->patterns[i]);
	for (size_t i = 0; i < expanding->found_count; i++)
		free(expanding->found[i].name);
	free(expanding->found);
	free(expanding->items);
	free(expanding->patterns);
	free(expanding->typed);
}

/* Asks for all patterns at once, and reports those that stand for nothing. */
static void ask(struct expanding *expanding)
{
	struct run *run = expanding->run;

	dfs_expand(run->dfs, expanding->items, expanding->count, take_found, expanding);
	for (size_t i = 0; i < expanding->count; i++) {
		const struct dfs_result *result = &expanding->items[i].result;

		if (result->code == DFS_EXIT_DONE)
			output_warning(run->output, result->warning);
		else if (!expanding->no_memory)
			outcome_typed(run, expanding->typed[i], result);
	}
}

bool typed_names_expand(struct run *run, const char *const *typed, size_t count,
			bool folders, struct typed_names *ret)
{
	struct expanding expanding = {.run = run};
	struct dfs_result result = {0};
	bool good, done = false;

	memset(ret, 0, sizeof *ret);
	expanding.items = calloc(count + 1, sizeof *expanding.items);
	expanding.typed = calloc(count + 1, sizeof *expanding.typed);
	expanding.patterns = calloc(count + 1, sizeof *expanding.patterns);
	good = expanding.items && expanding.typed && expanding.patterns;
	for (size_t i = 0; i < count && good; i++)
		if (typed_names_is_pattern(run, typed[i]))
			good = add_pattern(&expanding, typed[i], folders);
	if (good && expanding.count > 0)
		result = run_open(run);
	if (good && expanding.count > 0 && result.code == DFS_EXIT_DONE)
		ask(&expanding);
	if (result.code != DFS_EXIT_DONE)
		outcome_all(run, typed, count, &result);
	else if (!good || expanding.no_memory ||
		 !put_together(&expanding, typed, count, ret))
		outcome_no_memory(run);
	else
		done = true;
	ret->expanded = expanding.count > 0;
	expanding_end(&expanding);
	return done;
}

bool typed_names_copy(struct run *run, const char *const *typed, size_t count,
		      struct typed_names *ret)
{
	bool good;

	memset(ret, 0, sizeof *ret);
	ret->names = calloc(count + 1, sizeof *ret->names);
	good = ret->names;
	for (size_t i = 0; i < count && good; i++) {
		ret->names[i] = strdup(typed[i]);
		good = ret->names[i];
		ret->count += good;
	}
	if (!good)
		outcome_no_memory(run);
	return good;
}

void typed_names_free(struct typed_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	memset(names, 0, sizeof *names);
}
