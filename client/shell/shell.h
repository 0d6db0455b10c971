/* The shell: commands one after another, with one log-in and one connection. */
#ifndef DFS_SHELL_H
#define DFS_SHELL_H

struct run;

/*
 * Takes commands from standard input until it ends, or exit: from somebody at a terminal,
 * or else until one fails, but with -k all of them.  The run is that of the verb shell;
 * the exit code.
 */
int shell_run(struct run *run);

#endif
