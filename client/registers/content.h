/*
 * A content that is put: where it is read from; and the digests of one, which only its
 * readers may know.
 *
 * The XXH3-128 gives a content its row, and tells whether a local file has it; the
 * SHA-256 is taken for people, and only where they ask for it.
 */
#ifndef DFS_CONTENT_H
#define DFS_CONTENT_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct dfs_put;

struct content_digests {
	uint8_t xxh128[16]; /* canonical: as xxh128sum prints it */
	uint8_t sha256[32]; /* where it was asked for */
};

/* The digests of a stream.  NULL when out of memory. */
struct content_hash;
struct content_hash *content_hash_new(bool with_sha256);
bool content_hash_add(struct content_hash *hash, const void *bytes, size_t len);
/* Ends and frees it; false when the library failed. */
bool content_hash_end(struct content_hash *take_hash, struct content_digests *ret);

/* ---- a local file ---------------------------------------------------------------- */

enum { CONTENT_SMALL_MAX = 65536 }; /* bytes of a content that rides in PREPARE */

/* Why a file that does not stay as it is cannot be put; the caller names it. */
#define CONTENT_CHANGED                                                                  \
	"changed while it was put, or could not be read to its end: nothing was stored"

/*
 * What is read decides, not the size that the system tells: there are files (those of
 * /proc) of which it does not know it.
 */
struct content_source {
	int fd;
	bool opened;           /* by us: to be closed */
	bool given;            /* it is in memory, and no file */
	bool snapshot;         /* it may grow meanwhile */
	uint64_t size;         /* of the content */
	uint8_t *bytes;        /* of a small one: the content; else NULL */
	uint64_t told;         /* its size for the system, */
	struct timespec mtime; /* and its time, as they were when it was opened */
	int64_t modified_ns;
	bool executable; /* by its owner */
};

/*
 * Opens the file of the item; a small one is read.  false, with the item's result, when
 * it cannot be, or has not the size that the item demands; nothing is to be closed then.
 */
bool content_source_open(struct content_source *ret, struct dfs_put *item);
void content_source_close(struct content_source *source);

/*
 * The digests of the whole content, in one pass; the SHA-256 only where the item demands
 * one.  false, with the item's result, when it cannot be read as it was, or has not the
 * digest that the item demands.
 */
bool content_source_hash(const struct content_source *source, struct dfs_put *item,
			 struct content_digests *ret);

/* Is the file still as it was when it was opened, as far as it has to be? */
bool content_source_unchanged(const struct content_source *source);
/* The item's result when it did not yield what it should have. */
void content_source_fail(const struct content_source *source, struct dfs_put *item);

/*
 * Nanoseconds since 1970; INT64_MIN and INT64_MAX for times too far away (before 1677 and
 * after 2262).
 */
int64_t content_time(const struct timespec *time);

/* The row of a content: the low two bits of its XXH3-128. */
unsigned content_row(const uint8_t xxh128[16]);

#endif
