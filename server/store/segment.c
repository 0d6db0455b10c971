/*
 * Reading sealed segments.
 *
 * Locks: a segment's own mutex is held over every use of its gdbm handle, which one
 * thread at a time may use; the cache's mutex, taken inside it, guards the list of open
 * handles.  To close another segment's handle its mutex is only tried for: who is busy is
 * not least recently used.
 */
#include "segment.h"

#include "text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * gdbm keeps, for each bucket in its cache, the last record read from it.  One bucket of
 * 4 KiB is read again from the page cache faster than a record of 256 KiB is kept.
 */
enum { CACHED_BUCKETS = 2 };

/* Of each number in a name. */
enum { DIGITS = 15 };

struct segment {
	atomic_uint refs;
	struct segment_cache *cache;
	uint64_t lo, hi, bytes;
	pthread_mutex_t lock; /* of what follows */
	GDBM_FILE handle;     /* NULL: not open */
	bool retired;
	bool listed; /* in the cache's list; a handle that is not stays open */
	TAILQ_ENTRY(segment) open; /* under the cache's lock */
};

struct segment_cache {
	int folder_fd;
	unsigned most;
	pthread_mutex_t lock;               /* of what follows */
	TAILQ_HEAD(segments, segment) open; /* the least recently used first */
	unsigned count;
};

const char *segment_name(uint64_t lo, uint64_t hi, char *name)
{
	const unsigned long long end = 1000000000000000;

	(void)snprintf(name, SEGMENT_NAME, "%015llu-%015llu.gdbm",
		       (unsigned long long)lo % end, (unsigned long long)hi % end);
	return name;
}

bool segment_parse_name(const char *name, uint64_t *ret_lo, uint64_t *ret_hi)
{
	char again[SEGMENT_NAME];
	uint64_t lo, hi;

	if (strlen(name) != SEGMENT_NAME - 1)
		return false;
	memcpy(again, name, SEGMENT_NAME);
	again[DIGITS] = '\0';
	again[2 * DIGITS + 1] = '\0';
	if (!text_number(again, 1, UINT64_MAX, &lo) ||
	    !text_number(again + DIGITS + 1, lo, UINT64_MAX, &hi) ||
	    strcmp(name, segment_name(lo, hi, again)) != 0)
		return false;
	*ret_lo = lo;
	*ret_hi = hi;
	return true;
}

struct segment_cache *segment_cache_new(int folder_fd, unsigned most)
{
	struct segment_cache *cache = calloc(1, sizeof *cache);

	if (!cache)
		return NULL;
	cache->folder_fd = folder_fd;
	cache->most = most;
	pthread_mutex_init(&cache->lock, NULL);
	TAILQ_INIT(&cache->open);
	return cache;
}

void segment_cache_free(struct segment_cache *cache)
{
	if (!cache)
		return;
	assert(cache->count == 0);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

struct segment *segment_new(struct segment_cache *cache, uint64_t lo, uint64_t hi,
			    uint64_t bytes)
{
	struct segment *segment = calloc(1, sizeof *segment);

	if (!segment)
		return NULL;
	atomic_init(&segment->refs, 1);
	segment->cache = cache;
	segment->lo = lo;
	segment->hi = hi;
	segment->bytes = bytes;
	pthread_mutex_init(&segment->lock, NULL);
	return segment;
}

struct segment *segment_ref(struct segment *segment)
{
	atomic_fetch_add(&segment->refs, 1);
	return segment;
}

/* With the segment's lock held, and open. */
static void list(struct segment *segment)
{
	struct segment_cache *cache = segment->cache;

	pthread_mutex_lock(&cache->lock);
	TAILQ_INSERT_TAIL(&cache->open, segment, open);
	cache->count++;
	pthread_mutex_unlock(&cache->lock);
	segment->listed = true;
}

/* With the segment's lock held. */
static void unlist(struct segment *segment)
{
	struct segment_cache *cache = segment->cache;

	if (!segment->listed)
		return;
	pthread_mutex_lock(&cache->lock);
	TAILQ_REMOVE(&cache->open, segment, open);
	cache->count--;
	pthread_mutex_unlock(&cache->lock);
	segment->listed = false;
}

/* With the segment's lock held. */
static void close_handle(struct segment *segment)
{
	if (!segment->handle)
		return;
	unlist(segment);
	gdbm_close(segment->handle);
	segment->handle = NULL;
}

void segment_unref(struct segment *segment)
{
	if (!segment || atomic_fetch_sub(&segment->refs, 1) != 1)
		return;
	pthread_mutex_lock(&segment->lock);
	close_handle(segment);
	pthread_mutex_unlock(&segment->lock);
	pthread_mutex_destroy(&segment->lock);
	free(segment);
}

void segment_set_range(struct segment *segment, uint64_t lo, uint64_t hi)
{
	segment->lo = lo;
	segment->hi = hi;
}

uint64_t segment_lo(const struct segment *segment)
{
	return segment->lo;
}

uint64_t segment_hi(const struct segment *segment)
{
	return segment->hi;
}

uint64_t segment_bytes(const struct segment *segment)
{
	return segment->bytes;
}

/* Closes handles until the limit is kept, or all others are in use. */
static void close_others(struct segment_cache *cache, const struct segment *but)
{
	struct segment *segment, *next;
	GDBM_FILE closed[16];
	unsigned count = 0;

	pthread_mutex_lock(&cache->lock);
	for (segment = TAILQ_FIRST(&cache->open);
	     segment && cache->count > cache->most && count < 16; segment = next) {
		next = TAILQ_NEXT(segment, open);
		if (segment == but || pthread_mutex_trylock(&segment->lock) != 0)
			continue;
		TAILQ_REMOVE(&cache->open, segment, open);
		cache->count--;
		closed[count++] = segment->handle;
		segment->handle = NULL;
		segment->listed = false;
		pthread_mutex_unlock(&segment->lock);
	}
	pthread_mutex_unlock(&cache->lock);
	while (count > 0)
		gdbm_close(closed[--count]);
}

/*
 * A damaged length makes gdbm ask for more memory than any good file needs.  Would what
 * the largest record needs be there?
 */
static bool is_memory_short(void)
{
	void *volatile probe = malloc(FRAME_DATA_MAX);
	bool is_short = !probe;

	free(probe);
	return is_short;
}

/* An errno for what gdbm last said of an open or a fetch. */
static int reading_error(int system_error)
{
	switch (gdbm_errno) {
	case GDBM_ITEM_NOT_FOUND:
		return ENOENT;
	case GDBM_MALLOC_ERROR:
		return is_memory_short() ? ENOMEM : EBADMSG;
	case GDBM_FILE_READ_ERROR:
	case GDBM_FILE_STAT_ERROR:
	case GDBM_FILE_SEEK_ERROR:
		return system_error == EIO ? EIO : EBADMSG;
	default:
		return EBADMSG;
	}
}

/* With the segment's lock held. */
static int open_handle(struct segment *segment)
{
	struct segment_cache *cache = segment->cache;
	char name[SEGMENT_NAME];
	int fd, cached = CACHED_BUCKETS, rc;

	if (segment->retired)
		return ESTALE;
	segment_name(segment->lo, segment->hi, name);
	fd = openat(cache->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? EBADMSG : errno;
	errno = 0;
	segment->handle = gdbm_fd_open(
		fd, name, 0, GDBM_READER | GDBM_NOMMAP | GDBM_NOLOCK | GDBM_CLOERROR,
		NULL);
	if (!segment->handle)
		return reading_error(errno);
	if (gdbm_setopt(segment->handle, GDBM_SETCACHESIZE, &cached, sizeof cached) !=
	    0) {
		rc = reading_error(errno);
		gdbm_close(segment->handle);
		segment->handle = NULL;
		return rc;
	}
	list(segment);
	return 0;
}

/* With the segment's lock held, and open. */
static void used(struct segment *segment)
{
	struct segment_cache *cache = segment->cache;

	if (!segment->listed)
		return;
	pthread_mutex_lock(&cache->lock);
	TAILQ_REMOVE(&cache->open, segment, open);
	TAILQ_INSERT_TAIL(&cache->open, segment, open);
	pthread_mutex_unlock(&cache->lock);
}

int segment_fetch(struct segment *segment, const struct frame_key *key, void **ret_record,
		  size_t *ret_len)
{
	uint8_t bytes[FRAME_KEY_MAX]; /* datum has no const */
	datum wanted = {.dptr = (char *)bytes, .dsize = (int)key->len}, found;
	bool opened = false;
	int rc = 0;

	memcpy(bytes, key->bytes, key->len);
	pthread_mutex_lock(&segment->lock);
	if (!segment->handle) {
		rc = open_handle(segment);
		opened = rc == 0;
	} else {
		used(segment);
	}
	if (rc == 0) {
		errno = 0;
		found = gdbm_fetch(segment->handle, wanted);
		if (found.dptr) {
			*ret_record = found.dptr;
			*ret_len = (size_t)found.dsize;
		} else {
			rc = reading_error(errno);
			/* After such an error gdbm refuses every read of this handle. */
			if (rc != ENOENT)
				close_handle(segment);
		}
	}
	pthread_mutex_unlock(&segment->lock);
	if (opened)
		close_others(segment->cache, segment);
	return rc;
}

void segment_close(struct segment *segment)
{
	pthread_mutex_lock(&segment->lock);
	if (!segment->retired)
		close_handle(segment);
	pthread_mutex_unlock(&segment->lock);
}

void segment_refresh(struct segment *segment)
{
	char name[SEGMENT_NAME];
	int fd;

	segment_close(segment);
	fd = openat(segment->cache->folder_fd,
		    segment_name(segment->lo, segment->hi, name),
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

int segment_retire(struct segment *segment, bool replaced)
{
	int rc = 0;

	pthread_mutex_lock(&segment->lock);
	if (replaced && !segment->handle)
		rc = open_handle(segment);
	if (replaced && rc == 0)
		unlist(segment);
	if (rc == 0)
		segment->retired = true;
	pthread_mutex_unlock(&segment->lock);
	return rc;
}

void segment_keep(struct segment *segment)
{
	pthread_mutex_lock(&segment->lock);
	segment->retired = false;
	if (segment->handle && !segment->listed)
		list(segment);
	pthread_mutex_unlock(&segment->lock);
}
