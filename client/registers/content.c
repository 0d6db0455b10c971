/* The local file that a content is read from; the digests of a content. */
#include "content.h"

#include "result.h"
#include "status.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { BUFFER = 1 << 20 };

#define FILE_MAX ((uint64_t)DFS_FILE_UNITS_MAX * DFS_UNIT_SIZE)

/* ---- digests ------------------------------------------------------------------- */

struct content_hash {
	XXH3_state_t *xxh;
	EVP_MD_CTX *sha; /* NULL: without */
};

static void hash_free(struct content_hash *hash)
{
	XXH3_freeState(hash->xxh);
	EVP_MD_CTX_free(hash->sha);
	free(hash);
}

struct content_hash *content_hash_new(bool with_sha256)
{
	struct content_hash *hash = calloc(1, sizeof *hash);

	if (!hash)
		return NULL;
	hash->xxh = XXH3_createState();
	if (with_sha256)
		hash->sha = EVP_MD_CTX_new();
	if (!hash->xxh || XXH3_128bits_reset(hash->xxh) != XXH_OK ||
	    (with_sha256 &&
	     (!hash->sha || EVP_DigestInit_ex(hash->sha, EVP_sha256(), NULL) != 1))) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

bool content_hash_add(struct content_hash *hash, const void *bytes, size_t len)
{
	return XXH3_128bits_update(hash->xxh, bytes, len) == XXH_OK &&
	       (!hash->sha || EVP_DigestUpdate(hash->sha, bytes, len) == 1);
}

bool content_hash_end(struct content_hash *take_hash, struct content_digests *ret)
{
	XXH128_canonical_t canonical;
	bool good;

	memset(ret, 0, sizeof *ret);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(take_hash->xxh));
	memcpy(ret->xxh128, canonical.digest, sizeof ret->xxh128);
	good = !take_hash->sha ||
	       EVP_DigestFinal_ex(take_hash->sha, ret->sha256, NULL) == 1;
	hash_free(take_hash);
	return good;
}

unsigned content_row(const uint8_t xxh128[16])
{
	return xxh128[15] & 3;
}

/* ---- a local file -------------------------------------------------------------- */

int64_t content_time(const struct timespec *time)
{
	int64_t ns;

	if (__builtin_mul_overflow((int64_t)time->tv_sec, INT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns))
		return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

static bool is_as_told(const struct content_source *source)
{
	struct stat status;

	return fstat(source->fd, &status) == 0 &&
	       (uint64_t)status.st_size == source->told &&
	       status.st_mtim.tv_sec == source->mtime.tv_sec &&
	       status.st_mtim.tv_nsec == source->mtime.tv_nsec;
}

bool content_source_unchanged(const struct content_source *source)
{
	return source->given || source->snapshot || is_as_told(source);
}

static void fail_read(struct dfs_put *item)
{
	item->local_failed = true;
	result_fail(&item->result, DFS_EXIT_OTHER, "cannot be read: %s", strerror(errno));
}

void content_source_fail(const struct content_source *source, struct dfs_put *item)
{
	item->local_failed = true;
	item->changed = !is_as_told(source);
	result_fail(&item->result, DFS_EXIT_OTHER, "%s",
		    item->changed
			    ? CONTENT_CHANGED
			    : "has more or fewer bytes than the system tells: nothing "
			      "was stored; read it through a pipe: cat FILE | put - "
			      "NAME");
}

/* Reads len bytes at the offset, or to the end; how many there were, -1: see errno. */
static ssize_t read_some(int fd, uint8_t *bytes, size_t len, uint64_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = pread(fd, bytes + done, len - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* Reads a small file whole. */
static bool load(struct content_source *source, struct dfs_put *item)
{
	ssize_t got;

	source->bytes = malloc(CONTENT_SMALL_MAX + 1);
	if (!source->bytes) {
		result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	got = read_some(source->fd, source->bytes, CONTENT_SMALL_MAX + 1, 0);
	if (got < 0) {
		fail_read(item);
		return false;
	}
	source->size = (uint64_t)got;
	if (is_as_told(source)) {
		/* Whatever was told: this is what there is. */
		if (got <= CONTENT_SMALL_MAX)
			return true;
	} else if (source->snapshot && source->size >= source->told) {
		source->size = source->told;
		return true;
	}
	content_source_fail(source, item);
	return false;
}

/* Has the content the size that is demanded? */
static bool has_size(const struct content_source *source, struct dfs_put *item)
{
	if (!item->expects_size || item->expected_size == source->size)
		return true;
	item->local_failed = true;
	result_fail(&item->result, DFS_EXIT_OTHER,
		    "has %llu bytes, and should have %llu: nothing was stored",
		    (unsigned long long)source->size,
		    (unsigned long long)item->expected_size);
	return false;
}

static bool inspect(struct content_source *source, struct dfs_put *item)
{
	struct stat status;

	if (source->fd < 0 || fstat(source->fd, &status) != 0) {
		result_fail(&item->result,
			    errno == ENOENT ? DFS_EXIT_MISSING : DFS_EXIT_OTHER, "%s",
			    strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		result_fail(&item->result, DFS_EXIT_USAGE,
			    "not a regular file: use -r for a folder, - for a pipe");
	} else if ((uint64_t)status.st_size > FILE_MAX) {
		result_fail(&item->result, DFS_EXIT_USAGE, "larger than 1 TiB");
	} else {
		source->size = source->told = (uint64_t)status.st_size;
		source->mtime = status.st_mtim;
		source->executable = item->local && (status.st_mode & S_IXUSR);
		source->modified_ns =
			item->local ? content_time(&status.st_mtim) : item->modified_ns;
		return true;
	}
	item->local_failed = true;
	return false;
}

/* A copy of what the caller gave. */
static bool take_bytes(struct content_source *source, struct dfs_put *item)
{
	source->given = true;
	source->size = source->told = item->bytes_len;
	source->modified_ns = item->modified_ns;
	source->bytes =
		item->bytes_len <= CONTENT_SMALL_MAX ? malloc(item->bytes_len + 1) : NULL;
	if (source->bytes)
		memcpy(source->bytes, item->bytes, item->bytes_len);
	else
		result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
	return source->bytes;
}

bool content_source_open(struct content_source *ret, struct dfs_put *item)
{
	*ret = (struct content_source){.fd = item->fd, .snapshot = item->snapshot};
	item->local_failed = false;
	if (!item->local && item->bytes)
		return take_bytes(ret, item);
	if (item->local) {
		ret->fd = open(item->local, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		ret->opened = ret->fd >= 0;
	}
	if (inspect(ret, item) && (ret->told > CONTENT_SMALL_MAX || load(ret, item)) &&
	    has_size(ret, item))
		return true;
	content_source_close(ret);
	return false;
}

void content_source_close(struct content_source *source)
{
	free(source->bytes);
	source->bytes = NULL;
	if (source->opened)
		(void)close(source->fd);
	source->opened = false;
}

/* Hashes a large file, up to where it should end, and looks whether it does. */
static bool hash_large(const struct content_source *source, struct dfs_put *item,
		       struct content_hash *hash, uint8_t *buffer)
{
	ssize_t got = 0;

	for (uint64_t at = 0; at < source->size; at += (uint64_t)got) {
		uint64_t left = source->size - at;

		got = read_some(source->fd, buffer, left < BUFFER ? (size_t)left : BUFFER,
				at);
		if (got <= 0 || !content_hash_add(hash, buffer, (size_t)got))
			break;
		if ((uint64_t)got == left &&
		    (source->snapshot ||
		     read_some(source->fd, buffer, 1, source->size) == 0))
			return true;
	}
	if (got < 0)
		fail_read(item);
	else
		content_source_fail(source, item);
	return false;
}

bool content_source_hash(const struct content_source *source, struct dfs_put *item,
			 struct content_digests *ret)
{
	struct content_hash *hash = content_hash_new(item->sha256);
	uint8_t *buffer = source->bytes ? NULL : malloc(BUFFER);
	char text[2 * sizeof ret->sha256 + 1];
	bool good = false;

	if (!hash || (!source->bytes && !buffer))
		result_fail(&item->result, DFS_EXIT_OTHER, "out of memory");
	else if (source->bytes)
		good = content_hash_add(hash, source->bytes, (size_t)source->size);
	else
		good = hash_large(source, item, hash, buffer);
	free(buffer);
	if (hash)
		good = content_hash_end(hash, ret) && good;
	if (!good || !item->sha256 ||
	    memcmp(item->sha256, ret->sha256, sizeof ret->sha256) == 0)
		return good;
	item->local_failed = true;
	result_fail(&item->result, DFS_EXIT_OTHER,
		    "has another SHA-256 than it should have, %s: nothing was stored",
		    text_hex(ret->sha256, sizeof ret->sha256, text));
	return false;
}
