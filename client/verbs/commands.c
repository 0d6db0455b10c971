/* The verbs: finding one, and the texts of the help. */
#include "commands.h"

#include "options.h"
#include "run.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const all[] = {
	&cmd_put,    &cmd_get,    &cmd_cat,    &cmd_head,   &cmd_list,   &cmd_find,
	&cmd_tree,   &cmd_copy,   &cmd_move,   &cmd_delete, &cmd_stat,   &cmd_mkdir,
	&cmd_rmdir,  &cmd_touch,  &cmd_chmod,  &cmd_ln,     &cmd_share,  &cmd_unshare,
	&cmd_du,     &cmd_df,     &cmd_status, &cmd_verify, &cmd_repair, &cmd_login,
	&cmd_logout, &cmd_whoami, &cmd_passwd, &cmd_key,    &cmd_user,   &cmd_cluster,
	&cmd_shell,  &cmd_help,   NULL};

static const struct command *const of_shell[] = {&cmd_cd,   &cmd_pwd,  &cmd_lcd,
						 &cmd_lpwd, &cmd_exit, NULL};

enum { LONGEST = 16, SHORT = 5 };

const struct command *const *commands_all(void)
{
	return all;
}

const struct command *const *commands_of_shell(void)
{
	return of_shell;
}

static const struct command *find(const struct command *const *among, const char *name)
{
	for (; *among; among++)
		if (strcmp((*among)->name, name) == 0 ||
		    ((*among)->alias && strcmp((*among)->alias, name) == 0))
			return *among;
	return NULL;
}

const struct command *commands_find(const char *name)
{
	return find(all, name);
}

const struct command *commands_find_in(const struct run *run, const char *name)
{
	const struct command *found = find(all, name);

	return found || !run->shell ? found : find(of_shell, name);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * How many letters to insert, leave out, change or swap with their neighbour (the
 * "optimal string alignment" distance).  cost[i][k] is that of the first i letters of a
 * and k of b.
 */
static unsigned distance(const char *a, const char *b)
{
	unsigned cost[LONGEST + 1][LONGEST + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	for (unsigned i = 0; i <= a_len; i++)
		cost[i][0] = i;
	for (unsigned k = 0; k <= b_len; k++)
		cost[0][k] = k;
	for (size_t i = 1; i <= a_len; i++)
		for (size_t k = 1; k <= b_len; k++) {
			unsigned change = a[i - 1] != b[k - 1];

			cost[i][k] = least(least(cost[i - 1][k], cost[i][k - 1]) + 1,
					   cost[i - 1][k - 1] + change);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				cost[i][k] = least(cost[i][k], cost[i - 2][k - 2] + 1);
		}
	return cost[a_len][b_len];
}

const struct command *commands_nearest(const char *name)
{
	const struct command *nearest = NULL;
	/* Two letters of a short word are half of it. */
	unsigned best = strlen(name) > SHORT ? 3 : 2;

	if (strlen(name) > LONGEST)
		return NULL;
	for (size_t i = 0; all[i]; i++) {
		const char *names[] = {all[i]->name, all[i]->alias};

		for (size_t k = 0; k < 2 && names[k]; k++) {
			unsigned away = distance(name, names[k]);

			/* A name of which nothing is left is not near. */
			if (away < best && away < strlen(names[k])) {
				best = away;
				nearest = all[i];
			}
		}
	}
	return nearest;
}

const struct command *commands_find_typed(const struct run *run, const char *typed)
{
	const struct command *found = commands_find_in(run, typed), *nearest;

	if (found)
		return found;
	nearest = commands_nearest(typed);
	if (nearest)
		(void)run_usage(run, "unknown verb \"%s\"; did you mean \"%s\"?", typed,
				nearest->name);
	else
		(void)run_usage(run, "unknown verb \"%s\"", typed);
	return NULL;
}

static void overview(FILE *stream, const char *program)
{
	char *options = options_help(0);

	(void)fprintf(stream,
		      "Examples:\n"
		      "  %s put report.pdf\n"
		      "  %s get report.pdf copy.pdf\n\n"
		      "Usage: %s [OPTIONS] VERB [ARGUMENTS]\n\nVerbs:\n",
		      program, program, program);
	for (size_t i = 0; all[i]; i++)
		(void)fprintf(stream, "  %-8s%-5s %s\n", all[i]->name,
			      all[i]->alias ? all[i]->alias : "", all[i]->summary);
	(void)fprintf(
		stream,
		"\nOptions for every verb, before or after it:\n%s\n"
		"Success is silent, unless stderr is a terminal or -v is given.\n"
		"A remote name without a leading '/' lies below /USER/; quoted, with * ? "
		"or [a-z] in\nit, it stands for all that are called so.\n"
		"The cluster is --config FILE, else $DFS_CONFIG, else dfs/cluster.conf "
		"below\n"
		"$XDG_CONFIG_HOME or /etc.  The user is --user NAME, else $DFS_USER, "
		"else whose\nsession is the newest, else the log-in name.  The password "
		"is in the file that\n$DFS_PASSWORD_FILE names, or asked for where there "
		"is no session.\n\n"
		"Exit codes: 0 done, 1 other failure, 2 usage, 3 some items failed, 4 "
		"no such file,\n"
		"5 too few servers, 6 below the asked protection, 7 refused, 8 "
		"conflict, 9 damaged,\n"
		"10 no server, 11 outcome unknown.\n\n"
		"More on a verb: %s help VERB\n",
		options ? options : "", program);
	free(options);
}

static void details(FILE *stream, const struct command *command, const char *program)
{
	bool in_shell = find(of_shell, command->name);
	/* Where it can be typed, no program's name stands before it. */
	const char *front = in_shell ? "" : program, *space = in_shell ? "" : " ";
	char *options = command->options != 0 ? options_help(command->options) : NULL;

	(void)fprintf(stream,
		      "Examples:\n  %s%s%s\n  %s%s%s\n\n"
		      "Usage: %s%s%s\n\n%s.\n",
		      front, space, command->examples[0], front, space,
		      command->examples[1], front, space, command->usage,
		      command->summary);
	if (command->details[0] != '\0')
		(void)fprintf(stream, "\n%s", command->details);
	if (options)
		(void)fprintf(stream, "\nOptions:\n%s", options);
	(void)fprintf(stream, "\nOptions for every verb: %s help\n", program);
	free(options);
}

char *commands_help(const struct command *command, const char *program)
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		return NULL;
	if (!command)
		overview(stream, program);
	else
		details(stream, command, program);
	if (fclose(stream) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
