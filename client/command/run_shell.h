/*
 * What a shell gives to the commands that are typed into it, and what it keeps from one
 * to the next: where it is, the numbers of its listings, and one open session.
 */
#ifndef DFS_RUN_SHELL_H
#define DFS_RUN_SHELL_H

#include "libdfs.h"
#include <stdbool.h>

struct numbers;
struct options;
struct run;

struct run_shell {
	char *folder;                  /* the current one: canonical, ends in '/' */
	struct numbers *numbers;       /* of its listings */
	const struct options *options; /* its own, which its commands have too */
	/* The words of this command, ended by NULL; and of each its form as a pattern
	 * (glob(7)), with what was quoted in it, or NULL: it is none. */
	char *const *words;
	char *const *patterns;
	bool over; /* it was told to end */
	bool asks; /* somebody sits at it, and can be asked for the password again */
	/* What is open; NULL: nothing yet, or no more. */
	struct dfs *dfs;
	struct dfs_pass pass; /* the session that it was logged in with; or zero */
	bool own_pass;        /* which the shell began itself, and ends */
};

/*
 * When the run's options are known: it has what the shell was told for all its commands.
 * One for another user or cluster stands alone from now on: neither the shell's folder
 * nor its session is for it.
 */
void run_shell_join(struct run *run);

/* Is anything open?  Then it becomes the run's. */
bool run_shell_take(struct run *run);

/* What the run has opened is the shell's now, if there is one. */
void run_shell_keep(struct run *run);

/*
 * After somebody typed the password: begins a session that only this shell knows, so that
 * he need not type it again when a connection has to be made anew.
 */
void run_shell_begin(struct run *run);

/*
 * At the end of a command: what was interrupted is closed, and so is what the servers
 * take no more, which is asked after these codes: then true, and the command may be
 * repeated.
 */
bool run_shell_release(struct run *run, int code);

/* Ends the session that the shell began, and closes everything. */
void run_shell_end(struct run *run);

/*
 * For a log-out, before the run opens anything: what the shell has open is closed, since
 * servers go on taking commands from it.  True: it had a session of its own, which ended.
 */
bool run_shell_log_out(struct run *run);

#endif
