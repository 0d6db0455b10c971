/* One run of the command: connecting, logging in, new passwords. */
#include "run.h"

#include "clock.h"
#include "interrupt.h"
#include "left_out.h"
#include "output.h"
#include "password.h"
#include "run_shell.h"
#include "secret.h"
#include "session_file.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With what the options hold; nobody stays nobody. */
static struct dfs_result open_with(struct run *run, struct dfs_options *options)
{
	struct dfs_result result;
	bool nobody = !options->password && !options->pass;

	options->config = run->config;
	options->user = run->user;
	options->caller = "client " DFS_SOFTWARE;
	result = dfs_open(options, &run->dfs);
	if (result.code == DFS_EXIT_DONE)
		interrupt_use(run->dfs);
	if (result.code != DFS_EXIT_DONE || nobody)
		return result;
	result = dfs_login(run->dfs);
	if (result.code != DFS_EXIT_DONE) {
		interrupt_use(NULL);
		dfs_close(run->dfs);
		run->dfs = NULL;
	}
	return result;
}

/* Wipes the password. */
static struct dfs_result open_with_password(struct run *run, struct password *password,
					    const char *source)
{
	struct dfs_options options = {.password = password->text,
				      .password_len = password->len};
	struct dfs_result result = open_with(run, &options);

	password_wipe(password);
	if (result.code == DFS_EXIT_DENIED)
		(void)snprintf(result.why, sizeof result.why,
			       "the servers refuse the log-in of %s: the password%s is "
			       "wrong, or there is no such user, or he is disabled",
			       run->user, source);
	return result;
}

struct dfs_result run_open_by_pass(struct run *run, const struct dfs_pass *pass)
{
	struct dfs_options options = {.pass = pass};
	struct dfs_result result = run_config(run);

	if (run->dfs || result.code != DFS_EXIT_DONE)
		return result;
	return open_with(run, &options);
}

static const char *password_file(void)
{
	const char *file = getenv("DFS_PASSWORD_FILE");

	return file && *file != '\0' ? file : NULL;
}

static struct dfs_result open_with_file(struct run *run)
{
	struct password password;
	struct dfs_result result = password_read_file(password_file(), &password);

	if (result.code != DFS_EXIT_DONE)
		return result;
	return open_with_password(run, &password, " in DFS_PASSWORD_FILE");
}

static struct dfs_result open_with_prompt(struct run *run)
{
	char what[64];
	struct password password;
	struct dfs_result result;

	(void)snprintf(what, sizeof what, "Password of %s", run->user);
	result = password_ask(what, &password);
	if (result.code != DFS_EXIT_DONE)
		return result;
	return open_with_password(run, &password, "");
}

/* Code 4 when there is none that could be good; with why, when there was one. */
static struct dfs_result open_with_session(struct run *run)
{
	struct dfs_result result =
		session_file_read(&run->cluster.id, run->user, &run->pass);

	if (result.code != DFS_EXIT_DONE)
		return result;
	if (run->pass.ends_ns <= clock_wall_ns()) {
		result = result_of(DFS_EXIT_MISSING,
				   "the session of %s has ended: log in again with "
				   "\"%s login --user %s\"",
				   run->user, run->program, run->user);
	} else {
		result = open_with(run, &(struct dfs_options){.pass = &run->pass});
		if (result.code == DFS_EXIT_DENIED)
			(void)snprintf(
				result.why, sizeof result.why,
				"the session of %s is over (log-out, a new password, "
				"disabled, or too many newer ones): log in again with "
				"\"%s login --user %s\"",
				run->user, run->program, run->user);
	}
	if (result.code != DFS_EXIT_DONE)
		secret_wipe(&run->pass, sizeof run->pass);
	return result;
}

static struct dfs_result not_logged_in(const struct run *run, const char *why)
{
	if (why[0] != '\0')
		return result_of(DFS_EXIT_DENIED, "%s", why);
	return result_of(DFS_EXIT_DENIED,
			 "%s is not logged in: log in with \"%s login --user %s\", or "
			 "name a file with the password in DFS_PASSWORD_FILE",
			 run->user, run->program, run->user);
}

/* What a shell has open; else with the password file or the session. */
static struct dfs_result open_known(struct run *run)
{
	struct dfs_result result = {.code = DFS_EXIT_DENIED};

	if (run_shell_take(run))
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	if (run->shell && run->shell->own_pass) {
		run->pass = run->shell->pass;
		result = open_with(run, &(struct dfs_options){.pass = &run->pass});
	}
	if (result.code == DFS_EXIT_DENIED)
		result = password_file() ? open_with_file(run) : open_with_session(run);
	if (result.code == DFS_EXIT_DONE)
		run_shell_keep(run);
	return result;
}

struct dfs_result run_open_known(struct run *run)
{
	struct dfs_result result = run_config(run);

	if (run->dfs || result.code != DFS_EXIT_DONE)
		return result;
	result = open_known(run);
	return result.code == DFS_EXIT_MISSING ? not_logged_in(run, result.why) : result;
}

struct dfs_result run_open(struct run *run)
{
	struct dfs_result result = run_config(run);

	if (run->dfs || result.code != DFS_EXIT_DONE)
		return result;
	result = open_known(run);
	/* Who sits at a shell is asked again when what he had is over. */
	if (result.code != DFS_EXIT_MISSING &&
	    (result.code != DFS_EXIT_DENIED || password_file() || !run->shell ||
	     !run->shell->asks))
		return result;
	if (!password_can_ask())
		return not_logged_in(run, result.why);
	result = open_with_prompt(run);
	if (result.code == DFS_EXIT_DONE) {
		run_shell_keep(run);
		run_shell_begin(run);
	}
	return result;
}

struct dfs_result run_open_by_session(struct run *run)
{
	struct dfs_result result = run_config(run);

	return run->dfs || result.code != DFS_EXIT_DONE ? result : open_with_session(run);
}

struct dfs_result run_open_by_password(struct run *run)
{
	struct dfs_result result = run_config(run);

	if (run->dfs || result.code != DFS_EXIT_DONE)
		return result;
	return password_file() ? open_with_file(run) : open_with_prompt(run);
}

struct dfs_result run_open_if_possible(struct run *run)
{
	struct dfs_result result = run_config(run), nobody;

	if (run->dfs || result.code != DFS_EXIT_DONE)
		return result;
	result = open_known(run);
	if (result.code == DFS_EXIT_DONE)
		return result;
	nobody = open_with(run, &(struct dfs_options){.pass = NULL});
	/* Of servers that are not there the command itself will tell. */
	if (result.code != DFS_EXIT_FEW && result.code != DFS_EXIT_ALONE)
		memcpy(nobody.warning, result.why, sizeof nobody.warning);
	return nobody;
}

void run_close(struct run *run)
{
	char why[DFS_WHY];

	for (unsigned s = 1; run->dfs && s <= 4; s++)
		if (dfs_left_out(run->dfs, s, why))
			output_warning(run->output, why);
	if (run->shell && run->dfs == run->shell->dfs)
		run->dfs = NULL;
	interrupt_use(NULL);
	dfs_close(run->dfs);
	run->dfs = NULL;
}

struct dfs_result run_forget_session(const struct run *run)
{
	char who[DFS_USER_MAX + 1];
	bool own =
		session_file_newest(&run->cluster.id, who) && strcmp(who, run->user) == 0;
	struct dfs_result result = session_file_remove(&run->cluster.id, run->user);

	if (own && session_file_any(&run->cluster.id, who))
		session_file_stay(&run->cluster.id, run->user);
	return result;
}

struct dfs_result run_new_password(const struct run *run, const char *user,
				   struct password *ret)
{
	const char *file = run->options.values[OPTION_NEW_PASSWORD_FILE], *wrong;
	struct dfs_result result;
	char what[64];

	(void)snprintf(what, sizeof what, "New password of %s", user);
	if (file)
		result = password_read_file(file, ret);
	else if (password_can_ask())
		result = password_ask_new(what, ret);
	else
		result = result_of(DFS_EXIT_DENIED,
				   "there is no terminal to ask for the new password at: "
				   "name a file that holds it with --new-password-file");
	if (result.code != DFS_EXIT_DONE)
		return result;
	wrong = password_rules_check(ret->text, ret->len);
	if (wrong) {
		password_wipe(ret);
		result = result_of(DFS_EXIT_USAGE, "%s", wrong);
	}
	return result;
}
