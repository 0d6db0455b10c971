/* One command line: understood, done, and reported. */
#ifndef DFS_PERFORM_H
#define DFS_PERFORM_H

struct run;

/*
 * Its exit code.  The words begin with the program's name.  Of the run, the caller has
 * set program, shell and start_shell, and all else is zero; what it has opened is closed
 * again, or its shell's.
 */
int perform_line(struct run *run, int count, char **words);

#endif
