/* The file that "login" leaves behind. */
#include "session_file.h"

#include "ballot.h"
#include "clock.h"
#include "path.h"
#include "private_file.h"
#include "result.h"
#include "secret.h"
#include "status.h"
#include "text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_HEX = 2 * DFS_KEY_LEN + 1, TEXT_MAX = 512 };

#define OWN_PLACE "name a folder of your own in XDG_RUNTIME_DIR"

/* Who logged out last: no user's name begins with a dot. */
#define LEFT ".left"

/* ---- where --------------------------------------------------------------------- */

static bool is_mine(const char *folder)
{
	struct stat stat_buf;

	return stat(folder, &stat_buf) == 0 && S_ISDIR(stat_buf.st_mode) &&
	       stat_buf.st_uid == geteuid();
}

/*
 * A variable that su or "sudo -E" has kept names a folder of somebody else, who could
 * neither use nor remove what is made in it.  One that is not there yet may be made.
 */
static bool may_be_mine(const char *folder)
{
	return folder && folder[0] == '/' &&
	       (is_mine(folder) || access(folder, F_OK) != 0);
}

/* Joins as printf does; false when it does not fit. */
__attribute__((format(printf, 2, 3))) static bool fill(char path[PATH_MAX],
						       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int len = vsnprintf(path, PATH_MAX, format, arguments);
	va_end(arguments);
	return len > 0 && len < PATH_MAX;
}

/* Of who runs this, whatever HOME says; false when it is somebody else's, too. */
static bool find_own_home(char home[PATH_MAX])
{
	struct passwd entry, *found = NULL;
	char buf[4096];

	return getpwuid_r(geteuid(), &entry, buf, sizeof buf, &found) == 0 && found &&
	       may_be_mine(entry.pw_dir) && fill(home, "%s", entry.pw_dir);
}

/*
 * The folder "dfs" in which the clusters have theirs; false when there is no place for
 * it.
 */
static bool find_base(char base[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	char own[64], own_home[PATH_MAX];

	/* A relative one is to be ignored (XDG base directory specification). */
	if (may_be_mine(runtime))
		return fill(base, "%s/dfs", runtime);
	(void)snprintf(own, sizeof own, "/run/user/%lu", (unsigned long)geteuid());
	if (is_mine(own))
		return fill(base, "%s/dfs", own);
	if (home && home[0] == '/' && !may_be_mine(home))
		home = find_own_home(own_home) ? own_home : NULL;
	return may_be_mine(home) && fill(base, "%s/.local/state/dfs", home);
}

static bool find_folder(const dfs_id *cluster, char folder[PATH_MAX])
{
	char base[PATH_MAX], id[ID_TEXT];

	return find_base(base) && fill(folder, "%s/%s", base, id_text(cluster, id));
}

static bool find_file(const dfs_id *cluster, const char *user, char file[PATH_MAX])
{
	char folder[PATH_MAX];

	return find_folder(cluster, folder) && fill(file, "%s/%s", folder, user);
}

static struct dfs_result no_place(void)
{
	return result_of(DFS_EXIT_OTHER, "there is no place for a session: " OWN_PLACE);
}

static struct dfs_result no_session(void)
{
	return (struct dfs_result){.code = DFS_EXIT_MISSING};
}

/* Makes the folder with those above it that are missing; all are for this user alone. */
static bool make_folders(char *folder)
{
	int refused = 0; /* why the folder above could not be made, if it is not there */

	for (char *at = folder + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		bool there = mkdir(folder, 0700) == 0 || errno == EEXIST;
		*at = '/';
		if (!there && errno != EROFS && errno != EACCES && refused == 0)
			return false;
		if (there || refused == 0)
			refused = there ? 0 : errno;
	}
	if (mkdir(folder, 0700) == 0 || errno == EEXIST)
		return true;
	if (errno == ENOENT && refused != 0)
		errno = refused;
	return false;
}

/* Whoever may write here could put another session in its place. */
static struct dfs_result check_folder(const char *folder)
{
	struct stat stat_buf;

	if (lstat(folder, &stat_buf) != 0)
		return result_of(DFS_EXIT_OTHER, "cannot look at %s: %s", folder,
				 strerror(errno));
	if (!S_ISDIR(stat_buf.st_mode) || stat_buf.st_uid != geteuid())
		return result_of(
			DFS_EXIT_DENIED,
			"%s is not a folder of your own: sessions cannot be kept "
			"there; " OWN_PLACE,
			folder);
	if ((stat_buf.st_mode & 022) != 0)
		return result_of(DFS_EXIT_DENIED,
				 "others than you may write into %s: chmod 700 %s",
				 folder, folder);
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

/* ---- reading ------------------------------------------------------------------- */

struct session_entries {
	char user[DFS_USER_MAX + 1];
	struct dfs_pass pass;
	bool has_user, has_id, has_secret, has_ends;
};

static int take_pair(void *context, const char *section, const char *name,
		     const char *value)
{
	struct session_entries *entries = context;
	uint64_t ends;

	if (strcmp(section, "session") != 0)
		return 0;
	if (strcmp(name, "user") == 0 && !path_check_user(value, strlen(value))) {
		(void)snprintf(entries->user, sizeof entries->user, "%s", value);
		return entries->has_user = true;
	}
	if (strcmp(name, "id") == 0)
		return entries->has_id = text_unhex(value, entries->pass.id,
						    sizeof entries->pass.id);
	if (strcmp(name, "secret") == 0)
		return entries->has_secret = text_unhex(value, entries->pass.secret,
							sizeof entries->pass.secret);
	if (strcmp(name, "ends") == 0 && text_number(value, 1, INT64_MAX, &ends)) {
		entries->pass.ends_ns = (int64_t)ends;
		return entries->has_ends = true;
	}
	return 0;
}

static bool parse(FILE *stream, const char *user, struct dfs_pass *ret)
{
	struct session_entries entries = {.has_user = false};
	bool good = ini_parse_file(stream, take_pair, &entries) == 0 &&
		    entries.has_user && entries.has_id && entries.has_secret &&
		    entries.has_ends && strcmp(entries.user, user) == 0;

	if (good)
		*ret = entries.pass;
	secret_wipe(&entries, sizeof entries);
	return good;
}

struct dfs_result session_file_read(const dfs_id *cluster, const char *user,
				    struct dfs_pass *ret)
{
	struct private_file file;
	struct dfs_result result;
	char name[PATH_MAX];

	memset(ret, 0, sizeof *ret);
	if (!find_file(cluster, user, name))
		return no_session();
	result = private_file_open(name, "session", &file);
	if (result.code == DFS_EXIT_OTHER && (errno == ENOENT || errno == ENOTDIR))
		return no_session();
	if (result.code == DFS_EXIT_OTHER && errno == EACCES)
		return result_of(DFS_EXIT_MISSING,
				 "%s is not logged in, for the session %s cannot be "
				 "opened (%s): if somebody else has left it there, let "
				 "him remove it, or " OWN_PLACE ", and log in",
				 user, name, strerror(EACCES));
	if (result.code != DFS_EXIT_DONE)
		return result;
	if (!parse(file.stream, user, ret))
		result = result_of(
			DFS_EXIT_OTHER,
			"the session %s is damaged: remove it and log in again", name);
	private_file_close(&file);
	return result;
}

/* ---- writing ------------------------------------------------------------------- */

static bool write_text(int fd, const char *user, const struct dfs_pass *pass)
{
	char id[2 * sizeof pass->id + 1], secret[SECRET_HEX], text[TEXT_MAX];
	int len = snprintf(
		text, sizeof text,
		"[session]\nuser = %s\nid = %s\nsecret = %s\nends = %" PRId64 "\n", user,
		text_hex(pass->id, sizeof pass->id, id),
		text_hex(pass->secret, sizeof pass->secret, secret), pass->ends_ns);
	bool written = len > 0 && (size_t)len < sizeof text && fchmod(fd, 0600) == 0 &&
		       write(fd, text, (size_t)len) == len && fsync(fd) == 0;

	secret_wipe(secret, sizeof secret);
	secret_wipe(text, sizeof text);
	return written;
}

struct dfs_result session_file_write(const dfs_id *cluster, const char *user,
				     const struct dfs_pass *pass)
{
	char folder[PATH_MAX], file[PATH_MAX], beside[PATH_MAX];
	struct dfs_result result;
	int fd, error;

	if (!find_folder(cluster, folder) || !find_file(cluster, user, file) ||
	    !fill(beside, "%s/.XXXXXX", folder))
		return no_place();
	if (!make_folders(folder))
		return result_of(DFS_EXIT_OTHER,
				 "cannot make the folder %s: %s; " OWN_PLACE, folder,
				 strerror(errno));
	result = check_folder(folder);
	if (result.code != DFS_EXIT_DONE)
		return result;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return result_of(DFS_EXIT_OTHER, "cannot write into %s: %s; " OWN_PLACE,
				 folder, strerror(errno));
	if (write_text(fd, user, pass) && rename(beside, file) == 0) {
		(void)close(fd);
		/* Who logs in says who it is from now on. */
		if (fill(beside, "%s/" LEFT, folder))
			(void)unlink(beside);
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	}
	error = errno;
	(void)close(fd);
	(void)unlink(beside);
	return result_of(DFS_EXIT_OTHER, "cannot write the session %s: %s", file,
			 strerror(error));
}

struct dfs_result session_file_remove(const dfs_id *cluster, const char *user)
{
	char file[PATH_MAX];

	if (!find_file(cluster, user, file))
		return result_of(DFS_EXIT_MISSING, "not logged in");
	if (unlink(file) == 0)
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	if (errno == ENOENT || errno == ENOTDIR)
		return result_of(DFS_EXIT_MISSING, "not logged in");
	return result_of(DFS_EXIT_OTHER, "cannot remove the session %s: %s", file,
			 strerror(errno));
}

/* ---- whose --------------------------------------------------------------------- */

/*
 * 2: a good one, or one that is to be put in order: whoever it is for is to hear what is
 * wrong with it.  1: one that somebody else has left.  0: it has ended.
 */
static int rank(const dfs_id *cluster, const char *user)
{
	struct dfs_pass pass;
	int code = session_file_read(cluster, user, &pass).code;
	bool ended = code == DFS_EXIT_DONE && pass.ends_ns <= clock_wall_ns();

	secret_wipe(&pass, sizeof pass);
	if (code == DFS_EXIT_MISSING)
		return 1;
	return ended ? 0 : 2;
}

/* Who logged out here last, if nobody has logged in since. */
static bool read_left(const dfs_id *cluster, char *ret_user)
{
	char name[PATH_MAX], text[DFS_USER_MAX + 2] = "";
	FILE *stream = find_file(cluster, LEFT, name) ? fopen(name, "re") : NULL;
	bool good = stream && fgets(text, sizeof text, stream);

	if (stream)
		(void)fclose(stream);
	text[strcspn(text, "\n")] = '\0';
	if (!good || path_check_user(text, strlen(text)))
		return false;
	memcpy(ret_user, text, strlen(text) + 1);
	return true;
}

void session_file_stay(const dfs_id *cluster, const char *user)
{
	char name[PATH_MAX];
	int fd = find_file(cluster, LEFT, name)
			 ? open(name,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
				0600)
			 : -1;

	if (fd < 0)
		return;
	(void)dprintf(fd, "%s\n", user);
	(void)close(fd);
}

/* Of those of the best rank the newest; none below least is taken. */
static bool find_newest(const dfs_id *cluster, int least, char *ret_user)
{
	char folder[PATH_MAX];
	DIR *dir = find_folder(cluster, folder) ? opendir(folder) : NULL;
	struct timespec newest = {0};
	const struct dirent *entry;
	int best = least;
	bool found = false;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		struct stat stat_buf;

		if (path_check_user(name, strlen(name)) ||
		    fstatat(dirfd(dir), name, &stat_buf, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		const struct timespec *time = &stat_buf.st_mtim;
		int of_this = rank(cluster, name);

		if (of_this < best ||
		    (found && of_this == best &&
		     (time->tv_sec < newest.tv_sec ||
		      (time->tv_sec == newest.tv_sec && time->tv_nsec < newest.tv_nsec))))
			continue;
		newest = *time;
		best = of_this;
		found = true;
		memcpy(ret_user, name, strlen(name) + 1); /* it is a user name */
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

bool session_file_any(const dfs_id *cluster, char *ret_user)
{
	return find_newest(cluster, 1, ret_user);
}

/* On the morning after, one still is who one was, and not one's log-in name. */
bool session_file_newest(const dfs_id *cluster, char *ret_user)
{
	return read_left(cluster, ret_user) || find_newest(cluster, 0, ret_user);
}

void session_file_each(const dfs_id *cluster,
		       void (*user)(void *context, const char *name), void *context)
{
	char folder[PATH_MAX];
	DIR *dir = find_folder(cluster, folder) ? opendir(folder) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!path_check_user(entry->d_name, strlen(entry->d_name)) &&
		    rank(cluster, entry->d_name) == 2)
			user(context, entry->d_name);
	if (dir)
		(void)closedir(dir);
}
