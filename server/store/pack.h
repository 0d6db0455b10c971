/*
 * Numbers and bytes in and out of stored records, big endian.
 *
 * A writer grows by itself; a reader never leaves its bytes.  Both remember a failure, so
 * that a caller packs or unpacks a whole record and asks once, at the end.
 */
#ifndef DFS_PACK_H
#define DFS_PACK_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number of so many bytes; returns width. */
size_t pack_number(uint8_t *at, uint64_t value, size_t width);

struct pack_out {
	uint8_t *bytes; /* freed by pack_free */
	size_t len, room;
	bool failed; /* out of memory: what is in bytes is not whole */
};

void pack_free(struct pack_out *out);
void pack_put(struct pack_out *out, const void *bytes, size_t len);
void pack_put_u8(struct pack_out *out, uint8_t value);
void pack_put_u16(struct pack_out *out, uint16_t value);
void pack_put_u32(struct pack_out *out, uint32_t value);
void pack_put_u64(struct pack_out *out, uint64_t value);
void pack_put_id(struct pack_out *out, const dfs_id *id);
void pack_put_ballot(struct pack_out *out, const dfs_ballot *ballot);

struct pack_in {
	const uint8_t *at;
	size_t left;
	bool failed; /* asked for more than was there: what was read since is zero */
};

/* Points into the record; NULL, and failed, when there are not so many bytes. */
const uint8_t *pack_get(struct pack_in *in, size_t len);
uint8_t pack_get_u8(struct pack_in *in);
uint16_t pack_get_u16(struct pack_in *in);
uint32_t pack_get_u32(struct pack_in *in);
uint64_t pack_get_u64(struct pack_in *in);
dfs_id pack_get_id(struct pack_in *in);
dfs_ballot pack_get_ballot(struct pack_in *in);

/* What dfs_ballot takes in a record. */
enum { PACK_BALLOT = 4 + 8 + DFS_ID_LEN };

#endif
