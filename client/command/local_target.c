/* Where fetched files are written. */
#include "local_target.h"

#include "ballot.h"
#include "local.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_SIZE = NAME_MAX + 1 };

struct local_target {
	char *root;
	bool make, force;
	int root_fd; /* -1: not open yet */
	/* The folder of the newest file. */
	char *folder; /* relative to the root, "" for itself; NULL: none */
	int folder_fd;
	bool unsynced; /* names in it may not be on disk */
	/* The file that is being written. */
	int fd; /* -1: none */
	char name[PART_SIZE];
	char part[PART_SIZE]; /* its name so far; empty: it has none */
	bool replaces;
	int64_t modified_ns;
};
/*
 * folder_fd is -1 exactly when folder is NULL; part is empty when fd is -1.
 */

struct local_target *local_target_new(const char *folder, bool make, bool force)
{
	struct local_target *target = calloc(1, sizeof *target);

	if (!target)
		return NULL;
	target->root = strdup(folder);
	if (!target->root) {
		free(target);
		return NULL;
	}
	target->make = make;
	target->force = force;
	target->root_fd = target->folder_fd = target->fd = -1;
	return target;
}

enum { SHOWN = 700 };

/* folder/name (either may be empty) below the root, as a person would type it. */
static const char *shown(const struct local_target *target, const char *folder,
			 const char *name, char text[SHOWN])
{
	const char *root = strcmp(target->root, ".") == 0 ? "" : target->root;
	size_t len = strlen(root);
	bool slash =
		len > 0 && root[len - 1] != '/' && (*folder != '\0' || *name != '\0');
	int printed = snprintf(text, SHOWN, "%s%s%s%s%s", root, slash ? "/" : "", folder,
			       *folder != '\0' && *name != '\0' ? "/" : "", name);

	if (printed == 0)
		strcpy(text, ".");
	return text;
}

static int blame(char why[DFS_WHY], const char *what, const char *name)
{
	int code =
		errno == EEXIST || errno == ENOTDIR || errno == ELOOP || errno == EISDIR
			? DFS_EXIT_CONFLICT
			: DFS_EXIT_OTHER;

	(void)snprintf(why, DFS_WHY, "cannot %s %.700s: %s", what, name, strerror(errno));
	return code;
}

static int blame_folder(const struct local_target *target, char why[DFS_WHY],
			const char *what, const char *folder)
{
	int error = errno;
	char text[SHOWN];

	(void)shown(target, folder, "", text);
	errno = error;
	return blame(why, what, text);
}

/* The file that is being written. */
static int blame_file(const struct local_target *target, char why[DFS_WHY],
		      const char *what)
{
	int error = errno;
	char text[SHOWN];

	(void)shown(target, target->folder, target->name, text);
	errno = error;
	return blame(why, what, text);
}

/* ---- folders ------------------------------------------------------------------- */

static int sync_folder(struct local_target *target, char why[DFS_WHY])
{
	if (!target->unsynced)
		return 0;
	target->unsynced = false;
	if (fsync(target->folder_fd) == 0)
		return 0;
	return blame_folder(target, why, "write the folder", target->folder);
}

static int leave_folder(struct local_target *target, char why[DFS_WHY])
{
	int code = 0;

	if (target->folder) {
		code = sync_folder(target, why);
		(void)close(target->folder_fd);
		free(target->folder);
		target->folder = NULL;
		target->folder_fd = -1;
	}
	return code;
}

/* The folder called part in the one that fd is; made if it is missing.  Closes fd. */
static int enter(int fd, const char *part)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int next = openat(fd, part, flags), error;

	if (next < 0 && errno == ENOENT) {
		if (mkdirat(fd, part, 0777) == 0 ? fsync(fd) == 0 : errno == EEXIST)
			next = openat(fd, part, flags);
	}
	error = errno;
	(void)close(fd);
	errno = error;
	return next;
}

/* The folder that a person named: links on the way are his. */
static int open_root(struct local_target *target, char why[DFS_WHY])
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	char *at = target->root;

	if (target->root_fd >= 0)
		return 0;
	target->root_fd = open(target->root, flags);
	if (target->root_fd >= 0)
		return 0;
	if (errno != ENOENT || !target->make)
		return blame(why, "use the folder", target->root);
	while (*at != '\0') {
		at += strspn(at, "/");
		at += strcspn(at, "/");
		char end = *at;

		*at = '\0';
		if (mkdir(target->root, 0777) != 0 && errno != EEXIST) {
			int code = blame(why, "make the folder", target->root);

			*at = end;
			return code;
		}
		*at = end;
	}
	target->root_fd = open(target->root, flags);
	return target->root_fd >= 0 ? 0 : blame(why, "use the folder", target->root);
}

/* Makes the folder (the first len bytes of relative) the one of the newest file. */
static int use_folder(struct local_target *target, const char *relative, size_t len,
		      char why[DFS_WHY])
{
	char *folder, *part, *rest = NULL;
	int fd, code;

	if (target->folder && strlen(target->folder) == len &&
	    memcmp(target->folder, relative, len) == 0)
		return 0;
	code = leave_folder(target, why);
	if (code != 0)
		return code;
	folder = strndup(relative, len);
	char *walked = folder ? strdup(folder) : NULL;
	if (!walked) {
		free(folder);
		(void)snprintf(why, DFS_WHY, "out of memory");
		return DFS_EXIT_OTHER;
	}
	fd = fcntl(target->root_fd, F_DUPFD_CLOEXEC, 0);
	for (part = strtok_r(walked, "/", &rest); fd >= 0 && part;
	     part = strtok_r(NULL, "/", &rest))
		fd = enter(fd, part);
	free(walked);
	if (fd < 0) {
		code = blame_folder(target, why, "make or enter the folder", folder);
		free(folder);
		return code;
	}
	target->folder = folder;
	target->folder_fd = fd;
	return 0;
}

/* ---- one file ------------------------------------------------------------------ */

/* Every part of it is a name in a folder, and nothing else. */
static bool is_safe(const char *relative)
{
	for (;;) {
		size_t len = strcspn(relative, "/");

		if (len == 0 || len > NAME_MAX || (len == 1 && relative[0] == '.') ||
		    (len == 2 && relative[0] == '.' && relative[1] == '.'))
			return false;
		if (relative[len] == '\0')
			return true;
		relative += len + 1;
	}
}

/* What stands at the name now, and whether it may go. */
static int look(struct local_target *target, const struct dfs_file *file,
		char why[DFS_WHY])
{
	struct stat there, behind;
	char text[SHOWN];

	target->replaces = false;
	if (fstatat(target->folder_fd, target->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : blame_file(target, why, "look at");
	(void)shown(target, target->folder, target->name, text);
	if (S_ISDIR(there.st_mode)) {
		(void)snprintf(why, DFS_WHY, "there is a local folder %s", text);
		return DFS_EXIT_CONFLICT;
	}
	/* A link to a device is as little to be replaced as the device. */
	if (S_ISLNK(there.st_mode) &&
	    fstatat(target->folder_fd, target->name, &behind, 0) == 0)
		there.st_mode = S_ISREG(behind.st_mode) ? S_IFLNK : behind.st_mode;
	if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) {
		(void)snprintf(why, DFS_WHY,
			       "the local name %s is not that of a regular file", text);
		return DFS_EXIT_CONFLICT;
	}
	if (target->force) {
		target->replaces = true;
		return 0;
	}
	if (S_ISREG(there.st_mode) &&
	    local_is_same(target->folder_fd, target->name, file))
		return LOCAL_TARGET_EQUAL;
	(void)snprintf(why, DFS_WHY, "the local file %s is another one; -f replaces it",
		       text);
	return DFS_EXIT_CONFLICT;
}

/* Whether a file without a name could get one later. */
static bool can_link(void)
{
	return access("/proc/self/fd", X_OK) == 0;
}

static bool name_part(struct local_target *target)
{
	dfs_id id;
	char text[ID_TEXT];

	if (!id_random(&id)) {
		errno = EIO;
		return false;
	}
	(void)snprintf(target->part, sizeof target->part, ".dfs-%s.part",
		       id_text(&id, text));
	return true;
}

static int create(struct local_target *target, char why[DFS_WHY])
{
	if (can_link())
		target->fd = openat(target->folder_fd, ".",
				    O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (target->fd < 0 && name_part(target)) {
		target->fd = openat(target->folder_fd, target->part,
				    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				    0666);
		if (target->fd < 0)
			target->part[0] = '\0';
	}
	return target->fd >= 0 ? 0 : blame_file(target, why, "create");
}

int local_target_begin(struct local_target *target, const char *relative,
		       const struct dfs_file *file, char why[DFS_WHY])
{
	const char *slash = strrchr(relative, '/');
	int code;

	local_target_abandon(target);
	if (!is_safe(relative)) {
		(void)snprintf(why, DFS_WHY, "this cannot be a local file name");
		return DFS_EXIT_OTHER;
	}
	code = open_root(target, why);
	if (code != 0)
		return code;
	code = use_folder(target, relative, slash ? (size_t)(slash - relative) : 0, why);
	if (code != 0)
		return code;
	strcpy(target->name, slash ? slash + 1 : relative);
	target->modified_ns = file->modified_ns;
	code = look(target, file, why);
	return code == 0 ? create(target, why) : code;
}

int local_target_write(struct local_target *target, const void *bytes, size_t len,
		       char why[DFS_WHY])
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t put = write(target->fd, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return blame_file(target, why, "write");
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

/* Gives the file its first name. */
static bool link_part(struct local_target *target)
{
	char self[64];

	if (target->part[0] != '\0')
		return true;
	if (!name_part(target))
		return false;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", target->fd);
	if (linkat(AT_FDCWD, self, target->folder_fd, target->part, AT_SYMLINK_FOLLOW) ==
	    0)
		return true;
	target->part[0] = '\0';
	return false;
}

/* Gives it its own; one that appeared there meanwhile stays. */
static bool rename_part(struct local_target *target)
{
	int folder = target->folder_fd;

	if (target->replaces)
		return renameat(folder, target->part, folder, target->name) == 0;
	if (renameat2(folder, target->part, folder, target->name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return linkat(folder, target->part, folder, target->name, 0) == 0 &&
	       unlinkat(folder, target->part, 0) == 0;
}

int local_target_finish(struct local_target *target, char why[DFS_WHY])
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}};
	int64_t seconds = target->modified_ns / 1000000000;
	int64_t rest = target->modified_ns % 1000000000;
	int code;

	times[1].tv_sec = (time_t)(rest < 0 ? seconds - 1 : seconds);
	times[1].tv_nsec = (long)(rest < 0 ? rest + 1000000000 : rest);
	if (futimens(target->fd, times) != 0 || fsync(target->fd) != 0) {
		code = blame_file(target, why, "write");
	} else if (!link_part(target) || !rename_part(target)) {
		code = blame_file(target, why, "create");
	} else {
		target->part[0] = '\0';
		target->unsynced = true;
		code = 0;
	}
	local_target_abandon(target);
	return code;
}

void local_target_abandon(struct local_target *target)
{
	if (target->part[0] != '\0')
		(void)unlinkat(target->folder_fd, target->part, 0);
	target->part[0] = '\0';
	if (target->fd >= 0)
		(void)close(target->fd);
	target->fd = -1;
}

int local_target_free(struct local_target *target, char why[DFS_WHY])
{
	int code;

	if (!target)
		return 0;
	local_target_abandon(target);
	code = leave_folder(target, why);
	if (target->root_fd >= 0)
		(void)close(target->root_fd);
	free(target->root);
	free(target);
	return code;
}
