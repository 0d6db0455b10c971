/* Where fetched files land. */
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

struct landing {
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

struct landing *landing_new(const char *folder, bool make, bool force)
{
	struct landing *landing = calloc(1, sizeof *landing);

	if (!landing)
		return NULL;
	landing->root = strdup(folder);
	if (!landing->root) {
		free(landing);
		return NULL;
	}
	landing->make = make;
	landing->force = force;
	landing->root_fd = landing->folder_fd = landing->fd = -1;
	return landing;
}

enum { SHOWN = 700 };

/* folder/name (either may be empty) below the root, as a person would type it. */
static const char *shown(const struct landing *landing, const char *folder,
			 const char *name, char text[SHOWN])
{
	const char *root = strcmp(landing->root, ".") == 0 ? "" : landing->root;
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

static int blame_folder(const struct landing *landing, char why[DFS_WHY],
			const char *what, const char *folder)
{
	int error = errno;
	char text[SHOWN];

	(void)shown(landing, folder, "", text);
	errno = error;
	return blame(why, what, text);
}

/* The file that is being written. */
static int blame_file(const struct landing *landing, char why[DFS_WHY], const char *what)
{
	int error = errno;
	char text[SHOWN];

	(void)shown(landing, landing->folder, landing->name, text);
	errno = error;
	return blame(why, what, text);
}

/* ---- folders ------------------------------------------------------------------- */

static int sync_folder(struct landing *landing, char why[DFS_WHY])
{
	if (!landing->unsynced)
		return 0;
	landing->unsynced = false;
	if (fsync(landing->folder_fd) == 0)
		return 0;
	return blame_folder(landing, why, "write the folder", landing->folder);
}

static int leave_folder(struct landing *landing, char why[DFS_WHY])
{
	int code = 0;

	if (landing->folder) {
		code = sync_folder(landing, why);
		(void)close(landing->folder_fd);
		free(landing->folder);
		landing->folder = NULL;
		landing->folder_fd = -1;
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
static int open_root(struct landing *landing, char why[DFS_WHY])
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	char *at = landing->root;

	if (landing->root_fd >= 0)
		return 0;
	landing->root_fd = open(landing->root, flags);
	if (landing->root_fd >= 0)
		return 0;
	if (errno != ENOENT || !landing->make)
		return blame(why, "use the folder", landing->root);
	while (*at != '\0') {
		at += strspn(at, "/");
		at += strcspn(at, "/");
		char end = *at;

		*at = '\0';
		if (mkdir(landing->root, 0777) != 0 && errno != EEXIST) {
			int code = blame(why, "make the folder", landing->root);

			*at = end;
			return code;
		}
		*at = end;
	}
	landing->root_fd = open(landing->root, flags);
	return landing->root_fd >= 0 ? 0 : blame(why, "use the folder", landing->root);
}

/* Makes the folder (the first len bytes of relative) the one of the newest file. */
static int use_folder(struct landing *landing, const char *relative, size_t len,
		      char why[DFS_WHY])
{
	char *folder, *part, *rest = NULL;
	int fd, code;

	if (landing->folder && strlen(landing->folder) == len &&
	    memcmp(landing->folder, relative, len) == 0)
		return 0;
	code = leave_folder(landing, why);
	if (code != 0)
		return code;
	folder = strndup(relative, len);
	char *walked = folder ? strdup(folder) : NULL;
	if (!walked) {
		free(folder);
		(void)snprintf(why, DFS_WHY, "out of memory");
		return DFS_EXIT_OTHER;
	}
	fd = fcntl(landing->root_fd, F_DUPFD_CLOEXEC, 0);
	for (part = strtok_r(walked, "/", &rest); fd >= 0 && part;
	     part = strtok_r(NULL, "/", &rest))
		fd = enter(fd, part);
	free(walked);
	if (fd < 0) {
		code = blame_folder(landing, why, "make or enter the folder", folder);
		free(folder);
		return code;
	}
	landing->folder = folder;
	landing->folder_fd = fd;
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
static int look(struct landing *landing, const struct dfs_file *file, char why[DFS_WHY])
{
	struct stat there, behind;
	char text[SHOWN];

	landing->replaces = false;
	if (fstatat(landing->folder_fd, landing->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : blame_file(landing, why, "look at");
	(void)shown(landing, landing->folder, landing->name, text);
	if (S_ISDIR(there.st_mode)) {
		(void)snprintf(why, DFS_WHY, "there is a local folder %s", text);
		return DFS_EXIT_CONFLICT;
	}
	/* A link to a device is as little to be replaced as the device. */
	if (S_ISLNK(there.st_mode) &&
	    fstatat(landing->folder_fd, landing->name, &behind, 0) == 0)
		there.st_mode = S_ISREG(behind.st_mode) ? S_IFLNK : behind.st_mode;
	if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) {
		(void)snprintf(why, DFS_WHY,
			       "the local name %s is not that of a regular file", text);
		return DFS_EXIT_CONFLICT;
	}
	if (landing->force) {
		landing->replaces = true;
		return 0;
	}
	if (S_ISREG(there.st_mode) &&
	    local_is_same(landing->folder_fd, landing->name, file))
		return LANDING_EQUAL;
	(void)snprintf(why, DFS_WHY, "the local file %s is another one; -f replaces it",
		       text);
	return DFS_EXIT_CONFLICT;
}

/* Whether a file without a name could get one later. */
static bool can_link(void)
{
	return access("/proc/self/fd", X_OK) == 0;
}

static bool name_part(struct landing *landing)
{
	dfs_id id;
	char text[ID_TEXT];

	if (!id_random(&id)) {
		errno = EIO;
		return false;
	}
	(void)snprintf(landing->part, sizeof landing->part, ".dfs-%s.part",
		       id_text(&id, text));
	return true;
}

static int create(struct landing *landing, char why[DFS_WHY])
{
	if (can_link())
		landing->fd = openat(landing->folder_fd, ".",
				     O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (landing->fd < 0 && name_part(landing)) {
		landing->fd = openat(landing->folder_fd, landing->part,
				     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				     0666);
		if (landing->fd < 0)
			landing->part[0] = '\0';
	}
	return landing->fd >= 0 ? 0 : blame_file(landing, why, "create");
}

int landing_begin(struct landing *landing, const char *relative,
		  const struct dfs_file *file, char why[DFS_WHY])
{
	const char *slash = strrchr(relative, '/');
	int code;

	landing_abandon(landing);
	if (!is_safe(relative)) {
		(void)snprintf(why, DFS_WHY, "this cannot be a local file name");
		return DFS_EXIT_OTHER;
	}
	code = open_root(landing, why);
	if (code != 0)
		return code;
	code = use_folder(landing, relative, slash ? (size_t)(slash - relative) : 0, why);
	if (code != 0)
		return code;
	strcpy(landing->name, slash ? slash + 1 : relative);
	landing->modified_ns = file->modified_ns;
	code = look(landing, file, why);
	return code == 0 ? create(landing, why) : code;
}

int landing_write(struct landing *landing, const void *bytes, size_t len,
		  char why[DFS_WHY])
{
	const char *from = bytes;

	while (len > 0) {
		ssize_t put = write(landing->fd, from, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return blame_file(landing, why, "write");
		from += put;
		len -= (size_t)put;
	}
	return 0;
}

/* Gives the file its first name. */
static bool link_part(struct landing *landing)
{
	char self[64];

	if (landing->part[0] != '\0')
		return true;
	if (!name_part(landing))
		return false;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", landing->fd);
	if (linkat(AT_FDCWD, self, landing->folder_fd, landing->part,
		   AT_SYMLINK_FOLLOW) == 0)
		return true;
	landing->part[0] = '\0';
	return false;
}

/* Gives it its own; one that appeared there meanwhile stays. */
static bool rename_part(struct landing *landing)
{
	int folder = landing->folder_fd;

	if (landing->replaces)
		return renameat(folder, landing->part, folder, landing->name) == 0;
	if (renameat2(folder, landing->part, folder, landing->name, RENAME_NOREPLACE) ==
	    0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return linkat(folder, landing->part, folder, landing->name, 0) == 0 &&
	       unlinkat(folder, landing->part, 0) == 0;
}

int landing_finish(struct landing *landing, char why[DFS_WHY])
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}};
	int64_t seconds = landing->modified_ns / 1000000000;
	int64_t rest = landing->modified_ns % 1000000000;
	int code;

	times[1].tv_sec = (time_t)(rest < 0 ? seconds - 1 : seconds);
	times[1].tv_nsec = (long)(rest < 0 ? rest + 1000000000 : rest);
	if (futimens(landing->fd, times) != 0 || fsync(landing->fd) != 0) {
		code = blame_file(landing, why, "write");
	} else if (!link_part(landing) || !rename_part(landing)) {
		code = blame_file(landing, why, "create");
	} else {
		landing->part[0] = '\0';
		landing->unsynced = true;
		code = 0;
	}
	landing_abandon(landing);
	return code;
}

void landing_abandon(struct landing *landing)
{
	if (landing->part[0] != '\0')
		(void)unlinkat(landing->folder_fd, landing->part, 0);
	landing->part[0] = '\0';
	if (landing->fd >= 0)
		(void)close(landing->fd);
	landing->fd = -1;
}

int landing_free(struct landing *landing, char why[DFS_WHY])
{
	int code;

	if (!landing)
		return 0;
	landing_abandon(landing);
	code = leave_folder(landing, why);
	if (landing->root_fd >= 0)
		(void)close(landing->root_fd);
	free(landing->root);
	free(landing);
	return code;
}
