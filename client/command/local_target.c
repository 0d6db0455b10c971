/* Where fetched files are written. */
#include "local_target_internal.h"

#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

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
	target->root_fd = target->folder_fd = -1;
	local_part_init(&target->part);
	return target;
}

const char *local_target_shown(const struct local_target *target, const char *folder,
			       const char *name, char text[LOCAL_TARGET_SHOWN])
{
	const char *root = strcmp(target->root, ".") == 0 ? "" : target->root;
	size_t len = strlen(root);
	bool slash =
		len > 0 && root[len - 1] != '/' && (*folder != '\0' || *name != '\0');
	int printed =
		snprintf(text, LOCAL_TARGET_SHOWN, "%s%s%s%s%s", root, slash ? "/" : "",
			 folder, *folder != '\0' && *name != '\0' ? "/" : "", name);

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

/* Somebody has deleted the folder itself, while it was open or the current one. */
static bool is_deleted(int folder_fd)
{
	struct stat there;

	return fstatat(folder_fd, "", &there, AT_EMPTY_PATH) == 0 && there.st_nlink == 0;
}

/* Was it the current folder, the one that all is below, or that of the newest file? */
static bool blame_deleted(const struct local_target *target, char why[DFS_WHY])
{
	char text[LOCAL_TARGET_SHOWN] = ".";

	if (target->root_fd >= 0 && is_deleted(target->root_fd))
		(void)local_target_shown(target, "", "", text);
	else if (target->folder && is_deleted(target->folder_fd))
		(void)local_target_shown(target, target->folder, "", text);
	else if (target->root_fd >= 0 || *target->root == '/' || !is_deleted(AT_FDCWD))
		return false;
	(void)snprintf(why, DFS_WHY, "the local folder %s was deleted", text);
	return true;
}

/* The folder that all is below, before it is open. */
static int blame_root(const struct local_target *target, char why[DFS_WHY],
		      const char *what)
{
	int error = errno;

	if (error == ENOENT && blame_deleted(target, why))
		return DFS_EXIT_OTHER;
	errno = error;
	return blame(why, what, target->root);
}

static int blame_folder(const struct local_target *target, char why[DFS_WHY],
			const char *what, const char *folder)
{
	int error = errno;
	char text[LOCAL_TARGET_SHOWN];

	if (error == ENOENT && blame_deleted(target, why))
		return DFS_EXIT_OTHER;
	(void)local_target_shown(target, folder, "", text);
	errno = error;
	return blame(why, what, text);
}

int local_target_blame(const struct local_target *target, char why[DFS_WHY],
		       const char *what)
{
	int error = errno;
	char text[LOCAL_TARGET_SHOWN];

	if (error == ENOENT && blame_deleted(target, why))
		return DFS_EXIT_OTHER;
	(void)local_target_shown(target, target->folder, target->name, text);
	errno = error;
	return blame(why, what, text);
}

/* ---- folders ------------------------------------------------------------------- */

void local_target_warn(struct local_target *target, const char *what, int error)
{
	size_t len = strlen(target->warning);
	char text[LOCAL_TARGET_SHOWN];

	if (strstr(target->warning, what))
		return;
	(void)snprintf(target->warning + len, DFS_WHY - len, "%s%s below %.300s: %s",
		       len > 0 ? "; " : "", what,
		       local_target_shown(target, "", "", text), strerror(error));
}

/* A folder that cannot be read cannot be synced: that is how its owner wants it. */
static void sync_folder(struct local_target *target, int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 ? errno != EACCES : fsync(fd) != 0)
		local_target_warn(target,
				  "the system does not write folders to disk when asked",
				  errno);
	if (fd >= 0)
		(void)close(fd);
}

static void leave_folder(struct local_target *target)
{
	if (!target->folder)
		return;
	if (target->unsynced)
		sync_folder(target, target->folder_fd);
	target->unsynced = false;
	(void)close(target->folder_fd);
	free(target->folder);
	target->folder = NULL;
	target->folder_fd = -1;
}

/* The folder called part in the one that fd is; made if it is missing.  Closes fd. */
static int enter(struct local_target *target, int fd, const char *part)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int next = openat(fd, part, flags), error;

	if (next < 0 && errno == ENOENT) {
		bool made = mkdirat(fd, part, 0777) == 0;

		if (made)
			sync_folder(target, fd);
		if (made || errno == EEXIST)
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
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	char *at = target->root;

	if (target->root_fd >= 0)
		return 0;
	target->root_fd = open(target->root, flags);
	if (target->root_fd >= 0)
		return 0;
	if (errno != ENOENT || !target->make)
		return blame_root(target, why, "use the folder");
	while (*at != '\0') {
		at += strspn(at, "/");
		at += strcspn(at, "/");
		char end = *at;

		*at = '\0';
		if (mkdir(target->root, 0777) != 0 && errno != EEXIST) {
			int code = blame_root(target, why, "make the folder");

			*at = end;
			return code;
		}
		*at = end;
	}
	target->root_fd = open(target->root, flags);
	return target->root_fd >= 0 ? 0 : blame_root(target, why, "use the folder");
}

static int use_folder(struct local_target *target, const char *relative, size_t len,
		      char why[DFS_WHY])
{
	char *folder, *part, *rest = NULL;
	int fd;

	if (target->folder && strlen(target->folder) == len &&
	    memcmp(target->folder, relative, len) == 0)
		return 0;
	leave_folder(target);
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
		fd = enter(target, fd, part);
	free(walked);
	if (fd < 0) {
		int code = blame_folder(target, why, "make or enter the folder", folder);
		free(folder);
		return code;
	}
	target->folder = folder;
	target->folder_fd = fd;
	return 0;
}

int local_target_enter(struct local_target *target, const char *relative, size_t len,
		       char why[DFS_WHY])
{
	int code = open_root(target, why);

	return code == 0 ? use_folder(target, relative, len, why) : code;
}

/* ---- one file ------------------------------------------------------------------ */

bool local_target_is_safe(const char *relative)
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

/* With a list of who may do what, the bits of the group are the most that anyone gets. */
static bool has_access_list(const struct local_target *target)
{
	char name[sizeof target->name + 32];

	(void)snprintf(name, sizeof name, "/proc/self/fd/%d/%s", target->folder_fd,
		       target->name);
	return lgetxattr(name, "system.posix_acl_access", NULL, 0) > 0;
}

/* What stands at the name now, and whether it may go. */
static int look(struct local_target *target, const struct dfs_file *file,
		char why[DFS_WHY])
{
	struct stat there, behind;
	char text[LOCAL_TARGET_SHOWN];

	target->replaces = target->keeps = false;
	if (fstatat(target->folder_fd, target->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : local_target_blame(target, why, "look at");
	(void)local_target_shown(target, target->folder, target->name, text);
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
		target->keeps = S_ISREG(there.st_mode);
		target->kept = there;
		if (target->keeps && has_access_list(target))
			target->kept.st_mode &= ~(mode_t)070;
		return 0;
	}
	if (S_ISREG(there.st_mode) &&
	    local_is_same(target->folder_fd, target->name, file))
		return LOCAL_TARGET_EQUAL;
	(void)snprintf(why, DFS_WHY, "the local file %s is another one; -f replaces it",
		       text);
	return DFS_EXIT_CONFLICT;
}

/*
 * One that is to be as private as another is so from the beginning.  What somebody else
 * lets all do with his file widens nothing: the umask holds.
 */
static int create(struct local_target *target, bool executable, char why[DFS_WHY])
{
	const struct stat *kept = &target->kept;
	bool foreign = kept->st_uid != geteuid() && geteuid() != 0;
	mode_t mode = target->keeps ? kept->st_mode & (foreign ? 0707 : 0700)
		      : executable  ? 0777
				    : 0666;

	return local_part_create(&target->part, target->folder_fd, mode)
		       ? 0
		       : local_target_blame(target, why, "create");
}

int local_target_begin(struct local_target *target, const char *relative,
		       const struct dfs_file *file, char why[DFS_WHY])
{
	const char *slash = strrchr(relative, '/');
	int code;

	local_target_abandon(target);
	if (!local_target_is_safe(relative)) {
		(void)snprintf(why, DFS_WHY, "this cannot be a local file name");
		return DFS_EXIT_OTHER;
	}
	code = local_target_enter(target, relative,
				  slash ? (size_t)(slash - relative) : 0, why);
	if (code != 0)
		return code;
	strcpy(target->name, slash ? slash + 1 : relative);
	target->modified_ns = file->modified_ns;
	target->link = file->type == DFS_TYPE_LINK;
	target->leads_len = 0;
	if (target->link)
		return 0;
	code = look(target, file, why);
	return code == 0 ? create(target, file->executable, why) : code;
}

int local_target_write(struct local_target *target, const void *bytes, size_t len,
		       char why[DFS_WHY])
{
	if (target->link && len > LOCAL_LINK_MAX - target->leads_len) {
		(void)snprintf(why, DFS_WHY, "leads further than a local link can");
		return DFS_EXIT_OTHER;
	}
	if (target->link) {
		memcpy(target->leads_to + target->leads_len, bytes, len);
		target->leads_len += len;
		return 0;
	}
	return local_part_write(&target->part, bytes, len)
		       ? 0
		       : local_target_blame(target, why, "write");
}

/* ---- the end of a file --------------------------------------------------------- */

/* Owner, group and mode of the file that it replaces, as far as they are allowed. */
static void keep_mode(struct local_target *target)
{
	const struct stat *kept = &target->kept;
	mode_t mode = kept->st_mode & 0777;
	int fd = target->part.fd;
	struct stat now;

	if (fstat(fd, &now) != 0)
		return;
	if ((now.st_uid != kept->st_uid || now.st_gid != kept->st_gid) &&
	    fchown(fd, kept->st_uid, kept->st_gid) != 0)
		(void)!fchown(fd, (uid_t)-1, kept->st_gid);
	/* What its group might was not meant for another one. */
	if (fstat(fd, &now) != 0 || now.st_gid != kept->st_gid)
		mode &= ~(mode_t)070;
	if (now.st_uid != kept->st_uid)
		mode &= now.st_mode;
	if ((now.st_mode & 07777) != mode && fchmod(fd, mode) != 0)
		local_target_warn(target, "the modes of files cannot be set", errno);
}

/* What the file has besides its content; then all of it goes to the disk. */
static bool settle(struct local_target *target)
{
	struct timespec times[2];

	local_target_times(target->modified_ns, times);
	if (target->keeps)
		keep_mode(target);
	if (futimens(target->part.fd, times) != 0)
		local_target_warn(target, "the times of files cannot be set", errno);
	if (fsync(target->part.fd) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return false;
	local_target_warn(target, "the system does not write files to disk when asked",
			  errno);
	return true;
}

int local_target_finish(struct local_target *target, char why[DFS_WHY])
{
	struct local_part *part = &target->part;
	int code;

	if (target->link)
		return local_target_finish_link(target, why);
	if (!local_part_end(part) || !settle(target)) {
		code = local_target_blame(target, why, "write");
	} else if ((!local_part_link(part) &&
		    !(local_part_copy(part) && settle(target))) ||
		   !local_part_rename(part, target->name, target->replaces)) {
		code = local_target_blame(target, why, "create");
	} else {
		target->unsynced = true;
		code = 0;
	}
	local_part_drop(part);
	return code;
}

void local_target_abandon(struct local_target *target)
{
	local_part_drop(&target->part);
}

void local_target_end(struct local_target *target)
{
	local_part_drop(&target->part);
	leave_folder(target);
}

bool local_target_warning(struct local_target *target, char ret[DFS_WHY])
{
	bool any = target->warning[0] != '\0';

	memcpy(ret, target->warning, DFS_WHY);
	target->warning[0] = '\0';
	return any;
}

void local_target_free(struct local_target *target)
{
	if (!target)
		return;
	local_target_end(target);
	if (target->root_fd >= 0)
		(void)close(target->root_fd);
	free(target->root);
	free(target);
}
