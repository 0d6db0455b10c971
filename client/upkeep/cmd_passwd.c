/* passwd, key export FILE */
#include "upkeep.h"

#include "outcome.h"
#include "output.h"
#include "password.h"
#include "recovery_file.h"
#include "run.h"
#include "secret.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

/* Whose file it is, and of which cluster. */
static struct dfs_result check_recovery(struct run *run, const char *file,
					const struct dfs_recovery *recovery)
{
	const char *user = run->options.values[OPTION_USER];
	struct dfs_result result = run_config(run);

	if (result.code != DFS_EXIT_DONE)
		return result;
	if (memcmp(recovery->cluster, run->cluster.id.bytes, sizeof recovery->cluster) !=
	    0)
		return result_of(DFS_EXIT_USAGE,
				 "%s is of another cluster: name that one with --config",
				 file);
	if (user && strcmp(user, recovery->user) != 0)
		return result_of(DFS_EXIT_USAGE, "%s is the recovery file of %s", file,
				 recovery->user);
	(void)snprintf(run->user, sizeof run->user, "%s", recovery->user);
	return result;
}

/* By the file itself; after admin has made a new password, with that. */
static struct dfs_result open_to_recover(struct run *run, const char *file,
					 struct dfs_recovery *ret)
{
	struct dfs_result result = recovery_file_read(file, ret);

	if (result.code == DFS_EXIT_DONE)
		result = check_recovery(run, file, ret);
	if (result.code == DFS_EXIT_DONE)
		result = run_open_by_pass(run, &ret->pass);
	if (result.code != DFS_EXIT_DENIED || run->user[0] == '\0')
		return result;
	output_remark(run->output,
		      "the servers do not take %s as a log-in any more; it takes the "
		      "password that admin has set, too",
		      file);
	result = run_open_by_password(run);
	if (result.code != DFS_EXIT_DENIED)
		return result;
	return result_of(DFS_EXIT_DENIED,
			 "the servers do not take %s as a log-in any more: let admin set "
			 "a new password (user passwd %s), and give that here: %.500s",
			 file, run->user, result.why);
}

static int verb_passwd(struct run *run)
{
	const char *file = run->options.values[OPTION_RECOVER];
	struct dfs_recovery recovery = {.count = 0};
	struct password password = {.len = 0};
	struct dfs_result result;

	if (run->options.count > 0)
		return run_usage(run,
				 "passwd takes no arguments; --user NAME says whose");
	if (file) {
		result = open_to_recover(run, file, &recovery);
	} else {
		result = run_user(run);
		if (result.code == DFS_EXIT_DONE)
			result = run_open_by_password(run);
	}
	if (result.code == DFS_EXIT_DONE)
		result = run_new_password(run, run->user, &password);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_passwd(run->dfs, password.text, password.len,
				    file ? &recovery : NULL);
	password_wipe(&password);
	secret_wipe(&recovery, sizeof recovery);
	if (result.code == DFS_EXIT_DONE) {
		/* It is over on the servers. */
		(void)run_forget_session(run);
		output_remark(run->output, "%s has a new password; all sessions are over",
			      run->user);
	}
	return outcome_user(run, NULL, false, &result, NULL);
}

const struct command cmd_passwd = {
	.name = "passwd",
	.usage = "passwd [--new-password-file FILE] [--recover FILE]",
	.summary = "Change your password",
	.examples = {"passwd", "passwd --recover anna.recovery"},
	.details =
		"Takes the old password, by prompt or DFS_PASSWORD_FILE: a session is "
		"not enough.\n"
		"Ends all sessions; no file is touched.  Passwords have 8 characters to "
		"1024 bytes.\n"
		"--recover FILE takes a recovery file (see \"key export\") in place of "
		"the old\n"
		"password.  After admin has set a new one (user passwd), it takes both, "
		"and the\n"
		"files of before can be read again.  Without a recovery file a lost "
		"password loses\n"
		"the files.\n",
	.options = OPTION_BIT(OPTION_NEW_PASSWORD_FILE) | OPTION_BIT(OPTION_RECOVER),
	.run = verb_passwd,
};

/* ---- key export ---------------------------------------------------------------- */

static struct dfs_result export_to(struct run *run, const char *file)
{
	struct dfs_recovery recovery;
	struct dfs_result result = dfs_recovery_make(run->dfs, &recovery);

	if (result.code == DFS_EXIT_DONE)
		result = recovery_file_write(file, &recovery);
	if (result.code == DFS_EXIT_DONE) {
		result = dfs_recovery_begin(run->dfs, &recovery);
		/* Of an unknown outcome the file is kept: it may be good. */
		if (result.code != DFS_EXIT_DONE && result.code != DFS_EXIT_OPEN)
			(void)remove(file);
	}
	secret_wipe(&recovery, sizeof recovery);
	return result;
}

static int verb_key(struct run *run)
{
	const struct options *options = &run->options;
	struct dfs_result result;

	if (options->count == 0 || strcmp(options->arguments[0], "export") != 0)
		return run_usage(run, "a key can be exported: key export FILE");
	if (options->count != 2)
		return run_usage(run, "key export takes the name of a new file");
	/* Elsewhere that is stdout, where a secret would be left lying about. */
	if (strcmp(options->arguments[1], "-") == 0)
		return run_usage(run, "key export writes into a file, and not to "
				      "standard output: name a new one");
	result = run_user(run);
	if (result.code == DFS_EXIT_DONE)
		result = run_open_by_password(run);
	if (result.code == DFS_EXIT_DONE)
		result = export_to(run, options->arguments[1]);
	if (result.code == DFS_EXIT_DONE)
		output_remark(
			run->output,
			"%s opens all files of %s and logs in as this user: keep it "
			"where nobody else comes",
			options->arguments[1], run->user);
	return outcome_user(run, NULL, false, &result, NULL);
}

const struct command cmd_key = {
	.name = "key",
	.usage = "key export FILE",
	.summary = "Write a recovery file, for a lost password",
	.examples = {"key export /media/stick/anna.recovery",
		     "key export --user anna anna.recovery"},
	.details =
		"Takes the password.  FILE must not exist, and is for you alone: whoever "
		"has it can\n"
		"read your files and log in as you.  Without such a file a lost password "
		"loses all\n"
		"files.  See \"passwd --recover\".  A new recovery file ends the log-in "
		"by the older\n"
		"ones.\n",
	.options = 0,
	.run = verb_key,
};
