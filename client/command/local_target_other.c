/* Symbolic links and folders among what is fetched. */
#include "local_target_internal.h"

#include "ballot.h"
#include "status.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void local_target_times(int64_t modified_ns, struct timespec ret[2])
{
	int64_t seconds = modified_ns / 1000000000, rest = modified_ns % 1000000000;

	ret[0] = (struct timespec){.tv_nsec = UTIME_NOW};
	ret[1].tv_sec = (time_t)(rest < 0 ? seconds - 1 : seconds);
	ret[1].tv_nsec = (long)(rest < 0 ? rest + 1000000000 : rest);
}

/* ---- links ----------------------------------------------------------------------- */

/* Is there this very link already? */
static bool is_same(const struct local_target *target)
{
	char there[LOCAL_LINK_MAX + 1];
	ssize_t len = readlinkat(target->folder_fd, target->name, there, sizeof there);

	return len >= 0 && (size_t)len == target->leads_len &&
	       memcmp(there, target->leads_to, target->leads_len) == 0;
}

/* May what stands at the name go?  0, or a code, with why. */
static int look(struct local_target *target, char why[DFS_WHY])
{
	char text[LOCAL_TARGET_SHOWN];
	struct stat there;

	target->replaces = false;
	if (fstatat(target->folder_fd, target->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : local_target_blame(target, why, "look at");
	(void)local_target_shown(target, target->folder, target->name, text);
	if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode)) {
		(void)snprintf(why, DFS_WHY,
			       "the local name %s is not that of a regular file or link",
			       text);
		return DFS_EXIT_CONFLICT;
	}
	target->replaces = target->force;
	if (target->force)
		return 0;
	(void)snprintf(why, DFS_WHY, "the local file %s is another one; -f replaces it",
		       text);
	return DFS_EXIT_CONFLICT;
}

/* Under a temporary name first, where something is replaced. */
static bool make_link(struct local_target *target)
{
	char name[LOCAL_PART_NAME], text[ID_TEXT];
	int folder = target->folder_fd, error;
	dfs_id id;

	if (!target->replaces)
		return symlinkat(target->leads_to, folder, target->name) == 0;
	if (!id_random(&id)) {
		errno = EIO;
		return false;
	}
	(void)snprintf(name, sizeof name, ".dfs-%s.part", id_text(&id, text));
	if (symlinkat(target->leads_to, folder, name) != 0)
		return false;
	if (renameat(folder, name, folder, target->name) == 0)
		return true;
	error = errno;
	(void)unlinkat(folder, name, 0);
	errno = error;
	return false;
}

int local_target_finish_link(struct local_target *target, char why[DFS_WHY])
{
	struct timespec times[2];
	int code;

	target->link = false;
	target->leads_to[target->leads_len] = '\0';
	if (is_same(target))
		return 0;
	if (target->leads_len == 0 || strlen(target->leads_to) != target->leads_len) {
		(void)snprintf(why, DFS_WHY, "leads to what cannot be a local name");
		return DFS_EXIT_OTHER;
	}
	code = look(target, why);
	if (code != 0)
		return code;
	if (!make_link(target))
		return local_target_blame(target, why, "create");
	target->unsynced = true;
	local_target_times(target->modified_ns, times);
	if (utimensat(target->folder_fd, target->name, times, AT_SYMLINK_NOFOLLOW) != 0)
		local_target_warn(target, "the times of links cannot be set", errno);
	return 0;
}

/* ---- folders --------------------------------------------------------------------- */

int local_target_folder(struct local_target *target, const char *relative,
			char why[DFS_WHY])
{
	local_target_abandon(target);
	if (*relative != '\0' && !local_target_is_safe(relative)) {
		(void)snprintf(why, DFS_WHY, "this cannot be a local name");
		return DFS_EXIT_OTHER;
	}
	return local_target_enter(target, relative, strlen(relative), why);
}

int local_target_folder_time(struct local_target *target, const char *relative,
			     int64_t modified_ns, char why[DFS_WHY])
{
	struct timespec times[2];
	int code = local_target_folder(target, relative, why), fd;

	if (code != 0)
		return code;
	local_target_times(modified_ns, times);
	fd = openat(target->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || futimens(fd, times) != 0)
		local_target_warn(target, "the times of folders cannot be set", errno);
	if (fd >= 0)
		(void)close(fd);
	return 0;
}
