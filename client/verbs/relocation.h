/* cp and mv: what they are given, and the path that each source comes to. */
#ifndef DFS_RELOCATION_H
#define DFS_RELOCATION_H

#include <stdbool.h>

struct run;

/*
 * Does it, and reports; the exit code.  The rule is that of cp and mv everywhere: into
 * the target if that is a folder, else to its very name.  moves: the sources go.
 */
int relocation_run(struct run *run, bool moves);

#endif
