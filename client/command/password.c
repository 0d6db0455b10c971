/* Passwords, as people give them. */
#include "password.h"
#include "password_rules.h"

#include "interrupt.h"
#include "private_file.h"
#include "result.h"
#include "secret.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { TRIES = 3 };

void password_wipe(struct password *password)
{
	secret_wipe(password, sizeof *password);
}

/* ---- from a file --------------------------------------------------------------- */

/* What some editors put before a text (U+FEFF). */
static const char mark[] = "\xef\xbb\xbf";

enum { MARK = sizeof mark - 1 };

/*
 * The first line, without what editors and other systems put around it; room for that and
 * for a byte too many.
 */
static size_t first_line(const char **text, size_t len)
{
	const char *end;

	if (len >= MARK && memcmp(*text, mark, MARK) == 0) {
		*text += MARK;
		len -= MARK;
	}
	end = memchr(*text, '\n', len);
	if (end)
		len = (size_t)(end - *text);
	return len > 0 && (*text)[len - 1] == '\r' ? len - 1 : len;
}

struct dfs_result password_read_file(const char *name, struct password *ret)
{
	struct private_file file;
	struct dfs_result result = private_file_open(name, "password file", &file);
	char buf[MARK + PASSWORD_MAX_BYTES + 2];
	const char *line = buf, *wrong;
	size_t len;

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE)
		return result;
	len = fread(buf, 1, sizeof buf, file.stream);
	if (ferror(file.stream))
		result = result_of(DFS_EXIT_OTHER, "cannot read the password file %s",
				   name);
	private_file_close(&file);
	len = first_line(&line, len);
	wrong = password_rules_check_old(line, len);
	if (result.code == DFS_EXIT_DONE && wrong)
		result = result_of(DFS_EXIT_USAGE, "%s holds no password: %s", name,
				   wrong);
	if (result.code == DFS_EXIT_DONE) {
		memcpy(ret->text, line, len);
		ret->len = len;
	}
	secret_wipe(buf, sizeof buf);
	return result;
}

/* ---- from a person ------------------------------------------------------------- */

/* What is to be put back when a signal comes in the middle of a prompt. */
static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

enum { SIGNALS = sizeof ending / sizeof ending[0] };

/* signals is what they did before, and what SIGTSTP did. */
static struct {
	volatile sig_atomic_t fd;
	volatile sig_atomic_t stopped; /* by one that does not end the program */
	struct termios before;
	struct sigaction signals[SIGNALS + 1];
} asking = {.fd = -1};

/* tcsetattr, write, sigaction and raise may be called in here. */
static void put_back(int number)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};

	if (asking.fd >= 0) {
		(void)tcsetattr(asking.fd, TCSAFLUSH, &asking.before);
		(void)!write(asking.fd, "\n", 1);
	}
	/* In a shell Ctrl-C is for the prompt alone. */
	for (size_t i = 0; i < SIGNALS; i++)
		if (ending[i] == number && asking.signals[i].sa_handler != SIG_DFL) {
			asking.stopped = 1;
			asking.signals[i].sa_handler(number);
			return;
		}
	(void)sigaction(number, &plain, NULL);
	(void)raise(number);
}

bool password_can_ask(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* One line, without its newline; false when there is none. */
static bool read_line(int fd, struct password *ret, bool *ret_long)
{
	char byte = '\0';
	ssize_t got;

	ret->len = 0;
	*ret_long = false;
	while ((got = interrupt_read(fd, &byte, 1)) != 0 && byte != '\n') {
		if (got < 0 && errno == EINTR && !asking.stopped && !interrupt_came())
			continue;
		if (got < 0)
			return false;
		if (ret->len < PASSWORD_MAX_BYTES)
			ret->text[ret->len++] = byte;
		else
			*ret_long = true;
	}
	secret_wipe(&byte, 1);
	return got > 0;
}

/* Signals that end the program put the terminal in order first. */
static void catch_signals(void)
{
	struct sigaction *before = asking.signals;
	struct sigaction catch = {.sa_handler = put_back};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)sigemptyset(&catch.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++) {
		(void)sigaction(ending[i], &catch, &before[i]);
		if (before[i].sa_handler == SIG_IGN)
			(void)sigaction(ending[i], &before[i], NULL);
	}
	/* Who comes back from a stop would type with the echo on. */
	(void)sigaction(SIGTSTP, &ignore, &before[SIGNALS]);
}

static void release_signals(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		(void)sigaction(ending[i], &asking.signals[i], NULL);
	(void)sigaction(SIGTSTP, &asking.signals[SIGNALS], NULL);
}

/* With the echo off. */
static struct dfs_result read_silently(int fd, const char *what, struct password *ret)
{
	struct termios silent;
	bool any, too_long = false;
	const char *wrong;

	if (tcgetattr(fd, &asking.before) != 0)
		return result_of(DFS_EXIT_OTHER, "the terminal cannot be asked: %s",
				 strerror(errno));
	silent = asking.before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	asking.fd = fd;
	asking.stopped = 0;
	catch_signals();
	any = tcsetattr(fd, TCSAFLUSH, &silent) == 0 && dprintf(fd, "%s: ", what) > 0 &&
	      read_line(fd, ret, &too_long);
	(void)tcsetattr(fd, TCSAFLUSH, &asking.before);
	(void)!write(fd, "\n", 1);
	asking.fd = -1;
	release_signals();
	if (!any)
		return result_of(DFS_EXIT_DENIED, "no password was typed");
	wrong = too_long ? "a password has at most 1024 bytes"
			 : password_rules_check_old(ret->text, ret->len);
	return wrong ? result_of(DFS_EXIT_USAGE, "%s", wrong)
		     : (struct dfs_result){.code = DFS_EXIT_DONE};
}

struct dfs_result password_ask(const char *what, struct password *ret)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct dfs_result result;

	memset(ret, 0, sizeof *ret);
	if (fd < 0)
		return result_of(DFS_EXIT_DENIED,
				 "there is no terminal to ask for a password at; put it "
				 "into a file that only you can read and name it in "
				 "DFS_PASSWORD_FILE");
	result = read_silently(fd, what, ret);
	(void)close(fd);
	if (result.code != DFS_EXIT_DONE)
		password_wipe(ret);
	return result;
}

struct dfs_result password_ask_new(const char *what, struct password *ret)
{
	struct dfs_result result;
	struct password again;
	bool alike = false;

	for (int i = 0; i < TRIES && !alike; i++) {
		char text[128];

		(void)snprintf(text, sizeof text, "%s%s",
			       i > 0 ? "They were not alike.  " : "", what);
		result = password_ask(text, ret);
		if (result.code != DFS_EXIT_DONE)
			return result;
		(void)snprintf(text, sizeof text, "%s, once more", what);
		result = password_ask(text, &again);
		alike = result.code == DFS_EXIT_DONE && again.len == ret->len &&
			memcmp(again.text, ret->text, ret->len) == 0;
		password_wipe(&again);
	}
	if (alike)
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	password_wipe(ret);
	return result_of(DFS_EXIT_USAGE, "the two passwords are not alike");
}
