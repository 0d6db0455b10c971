/* What a shell keeps from one command to the next: its open session. */
#include "run_shell.h"

#include "clock.h"
#include "interrupt.h"
#include "run.h"
#include "secret.h"
#include "status.h"
#include <string.h>

void run_shell_join(struct run *run)
{
	struct options *own = &run->options;
	const struct options *given;
	bool alone = false;

	if (!run->shell)
		return;
	given = run->shell->options;
	for (enum option option = 0; option < OPTION_HELP; option++) {
		if (!own->values[option])
			own->values[option] = given->values[option];
		else if (option == OPTION_USER || option == OPTION_CONFIG)
			alone |= !given->values[option] ||
				 strcmp(own->values[option], given->values[option]) != 0;
	}
	if (alone)
		run->shell = NULL;
}

static void forget_pass(struct run_shell *shell)
{
	secret_wipe(&shell->pass, sizeof shell->pass);
	shell->own_pass = false;
}

static void close_it(struct run_shell *shell)
{
	interrupt_use(NULL);
	dfs_close(shell->dfs);
	shell->dfs = NULL;
}

bool run_shell_take(struct run *run)
{
	struct run_shell *shell = run->shell;

	if (!shell)
		return false;
	if (shell->pass.ends_ns > 0 && shell->pass.ends_ns <= clock_wall_ns()) {
		close_it(shell);
		forget_pass(shell);
	}
	if (!shell->dfs)
		return false;
	run->dfs = shell->dfs;
	run->pass = shell->pass;
	interrupt_use(run->dfs);
	return true;
}

void run_shell_keep(struct run *run)
{
	struct run_shell *shell = run->shell;

	if (!shell)
		return;
	if (memcmp(&shell->pass, &run->pass, sizeof run->pass) != 0)
		forget_pass(shell);
	shell->dfs = run->dfs;
	shell->pass = run->pass;
}

void run_shell_begin(struct run *run)
{
	struct run_shell *shell = run->shell;

	if (!shell ||
	    dfs_session_begin(run->dfs, NULL, &shell->pass).code != DFS_EXIT_DONE)
		return;
	shell->own_pass = true;
	run->pass = shell->pass;
}

/* Do the servers refuse the session that was good before? */
static bool is_refused(struct run *run)
{
	const struct dfs_options options = {.config = run->config,
					    .user = run->user,
					    .caller = "client " DFS_SOFTWARE,
					    .pass = &run->shell->pass};
	struct dfs *again;
	bool refused;

	if (dfs_open(&options, &again).code != DFS_EXIT_DONE)
		return false;
	refused = dfs_login(again).code == DFS_EXIT_DENIED;
	dfs_close(again);
	return refused;
}

bool run_shell_release(struct run *run, int code)
{
	struct run_shell *shell = run->shell;
	bool suspect =
		code == DFS_EXIT_DENIED || code == DFS_EXIT_FEW || code == DFS_EXIT_ALONE;
	bool by_pass, refused;

	interrupt_use(NULL);
	if (!shell || !shell->dfs)
		return false;
	by_pass = shell->pass.ends_ns > 0;
	refused = !interrupt_came() && suspect && by_pass && is_refused(run);
	if (refused)
		forget_pass(shell);
	/* A password is gone once it was taken: it is read or asked for again. */
	if (interrupt_came() || refused || (suspect && !by_pass))
		close_it(shell);
	return refused;
}

void run_shell_end(struct run *run)
{
	struct run_shell *shell = run->shell;

	if (shell->own_pass && (shell->dfs || run_open_known(run).code == DFS_EXIT_DONE))
		(void)dfs_session_end(shell->dfs, shell->pass.id);
	close_it(shell);
	forget_pass(shell);
}

bool run_shell_log_out(struct run *run)
{
	struct run_shell *shell = run->shell;
	bool own = shell && shell->own_pass;

	if (shell)
		run_shell_end(run);
	/* It may have been opened anew, to end the session, and is closed. */
	run->dfs = NULL;
	return own;
}
