/* shell: its row in the table; what it does is in client/shell/. */
#include "commands.h"

#include "options.h"
#include "run.h"

static int verb_shell(struct run *run)
{
	if (run->options.count > 0)
		return run_usage(run, "shell takes no arguments: commands come from "
				      "standard input");
	if (!run->start_shell)
		return run_usage(run, "you are in the shell already");
	return run->start_shell(run);
}

const struct command cmd_shell = {
	.name = "shell",
	.usage = "shell [-k]",
	.summary = "Take commands one after another, with one log-in",
	.examples = {"shell", "shell <commands.txt"},
	.details =
		"Takes all verbs, without the program's name, and keeps one connection "
		"for them.\n"
		"Quotes and backslashes are as in sh, # begins a comment, ! what is for "
		"sh itself.\n"
		"There are also cd, pwd, lcd, lpwd and exit: remote names are below the "
		"folder of cd,\n"
		"local ones below that of lcd.  A list gives numbers, which commands "
		"take in the\n"
		"place of names: list, then get 3; list --local, then put 2.  A file "
		"that is called 3\n"
		"is ./3.  On a terminal Ctrl-C ends a command, TAB completes, and what "
		"was typed is\n"
		"kept in $XDG_STATE_HOME/dfs/history (else below ~/.local/state), but "
		"for lines that\n"
		"begin with a blank.  Elsewhere it ends at the first command that "
		"fails, with its exit\n"
		"code; -k goes on.  Without a verb, the program is this shell on a "
		"terminal.\n",
	.options = OPTION_BIT(OPTION_KEEP_GOING),
	.run = verb_shell,
};
