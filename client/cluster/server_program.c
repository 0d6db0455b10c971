/* The programs of the servers, as the client finds and runs them. */
#include "server_program.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 600 };

static bool is_program(const char *file)
{
	struct stat stat_buf;

	return stat(file, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode) &&
	       access(file, X_OK) == 0;
}

/* len is what snprintf returned for file. */
static bool fits(int len, size_t size)
{
	return len > 0 && (size_t)len < size;
}

static bool find_on_path(unsigned number, char *ret_file, size_t size)
{
	const char *path = getenv("PATH");

	while (path && *path != '\0') {
		size_t len = strcspn(path, ":");

		/* An empty part means the current folder: a surprise we do without. */
		if (len > 0 &&
		    fits(snprintf(ret_file, size, "%.*s/dfs%u", (int)len, path, number),
			 size) &&
		    is_program(ret_file))
			return true;
		path += len;
		path += *path == ':';
	}
	return false;
}

/* FOLDER/BETWEEN/dfsN, if it is a program. */
static bool find_at(const char *folder, const char *between, unsigned number,
		    char *ret_file, size_t size)
{
	return fits(snprintf(ret_file, size, "%s/%sdfs%u", folder, between, number),
		    size) &&
	       is_program(ret_file);
}

bool server_program_find(unsigned number, char *ret_file, size_t size, char *why,
			 size_t why_size)
{
	char self[PATH_MAX], built[32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *folder = NULL;

	if (len > 0) {
		self[len] = '\0';
		folder = dirname(self);
		(void)snprintf(built, sizeof built, "../dfs%u/", number);
		/* Where they are built, and the two places of an installation. */
		if (find_at(folder, built, number, ret_file, size) ||
		    find_at(folder, "", number, ret_file, size) ||
		    find_at(folder, "../sbin/", number, ret_file, size))
			return true;
	}
	if (find_on_path(number, ret_file, size))
		return true;
	(void)snprintf(
		why, why_size,
		"the program dfs%u, which has to write its first store, is neither "
		"beside this one (%s, or ../sbin) nor on PATH; build or install the "
		"servers first",
		number, folder ? folder : "unknown");
	return false;
}

/* What the program said on stderr, up to its end: the last line of it. */
static void read_last_line(int fd, char *said)
{
	char buf[256];
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, buf, sizeof buf)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		for (ssize_t i = 0; i < got; i++) {
			if (len > 0 && said[len - 1] == '\n')
				len = 0;
			if (len < SAID_MAX - 1)
				said[len++] = buf[i];
		}
	}
	while (len > 0 && said[len - 1] == '\n')
		len--;
	said[len] = '\0';
}

/* With the signals as a program finds them that a shell starts. */
static int spawn(const char *file, const char *config, int in, int out, pid_t *ret_pid)
{
	char create[] = "--create-store", option[] = "--config";
	char *name = strdup(file), *value = strdup(config);
	char *arguments[] = {name, create, option, value, NULL};
	posix_spawn_file_actions_t actions;
	sigset_t defaults, none;
	posix_spawnattr_t attributes;
	int error = ENOMEM;

	if (!name || !value)
		goto free_texts;
	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		goto free_texts;
	error = posix_spawnattr_init(&attributes);
	if (error != 0)
		goto free_actions;
	(void)sigemptyset(&defaults);
	(void)sigaddset(&defaults, SIGPIPE);
	(void)sigemptyset(&none);
	error = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (error == 0)
		error = posix_spawnattr_setsigmask(&attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setflags(
			&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	if (error == 0)
		error = posix_spawn(ret_pid, file, &actions, &attributes, arguments,
				    environ);
	(void)posix_spawnattr_destroy(&attributes);
free_actions:
	(void)posix_spawn_file_actions_destroy(&actions);
free_texts:
	free(value);
	free(name);
	return error;
}

/* A file in memory that holds the bytes, to be read from its start; -1 with errno. */
static int hold(const void *bytes, size_t len)
{
	int fd = memfd_create("registers", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

bool server_program_create_store(const char *file,
				 const struct server_program_store *store, char *why,
				 size_t why_size)
{
	char said[SAID_MAX] = "";
	int ends[2], status = 0, error, in = hold(store->registers, store->len);
	pid_t pid;

	if (in < 0) {
		(void)snprintf(why, why_size, "cannot hold the first registers: %s",
			       strerror(errno));
		return false;
	}
	if (pipe2(ends, O_CLOEXEC) != 0) {
		(void)snprintf(why, why_size, "cannot make a pipe: %s", strerror(errno));
		(void)close(in);
		return false;
	}
	error = spawn(file, store->config, in, ends[1], &pid);
	(void)close(in);
	(void)close(ends[1]);
	if (error != 0) {
		(void)close(ends[0]);
		(void)snprintf(why, why_size, "cannot run %s: %s", file, strerror(error));
		return false;
	}
	read_last_line(ends[0], said);
	(void)close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	(void)snprintf(why, why_size, "%s could not write its first store%s%s", file,
		       said[0] != '\0' ? ": " : "", said);
	return false;
}
