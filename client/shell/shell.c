/* The shell: commands one after another, with one log-in and one connection. */
#include "shell.h"

#include "completing.h"
#include "for_sh.h"
#include "format.h"
#include "interrupt.h"
#include "line.h"
#include "numbers.h"
#include "outcome.h"
#include "output.h"
#include "perform.h"
#include "run.h"
#include "run_shell.h"
#include "status.h"
#include "words.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shell {
	struct run *run; /* of the verb shell */
	struct run_shell kept;
	struct completing completing;
	bool terminal;
	unsigned line; /* how many were read */
};

/* ---- one command ----------------------------------------------------------------- */

static int do_words(struct shell *shell, struct words *words)
{
	char *program = strdup(shell->run->program);
	bool again = true;
	int code = DFS_EXIT_OTHER;

	if (!program)
		return code;
	words->items[0] = program;
	shell->kept.words = words->items;
	shell->kept.patterns = words->patterns;
	/* Once more with a new log-in, where the one before was over. */
	for (int i = 0; i < 2 && again; i++) {
		struct run run = {.program = shell->run->program, .shell = &shell->kept};

		code = perform_line(&run, (int)words->count, words->items);
		again = run_shell_release(&run, code);
	}
	shell->kept.words = shell->kept.patterns = NULL;
	free(program);
	return code;
}

static int do_line(struct shell *shell, const char *line)
{
	const char *command = words_for_sh(line);
	char why[WORDS_WHY];
	struct words words;
	int code = DFS_EXIT_DONE;

	if (command)
		return for_sh_run(command);
	switch (words_parse(line, &words, why)) {
	case WORDS_DONE:
		if (words.count > 1)
			code = do_words(shell, &words);
		words_free(&words);
		return code;
	case WORDS_OPEN:
		(void)snprintf(why, sizeof why, "a quote or a \\ is open at the end");
		break;
	case WORDS_WRONG:
		break;
	}
	output_failure(shell->run->output, "path", NULL, DFS_EXIT_USAGE, why);
	return DFS_EXIT_USAGE;
}

static bool goes_on(const char *line)
{
	char why[WORDS_WHY];
	struct words words;
	enum words_end end =
		words_for_sh(line) ? WORDS_WRONG : words_parse(line, &words, why);

	if (end == WORDS_DONE)
		words_free(&words);
	return end == WORDS_OPEN;
}

/* ---- where lines come from ------------------------------------------------------- */

/*
 * A byte at a time, as sh reads: what is behind the line is for the command, if it reads
 * its standard input.  NULL at the end, or when out of memory.
 */
static char *read_plain(void)
{
	char *line = NULL, byte;
	size_t len = 0;
	FILE *stream = open_memstream(&line, &len);
	bool any = false;

	while (stream) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		any |= got > 0;
		if (got <= 0 || byte == '\n')
			break;
		(void)fputc(byte, stream);
	}
	if (stream && fclose(stream) == 0 && any)
		return line;
	free(line);
	return NULL;
}

static enum line_end read_typed(struct shell *shell, bool more, char **ret)
{
	bool utf8 = output_utf8(shell->run->output);
	char *prompt = NULL, *folder = format_escape(shell->kept.folder, utf8);
	size_t len = folder ? strlen(folder) : 0;
	enum line_end end;

	if (len > 1)
		folder[len - 1] = '\0';
	if (!more && folder && asprintf(&prompt, "%s:%s> ", shell->run->user, folder) < 0)
		prompt = NULL;
	end = line_read(prompt ? prompt : "> ", ret);
	free(prompt);
	free(folder);
	return end;
}

static enum line_end read_one(struct shell *shell, bool more, char **ret)
{
	shell->line++;
	if (shell->terminal)
		return read_typed(shell, more, ret);
	*ret = read_plain();
	return *ret ? LINE_TAKEN : LINE_OVER;
}

/* A whole one, of as many lines as its quotes make it. */
static enum line_end read_line(struct shell *shell, char **ret)
{
	enum line_end end = read_one(shell, false, ret);

	while (end == LINE_TAKEN && goes_on(*ret)) {
		char *more = NULL, *both = NULL;

		end = read_one(shell, true, &more);
		/* What is open at the end of all is told. */
		if (end == LINE_OVER)
			return LINE_TAKEN;
		if (end == LINE_TAKEN && asprintf(&both, "%s\n%s", *ret, more) < 0)
			both = NULL;
		free(more);
		free(*ret);
		*ret = both;
		if (end == LINE_TAKEN && !both)
			end = LINE_OVER;
	}
	return end;
}

/* ---- all of them ------------------------------------------------------------------ */

static void tell_end(const struct shell *shell, int code)
{
	if (code == DFS_EXIT_DONE || output_json(shell->run->output))
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr,
		      "%s: the command of line %u failed, and none behind it was "
		      "done (-k goes on)\n",
		      shell->run->program, shell->line);
}

static int take_commands(struct shell *shell)
{
	bool keeps_going =
		shell->terminal || options_has(&shell->run->options, OPTION_KEEP_GOING);
	struct outcome outcome = {.any = false};
	char *line;

	while (!shell->kept.over) {
		enum line_end end = read_line(shell, &line);
		int code;

		if (end == LINE_OVER)
			break;
		if (end == LINE_INTERRUPTED)
			continue;
		if (shell->terminal)
			line_keep(line);
		code = do_line(shell, line);
		free(line);
		(void)fflush(stdout);
		if (interrupt_came())
			(void)fputc('\n', stderr);
		if (code != DFS_EXIT_DONE)
			outcome_add(&outcome, code);
		if (code != DFS_EXIT_DONE && !keeps_going) {
			tell_end(shell, code);
			break;
		}
	}
	return shell->terminal ? DFS_EXIT_DONE : outcome.code;
}

/* lcd is not to change what a relative name of these means. */
static struct dfs_result make_whole(struct shell *shell, char **ret_config)
{
	const char *file = getenv("DFS_PASSWORD_FILE");
	char *whole = file && *file != '\0' ? realpath(file, NULL) : NULL;

	if (whole)
		(void)setenv("DFS_PASSWORD_FILE", whole, 1);
	free(whole);
	*ret_config = realpath(shell->run->config, NULL);
	if (!*ret_config)
		return result_of(DFS_EXIT_OTHER, "%s: %s", shell->run->config,
				 strerror(errno));
	shell->run->options.values[OPTION_CONFIG] = *ret_config;
	shell->run->options.values[OPTION_USER] = shell->run->user;
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

static struct dfs_result begin(struct shell *shell, char **ret_config)
{
	struct run *run = shell->run;
	struct dfs_result result = run_user(run);

	if (result.code == DFS_EXIT_DONE)
		result = run_config(run);
	if (result.code == DFS_EXIT_DONE)
		result = make_whole(shell, ret_config);
	if (result.code == DFS_EXIT_DONE &&
	    asprintf(&shell->kept.folder, "/%s/", run->user) < 0)
		shell->kept.folder = NULL;
	shell->kept.numbers = numbers_new();
	if (result.code == DFS_EXIT_DONE && (!shell->kept.folder || !shell->kept.numbers))
		return result_of(DFS_EXIT_OTHER, "out of memory");
	run->shell = &shell->kept;
	/* Who sits there is asked at once, and not before the first command. */
	if (result.code == DFS_EXIT_DONE && shell->terminal)
		result = run_open(run);
	(void)run_shell_release(run, DFS_EXIT_DONE);
	return result;
}

static void end(struct shell *shell)
{
	struct run *run = shell->run;

	run->dfs = NULL;
	run_shell_end(run);
	run->dfs = NULL;
	run->shell = NULL;
	numbers_free(shell->kept.numbers);
	free(shell->kept.folder);
}

int shell_run(struct run *run)
{
	struct shell shell = {.run = run, .terminal = isatty(STDIN_FILENO) == 1};
	struct dfs_result result;
	char *config = NULL;
	int code;

	shell.kept.options = &run->options;
	shell.kept.asks = shell.terminal;
	shell.completing = (struct completing){run->program, &shell.kept};
	result = begin(&shell, &config);
	code = result.code;
	if (code != DFS_EXIT_DONE) {
		output_failure(run->output, "path", NULL, code, result.why);
	} else if (!shell.terminal) {
		code = take_commands(&shell);
	} else if (interrupt_watch()) {
		line_begin(&shell.completing);
		code = take_commands(&shell);
		line_end_all();
	}
	end(&shell);
	free(config);
	return code;
}
