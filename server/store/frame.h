/*
 * What every stored record looks like: a frame that says what it is and holds its own
 * key, so that a record which was damaged, cut or exchanged for another is known as such.
 *
 *	4  magic "dfsr"
 *	8  XXH3-64 of all that follows
 *	1  version of the format
 *	1  type
 *	2  length of the key
 *	4  length of the data
 *	   key, data
 *
 * Keys are 'r' and a path for a register, 'u', an object id and a unit number (8 bytes,
 * big endian) for a unit, and "@seal".
 */
#ifndef DFS_FRAME_H
#define DFS_FRAME_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type { FRAME_SEAL = 1, FRAME_REGISTER = 2, FRAME_UNIT = 3 };

enum { FRAME_HEAD = 20, FRAME_KEY_MAX = 1 + DFS_PATH_MAX, FRAME_DATA_MAX = 16 << 20 };

struct frame_key {
	size_t len;
	uint8_t bytes[FRAME_KEY_MAX];
};

void frame_key_register(struct frame_key *ret, const char *path, size_t len);
void frame_key_unit(struct frame_key *ret, const dfs_id *object, uint64_t unit);
void frame_key_seal(struct frame_key *ret);

size_t frame_size(size_t key_len, size_t data_len);

/* buf has frame_size bytes. */
void frame_pack(uint8_t *buf, enum frame_type type, const struct frame_key *key,
		const void *data, size_t data_len);

/* false unless buf is exactly one frame of this type and key, whose data is in buf. */
bool frame_unpack(const uint8_t *buf, size_t len, enum frame_type type,
		  const struct frame_key *key, dfs_bytes *ret_data);

#endif
