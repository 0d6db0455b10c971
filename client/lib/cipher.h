/*
 * Units as they are stored: compressed where that helps, then encrypted.
 *
 * A stored unit is a format byte (1 plain, 2 zstd), the ciphertext and its tag of 16
 * bytes: AES-256-GCM (NIST SP 800-38D) under a key that is derived from the object's.
 * The nonce is the unit's number (12 bytes, the highest first), and is not stored.
 * Associated data: "dfs unit", the format byte, the content's maker, the unit's number
 * and the size of the whole content (64 bits each, the highest byte first).  So a unit
 * opens nowhere but in its place in its object.
 *
 * One key and nonce must never be used for two different plaintexts.  The object's key is
 * random in each put, and a unit that has to be sealed again in the same put is sealed
 * the same way (below), and compared with what it was before anything of it is sent.
 *
 * zstd (RFC 8878) at level 1, one frame; a unit is kept so only if it shrinks by at least
 * a thirty-second.  Where units do not shrink, ever fewer are tried: at most every 17th,
 * until one does.
 */
#ifndef DFS_CIPHER_H
#define DFS_CIPHER_H

#include "keys.h"

enum {
	CIPHER_BEFORE = 1, /* bytes of a stored unit before what was a unit */
	CIPHER_AFTER = KEYS_TAG,
	CIPHER_MORE = CIPHER_BEFORE + CIPHER_AFTER
};

/* What is done to units; a benchmark links other rules in place of the product's. */
struct cipher_rules {
	bool encrypt, compress;
};
extern const struct cipher_rules cipher_rules;

/* The object that units belong to. */
struct cipher_object {
	dfs_id maker;
	uint64_t size; /* of the whole content */
	uint32_t unit_size;
	uint8_t key[KEYS_LEN]; /* of its units */
};

/*
 * content: maker and size are used; the unit size follows from the size, whoever says
 * another, so that no unit is longer than DFS_UNIT_SIZE.  key: of the object.
 */
bool cipher_object_init(struct cipher_object *ret, const dfs_content *content,
			const uint8_t key[KEYS_LEN]);

/* What one thread keeps from unit to unit.  NULL when out of memory. */
struct cipher;
struct cipher *cipher_new(void);
void cipher_free(struct cipher *cipher);

/*
 * A unit of len bytes at room + CIPHER_BEFORE to its stored form at room, which has
 * len + CIPHER_MORE bytes; the length of that, or 0 when OpenSSL or the memory fails.
 * room[0]: CIPHER_ANY, or the format that the same unit got before, which it gets again.
 */
enum { CIPHER_ANY = 0, CIPHER_PLAIN = 1, CIPHER_ZSTD = 2 };
uint32_t cipher_seal(struct cipher *cipher, const struct cipher_object *object,
		     uint64_t unit, uint8_t *room, uint32_t len);

/*
 * The reverse: ret has placement_unit_len bytes, and all of them are filled.  false when
 * it is not what was stored here; then what ret holds means nothing.
 */
bool cipher_open(struct cipher *cipher, const struct cipher_object *object, uint64_t unit,
		 const dfs_bytes *stored, uint8_t *ret);

#endif
