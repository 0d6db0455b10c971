/* user add|list|delete|disable|enable|passwd|quota */
#include "upkeep.h"

#include "amount.h"
#include "format.h"
#include "outcome.h"
#include "output.h"
#include "password.h"
#include "path.h"
#include "run.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

/* What can be done with users: a verb of its own behind the verb. */
struct user_verb {
	const char *name;
	const char *takes; /* what follows it */
	size_t count;      /* how many these are */
	uint64_t options;
	/* user is the first of them, and a user name; NULL for none */
	struct dfs_result (*run)(struct run *run, const char *user);
};

/* As admin; the others are refused by the servers anyway. */
static struct dfs_result open_as_admin(struct run *run)
{
	struct dfs_result result = run_user(run);

	if (result.code == DFS_EXIT_DONE && strcmp(run->user, "admin") != 0)
		return result_of(
			DFS_EXIT_DENIED,
			"only admin may do that, and you are %s: add --user admin",
			run->user);
	return result.code == DFS_EXIT_DONE ? run_open(run) : result;
}

/* ---- passwords ----------------------------------------------------------------- */

/* Logs in first: who is refused need not think of a password. */
static struct dfs_result open_with_new_password(struct run *run, const char *user,
						struct password *ret)
{
	struct dfs_result result = {.code = DFS_EXIT_DONE};
	bool from_file = options_has(&run->options, OPTION_NEW_PASSWORD_FILE);

	if (from_file)
		result = run_new_password(run, user, ret);
	if (result.code == DFS_EXIT_DONE)
		result = open_as_admin(run);
	if (result.code == DFS_EXIT_DONE && !from_file)
		result = run_new_password(run, user, ret);
	return result;
}

static struct dfs_result add(struct run *run, const char *user)
{
	const char *typed = run->options.values[OPTION_QUOTA];
	struct password password = {.len = 0};
	struct dfs_result result;
	uint64_t quota = 0;

	if (typed && !amount_parse(typed, &quota))
		return result_of(DFS_EXIT_USAGE, "\"%.40s\" is no size, like 500M or 10G",
				 typed);
	result = open_with_new_password(run, user, &password);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_user_add(run->dfs, user, password.text, password.len, quota);
	password_wipe(&password);
	if (result.code == DFS_EXIT_DONE)
		output_remark(run->output,
			      "%s can log in.  A lost password loses the files of %s, "
			      "unless there is a recovery file: \"%s key export FILE\"",
			      user, user, run->program);
	return result;
}

static struct dfs_result passwd(struct run *run, const char *user)
{
	struct password password = {.len = 0};
	struct dfs_result result, noted = {.code = DFS_EXIT_DONE};

	/* Before it is too late. */
	result_warn(&noted,
		    "this gives %s new keys: what he has stored opens again with his "
		    "recovery file (\"%s passwd --recover FILE\"), and without one never",
		    user, run->program);
	if (!output_json(run->output))
		output_warning(run->output, noted.warning);
	result = open_with_new_password(run, user, &password);
	if (result.code == DFS_EXIT_DONE)
		result = dfs_user_passwd(run->dfs, user, password.text, password.len);
	password_wipe(&password);
	if (result.code == DFS_EXIT_DONE) {
		output_remark(run->output, "%s has a new password and new keys", user);
		memcpy(result.warning, noted.warning, sizeof result.warning);
	}
	return result;
}

/* ---- settings ------------------------------------------------------------------ */

static struct dfs_result set(struct run *run, const char *user,
			     const struct dfs_user_change *change)
{
	struct dfs_result result = open_as_admin(run);

	return result.code == DFS_EXIT_DONE ? dfs_user_change(run->dfs, user, change)
					    : result;
}

static struct dfs_result disable(struct run *run, const char *user)
{
	return set(run, user,
		   &(struct dfs_user_change){.set_disabled = true, .disabled = true});
}

static struct dfs_result enable(struct run *run, const char *user)
{
	return set(run, user, &(struct dfs_user_change){.set_disabled = true});
}

static struct dfs_result quota(struct run *run, const char *user)
{
	struct dfs_user_change change = {.set_quota = true};

	if (!amount_parse(run->options.arguments[2], &change.quota))
		return result_of(DFS_EXIT_USAGE, "\"%.40s\" is no size, like 500M or 10G",
				 run->options.arguments[2]);
	return set(run, user, &change);
}

/* ---- deletion, listing --------------------------------------------------------- */

static struct dfs_result delete (struct run *run, const char *user)
{
	struct dfs_result result = open_as_admin(run);

	if (result.code != DFS_EXIT_DONE)
		return result;
	return dfs_user_delete(run->dfs, user,
			       options_has(&run->options, OPTION_RECURSIVE));
}

static int print_user(void *context, const struct dfs_user_entry *entry)
{
	const struct run *run = context;
	const char *state = entry->disabled ? "disabled" : "active";
	char size[FORMAT_SIZE], number[FORMAT_SIZE];
	const char *shown = "-";

	if (output_json(run->output)) {
		output_object(run->output, "user", entry->name, DFS_EXIT_DONE,
			      json_pack("{s:s,s:o}", "state", state, "quota",
					output_limit(entry->quota)));
		return 0;
	}
	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)entry->quota);
	if (entry->quota > 0)
		shown = output_terminal(run->output) ? format_size(entry->quota, size)
						     : number;
	output_text(run->output, "%-16s  %-8s  %s\n", entry->name, state, shown);
	return output_broken(run->output);
}

static struct dfs_result list(struct run *run, const char *user)
{
	struct dfs_result result = open_as_admin(run);

	(void)user;
	return result.code == DFS_EXIT_DONE ? dfs_users(run->dfs, print_user, run)
					    : result;
}

/* ---- the verb ------------------------------------------------------------------ */

static const struct user_verb verbs[] = {
	{"add", "NAME", 1,
	 OPTION_BIT(OPTION_QUOTA) | OPTION_BIT(OPTION_NEW_PASSWORD_FILE), add},
	{"list", "nothing", 0, 0, list},
	{"delete", "NAME", 1, OPTION_BIT(OPTION_RECURSIVE), delete},
	{"disable", "NAME", 1, 0, disable},
	{"enable", "NAME", 1, 0, enable},
	{"passwd", "NAME", 1, OPTION_BIT(OPTION_NEW_PASSWORD_FILE), passwd},
	{"quota", "NAME and SIZE", 2, 0, quota},
};

static const struct user_verb *find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int apply(struct run *run, const struct user_verb *verb)
{
	const char *user = verb->count > 0 ? run->options.arguments[1] : NULL;
	const char *wrong = user ? path_check_user(user, strlen(user)) : NULL;
	struct dfs_result result;

	if (wrong)
		result = result_of(DFS_EXIT_USAGE, "%s", wrong);
	else
		result = verb->run(run, user);
	/* What was listed has told of itself. */
	if (!user && result.code == DFS_EXIT_DONE) {
		output_warning(run->output, result.warning);
		return DFS_EXIT_DONE;
	}
	return outcome_user(run, user, user, &result, NULL);
}

static int verb_user(struct run *run)
{
	const struct options *options = &run->options;
	const struct user_verb *verb =
		options->count > 0 ? find(options->arguments[0]) : NULL;
	const char *refused;

	if (!verb)
		return run_usage(run, "say what to do with a user: add, list, delete, "
				      "disable, enable, passwd or quota");
	refused = options_refused(options, verb->options);
	if (refused)
		return run_usage(run, "user %s knows no option --%s", verb->name,
				 refused);
	if (options->count != verb->count + 1)
		return run_usage(run, "user %s takes %s", verb->name, verb->takes);
	return apply(run, verb);
}

const struct command cmd_user = {
	.name = "user",
	.usage = "user add NAME [--quota SIZE] [--new-password-file FILE] | list | "
		 "delete [-r] NAME |\n"
		 "       disable NAME | enable NAME | passwd NAME | quota NAME SIZE",
	.summary = "Make and change users (for admin)",
	.examples = {"user add anna --quota 10G --user admin",
		     "user passwd anna --new-password-file anna.password"},
	.details =
		"A name is [a-z0-9][a-z0-9._-]{0,31}.  SIZE is in bytes, or with K, M, G "
		"or T in\n"
		"powers of 1024; 0 is no limit.  list prints name, state and quota.  "
		"delete refuses\n"
		"while files lie below /NAME/, and deletes them with -r.  A disabled "
		"user's sessions\n"
		"end within ten seconds.  passwd also makes new keys, because admin "
		"cannot open the\n"
		"old ones: what the user stored before opens again with his recovery "
		"file alone.\n"
		"Without one, a lost password loses the files: see \"key export\".\n",
	.options = OPTION_BIT(OPTION_QUOTA) | OPTION_BIT(OPTION_NEW_PASSWORD_FILE) |
		   OPTION_BIT(OPTION_RECURSIVE),
	.run = verb_user,
};
