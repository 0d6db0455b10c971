/* The verbs: what each is called, takes and does. */
#ifndef DFS_COMMANDS_H
#define DFS_COMMANDS_H

#include <stdint.h>

struct run;

struct command {
	const char *name;
	const char *alias;       /* or NULL */
	const char *usage;       /* behind the program's name */
	const char *summary;     /* one line */
	const char *examples[2]; /* behind the program's name */
	const char *details;     /* a few lines for help, each ending in a newline */
	uint32_t options; /* OPTION_BITs that it takes besides those for every verb */
	/* Does it, reports, and returns the exit code. */
	int (*run)(struct run *run);
};

extern const struct command cmd_put, cmd_get, cmd_list, cmd_delete, cmd_stat, cmd_status,
	cmd_login, cmd_logout, cmd_whoami, cmd_passwd, cmd_key, cmd_user, cmd_df,
	cmd_share, cmd_unshare, cmd_verify, cmd_repair, cmd_cluster, cmd_help;

/* The verbs in the order of the help, ended by NULL. */
const struct command *const *commands_all(void);

/* By name or alias; NULL when there is none. */
const struct command *commands_find(const char *name);

/* What someone who typed this may have meant; NULL when nothing is near. */
const struct command *commands_nearest(const char *name);

/* By what somebody typed; NULL where there is none, which is reported as wrong usage. */
const struct command *commands_find_typed(const struct run *run, const char *typed);

/*
 * The text of "help VERB"; with NULL the overview.  The caller frees it; NULL when out of
 * memory.
 */
char *commands_help(const struct command *command, const char *program);

#endif
