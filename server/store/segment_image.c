/*
 * Building a segment.
 *
 * gdbm ignores some errors of its own writes (a bucket that could not be written), so
 * that sealing asks gdbm_needs_recovery as well; and a handle is closed only after the
 * file has been sealed, because gdbm_close would swallow an error of its fsync.
 */
#include "segment_image.h"

#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SMALL_BLOCK = 512, /* a file with one record has 2 KiB */
	LARGE_BLOCK = 4096,
	FEW_RECORDS = 64, /* so many fit small blocks well */
	CACHED_BUCKETS = 16,
	NAME_MAX_LEN = 64,
	WRITE_BEHIND = 8 << 20 /* so much is not left to the last fsync */
};

struct segment_image {
	GDBM_FILE gdbm;
	int tmp_fd;              /* -1: in memory */
	char name[NAME_MAX_LEN]; /* empty once there is no file to unlink */
	uint64_t added, started; /* bytes added, and of those already on their way */
};

/* A disk may be full for this process or this user alone (setrlimit(2), quotas). */
static int disk_error(int error)
{
	return error == EFBIG || error == EDQUOT ? ENOSPC : error;
}

/* gdbm writes and syncs a new database's first blocks; in memory that costs nothing. */
static struct segment_image *start(int fd, int block, int flags)
{
	struct segment_image *image = calloc(1, sizeof *image);
	int cached = CACHED_BUCKETS;

	if (!image) {
		close(fd);
		return NULL;
	}
	image->tmp_fd = -1;
	errno = 0;
	image->gdbm =
		gdbm_fd_open(fd, "segment", block,
			     flags | GDBM_NOLOCK | GDBM_BSEXACT | GDBM_CLOERROR, NULL);
	if (!image->gdbm ||
	    gdbm_setopt(image->gdbm, GDBM_SETCACHESIZE, &cached, sizeof cached) != 0) {
		int error = errno ? disk_error(errno) : ENOMEM;

		segment_image_free(image);
		errno = error;
		return NULL;
	}
	return image;
}

struct segment_image *segment_image_in_memory(size_t records)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);

	if (fd < 0)
		return NULL;
	return start(fd, records <= FEW_RECORDS ? SMALL_BLOCK : LARGE_BLOCK, GDBM_NEWDB);
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return disk_error(errno);
		if (n == 0)
			return EIO;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Copies the image's bytes into a new file. */
static int copy_image(const struct segment_image *image, int fd)
{
	int from = gdbm_fdesc(image->gdbm);
	struct stat status;
	void *bytes;
	int rc;

	if (fstat(from, &status) != 0)
		return errno;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, from, 0);
	if (bytes == MAP_FAILED)
		return errno;
	rc = write_all(fd, bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return rc;
}

static int create_file(int tmp_fd, const char *name)
{
	return openat(tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      0600);
}

/* The empty database comes from memory: gdbm would make it in the file with an fsync. */
struct segment_image *segment_image_in_file(int tmp_fd, const char *name)
{
	int fd = memfd_create("segment", MFD_CLOEXEC), file, rc;
	struct segment_image *empty = fd < 0 ? NULL : start(fd, LARGE_BLOCK, GDBM_NEWDB),
			     *image;

	if (!empty)
		return NULL;
	file = create_file(tmp_fd, name);
	if (file < 0) {
		rc = disk_error(errno);
		segment_image_free(empty);
		errno = rc;
		return NULL;
	}
	rc = copy_image(empty, file);
	segment_image_free(empty);
	if (rc != 0)
		goto fail;
	if (lseek(file, 0, SEEK_SET) != 0) {
		rc = errno;
		goto fail;
	}
	image = start(file, 0, GDBM_WRITER | GDBM_NOMMAP);
	if (!image) {
		rc = errno;
		unlinkat(tmp_fd, name, 0);
		errno = rc;
		return NULL;
	}
	image->tmp_fd = tmp_fd;
	(void)snprintf(image->name, sizeof image->name, "%s", name);
	return image;
fail:
	close(file);
	unlinkat(tmp_fd, name, 0);
	errno = rc;
	return NULL;
}

void segment_image_free(struct segment_image *image)
{
	if (!image)
		return;
	if (image->tmp_fd >= 0 && image->name[0] != '\0') {
		unlinkat(image->tmp_fd, image->name, 0);
		/* gdbm_close syncs: nothing should be left to write.  A hint, no more. */
		if (image->gdbm && ftruncate(gdbm_fdesc(image->gdbm), 0) != 0)
			errno = 0;
	}
	if (image->gdbm)
		gdbm_close(image->gdbm);
	free(image);
}

/* An errno for what gdbm last said of this image. */
static int image_error(const struct segment_image *image)
{
	int error = gdbm_last_syserr(image->gdbm);

	switch (gdbm_last_errno(image->gdbm)) {
	case GDBM_ITEM_NOT_FOUND:
		return ENOENT;
	case GDBM_MALLOC_ERROR:
		return ENOMEM;
	case GDBM_CANNOT_REPLACE:
		return EEXIST;
	default:
		return error != 0 ? disk_error(error) : EIO;
	}
}

/* A store that failed may have left the file half changed: nothing is added any more. */
static int broken(const struct segment_image *image)
{
	return gdbm_needs_recovery(image->gdbm) ? image_error(image) : 0;
}

/* Large files go to the disk as they grow, so that the fsync at the end is short. */
static void write_behind(struct segment_image *image)
{
	if (image->tmp_fd < 0 || image->added - image->started < WRITE_BEHIND)
		return;
	image->started = image->added;
	/* Only a hint; the fsync of the seal reports what goes wrong. */
	sync_file_range(gdbm_fdesc(image->gdbm), 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* datum has no const, though gdbm only reads what it is given. */
static datum as_datum(const void *bytes, size_t len)
{
	union {
		const void *constant;
		void *plain;
	} pointer = {.constant = bytes};

	return (datum){.dptr = pointer.plain, .dsize = (int)len};
}

int segment_image_add(struct segment_image *image, const struct frame_key *key,
		      const void *frame, size_t len)
{
	int rc = broken(image);

	if (rc != 0)
		return rc;
	errno = 0;
	rc = gdbm_store(image->gdbm, as_datum(key->bytes, key->len), as_datum(frame, len),
			GDBM_INSERT);
	if (rc > 0)
		return EEXIST;
	if (rc < 0)
		return image_error(image);
	image->added += key->len + len;
	write_behind(image);
	return broken(image);
}

int segment_image_fetch(struct segment_image *image, const struct frame_key *key,
			void **ret_record, size_t *ret_len)
{
	datum found = gdbm_fetch(image->gdbm, as_datum(key->bytes, key->len));

	if (!found.dptr)
		return image_error(image);
	*ret_record = found.dptr;
	*ret_len = (size_t)found.dsize;
	return 0;
}

bool segment_image_has(struct segment_image *image, const struct frame_key *key)
{
	return gdbm_exists(image->gdbm, as_datum(key->bytes, key->len)) != 0;
}

uint64_t segment_image_bytes(const struct segment_image *image)
{
	struct stat status;

	if (fstat(gdbm_fdesc(image->gdbm), &status) != 0)
		return image->added;
	return (uint64_t)status.st_size;
}

const char *segment_image_file(const struct segment_image *image)
{
	return image->name;
}

static int finish_file(int fd, bool fsync_file)
{
	if (fchmod(fd, 0400) != 0)
		return errno;
	if (fsync_file && fsync(fd) != 0)
		return disk_error(errno);
	return 0;
}

static int seal_memory(struct segment_image *image, int tmp_fd, const char *name,
		       bool fsync_file)
{
	int fd = create_file(tmp_fd, name), rc;

	if (fd < 0)
		return disk_error(errno);
	rc = copy_image(image, fd);
	if (rc == 0)
		rc = finish_file(fd, fsync_file);
	if (close(fd) != 0 && rc == 0)
		rc = errno;
	if (rc != 0)
		unlinkat(tmp_fd, name, 0);
	else
		(void)snprintf(image->name, sizeof image->name, "%s", name);
	return rc;
}

int segment_image_seal(struct segment_image *image, int tmp_fd, const char *name,
		       bool fsync_file)
{
	int rc = broken(image);

	if (rc != 0)
		return rc;
	if (image->tmp_fd < 0)
		return seal_memory(image, tmp_fd, name, fsync_file);
	rc = finish_file(gdbm_fdesc(image->gdbm), fsync_file);
	if (rc == 0)
		image->tmp_fd = -1;
	return rc;
}
