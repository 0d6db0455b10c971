/* Commands of sh, from within the shell. */
#ifndef DFS_FOR_SH_H
#define DFS_FOR_SH_H

#include <stdbool.h>

/*
 * Has sh do it, and waits; Ctrl-C is the command's alone meanwhile.  Its exit code, 128
 * and the number of the signal that ended it, or 127 where there is no sh.
 */
int for_sh_run(const char *command);

#endif
