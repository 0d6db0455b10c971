/* One run of the command: what every verb needs of its surroundings. */
#ifndef DFS_RUN_H
#define DFS_RUN_H

#include "cluster.h"
#include "libdfs.h"
#include "libdfs_trees.h"
#include "libdfs_upkeep.h"
#include "options.h"
#include "result.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct command;
struct output;
struct password;
struct run_shell;

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
	char config[PATH_MAX];  /* the cluster.conf; set by run_config */
	struct cluster cluster; /* likewise */
	char user[33];          /* set by run_user */
	struct dfs *dfs;        /* set by run_open */
	struct dfs_pass pass;   /* the session that it was logged in with; or zero */
	struct outcome outcome; /* of the items so far */
	unsigned hints;         /* how often run_is_folder asked */
	/* the shell that it was typed into; NULL: it stands alone */
	struct run_shell *shell;
	/* what the verb shell calls; NULL where there is one already */
	int (*start_shell)(struct run *run);
};

/*
 * Who calls, and whose paths are meant: --user, DFS_USER, whose session is the newest,
 * the log-in name; a result with code 2 when there is no usable name.
 */
struct dfs_result run_user(struct run *run);

/*
 * This user has no session any more: removes its file, if there is one, with the result
 * of that.  Where it was his that counted, no other session takes its place: he is still
 * the one who calls.
 */
struct dfs_result run_forget_session(const struct run *run);

/* Finds and reads the cluster's configuration; does nothing when that is done. */
struct dfs_result run_config(struct run *run);

/*
 * Connects and logs in, after run_user: with the password file, else the session, else
 * with what is typed at a prompt.  Code 7, saying what to do, where none of them is had
 * or taken.  Does nothing when that is done.
 */
struct dfs_result run_open(struct run *run);

/* Like run_open, but never asks: with the password file or the session. */
struct dfs_result run_open_known(struct run *run);

/* Like run_open, but with the session alone; code 4 where there is none. */
struct dfs_result run_open_by_session(struct run *run);

/* Like run_open where a session is not enough: with the password file or a prompt. */
struct dfs_result run_open_by_password(struct run *run);

/* Like run_open, with this secret and no other. */
struct dfs_result run_open_by_pass(struct run *run, const struct dfs_pass *pass);

/*
 * Like run_open_known; where that is not possible, as nobody, with a warning in the
 * result if there was something to log in with.
 */
struct dfs_result run_open_if_possible(struct run *run);

/*
 * At the end: warns of servers that were left out because they answered wrongly, and ends
 * the session, if there is one.
 */
void run_close(struct run *run);

/* A new password for this user, by --new-password-file or typed twice; to be wiped. */
struct dfs_result run_new_password(const struct run *run, const char *user,
				   struct password *ret);

/*
 * The folder that relative remote names are below: the user's own, or the current one of
 * the shell.  It ends in '/'; valid as long as both.  After run_user.
 */
enum { RUN_OWN = 40 };
const char *run_here(const struct run *run, char own[RUN_OWN]);

/*
 * What a person typed as a remote name, as a whole, and not checked; in a shell with "."
 * and ".." taken for what they mean.  The caller frees it; NULL when out of memory.
 */
char *run_canonical(const struct run *run, const char *typed);

/*
 * What a person typed as the name of a remote file, canonical and checked, in *ret_path,
 * which the caller frees.  On failure *ret_path is NULL.  After run_user.
 */
struct dfs_result run_path(const struct run *run, const char *typed, char **ret_path);

/*
 * Either: a folder's where it ends in '/' or can only be one, as "/USER", else a file's.
 */
struct dfs_result run_either(const struct run *run, const char *typed, char **ret_path);

/* Like run_path for a folder, with or without its final '/'; the result has one. */
struct dfs_result run_folder(const struct run *run, const char *typed, char **ret_path);

/*
 * The name for --json of what was typed, whatever becomes of it: the canonical path of a
 * file or a folder, or, where there is none, what was typed.  The caller frees it; NULL
 * when out of memory.
 */
char *run_name(const struct run *run, const char *typed);

/*
 * For a path that is no file: is it a folder?  Asks the servers, but only for the first
 * few paths of a command; false also when that is not known.
 */
bool run_is_folder(struct run *run, const char *path);

/*
 * The value of an option that is a number of at least `least`; *ret stays where it was
 * not given.  false when it is none, which is reported.
 */
bool run_number(const struct run *run, enum option option, unsigned least, unsigned *ret);

/* Reports that the command is used wrongly; the exit code for it. */
int run_usage(const struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
