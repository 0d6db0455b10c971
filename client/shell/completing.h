/* What TAB offers in the shell: verbs, options, local and remote names. */
#ifndef DFS_COMPLETING_H
#define DFS_COMPLETING_H

#include <stddef.h>

struct run_shell;

struct completing {
	const char *program;
	struct run_shell *shell;
};

/*
 * A line up to the cursor, and the end of it that is to be replaced.  What readline takes
 * as a list of matches: what all have in common first, in the form that is to be
 * inserted, then each, ended by NULL; NULL: there is none.  In *ret_last what is to stand
 * behind the only one: ' ', an open quote, or NUL.
 */
char **completing_find(const struct completing *completing, const char *line,
		       const char *replaced, char *ret_last);

#endif
