/* Files that hold a secret. */
#include "private_file.h"

#include "result.h"
#include "secret.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe has no mode that would mean anything: whoever made it gave it to us. */
static struct dfs_result check(const char *name, const char *what, int fd)
{
	struct stat stat_buf;

	if (fstat(fd, &stat_buf) != 0)
		return result_of(DFS_EXIT_OTHER, "cannot look at the %s %s: %s", what,
				 name, strerror(errno));
	if (S_ISDIR(stat_buf.st_mode)) {
		errno = EISDIR;
		return result_of(DFS_EXIT_OTHER, "the %s %s is a folder", what, name);
	}
	if (stat_buf.st_uid != 0 && stat_buf.st_uid != geteuid())
		return result_of(
			DFS_EXIT_DENIED,
			"the %s %s belongs to somebody else, who knows what is in it "
			"and could change it: make one of your own",
			what, name);
	if (S_ISREG(stat_buf.st_mode) && (stat_buf.st_mode & 077) != 0)
		return result_of(DFS_EXIT_DENIED,
				 "others than you can read the %s: chmod 600 %s", what,
				 name);
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

struct dfs_result private_file_open(const char *name, const char *what,
				    struct private_file *ret)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = errno;
	struct dfs_result result;

	ret->stream = NULL;
	if (fd < 0) {
		result = result_of(DFS_EXIT_OTHER, "cannot open the %s %s: %s", what,
				   name, strerror(error));
		errno = error;
		return result;
	}
	result = check(name, what, fd);
	error = errno;
	if (result.code == DFS_EXIT_DONE) {
		ret->stream = fdopen(fd, "r");
		if (ret->stream)
			(void)setvbuf(ret->stream, ret->buf, _IOFBF, sizeof ret->buf);
		else
			result = result_of(DFS_EXIT_OTHER, "out of memory");
	}
	if (!ret->stream)
		(void)close(fd);
	errno = error;
	return result;
}

void private_file_close(struct private_file *file)
{
	if (file->stream)
		(void)fclose(file->stream);
	secret_wipe(file, sizeof *file);
}
