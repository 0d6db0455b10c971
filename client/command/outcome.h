/*
 * How the items of a command ended: each has an object or a line on stderr, and all
 * together have one exit code.
 */
#ifndef DFS_OUTCOME_H
#define DFS_OUTCOME_H

#include <jansson.h>
#include <stdbool.h>

struct dfs_result;
struct outcome;
struct run;

struct outcome_item {
	const char *shown; /* how messages call it; NULL: like path */
	const char *path;  /* canonical, as --json has it; NULL when it is none */
	/* With code 11: what --operation takes; NULL or "" for nothing. */
	const char *retry;
	json_t *take_fields; /* more for --json; NULL allowed */
};

/* Counts one more item that ended with this code. */
void outcome_add(struct outcome *outcome, int code);

/* Counts the item's code for the whole command (run->outcome), and prints. */
void outcome_item(struct run *run, const struct outcome_item *item,
		  const struct dfs_result *result);

/* For a remote name as it was typed, which may stand for no path. */
void outcome_typed(struct run *run, const char *typed, const struct dfs_result *result);

/* Likewise for one whose success was shown otherwise: then only a warning is printed. */
void outcome_shown(struct run *run, const char *typed, const struct dfs_result *result);

/*
 * For items that all failed together before anything was tried: with --json one object
 * each, else one line for all.  The names are as typed, or paths.
 */
void outcome_all(struct run *run, const char *const *names, size_t count,
		 const struct dfs_result *result);

/*
 * How a command on a user ended, by --json with the field "user" instead of "path".  name
 * NULL: who calls.  shown: messages begin with the name.  Returns the code.
 */
int outcome_user(struct run *run, const char *name, bool shown,
		 const struct dfs_result *result, json_t *take_fields);

/* The whole command ends because there is no memory left. */
void outcome_no_memory(struct run *run);

#endif
