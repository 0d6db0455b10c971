/*
 * One record of a segment: made for a segment to be, and read from one that is sealed.
 */
#ifndef DFS_STORE_RECORD_H
#define DFS_STORE_RECORD_H

#include "frame.h"
#include <stddef.h>
#include <stdint.h>

struct segment;

/* A record to be written: a frame, whose key is in it. */
struct store_record {
	struct store_record *next;
	struct frame_key *key; /* with the record, in one allocation */
	size_t len;
	uint8_t *frame;
};

/* Packs a record; NULL when out of memory. */
struct store_record *store_record_new(enum frame_type type, const struct frame_key *key,
				      const void *data, size_t len);
/* It and all that follow it. */
void store_record_free_all(struct store_record *records);

/* Of these and all that follow it the one of this key; NULL: none. */
const struct store_record *store_record_find(const struct store_record *records,
					     const struct frame_key *key);
/* A copy of its frame, which the caller frees; ENOENT, ENOMEM. */
int store_record_copy(const struct store_record *records, const struct frame_key *key,
		      void **ret_frame, size_t *ret_len);

/* What a record takes in its segment, about; the same by its key and data. */
uint64_t store_record_bytes(const struct store_record *record);
uint64_t store_record_bytes_of(const struct frame_key *key, size_t data_len);

/*
 * Reads and verifies one record of the segment, which the caller holds a reference of.
 * EBADMSG also when gdbm does not know what the index says is there.
 */
int store_record_fetch(struct segment *file, enum frame_type type,
		       const struct frame_key *key, void **ret_record,
		       dfs_bytes *ret_data);

/*
 * The value of a register's record in the segment: EBADMSG unless it is of this ballot.
 */
int store_record_fetch_value(struct segment *file, const char *path, size_t len,
			     const dfs_ballot *ballot, dfs_value *ret);

#endif
