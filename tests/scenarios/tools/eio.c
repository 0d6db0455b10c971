/*
 * A disk that fails, for a program that is started with this library in LD_PRELOAD.
 *
 * DFS_EIO names a file.  While it is there, each of its lines makes calls fail with EIO:
 * "read" or "fsync", a blank, and a pattern (fnmatch) that the path of the open file has
 * to match.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CONTROL_MAX = 65536 };

/* Through the kernel: what is replaced here is not used here. */
static size_t read_control(char *text)
{
	const char *name = getenv("DFS_EIO");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	size_t len = 0;
	long got;

	if (fd < 0)
		return 0;
	while (len < CONTROL_MAX - 1 &&
	       (got = syscall(SYS_read, fd, text + len, CONTROL_MAX - 1 - len)) > 0)
		len += (size_t)got;
	close(fd);
	text[len] = '\0';
	return len;
}

static bool path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t len;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, path, PATH_MAX - 1);
	if (len <= 0 || path[0] != '/')
		return false;
	path[len] = '\0';
	return true;
}

static bool line_is_of(const char *line, const char *call, const char *path)
{
	size_t len = strlen(call);

	return strncmp(line, call, len) == 0 && line[len] == ' ' &&
	       fnmatch(line + len + 1, path, 0) == 0;
}

static bool fails(const char *call, int fd)
{
	char text[CONTROL_MAX], path[PATH_MAX], *line, *rest = text;
	int saved = errno;
	bool found = false;

	if (read_control(text) > 0 && path_of(fd, path))
		while (!found && (line = strsep(&rest, "\n")) != NULL)
			found = line_is_of(line, call, path);
	errno = found ? EIO : saved;
	return found;
}

ssize_t read(int fd, void *bytes, size_t len)
{
	return fails("read", fd) ? -1 : syscall(SYS_read, fd, bytes, len);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
	return fails("read", fd) ? -1 : syscall(SYS_pread64, fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t at)
{
	return fails("read", fd) ? -1 : syscall(SYS_pread64, fd, bytes, len, at);
}

int fsync(int fd)
{
	return fails("fsync", fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails("fsync", fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
