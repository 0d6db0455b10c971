/* A verb: what it is called, takes and does. */
#ifndef DFS_COMMAND_H
#define DFS_COMMAND_H

#include <stdint.h>

struct run;

struct command {
	const char *name;
	const char *alias;       /* or NULL */
	const char *usage;       /* behind the program's name */
	const char *summary;     /* one line */
	const char *examples[2]; /* behind the program's name */
	const char *details;     /* a few lines for help, each ending in a newline */
	uint64_t options; /* OPTION_BITs that it takes besides those for every verb */
	/* Does it, reports, and returns the exit code. */
	int (*run)(struct run *run);
};

#endif
