/* What could stand at the cursor of a shell. */
#include "complete.h"

#include "candidates.h"
#include "commands.h"
#include "options.h"
#include "run.h"
#include "run_shell.h"
#include "secret.h"
#include "session_file.h"
#include "status.h"
#include "typed_line.h"
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 1 };

/* Kinds of words, to be joined. */
enum {
	NOTHING = 0,
	LOCAL = 1,
	FOLDER = 2, /* local */
	CONF = 4,   /* local */
	REMOTE = 8,
	USER = 16,
	VERB = 32,
	SERVER = 64,
	SESSION = 128 /* whose there is one */
};

/* What the arguments of a verb are; a verb with verbs of its own has a row for each. */
static const struct arguments {
	const struct command *command;
	const char *verb; /* its own, or NULL */
	unsigned first, second, others;
} table[] = {
	{&cmd_put, NULL, LOCAL, LOCAL | REMOTE, LOCAL | REMOTE},
	{&cmd_get, NULL, REMOTE, LOCAL | REMOTE, LOCAL | REMOTE},
	{&cmd_cat, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_head, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_list, NULL, REMOTE, NOTHING, NOTHING},
	{&cmd_find, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_tree, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_du, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_copy, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_move, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_delete, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_stat, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_mkdir, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_rmdir, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_touch, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_chmod, NULL, NOTHING, REMOTE, REMOTE},
	{&cmd_ln, NULL, REMOTE, REMOTE, NOTHING},
	{&cmd_share, NULL, REMOTE, USER, NOTHING},
	{&cmd_unshare, NULL, REMOTE, USER, NOTHING},
	{&cmd_verify, NULL, REMOTE, REMOTE, REMOTE},
	{&cmd_repair, NULL, REMOTE, NOTHING, NOTHING},
	{&cmd_help, NULL, VERB, NOTHING, NOTHING},
	{&cmd_key, "export", LOCAL, NOTHING, NOTHING},
	{&cmd_user, "add", NOTHING, NOTHING, NOTHING},
	{&cmd_user, "list", NOTHING, NOTHING, NOTHING},
	{&cmd_user, "delete", USER, NOTHING, NOTHING},
	{&cmd_user, "disable", USER, NOTHING, NOTHING},
	{&cmd_user, "enable", USER, NOTHING, NOTHING},
	{&cmd_user, "passwd", USER, NOTHING, NOTHING},
	{&cmd_user, "quota", USER, NOTHING, NOTHING},
	{&cmd_cluster, "create", FOLDER, NOTHING, NOTHING},
	{&cmd_cluster, "renew", FOLDER, SERVER, SERVER},
	{&cmd_cd, NULL, REMOTE, NOTHING, NOTHING},
	{&cmd_lcd, NULL, FOLDER, NOTHING, NOTHING},
};

/* What the argument of this number, from 0, is of the verb. */
static unsigned kinds_of(const struct run *run, size_t number)
{
	const struct options *options = &run->options;

	if (run->command == &cmd_list && options_has(options, OPTION_LOCAL))
		return number == 0 ? FOLDER : NOTHING;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct arguments *row = &table[i];
		size_t at = number;

		if (row->command != run->command)
			continue;
		if (row->verb && (number == 0 || options->count == 0))
			return NOTHING;
		if (row->verb && strcmp(row->verb, options->arguments[0]) != 0)
			continue;
		at -= row->verb ? 1 : 0;
		/* All are sources then. */
		if (options_has(options, OPTION_TO))
			return row->first;
		return at == 0 ? row->first : at == 1 ? row->second : row->others;
	}
	return NOTHING;
}

bool complete_is_local(const struct run *run, size_t number)
{
	return (kinds_of(run, number) & (LOCAL | FOLDER | CONF)) != 0;
}

bool complete_is_remote(const struct run *run, size_t number)
{
	return (kinds_of(run, number) & REMOTE) != 0;
}

struct asked {
	struct run run;
	char front[64];   /* "--option=" where its value is asked for; else empty */
	const char *word; /* so far */
	bool home;        /* it begins with the "~/" of the shell */
	struct candidates found;
	const char *folder; /* a remote one that is listed; canonical */
	size_t typed;       /* how many bytes of word are its name */
};

static void fit(void *context, const char *word)
{
	struct asked *asked = context;

	candidates_fit(&asked->found, asked->front, asked->word, word);
}

/* ---- remote ones --------------------------------------------------------------- */

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct asked *asked = context;
	size_t len = strlen(asked->folder);
	char *word;

	/* Not the folder's own name, if that is a file too. */
	if (strncmp(entry->path, asked->folder, len) != 0)
		return 0;
	const char *name = entry->path + len, *slash = entry->folder ? "/" : "";
	/* It would be taken for an option. */
	bool whole = asked->word[0] == '\0' && name[0] == '-' && *asked->front == '\0' &&
		     !asked->run.options.ended;
	int written = whole ? asprintf(&word, "%s%s", entry->path, slash)
			    : asprintf(&word, "%.*s%s%s", (int)asked->typed, asked->word,
				       name, slash);

	if (written < 0)
		return DFS_EXIT_OTHER;
	fit(asked, word);
	free(word);
	return 0;
}

/* With the session that there is; in a shell with what it has open. */
static bool open_for(struct asked *asked)
{
	struct dfs_result result = asked->run.shell ? run_open_known(&asked->run)
						    : run_open_by_session(&asked->run);

	return result.code == DFS_EXIT_DONE;
}

static void add_remote(struct asked *asked)
{
	const char *slash = strrchr(asked->word, '/');
	char *typed = NULL, *folder = NULL, own[RUN_OWN];
	bool listed = false;

	asked->typed = slash ? (size_t)(slash - asked->word) + 1 : 0;
	if (run_user(&asked->run).code == DFS_EXIT_DONE) {
		typed = slash ? strndup(asked->word, asked->typed)
			      : strdup(run_here(&asked->run, own));
	}
	if (typed && run_folder(&asked->run, typed, &folder).code == DFS_EXIT_DONE &&
	    open_for(asked)) {
		size_t before = asked->found.count;

		asked->folder = folder;
		listed = dfs_list(asked->run.dfs, folder,
				  (struct dfs_list_options){.recursive = false},
				  take_entry, asked)
				 .code == DFS_EXIT_DONE;
		/* Half a list would make one name of several. */
		while (!listed && asked->found.count > before)
			free(asked->found.words[--asked->found.count]);
	}
	free(typed);
	free(folder);
}

static int take_user(void *context, const struct dfs_user_entry *entry)
{
	fit(context, entry->name);
	return 0;
}

static void add_sessions(struct asked *asked)
{
	if (run_config(&asked->run).code == DFS_EXIT_DONE)
		session_file_each(&asked->run.cluster.id, fit, asked);
}

/* Only admin is told of the others. */
static void add_users(struct asked *asked)
{
	add_sessions(asked);
	(void)strcpy(asked->run.user, "admin");
	if (run_open_by_session(&asked->run).code == DFS_EXIT_DONE)
		(void)dfs_users(asked->run.dfs, take_user, asked);
}

/* ---- what fits ----------------------------------------------------------------- */

static void add_verbs(struct asked *asked, const struct command *const *all)
{
	for (; *all; all++) {
		fit(asked, (*all)->name);
		/* What was typed as far as only the alias goes. */
		if ((*all)->alias && asked->word[0] != '\0')
			fit(asked, (*all)->alias);
	}
}

static void add_kinds(struct asked *asked, unsigned kinds)
{
	if ((kinds & (LOCAL | FOLDER | CONF)) != 0)
		candidates_add_local(
			&asked->found, asked->front,
			&(struct candidates_local){.typed = asked->word,
						   .home = asked->home,
						   .folders = (kinds & FOLDER) != 0,
						   .ending = (kinds & CONF) != 0 ? ".conf"
										 : NULL,
						   .dash = asked->run.options.ended ||
							   *asked->front != '\0'});
	if ((kinds & VERB) != 0)
		add_verbs(asked, commands_all());
	if ((kinds & VERB) != 0 && asked->run.shell)
		add_verbs(asked, commands_of_shell());
	for (unsigned s = 1; (kinds & SERVER) != 0 && s <= DFS_SERVERS; s++)
		fit(asked, (char[]){'d', 'f', 's', (char)('0' + s), '\0'});
	if ((kinds & SESSION) != 0)
		add_sessions(asked);
	if ((kinds & USER) != 0)
		add_users(asked);
	if ((kinds & REMOTE) != 0)
		add_remote(asked);
}

static void add_value(struct asked *asked, enum option option)
{
	switch (option) {
	case OPTION_CONFIG:
		add_kinds(asked, CONF);
		break;
	case OPTION_USER:
		add_kinds(asked, SESSION);
		break;
	case OPTION_RECOVER:
	case OPTION_NEW_PASSWORD_FILE:
		add_kinds(asked, LOCAL);
		break;
	case OPTION_TO:
		add_kinds(asked, asked->run.command == &cmd_put ? REMOTE : LOCAL);
		break;
	case OPTION_BASE_PORT:
		fit(asked, "auto");
		break;
	case OPTION_OWNER:
		add_kinds(asked, USER);
		break;
	case OPTION_NEWER:
		add_kinds(asked, REMOTE);
		break;
	case OPTION_TYPE:
		fit(asked, "f");
		fit(asked, "d");
		fit(asked, "l");
		break;
	default:
		break;
	}
}

/* Does an option of this verb alone have its name? */
static bool is_hidden(enum option option, uint64_t mask)
{
	for (enum option other = option + 1; other < OPTIONS; other++)
		if ((mask & OPTION_BIT(other)) != 0 &&
		    strcmp(options_name(option), options_name(other)) == 0)
			return true;
	return false;
}

/* Options; or behind the '=' of one its values. */
static void add_options(struct asked *asked)
{
	const struct command *command = asked->run.command;
	uint64_t mask = options_of_all() | (command ? command->options : 0);
	const char *equals = strchr(asked->word, '=');
	char name[sizeof asked->front];

	for (enum option option = 0; option < OPTIONS; option++) {
		if ((mask & OPTION_BIT(option)) == 0 || is_hidden(option, mask))
			continue;
		(void)snprintf(name, sizeof name, "--%s%s", options_name(option),
			       equals ? "=" : "");
		size_t len = strlen(name);
		if (!equals) {
			fit(asked, name);
		} else if (strncmp(asked->word, name, len) == 0) {
			memcpy(asked->front, name, sizeof name);
			asked->word += len;
			asked->home = false; /* which the shell leaves alone there */
			add_value(asked, option);
			return;
		}
	}
}

static void add_arguments(struct asked *asked)
{
	const struct options *options = &asked->run.options;

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct arguments *row = &table[i];

		if (row->command == asked->run.command && row->verb &&
		    options->count == 0)
			fit(asked, row->verb);
	}
	add_kinds(asked, kinds_of(&asked->run, options->count));
}

static void add_all(struct asked *asked, int count, char **words)
{
	struct options *options = &asked->run.options;
	char why[OPTIONS_WHY];
	bool understood = options_parse(count, words, options, why);

	run_shell_join(&asked->run);
	if (options->verb)
		asked->run.command = commands_find_in(&asked->run, options->verb);
	if (options->awaits < OPTIONS)
		add_value(asked, options->awaits);
	else if (!understood || (options->verb && !asked->run.command))
		return;
	else if (asked->word[0] == '-' && !options->ended)
		add_options(asked);
	else if (!options->verb)
		add_kinds(asked, VERB);
	else
		add_arguments(asked);
}

/* ---- the verb ------------------------------------------------------------------ */

static void give_up(int signal)
{
	(void)signal;
	_exit(DFS_EXIT_DONE);
}

static void set_patience(time_t seconds)
{
	const struct itimerval timer = {.it_value = {.tv_sec = seconds}};

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static void print(const struct candidates *found, const struct typed_line *line)
{
	for (size_t i = 0; !found->broken && i < found->count; i++) {
		char *text = line ? typed_line_insertion(line, found->words[i]) : NULL;

		if (text || !line)
			(void)puts(text ? text : found->words[i]);
		free(text);
	}
	(void)fflush(stdout);
}

/*
 * The words, with the program's name in place of the last, which is the one asked for.
 * false when out of memory.
 */
static bool find_all(struct asked *asked, size_t count, char **words)
{
	size_t before = count > 0 ? count - 1 : 0;
	char **all = calloc(before + 2, sizeof *all);

	if (!all)
		return false;
	all[0] = (char[]){"client"};
	if (before > 0)
		memcpy(all + 1, words, before * sizeof *all);
	add_all(asked, (int)before + 1, all);
	candidates_sort(&asked->found);
	free(all);
	return true;
}

void complete_in_shell(struct run *run, size_t count, char **words, bool home,
		       struct candidates *ret)
{
	struct asked asked = {.run = *run, .word = words[count - 1], .home = home};

	(void)find_all(&asked, count, words);
	*ret = asked.found;
	*run = asked.run;
	(void)run_shell_release(run, DFS_EXIT_DONE);
	run->dfs = NULL;
	secret_wipe(&run->pass, sizeof run->pass);
	secret_wipe(&asked.run.pass, sizeof asked.run.pass);
	options_free(&run->options);
}

static void answer(const char *program, size_t count, char **words,
		   const struct typed_line *line)
{
	const char *word = count > 0 ? words[count - 1] : "";
	struct asked asked = {.run = {.program = program},
			      .front = "",
			      .word = word,
			      .home = line ? line->home : strncmp(word, "~/", 2) == 0};

	if (!find_all(&asked, count, words))
		return;
	set_patience(0);
	print(&asked.found, line);
	/* Who has an answer does not wait until connections are taken down. */
	set_patience(PATIENCE_S);
	dfs_close(asked.run.dfs);
	secret_wipe(&asked.run.pass, sizeof asked.run.pass);
	candidates_free(&asked.found);
	options_free(&asked.run.options);
}

int complete_words(const char *program, int count, char **words)
{
	struct typed_line line;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		return DFS_EXIT_DONE;
	(void)close(nowhere);
	(void)signal(SIGALRM, give_up);
	set_patience(PATIENCE_S);
	if (count != 3 || strcmp(words[0], "--bash") != 0) {
		answer(program, (size_t)count, words, NULL);
	} else if (typed_line_parse(words[2], words[1], &line)) {
		line.pairs = MB_CUR_MAX > 1 && strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
		answer(program, line.count, line.words, &line);
		typed_line_free(&line);
	}
	return DFS_EXIT_DONE;
}
