/*
 * Sealed segments: immutable gdbm files that are only ever read.
 *
 * A segment is named by the range of batch numbers that it holds, "LO-HI.gdbm".  It is
 * opened when something is read from it; the handles least recently used are closed.  A
 * handle goes on reading a file that a merge has unlinked.
 *
 * gdbm checks some of what it reads and no record's bytes.  So whatever comes from here
 * is only bytes: the caller unpacks it (frame.h).
 */
#ifndef DFS_SEGMENT_H
#define DFS_SEGMENT_H

#include "frame.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment;
struct segment_cache;

/* "LO-HI.gdbm" with fifteen digits each: byte order is the order of numbers. */
enum { SEGMENT_NAME = 15 + 1 + 15 + 5 + 1 };
#define SEGMENT_NUMBER_MAX UINT64_C(999999999999999)

/* Returns name, which has SEGMENT_NAME bytes. */
const char *segment_name(uint64_t lo, uint64_t hi, char *name);
/* false when the file name is no segment's. */
bool segment_parse_name(const char *name, uint64_t *ret_lo, uint64_t *ret_hi);

/* Handles on files of the folder; at most so many are open.  NULL when out of memory. */
struct segment_cache *segment_cache_new(int folder_fd, unsigned most);
/* After the last segment. */
void segment_cache_free(struct segment_cache *cache);

/* With one reference.  bytes is the size of the file.  NULL when out of memory. */
struct segment *segment_new(struct segment_cache *cache, uint64_t lo, uint64_t hi,
			    uint64_t bytes);
struct segment *segment_ref(struct segment *segment);
/* The last one closes it.  NULL is allowed. */
void segment_unref(struct segment *segment);

/* Its number is given last, before any other thread knows it. */
void segment_set_range(struct segment *segment, uint64_t lo, uint64_t hi);

uint64_t segment_lo(const struct segment *segment);
uint64_t segment_hi(const struct segment *segment);
uint64_t segment_bytes(const struct segment *segment);

/*
 * The record of a key; the caller frees *ret_record, and *ret_len is its length.  ENOENT:
 * gdbm knows no such key.  EBADMSG: gdbm found the file damaged.  ESTALE: the file has
 * been retired; look up again where the record is now.  EIO, ENOMEM, EMFILE.  Any thread.
 */
int segment_fetch(struct segment *segment, const struct frame_key *key, void **ret_record,
		  size_t *ret_len);

/*
 * Closes its handle, if it is open: gdbm keeps the last record read from it, and @seal
 * may have megabytes.
 */
void segment_close(struct segment *segment);

/*
 * What is read from now on comes from the disk again, as far as the system allows:
 * neither from gdbm's cache nor from its own.
 */
void segment_refresh(struct segment *segment);

/*
 * Its file is about to be unlinked, or (replaced) to make way for another of the same
 * name: it is not opened any more.  In the second case it is opened now, and stays so,
 * because nobody can look up elsewhere yet; 0 or an errno then.
 */
int segment_retire(struct segment *segment, bool replaced);

/* The file stays after all. */
void segment_keep(struct segment *segment);

#endif
