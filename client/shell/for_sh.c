/* Commands of sh, from within the shell. */
#include "for_sh.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NONE = 127, SIGNALLED = 128 };

/* As it would be without us: what this program ignores or catches is no concern of it. */
static bool start(const char *command, pid_t *ret)
{
	char sh[] = "sh", option[] = "-c";
	char *copy = strdup(command);
	char *const words[] = {sh, option, copy, NULL};
	posix_spawnattr_t attributes;
	sigset_t plain;
	bool started = false;

	(void)sigemptyset(&plain);
	(void)sigaddset(&plain, SIGINT);
	(void)sigaddset(&plain, SIGQUIT);
	(void)sigaddset(&plain, SIGPIPE);
	(void)sigaddset(&plain, SIGXFSZ);
	if (copy && posix_spawnattr_init(&attributes) == 0) {
		started = posix_spawnattr_setsigdefault(&attributes, &plain) == 0 &&
			  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF) ==
				  0 &&
			  posix_spawn(ret, "/bin/sh", NULL, &attributes, words,
				      environ) == 0;
		(void)posix_spawnattr_destroy(&attributes);
	}
	free(copy);
	return started;
}

int for_sh_run(const char *command)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction interrupt, quit;
	int status = 0;
	bool started;
	pid_t pid;

	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	started = start(command, &pid);
	while (started && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			started = false;
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	if (!started)
		return NONE;
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}
