/* The recovery file that "key export" writes. */
#include "recovery_file.h"

#include "path.h"
#include "private_file.h"
#include "result.h"
#include "secret.h"
#include "status.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 2048, HEX = 2 * DFS_KEY_LEN + 1 };

/* ---- writing ------------------------------------------------------------------- */

static bool print(FILE *stream, const struct dfs_recovery *recovery)
{
	char cluster[2 * sizeof recovery->cluster + 1];
	char session[2 * sizeof recovery->pass.id + 1], secret[HEX];
	bool printed =
		fprintf(stream,
			"# The recovery file of %s.  Whoever has it can read all files "
			"of this user and\n"
			"# log in as him: keep it away from the servers, and from this "
			"machine.  When the\n"
			"# password is lost:  client passwd --recover THIS-FILE\n"
			"[recovery]\nuser = %s\ncluster = %s\nsession = %s\n"
			"secret = %s\n",
			recovery->user, recovery->user,
			text_hex(recovery->cluster, sizeof recovery->cluster, cluster),
			text_hex(recovery->pass.id, sizeof recovery->pass.id, session),
			text_hex(recovery->pass.secret, DFS_KEY_LEN, secret)) > 0;

	for (size_t i = 0; printed && i < recovery->count; i++)
		printed =
			fprintf(stream, "key%zu = %s\n", i + 1,
				text_hex(recovery->secrets[i], DFS_KEY_LEN, secret)) > 0;
	secret_wipe(secret, sizeof secret);
	return printed && fflush(stream) == 0 && fsync(fileno(stream)) == 0;
}

struct dfs_result recovery_file_write(const char *name,
				      const struct dfs_recovery *recovery)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char buf[FILE_MAX];
	FILE *stream;
	bool written;
	int error;

	if (fd < 0 && errno == EEXIST)
		return result_of(DFS_EXIT_CONFLICT,
				 "%s exists already; choose another name", name);
	if (fd < 0)
		return result_of(DFS_EXIT_OTHER, "cannot create %s: %s", name,
				 strerror(errno));
	stream = fchmod(fd, 0600) == 0 ? fdopen(fd, "w") : NULL;
	if (stream) {
		/* A buffer of one's own can be wiped. */
		(void)setvbuf(stream, buf, _IOFBF, sizeof buf);
		written = print(stream, recovery);
		error = errno;
		written = fclose(stream) == 0 && written;
	} else {
		written = false;
		error = errno;
		(void)close(fd);
	}
	secret_wipe(buf, sizeof buf);
	if (written)
		return (struct dfs_result){.code = DFS_EXIT_DONE};
	(void)unlink(name);
	return result_of(DFS_EXIT_OTHER, "cannot write %s: %s", name, strerror(error));
}

/* ---- reading ------------------------------------------------------------------- */

struct recovery_entries {
	struct dfs_recovery recovery;
	bool has_user, has_cluster, has_session, has_secret;
};

/* "key1" is the first one, and they come in their order. */
static bool take_key(struct dfs_recovery *recovery, const char *number, const char *value)
{
	uint64_t n;

	return text_number(number, 1, DFS_SECRETS_MAX, &n) && n == recovery->count + 1 &&
	       text_unhex(value, recovery->secrets[recovery->count++], DFS_KEY_LEN);
}

static int take_pair(void *context, const char *section, const char *name,
		     const char *value)
{
	struct recovery_entries *entries = context;
	struct dfs_recovery *recovery = &entries->recovery;

	if (strcmp(section, "recovery") != 0)
		return 0;
	if (strcmp(name, "user") == 0 && !path_check_user(value, strlen(value))) {
		(void)snprintf(recovery->user, sizeof recovery->user, "%s", value);
		return entries->has_user = true;
	}
	if (strcmp(name, "cluster") == 0)
		return entries->has_cluster = text_unhex(value, recovery->cluster,
							 sizeof recovery->cluster);
	if (strcmp(name, "session") == 0)
		return entries->has_session = text_unhex(value, recovery->pass.id,
							 sizeof recovery->pass.id);
	if (strcmp(name, "secret") == 0)
		return entries->has_secret =
			       text_unhex(value, recovery->pass.secret, DFS_KEY_LEN);
	return strncmp(name, "key", 3) == 0 && take_key(recovery, name + 3, value);
}

struct dfs_result recovery_file_read(const char *name, struct dfs_recovery *ret)
{
	struct private_file file;
	struct dfs_result result = private_file_open(name, "recovery file", &file);
	struct recovery_entries entries = {.has_user = false};
	bool good;

	memset(ret, 0, sizeof *ret);
	if (result.code != DFS_EXIT_DONE)
		return result;
	good = ini_parse_file(file.stream, take_pair, &entries) == 0 &&
	       entries.has_user && entries.has_cluster && entries.has_session &&
	       entries.has_secret && entries.recovery.count > 0;
	private_file_close(&file);
	if (good)
		*ret = entries.recovery;
	else
		result = result_of(DFS_EXIT_USAGE, "%s is no recovery file, or damaged",
				   name);
	secret_wipe(&entries, sizeof entries);
	return result;
}
