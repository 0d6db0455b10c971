/* A local file while it is being written. */
#include "local_part.h"

#include "ballot.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_SIZE = 262144 };

/* ---- signals ------------------------------------------------------------------- */

/*
 * The temporary name that there may be.  The name is written only while folder_fd is -1:
 * the handler may run in any thread.
 */
static struct {
	_Atomic int folder_fd; /* -1: none */
	char name[LOCAL_PART_NAME];
} leftover = {.folder_fd = -1};

/* unlinkat, sigaction and raise may be called in here. */
static void clean_up(int number)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	int folder_fd = atomic_load(&leftover.folder_fd);

	if (folder_fd >= 0)
		(void)unlinkat(folder_fd, leftover.name, 0);
	(void)sigaction(number, &plain, NULL);
	(void)raise(number);
}

/* From the first temporary name on; a signal that is ignored stays so. */
static void catch_signals(void)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	static bool caught;
	const struct sigaction catch = {.sa_handler = clean_up};
	struct sigaction before;

	for (size_t i = 0; !caught && i < sizeof ending / sizeof ending[0]; i++)
		if (sigaction(ending[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_DFL)
			(void)sigaction(ending[i], &catch, NULL);
	caught = true;
}

/* ---- names --------------------------------------------------------------------- */

static void forget_name(struct local_part *part)
{
	atomic_store(&leftover.folder_fd, -1);
	part->name[0] = '\0';
}

/* Chooses a temporary name, and has signals take it away before it is there. */
static bool choose_name(struct local_part *part)
{
	char text[ID_TEXT];
	dfs_id id;

	if (!id_random(&id)) {
		errno = EIO;
		return false;
	}
	(void)snprintf(part->name, sizeof part->name, ".dfs-%s.part", id_text(&id, text));
	catch_signals();
	memcpy(leftover.name, part->name, sizeof leftover.name);
	atomic_store(&leftover.folder_fd, part->folder_fd);
	return true;
}

/* Whether a file without a name could get one later. */
static bool can_link(void)
{
	return access("/proc/self/fd", X_OK) == 0;
}

static bool create_named(struct local_part *part)
{
	if (!choose_name(part))
		return false;
	part->fd = openat(part->folder_fd, part->name,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, part->mode);
	if (part->fd < 0)
		forget_name(part);
	return part->fd >= 0;
}

void local_part_init(struct local_part *part)
{
	memset(part, 0, sizeof *part);
	part->folder_fd = part->fd = -1;
}

bool local_part_create(struct local_part *part, int folder_fd, mode_t mode)
{
	local_part_init(part);
	part->folder_fd = folder_fd;
	part->mode = mode;
	if (can_link())
		part->fd = openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	return part->fd >= 0 || create_named(part);
}

bool local_part_link(struct local_part *part)
{
	char self[64];

	if (part->name[0] != '\0')
		return true;
	if (!choose_name(part))
		return false;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", part->fd);
	if (linkat(AT_FDCWD, self, part->folder_fd, part->name, AT_SYMLINK_FOLLOW) == 0)
		return true;
	forget_name(part);
	return false;
}

/* Without renameat2 and links: takes the name first, then puts the file there. */
static bool reserve_and_rename(struct local_part *part, const char *name)
{
	int folder = part->folder_fd, error;
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	(void)close(fd);
	if (renameat(folder, part->name, folder, name) == 0)
		return true;
	error = errno;
	(void)unlinkat(folder, name, 0);
	errno = error;
	return false;
}

/* One that appeared there meanwhile stays. */
static bool rename_new(struct local_part *part, const char *name)
{
	int folder = part->folder_fd;

	if (renameat2(folder, part->name, folder, name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno == EEXIST)
		return false;
	/* Not every file system knows that, and not every one knows links. */
	if (linkat(folder, part->name, folder, name, 0) == 0) {
		(void)unlinkat(folder, part->name, 0);
		return true;
	}
	return errno != EEXIST && reserve_and_rename(part, name);
}

bool local_part_rename(struct local_part *part, const char *name, bool replaces)
{
	int folder = part->folder_fd;

	if (replaces ? renameat(folder, part->name, folder, name) != 0
		     : !rename_new(part, name))
		return false;
	forget_name(part);
	return true;
}

void local_part_drop(struct local_part *part)
{
	if (part->name[0] != '\0') {
		(void)unlinkat(part->folder_fd, part->name, 0);
		forget_name(part);
	}
	if (part->fd >= 0)
		(void)close(part->fd);
	part->fd = -1;
}

/* ---- content ------------------------------------------------------------------- */

static bool write_at(int fd, const uint8_t *bytes, size_t len, uint64_t at)
{
	while (len > 0) {
		ssize_t put = pwrite(fd, bytes, len, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		bytes += put;
		at += (uint64_t)put;
		len -= (size_t)put;
	}
	return true;
}

static bool is_zero(const uint8_t *block)
{
	return block[0] == 0 && memcmp(block, block + 1, LOCAL_PART_BLOCK - 1) == 0;
}

/* Whole blocks: those in a row that are not zeros in one call. */
static bool add_blocks(struct local_part *part, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t run = 0;

		while (run < len && !is_zero(bytes + run))
			run += LOCAL_PART_BLOCK;
		if (!write_at(part->fd, bytes, run, part->size))
			return false;
		part->ends_in_hole = run == 0;
		if (run == 0)
			run = LOCAL_PART_BLOCK;
		part->size += run;
		bytes += run;
		len -= run;
	}
	return true;
}

bool local_part_write(struct local_part *part, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	size_t whole;

	if (part->filled > 0) {
		size_t room = LOCAL_PART_BLOCK - part->filled;
		size_t more = len < room ? len : room;

		memcpy(part->block + part->filled, from, more);
		part->filled += more;
		from += more;
		len -= more;
		if (part->filled < LOCAL_PART_BLOCK)
			return true;
		if (!add_blocks(part, part->block, LOCAL_PART_BLOCK))
			return false;
		part->filled = 0;
	}
	whole = len - len % LOCAL_PART_BLOCK;
	if (!add_blocks(part, from, whole))
		return false;
	part->filled = len - whole;
	memcpy(part->block, from + whole, part->filled);
	return true;
}

bool local_part_end(struct local_part *part)
{
	static const uint8_t zero;

	if (part->filled > 0)
		return write_at(part->fd, part->block, part->filled, part->size);
	/* A file system that does not lengthen files has no holes either. */
	return !part->ends_in_hole || ftruncate(part->fd, (off_t)part->size) == 0 ||
	       write_at(part->fd, &zero, 1, part->size - 1);
}

static bool copy_from(struct local_part *part, int from, uint8_t *buffer)
{
	ssize_t got;

	for (uint64_t at = 0;; at += (uint64_t)got) {
		got = pread(from, buffer, COPY_SIZE, (off_t)at);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			break;
		else if (!local_part_write(part, buffer, (size_t)got))
			return false;
	}
	return got == 0 && local_part_end(part);
}

bool local_part_copy(struct local_part *part)
{
	uint8_t *buffer = malloc(COPY_SIZE);
	int from = part->fd, error;
	bool good = false;

	if (!buffer)
		return false;
	part->fd = -1;
	part->size = part->filled = 0;
	part->ends_in_hole = false;
	if (create_named(part))
		good = copy_from(part, from, buffer);
	error = errno;
	(void)close(from);
	free(buffer);
	errno = error;
	return good;
}
