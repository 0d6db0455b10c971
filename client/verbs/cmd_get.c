/* get REMOTE... [LOCAL] */
#include "commands.h"

#include "get_files.h"
#include "local.h"
#include "name.h"
#include "outcome.h"
#include "output.h"
#include "path.h"
#include "run.h"
#include "status.h"
#include "transfer.h"
#include "typed_names.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct gathering {
	struct run *run;
	struct get_files *files;
	const char *prefix; /* of the local names of what is below a remote folder */
	size_t skip;        /* of a remote path, before what follows the prefix */
	bool no_memory;
};

/* Where everything goes; see struct get_files_place. */
struct place {
	char *folder; /* the local folder; NULL: a stream */
	char *name;   /* in it; NULL: each under its own */
	bool make;
	int fd;
	const char *stream;
};

/* ---- trees --------------------------------------------------------------------- */

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct gathering *gathering = context;
	const char *rest = entry->path + gathering->skip;
	char *local;

	/* Names from the servers are believed as little as those that are typed. */
	if (strlen(entry->path) < gathering->skip ||
	    path_check(entry->path, strlen(entry->path))) {
		struct dfs_result result = result_of(
			DFS_EXIT_DAMAGED, "a server lists a name that cannot be");

		outcome_item(gathering->run, &(struct outcome_item){.path = entry->path},
			     &result);
		return 0;
	}
	local = name_join(gathering->prefix, rest);
	if (!local ||
	    !(entry->folder
		      ? get_files_add_folder(gathering->files, entry->path, local)
		      : get_files_add(gathering->files, entry->path, entry->path, local)))
		gathering->no_memory = true;
	free(local);
	return gathering->no_memory ? DFS_EXIT_OTHER : 0;
}

/* The folder that was listed is to be there too.  false when out of memory. */
static bool add_itself(const struct gathering *gathering, const char *folder)
{
	char *path = strndup(folder, strlen(folder) - 1);
	/* "/NAME" is always there. */
	bool good =
		path && (path_check(path, strlen(path)) ||
			 get_files_add_folder(gathering->files, path, gathering->prefix));

	free(path);
	return good;
}

/* Everything below the remote folder; a missing folder is code 4. */
static struct dfs_result add_tree(struct gathering *gathering, const char *typed,
				  const char *prefix)
{
	struct run *run = gathering->run;
	char *folder = NULL;
	struct dfs_result result = run_folder(run, typed, &folder);

	if (result.code == DFS_EXIT_DONE) {
		gathering->prefix = prefix;
		gathering->skip = strlen(folder);
		result = dfs_list(run->dfs, folder,
				  (struct dfs_list_options){.recursive = true},
				  take_entry, gathering);
		if (result.code == DFS_EXIT_DONE && !add_itself(gathering, folder))
			gathering->no_memory = true;
		if (gathering->no_memory)
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	}
	free(folder);
	return result;
}

/* ---- one argument -------------------------------------------------------------- */

static struct dfs_result add_file(struct gathering *gathering, const char *typed,
				  const char *local)
{
	char *path;
	struct dfs_result result = run_path(gathering->run, typed, &path);

	if (result.code == DFS_EXIT_DONE &&
	    !get_files_add(gathering->files, typed, path, local))
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	free(path);
	return result;
}

static void add_source(struct gathering *gathering, const char *typed, const char *local)
{
	struct run *run = gathering->run;
	struct dfs_result result;

	if (!options_has(&run->options, OPTION_RECURSIVE)) {
		if (name_is_folder(typed))
			result = result_of(DFS_EXIT_USAGE,
					   "is the name of a folder; -r gets everything "
					   "below it");
		else
			result = add_file(gathering, typed, local);
	} else {
		result = add_tree(gathering, typed, local);
		if (result.code == DFS_EXIT_MISSING && !name_is_folder(typed))
			result = add_file(gathering, typed, local);
	}
	if (result.code == DFS_EXIT_DONE)
		output_warning(run->output, result.warning);
	else
		outcome_typed(run, typed, &result);
}

/* ---- the command line ---------------------------------------------------------- */

/* Is the target something that takes a stream, and no name of a file to be made? */
static bool is_stream(const char *target)
{
	enum local_kind kind = local_kind(target);

	return strcmp(target, "-") == 0 || local_descriptor(target) >= 0 ||
	       kind == LOCAL_PIPE || kind == LOCAL_DEVICE;
}

/* Several files, and the last a local folder: nobody can tell what is meant. */
static bool is_question(const struct transfer *transfer)
{
	return !transfer->target && transfer->count > 2 &&
	       local_kind(transfer->sources[transfer->count - 1]) == LOCAL_FOLDER;
}

/* DFS_EXIT_DONE, or the code of a usage error that was reported. */
static int check(struct run *run, const struct transfer *transfer)
{
	const char *target = transfer->target;

	if (transfer->count == 0)
		return run_usage(run, "get needs the name of a file");
	for (size_t i = 0; i < transfer->count; i++)
		if (strcmp(transfer->sources[i], "-") == 0)
			return run_usage(run,
					 "- is standard output and cannot be a source "
					 "of get");
	if (is_question(transfer)) {
		const char *last = transfer->sources[transfer->count - 1];

		return run_usage(run,
				 "%s is a local folder: is it where the files go, or a "
				 "file to get?  Say --to %s or --to .",
				 last, last);
	}
	if (!target)
		return DFS_EXIT_DONE;
	if (*target == '\0')
		return run_usage(run, "the name of the target is empty");
	if (!options_has(&run->options, OPTION_TO) &&
	    typed_names_is_pattern(run, transfer->sources[0]) &&
	    typed_names_is_pattern(run, target))
		return run_usage(run,
				 "is %s the local target, or are both patterns of files "
				 "to get?  Say --to FOLDER, or --to .",
				 target);
	if (is_stream(target) && options_has(&run->options, OPTION_RECURSIVE))
		return run_usage(run, "-r does not go to %s",
				 strcmp(target, "-") == 0 ? "standard output" : target);
	return DFS_EXIT_DONE;
}

/*
 * A descriptor is taken before anything else can get its number.  false when there is
 * none, see errno.
 */
static bool find_stream(const char *target, struct place *ret)
{
	int number = strcmp(target, "-") == 0 ? STDOUT_FILENO : local_descriptor(target);

	ret->stream = number == STDOUT_FILENO ? "standard output" : target;
	if (number < 0)
		return true;
	ret->fd = number == STDOUT_FILENO ? number : fcntl(number, F_DUPFD_CLOEXEC, 0);
	return ret->fd >= 0;
}

/* false when out of memory, or with a stream that is not open: see errno. */
static bool find_place(const struct run *run, const struct transfer *transfer,
		       struct place *ret)
{
	const char *target = transfer->target, *slash;

	memset(ret, 0, sizeof *ret);
	ret->fd = -1;
	if (target && is_stream(target))
		return find_stream(target, ret);
	/* A pattern may stand for several: one name for them there cannot be. */
	if (!target || name_is_folder(target) || transfer->count > 1 ||
	    typed_names_is_pattern(run, transfer->sources[0]) ||
	    local_kind(target) == LOCAL_FOLDER) {
		ret->make = true;
		ret->folder = strdup(target ? target : ".");
		return ret->folder;
	}
	slash = strrchr(target, '/');
	if (!slash)
		ret->folder = strdup(".");
	else
		ret->folder = strndup(target, (size_t)(slash - target) + 1);
	ret->name = strdup(slash ? slash + 1 : target);
	return ret->folder && ret->name;
}

/*
 * The local names of the sources below the place; NULL after a failure that was reported.
 */
static char **plan(struct run *run, const struct transfer *transfer,
		   const struct place *place)
{
	const char *twice;
	char **locals =
		transfer_names(transfer, !place->folder ? "-" : place->name, "", &twice);

	if (!locals && twice)
		run->outcome.code =
			run_usage(run, "two of the files would be called like %s", twice);
	else if (!locals)
		outcome_no_memory(run);
	return locals;
}

/* All sources by their names; a tree is listed before anything is fetched. */
static void get_named(struct run *run, const struct transfer *transfer,
		      const struct place *place)
{
	struct gathering gathering = {.run = run};
	char **locals = plan(run, transfer, place);
	struct dfs_result result = {0};

	if (!locals)
		return;
	if (options_has(&run->options, OPTION_RECURSIVE))
		result = run_open(run);
	if (result.code == DFS_EXIT_DONE) {
		gathering.files = get_files_new(
			run, &(struct get_files_place){.folder = place->folder,
						       .make = place->make,
						       .fd = place->fd,
						       .stream = place->stream});
		if (!gathering.files)
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	}
	if (result.code == DFS_EXIT_DONE) {
		for (size_t i = 0; i < transfer->count; i++)
			add_source(&gathering, transfer->sources[i], locals[i]);
		get_files_fetch(gathering.files);
	} else {
		outcome_all(run, transfer->sources, transfer->count, &result);
	}
	get_files_free(gathering.files);
	transfer_free_names(locals, transfer->count);
}

static void get_all(struct run *run, const struct transfer *transfer,
		    const struct place *place)
{
	struct dfs_result result = run_user(run);
	struct transfer named = *transfer;
	struct typed_names names;

	if (result.code != DFS_EXIT_DONE) {
		outcome_all(run, transfer->sources, transfer->count, &result);
		return;
	}
	if (typed_names_expand(run, transfer->sources, transfer->count,
			       options_has(&run->options, OPTION_RECURSIVE), &names)) {
		named.sources = (const char *const *)names.names;
		named.count = names.count;
		if (named.count > 0)
			get_named(run, &named, place);
	}
	typed_names_free(&names);
}

static int verb_get(struct run *run)
{
	struct transfer transfer;
	struct place place;
	int code;

	transfer_split(&run->options, true, &transfer);
	code = check(run, &transfer);
	if (code != DFS_EXIT_DONE)
		return code;
	if (find_place(run, &transfer, &place)) {
		get_all(run, &transfer, &place);
	} else {
		const struct dfs_result result = result_of(
			DFS_EXIT_OTHER, "cannot write to %s: %s",
			place.stream ? place.stream : "the target", strerror(errno));

		outcome_all(run, NULL, 0, &result);
	}
	if (place.fd > STDERR_FILENO)
		(void)close(place.fd);
	free(place.folder);
	free(place.name);
	return run->outcome.code;
}

const struct command cmd_get = {
	.name = "get",
	.usage = "get [OPTIONS] REMOTE... [LOCAL]",
	.summary = "Fetch stored files",
	.examples = {"get report.pdf", "get -r photos --to /tmp/photos"},
	.details =
		"One file alone is written under its own name in the current folder.  "
		"Of two\n"
		"arguments the second is the local name; of more, the last is a "
		"folder if it ends in\n"
		"'/', and '-' is standard output.  With --to all arguments are remote "
		"files.  A\n"
		"local folder as target means \"in it, under its own name\"; for "
		"several files the\n"
		"target is one, which is made if it is missing.  A pipe, a terminal or "
		"/dev/fd/N as\n"
		"target takes what is fetched, like '-'.\n"
		"A file appears when it is whole and proved, or not at all.  A "
		"different local file\n"
		"is replaced only with -f, and leaves its mode to the new one.  Files "
		"that a pattern\n"
		"stands for go to a folder.\n",
	.options = OPTION_BIT(OPTION_RECURSIVE) | OPTION_BIT(OPTION_TO) |
		   OPTION_BIT(OPTION_FORCE) | OPTION_BIT(OPTION_EXACT),
	.run = verb_get,
};
