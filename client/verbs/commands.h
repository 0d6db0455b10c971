/* The table of all verbs. */
#ifndef DFS_COMMANDS_H
#define DFS_COMMANDS_H

#include "command.h"
#include "upkeep.h"

struct run;

/* The verbs of this wing; those of the other are in upkeep.h. */
extern const struct command cmd_shell, cmd_put, cmd_get, cmd_list, cmd_delete, cmd_stat,
	cmd_share, cmd_unshare, cmd_df, cmd_help, cmd_cat, cmd_head, cmd_find, cmd_tree,
	cmd_du, cmd_mkdir, cmd_rmdir, cmd_touch, cmd_chmod, cmd_ln, cmd_copy, cmd_move;

/* The verbs in the order of the help, ended by NULL. */
const struct command *const *commands_all(void);

/* Those that only a shell has, likewise. */
extern const struct command cmd_cd, cmd_pwd, cmd_lcd, cmd_lpwd, cmd_exit;
const struct command *const *commands_of_shell(void);

/* By name or alias; NULL when there is none. */
const struct command *commands_find(const char *name);

/* Likewise, for a run in a shell also among those that only a shell has. */
const struct command *commands_find_in(const struct run *run, const char *name);

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
