/* One run of the command: what every verb needs of its surroundings. */
#ifndef RUN_H
#define RUN_H

#include "libdfs.h"
#include "options.h"
#include <stdbool.h>
#include <stddef.h>

struct command;
struct output;

/* The exit code of several items: theirs, if all are alike; else DFS_EXIT_SOME. */
struct outcome {
	bool any;
	int code;
};

struct run {
	const char *program; /* the name it was called by */
	const struct command *command;
	struct options options;
	struct output *output;
	char user[33];          /* set by run_user */
	struct dfs *dfs;        /* set by run_open */
	struct outcome outcome; /* of the items so far */
	unsigned hints;         /* how often run_is_folder asked */
};

/* The user whose paths are meant; a result with code 2 when there is no usable name. */
struct dfs_result run_user(struct run *run);

/* Opens the session, after run_user; does nothing when it is open. */
struct dfs_result run_open(struct run *run);

/*
 * What a person typed as the name of a remote file, canonical and checked, in *ret_path, which
 * the caller frees.  On failure *ret_path is NULL.  After run_user.
 */
struct dfs_result run_path(const struct run *run, const char *typed, char **ret_path);

/* The same for a folder, with or without its final '/'; the result has one. */
struct dfs_result run_folder(const struct run *run, const char *typed, char **ret_path);

/*
 * The name for --json of what was typed, whatever becomes of it: the canonical path of a file or a
 * folder, or, where there is none, what was typed.  The caller frees it; NULL when out of memory.
 */
char *run_remote(const struct run *run, const char *typed);

/*
 * For a path that is no file: is it a folder?  Asks the servers, but only for the first few paths
 * of a command; false also when that is not known.
 */
bool run_is_folder(struct run *run, const char *path);

/* A failed result; done is the zeroed struct. */
struct dfs_result run_result(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reports that the command is used wrongly; the exit code for it. */
int run_usage(const struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
