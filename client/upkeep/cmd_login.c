/* login, logout, whoami */
#include "upkeep.h"

#include "format.h"
#include "outcome.h"
#include "output.h"
#include "run.h"
#include "run_shell.h"
#include "secret.h"
#include "session_file.h"
#include "status.h"
#include <stdio.h>

static json_t *until_field(int64_t ends_ns)
{
	char until[FORMAT_TIME];

	return json_pack("{s:s?}", "until",
			 ends_ns > 0 ? format_time_utc(ends_ns, until) : NULL);
}

/* ---- login --------------------------------------------------------------------- */

/* The session of before, which the new one replaces, if it can be read. */
static const uint8_t *earlier(struct run *run, struct dfs_pass *pass)
{
	return session_file_read(&run->cluster.id, run->user, pass).code == DFS_EXIT_DONE
		       ? pass->id
		       : NULL;
}

static int verb_login(struct run *run)
{
	struct dfs_pass pass = {0}, before = {0};
	struct dfs_result result;
	char until[FORMAT_TIME];

	if (run->options.count > 0)
		return run_usage(run, "login takes no arguments; --user NAME says who");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_open_by_password(run);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_session_begin(run->dfs, earlier(run, &before), &pass);
	if (result.code == DFS_EXIT_DONE) {
		result = session_file_write(&run->cluster.id, run->user, &pass);
		if (result.code != DFS_EXIT_DONE)
			(void)dfs_session_end(run->dfs, pass.id);
	}
	outcome_user(run, NULL, false, &result,
		     result.code == DFS_EXIT_DONE ? until_field(pass.ends_ns) : NULL);
	if (result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s is logged in until %s", run->user,
			      format_time(pass.ends_ns, until));
	secret_wipe(&pass, sizeof pass);
	secret_wipe(&before, sizeof before);
	return result.code;
}

const struct command cmd_login = {
	.name = "login",
	.usage = "login [--user NAME]",
	.summary = "Log in for twelve hours",
	.examples = {"login", "login --user anna"},
	.details = "Asks for the password, or takes it from the file that "
		   "DFS_PASSWORD_FILE names,\n"
		   "and leaves a session in $XDG_RUNTIME_DIR/dfs (else "
		   "/run/user/UID/dfs, else\n"
		   "~/.local/state/dfs), which holds no password.  It ends after twelve "
		   "hours, with\n"
		   "logout, and when the password changes or the user is disabled.\n",
	.options = 0,
	.run = verb_login,
};

/* ---- logout -------------------------------------------------------------------- */

static int verb_logout(struct run *run)
{
	struct dfs_pass pass = {0};
	struct dfs_result result, removed;
	char other[DFS_USER_MAX + 1] = "";
	bool own = false;

	if (run->options.count > 0)
		return run_usage(run, "logout takes no arguments; --user NAME says who");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_config(run);
	if (result.code == DFS_EXIT_DONE) {
		own = run_shell_log_out(run);
		result = session_file_read(&run->cluster.id, run->user, &pass);
	}
	if (own && result.code == DFS_EXIT_MISSING) {
		outcome_user(run, NULL, false, &(struct dfs_result){0}, NULL);
		output_remark(run->output, "%s is logged out", run->user);
		return DFS_EXIT_DONE;
	}
	if (result.code == DFS_EXIT_MISSING && result.why[0] != '\0')
		result.code = DFS_EXIT_DENIED;
	else if (result.code == DFS_EXIT_MISSING)
		result = result_of(DFS_EXIT_DENIED, "%s is not logged in", run->user);
	if (result.code != DFS_EXIT_DONE) {
		outcome_user(run, NULL, false, &result, NULL);
		return result.code;
	}
	result = run_open_by_pass(run, &pass);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_session_end(run->dfs, pass.id);
	else if (result.code == DFS_EXIT_DENIED)
		result = (struct dfs_result){0}; /* it was over already */
	secret_wipe(&pass, sizeof pass);
	removed = run_forget_session(run);
	if (result.code != DFS_EXIT_DONE) {
		struct dfs_result told = result;

		result = result_of(told.code,
				   "the session is forgotten here, but the servers would "
				   "go on taking it until it ends by itself: %.600s",
				   told.why);
	} else if (removed.code != DFS_EXIT_MISSING) {
		result = removed;
	}
	outcome_user(run, NULL, false, &result, NULL);
	if (result.code == DFS_EXIT_DONE)
		output_remark(run->output, "%s is logged out%s%s", run->user,
			      session_file_any(&run->cluster.id, other)
				      ? "; to go on with another session, add --user "
				      : "",
			      other);
	return result.code;
}

const struct command cmd_logout = {
	.name = "logout",
	.usage = "logout [--user NAME]",
	.summary = "End the session that login began",
	.examples = {"logout", "logout --user anna"},
	.details = "On the servers and here.  Where the servers cannot be reached it is "
		   "forgotten here\n"
		   "all the same, and the exit code is 5 or 10.\n",
	.options = 0,
	.run = verb_logout,
};

/* ---- whoami -------------------------------------------------------------------- */

static int verb_whoami(struct run *run)
{
	struct dfs_result result;
	char until[FORMAT_TIME] = "-";

	if (run->options.count > 0)
		return run_usage(run, "whoami takes no arguments");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_open_known(run);
	outcome_user(run, NULL, false, &result,
		     result.code == DFS_EXIT_DONE ? until_field(run->pass.ends_ns)
						  : NULL);
	if (result.code != DFS_EXIT_DONE || output_json(run->output))
		return result.code;
	if (run->pass.ends_ns > 0)
		(void)format_time(run->pass.ends_ns, until);
	if (options_has(&run->options, OPTION_LONG))
		output_text(run->output, "%s  %s\n", run->user, until);
	else
		output_text(run->output, "%s\n", run->user);
	return DFS_EXIT_DONE;
}

const struct command cmd_whoami = {
	.name = "whoami",
	.usage = "whoami [-l]",
	.summary = "Show who is logged in",
	.examples = {"whoami", "whoami -l"},
	.details =
		"Asks the servers whether they take the session, or the password in "
		"the file that\n"
		"DFS_PASSWORD_FILE names.  -l adds when the session ends.  Exit code 7 "
		"when nobody\n"
		"is logged in.\n",
	.options = OPTION_BIT(OPTION_LONG),
	.run = verb_whoami,
};
