/*
 * The digests of a content, which only its readers may know.
 *
 * The XXH3-128 proves a content whole when it is read and gives it its row; the SHA-256
 * is there for people.
 */
#ifndef DFS_CONTENT_H
#define DFS_CONTENT_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content_digests {
	uint8_t xxh128[16]; /* canonical: as xxh128sum prints it */
	uint8_t sha256[32];
};

/* Both digests of a stream.  NULL when out of memory; sha256 may be left out (get). */
struct content_hash;
struct content_hash *content_hash_new(bool with_sha256);
bool content_hash_add(struct content_hash *hash, const void *bytes, size_t len);
/* Ends and frees it; false when the library failed. */
bool content_hash_end(struct content_hash *take_hash, struct content_digests *ret);

/* The row of a content: the low two bits of its XXH3-128. */
unsigned content_row(const uint8_t xxh128[16]);

#endif
