/* The mark that there was a store. */
#include "mark.h"

#include "log.h"
#include "store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The line that tells a disk of its own, which is nothing but its mount point without. */
static const char mounted_line[] = "A disk is mounted there.\n";

/* Is the folder the root of a mounted file system? */
static bool is_mounted(const char *folder)
{
	char above[PATH_MAX + 4];
	struct stat own, parent;

	(void)snprintf(above, sizeof above, "%s/..", folder);
	return stat(folder, &own) == 0 && stat(above, &parent) == 0 &&
	       own.st_dev != parent.st_dev;
}

static bool is_empty(const char *folder)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	bool empty = dir;

	while (empty && (entry = readdir(dir)))
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	if (dir)
		closedir(dir);
	return empty;
}

bool mark_allows(const struct settings *settings, char *why, size_t why_size)
{
	char text[2 * PATH_MAX];
	const char *wrong = NULL;
	struct stat status;
	ssize_t len;
	int fd;

	if (settings->replace_store)
		return true;
	fd = open(settings->mark, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	len = read(fd, text, sizeof text - 1);
	(void)close(fd);
	text[len > 0 ? len : 0] = '\0';
	if (stat(settings->data, &status) != 0 && errno == ENOENT)
		wrong = "is missing";
	else if (strstr(text, mounted_line) && !is_mounted(settings->data) &&
		 is_empty(settings->data))
		wrong = "is empty, and the disk that was mounted there is not";
	if (!wrong)
		return true;
	(void)snprintf(
		why, why_size,
		"%s %s, though this server has had a store (%s says so): mount its "
		"disk; or, where the store is lost, start once with "
		"--replace-store, and it takes everything from the other servers",
		settings->data, wrong, settings->mark);
	return false;
}

static bool write_mark(const char *file, const struct settings *settings)
{
	char text[2 * PATH_MAX];
	int len = snprintf(text, sizeof text,
			   "%s has its store in %s.\n%sWithout it this server does not "
			   "start, unless with --replace-store.\n",
			   settings->name, settings->data,
			   is_mounted(settings->data) ? mounted_line : "");
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written = fd >= 0 && write(fd, text, (size_t)len) == len;

	if (fd >= 0 && close(fd) != 0)
		written = false;
	return written;
}

void mark_leave(const struct settings *settings)
{
	char fresh[PATH_MAX + 8];

	(void)snprintf(fresh, sizeof fresh, "%s.new", settings->mark);
	if (!write_mark(fresh, settings) || rename(fresh, settings->mark) != 0)
		log_event(LOG_WARN, "no-mark", "why=%s", strerrorname_np(errno));
}
