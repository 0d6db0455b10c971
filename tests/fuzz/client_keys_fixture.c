/*
 * Cryptography that whoever answers knows all keys of: boxes are open, and every
 * signature is good.  In place of functions of client/session/keys.c (see
 * Makefile), so that an input gets behind them.
 */
#include "fuzz.h"

#include "keys.h"

bool __wrap_keys_lock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
		      struct keys_bytes bytes, uint8_t *ret);
bool __wrap_keys_unlock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
			struct keys_bytes box, void *ret);
bool __wrap_keys_lock_ring(const struct keys_ring *ring,
			   const uint8_t master[KEYS_MASTER], uint8_t *ret,
			   size_t *ret_len);
bool __wrap_keys_unlock_ring(const uint8_t *locked, size_t len,
			     const uint8_t master[KEYS_MASTER], struct keys_ring *ret);
bool __wrap_keys_wrap(const uint8_t key[KEYS_LEN], const dfs_key *seal_key,
		      const char *purpose, struct keys_bytes context, dfs_wrapped *ret);
bool __wrap_keys_unwrap(const dfs_wrapped *wrapped, struct keys_pair *pair,
			const char *purpose, struct keys_bytes context,
			uint8_t ret[KEYS_LEN]);

/* All that is given is read, as it would be otherwise. */
static uint8_t look_at(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= at[i];
	return sum;
}

bool __wrap_keys_lock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
		      struct keys_bytes bytes, uint8_t *ret)
{
	(void)look_at(key, KEYS_LEN);
	(void)look_at(aad.at, aad.len);
	memset(ret, 0, KEYS_NONCE);
	memcpy(ret + KEYS_NONCE, bytes.at, bytes.len);
	memset(ret + KEYS_NONCE + bytes.len, 0, KEYS_TAG);
	return true;
}

bool __wrap_keys_unlock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
			struct keys_bytes box, void *ret)
{
	(void)look_at(key, KEYS_LEN);
	(void)look_at(aad.at, aad.len);
	if (box.len < KEYS_BOX)
		return false;
	memcpy(ret, (const uint8_t *)box.at + KEYS_NONCE, box.len - KEYS_BOX);
	return true;
}

bool __wrap_keys_lock_ring(const struct keys_ring *ring,
			   const uint8_t master[KEYS_MASTER], uint8_t *ret,
			   size_t *ret_len)
{
	*ret_len = ring->count * KEYS_LEN + KEYS_BOX;
	return __wrap_keys_lock(
		master, (struct keys_bytes){NULL, 0},
		(struct keys_bytes){ring->secrets, ring->count * KEYS_LEN}, ret);
}

bool __wrap_keys_unlock_ring(const uint8_t *locked, size_t len,
			     const uint8_t master[KEYS_MASTER], struct keys_ring *ret)
{
	size_t count = len > KEYS_BOX ? (len - KEYS_BOX) / KEYS_LEN : 0;
	bool good = count >= 1 && count <= KEYS_SECRETS_MAX &&
		    len == count * KEYS_LEN + KEYS_BOX &&
		    __wrap_keys_unlock(master, (struct keys_bytes){NULL, 0},
				       (struct keys_bytes){locked, len}, ret->secrets);

	ret->count = good ? count : 0;
	return good;
}

bool __wrap_keys_wrap(const uint8_t key[KEYS_LEN], const dfs_key *seal_key,
		      const char *purpose, struct keys_bytes context, dfs_wrapped *ret)
{
	(void)purpose;
	(void)look_at(context.at, context.len);
	memset(ret, 0, sizeof *ret);
	ret->ephemeral = *seal_key;
	memcpy(ret->box, key, KEYS_LEN);
	return true;
}

bool __wrap_keys_unwrap(const dfs_wrapped *wrapped, struct keys_pair *pair,
			const char *purpose, struct keys_bytes context,
			uint8_t ret[KEYS_LEN])
{
	(void)purpose;
	(void)look_at(context.at, context.len);
	memcpy(ret, wrapped->box, KEYS_LEN);
	return pair;
}
