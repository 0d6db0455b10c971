/* Lines that somebody types at a terminal. */
#include "line.h"

#include "completing.h"
#include "format.h"
#include "interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

enum { KEPT = 2000 };

/* readline calls functions without a context. */
static struct {
	struct completing *completing;
	char *taken;                   /* the line that was finished */
	bool finished, over;           /* it was; there is no more */
	volatile sig_atomic_t stopped; /* by Ctrl-Z */
	char history[PATH_MAX];
} line;

/* ---- the history ----------------------------------------------------------------- */

/* false when there is no place for one. */
static bool find_history(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char folder[PATH_MAX];
	int len;

	/* A relative one is to be ignored (XDG base directory specification). */
	if (state && state[0] == '/')
		len = snprintf(folder, sizeof folder, "%s/dfs", state);
	else if (home && home[0] == '/')
		len = snprintf(folder, sizeof folder, "%s/.local/state/dfs", home);
	else
		return false;
	if (len < 0 || (size_t)len >= sizeof folder)
		return false;
	for (char *at = folder + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(folder, 0700);
		*at = '/';
	}
	(void)mkdir(folder, 0700);
	len = snprintf(line.history, sizeof line.history, "%s/history", folder);
	return len > 0 && (size_t)len < sizeof line.history;
}

/* Nobody else's file is written to, and nobody else reads this one. */
static void open_history(void)
{
	struct stat stat_buf;
	int fd = -1;

	if (find_history())
		fd = open(line.history,
			  O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &stat_buf) != 0 || !S_ISREG(stat_buf.st_mode) ||
	    stat_buf.st_uid != geteuid() || fchmod(fd, 0600) != 0) {
		line.history[0] = '\0';
	} else {
		(void)history_truncate_file(line.history, KEPT);
		(void)read_history(line.history);
	}
	if (fd >= 0)
		(void)close(fd);
}

void line_keep(const char *text)
{
	const HIST_ENTRY *last = history_length > 0 ? history_get(history_length) : NULL;

	if (text[strspn(text, " \t\n")] == '\0' || text[0] == ' ' || text[0] == '\t' ||
	    strchr(text, '\n') || (last && strcmp(last->line, text) == 0))
		return;
	add_history(text);
	if (line.history[0] != '\0')
		(void)append_history(1, line.history);
}

/* ---- completion ------------------------------------------------------------------ */

static char **complete(const char *text, int start, int end)
{
	char *typed = strndup(rl_line_buffer, (size_t)end), last = ' ';
	char **matches = NULL;

	(void)start;
	rl_attempted_completion_over = 1;
	interrupt_clear();
	if (typed)
		matches = completing_find(line.completing, typed, text, &last);
	rl_completion_append_character = (unsigned char)last;
	rl_completion_suppress_append = last == '\0';
	free(typed);
	return matches;
}

/* Names are data that others have chosen. */
static void show(char **matches, int count, int longest)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	char **shown = calloc((size_t)count + 2, sizeof *shown);
	bool good = shown;

	(void)longest;
	longest = 0;
	for (int i = 0; good && i <= count; i++) {
		shown[i] = format_escape(matches[i], utf8);
		good = shown[i];
		if (good && (int)strlen(shown[i]) > longest)
			longest = (int)strlen(shown[i]);
	}
	(void)rl_crlf();
	if (good)
		rl_display_match_list(shown, count, longest);
	rl_forced_update_display();
	for (int i = 0; shown && i <= count; i++)
		free(shown[i]);
	free(shown);
}

/* ---- Ctrl-Z ---------------------------------------------------------------------- */

static void note(int number)
{
	(void)number;
	line.stopped = 1;
}

/* It comes in ppoll alone, as Ctrl-C does, and never just before it. */
static void hold_signals(struct sigaction *ret_stop, sigset_t *held, sigset_t *ret_before)
{
	struct sigaction catch = {.sa_handler = note};

	line.stopped = 0;
	(void)sigemptyset(&catch.sa_mask);
	(void)sigaction(SIGTSTP, &catch, ret_stop);
	(void)sigemptyset(held);
	(void)sigaddset(held, SIGINT);
	(void)sigaddset(held, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, held, ret_before);
}

/* The terminal is as readline wants it, and not as others do. */
static void stop(void)
{
	line.stopped = 0;
	rl_deprep_terminal();
	(void)raise(SIGSTOP);
	rl_prep_terminal(1);
	rl_forced_update_display();
}

/* ---- one line -------------------------------------------------------------------- */

static void take(char *text)
{
	line.finished = true;
	line.over = !text;
	line.taken = text;
	rl_callback_handler_remove();
}

void line_begin(struct completing *completing)
{
	static char blanks[] = " \t\n";

	line.completing = completing;
	rl_readline_name = "dfs";
	rl_catch_signals = 0;
	rl_outstream = isatty(STDOUT_FILENO) == 1 ? stdout : stderr;
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = show;
	rl_basic_word_break_characters = blanks;
	rl_completer_word_break_characters = blanks;
	rl_basic_quote_characters = "";
	rl_completer_quote_characters = "";
	rl_sort_completion_matches = 0;
	using_history();
	stifle_history(KEPT);
	open_history();
}

void line_end_all(void)
{
	line.completing = NULL;
	clear_history();
}

static void drop(void)
{
	rl_free_line_state();
	(void)rl_crlf();
	rl_callback_sigcleanup();
	rl_callback_handler_remove();
}

/* Until a line is finished, or a Ctrl-C came. */
static void type(const sigset_t *held, const sigset_t *before)
{
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};

	while (!line.finished && !interrupt_came()) {
		int ready = ppoll(&keys, 1, NULL, before);

		if (ready > 0) {
			/* A completion may ask the servers, and wait for them. */
			(void)sigprocmask(SIG_SETMASK, before, NULL);
			rl_callback_read_char();
			(void)sigprocmask(SIG_BLOCK, held, NULL);
		}
		if (ready < 0 && errno != EINTR)
			take(NULL);
		if (line.stopped && !line.finished)
			stop();
	}
}

enum line_end line_read(const char *prompt, char **ret_line)
{
	struct sigaction action;
	sigset_t held, before;

	*ret_line = NULL;
	interrupt_clear();
	line.finished = line.over = false;
	line.taken = NULL;
	hold_signals(&action, &held, &before);
	rl_callback_handler_install(prompt, take);
	type(&held, &before);
	if (!line.finished)
		drop();
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)sigaction(SIGTSTP, &action, NULL);
	if (line.over) {
		(void)rl_crlf();
		return LINE_OVER;
	}
	/* From here on a Ctrl-C is for what the line says. */
	if (!line.finished || interrupt_came()) {
		free(line.taken);
		return LINE_INTERRUPTED;
	}
	*ret_line = line.taken;
	return LINE_TAKEN;
}
