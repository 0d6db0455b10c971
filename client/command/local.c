/* Local files: what is there, trees, pipes, and whether one is like a stored file. */
#include "local.h"

#include "interrupt.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { BUFFER_SIZE = 262144 };

enum local_kind local_kind(const char *name)
{
	struct stat stat_buf;

	if (stat(name, &stat_buf) != 0)
		return LOCAL_NONE;
	if (S_ISREG(stat_buf.st_mode))
		return LOCAL_FILE;
	if (S_ISDIR(stat_buf.st_mode))
		return LOCAL_FOLDER;
	if (S_ISFIFO(stat_buf.st_mode))
		return LOCAL_PIPE;
	return S_ISCHR(stat_buf.st_mode) ? LOCAL_DEVICE : LOCAL_OTHER;
}

int local_descriptor(const char *name)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	uint64_t number;

	if (strcmp(name, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(name, "/dev/stderr") == 0)
		return STDERR_FILENO;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		size_t len = strlen(folders[i]);

		if (strncmp(name, folders[i], len) == 0 &&
		    text_number(name + len, 0, INT_MAX, &number))
			return (int)number;
	}
	return -1;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* fts_number counts what of a folder there is to tell of. */
static bool visit(const struct local_walk *walk, FTSENT *entry, size_t skip)
{
	const char *relative = entry->fts_path + skip;

	relative += strspn(relative, "/");
	switch (entry->fts_info) {
	case FTS_D:
		return true;
	case FTS_DP:
		entry->fts_parent->fts_number++;
		return entry->fts_number > 0 ||
		       walk->empty(walk->context, entry->fts_path, relative);
	case FTS_F:
		entry->fts_parent->fts_number++;
		return walk->file(walk->context, entry->fts_path, relative);
	case FTS_SL:
	case FTS_SLNONE:
		entry->fts_parent->fts_number++;
		return walk->link(walk->context, entry->fts_path, relative);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		walk->left_out(walk->context, entry->fts_path,
			       entry->fts_errno != 0 ? entry->fts_errno : EIO);
		return true;
	default:
		walk->left_out(walk->context, entry->fts_path, 0);
		return true;
	}
}

int local_walk(const char *folder, const struct local_walk *walk)
{
	char *name = strdup(folder);
	char *roots[] = {name, NULL};
	size_t skip = strlen(folder);
	FTS *tree = NULL;
	FTSENT *entry;
	int error = ENOMEM;

	if (!name)
		return ENOMEM;
	tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	if (!tree) {
		error = errno;
		goto free_name;
	}
	while (errno = 0, (entry = fts_read(tree)))
		if (!visit(walk, entry, skip))
			break;
	error = entry ? ECANCELED : errno;
	(void)fts_close(tree);
free_name:
	free(name);
	return error;
}

static int64_t modified_ns(const struct stat *status)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)status->st_mtim.tv_sec, INT64_C(1000000000),
				   &ns) ||
	    __builtin_add_overflow(ns, (int64_t)status->st_mtim.tv_nsec, &ns))
		return status->st_mtim.tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

char *local_read_link(const char *name)
{
	char *target = malloc(LOCAL_LINK_MAX + 1);
	ssize_t len = target ? readlink(name, target, LOCAL_LINK_MAX + 1) : -1;

	if (len > LOCAL_LINK_MAX)
		errno = ENAMETOOLONG;
	if (len < 0 || len > LOCAL_LINK_MAX) {
		free(target);
		return NULL;
	}
	target[len] = '\0';
	return target;
}

int64_t local_modified(const char *name)
{
	struct stat stat_buf;

	return lstat(name, &stat_buf) == 0 ? modified_ns(&stat_buf) : 0;
}

/* A file without a name, 0600. */
static int open_nameless(const char *folder)
{
	char name[PATH_MAX];
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int len;

	if (fd >= 0)
		return fd;
	/* Not every file system knows O_TMPFILE. */
	len = snprintf(name, sizeof name, "%s/dfs-XXXXXX", folder);
	if (len < 0 || (size_t)len >= sizeof name) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0 && unlink(name) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		bytes += put;
		len -= (size_t)put;
	}
	return true;
}

int local_spool(int fd, char why[DFS_WHY])
{
	const char *folder = getenv("TMPDIR");
	char *buf = malloc(BUFFER_SIZE);
	int spool = -1;

	if (!buf) {
		(void)snprintf(why, DFS_WHY, "out of memory");
		return -1;
	}
	if (!folder || *folder == '\0')
		folder = "/tmp";
	spool = open_nameless(folder);
	if (spool < 0) {
		(void)snprintf(why, DFS_WHY,
			       "cannot make a temporary file in %.200s ($TMPDIR): %s",
			       folder, strerror(errno));
		goto fail;
	}
	for (;;) {
		ssize_t got = interrupt_read(fd, buf, BUFFER_SIZE);

		if (got < 0 && errno == EINTR && !interrupt_came())
			continue;
		if (got < 0) {
			(void)snprintf(why, DFS_WHY, "cannot be read: %s",
				       strerror(errno));
			goto fail;
		}
		if (got == 0)
			break;
		if (!write_all(spool, buf, (size_t)got)) {
			(void)snprintf(why, DFS_WHY,
				       "cannot be kept in %.200s ($TMPDIR) while it is "
				       "read: %s",
				       folder, strerror(errno));
			goto fail;
		}
	}
	free(buf);
	return spool;
fail:
	if (spool >= 0)
		(void)close(spool);
	free(buf);
	return -1;
}

/* ---- comparing ----------------------------------------------------------------- */

/* The hash in the order that xxh128sum prints; false on a read error. */
static bool hash(int fd, uint8_t ret_hash[16])
{
	XXH3_state_t *state = XXH3_createState();
	uint8_t *buf = malloc(BUFFER_SIZE);
	XXH128_canonical_t canonical;
	ssize_t got = -1;

	if (state && buf && XXH3_128bits_reset(state) == XXH_OK) {
		while ((got = read(fd, buf, BUFFER_SIZE)) != 0) {
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0 ||
			    XXH3_128bits_update(state, buf, (size_t)got) != XXH_OK)
				break;
		}
		XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
		memcpy(ret_hash, canonical.digest, sizeof canonical.digest);
	}
	free(buf);
	(void)XXH3_freeState(state);
	return got == 0;
}

bool local_is_same(int folder_fd, const char *name, const struct dfs_file *file)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat_buf;
	uint8_t found[16];
	bool same = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &stat_buf) == 0 && S_ISREG(stat_buf.st_mode) &&
	    (uint64_t)stat_buf.st_size == file->size && hash(fd, found))
		same = memcmp(found, file->xxh128, sizeof found) == 0;
	(void)close(fd);
	return same;
}
