/* The folders of a store that is open. */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

void folders_init(struct folders *folders)
{
	folders->data_fd = folders->seg_fd = folders->tmp_fd = folders->lock_fd = -1;
	folders->made = false;
	atomic_init(&folders->names, 0);
}

static int open_folder(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int folders_open(struct folders *folders, const char *data)
{
	if (strlen(data) >= sizeof folders->path)
		return ENAMETOOLONG;
	strcpy(folders->path, data);
	/* Gone with all that was in it: made anew, so that it can be filled again. */
	if (mkdir(data, 0700) == 0)
		folders->made = true;
	else if (errno != EEXIST)
		return errno;
	folders->data_fd = open_folder(AT_FDCWD, data);
	if (folders->data_fd < 0)
		return errno;
	folders->lock_fd =
		openat(folders->data_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (folders->lock_fd < 0)
		return errno;
	if (flock(folders->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? EBUSY : errno;
	/* Both may be gone with the data; then this is RECOVERING, not a failure. */
	if ((mkdirat(folders->data_fd, "seg", 0700) != 0 && errno != EEXIST) ||
	    (mkdirat(folders->data_fd, "tmp", 0700) != 0 && errno != EEXIST))
		return errno;
	folders->seg_fd = open_folder(folders->data_fd, "seg");
	folders->tmp_fd = open_folder(folders->data_fd, "tmp");
	return folders->seg_fd < 0 || folders->tmp_fd < 0 ? errno : 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void folders_close(struct folders *folders)
{
	close_fd(folders->seg_fd);
	close_fd(folders->tmp_fd);
	close_fd(folders->lock_fd);
	close_fd(folders->data_fd);
}

static bool is_named(const struct stat *open, const char *name)
{
	struct stat named;

	return stat(name, &named) == 0 && named.st_dev == open->st_dev &&
	       named.st_ino == open->st_ino;
}

/* By the name by which it was opened, or, when it was moved, by another. */
static bool in_place(const struct folders *folders, int fd, const char *below)
{
	char link[32], name[PATH_MAX + 8];
	struct stat open;
	ssize_t len;

	if (fstat(fd, &open) != 0 || open.st_nlink == 0)
		return false;
	(void)snprintf(name, sizeof name, "%s%s", folders->path, below);
	if (is_named(&open, name))
		return true;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof name - 1);
	name[len > 0 ? len : 0] = '\0';
	return is_named(&open, name);
}

bool folders_in_place(const struct folders *folders)
{
	return in_place(folders, folders->data_fd, "") &&
	       in_place(folders, folders->seg_fd, "/seg") &&
	       in_place(folders, folders->tmp_fd, "/tmp");
}

void folders_tmp_name(struct folders *folders, char *ret)
{
	(void)snprintf(ret, FOLDERS_NAME, "%016llx",
		       (unsigned long long)atomic_fetch_add(&folders->names, 1));
}

void folders_unlink_tmp(const struct folders *folders, const char *name)
{
	if (name[0] != '\0')
		unlinkat(folders->tmp_fd, name, 0);
}

int folders_empty_tmp(const struct folders *folders)
{
	struct dirent *entry;
	DIR *dir = NULL;
	int rc = folders_list(folders->tmp_fd, &dir);

	if (!dir)
		return rc;
	while (rc == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    unlinkat(folders->tmp_fd, entry->d_name, 0) != 0)
			rc = errno;
	closedir(dir);
	return rc;
}

int folders_list(int folder_fd, DIR **ret_dir)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*ret_dir = dir;
	if (dir)
		return 0;
	rc = errno != 0 ? errno : EIO;
	if (fd >= 0)
		close(fd);
	return rc;
}
