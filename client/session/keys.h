/*
 * The cryptography of clients, on OpenSSL: what doc/SECURITY.md describes, in the few
 * forms that the rest of the client uses.  Formats are described where they are made
 * (keys.c); none of them is made anywhere else.
 *
 * scrypt: RFC 7914; HKDF-SHA256: RFC 5869; X25519: RFC 7748; Ed25519: RFC 8032;
 * AES-256-GCM: NIST SP 800-38D.  Functions that return false have failed for lack of
 * memory or random bytes, or, where they open or verify something, because it is not what
 * was made; nothing is then in what they return.  Keys on the stack of a caller are his
 * to wipe (secret_wipe).
 */
#ifndef DFS_KEYS_H
#define DFS_KEYS_H

#include "dfs.h"
#include "secret.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEYS_LEN = 32, /* a secret, a private, a public or an AES key; a digest */
	KEYS_MASTER =
		/* of a password or a session: half for proofs, half for the keyring */
	64,
	KEYS_NONCE = 12,
	KEYS_TAG = 16,
	KEYS_BOX = KEYS_NONCE + KEYS_TAG, /* a box is so much longer than what is in it */
	KEYS_SECRETS_MAX = 4
};

/* What is only read. */
struct keys_bytes {
	const void *at;
	size_t len;
};

bool keys_random(void *ret, size_t len);

/* ---- passwords and sessions */

/* The parameters for a new password: a fresh salt. */
bool keys_new_scrypt(dfs_scrypt *ret);
/*
 * NULL when a client works with them; a weaker guess helps a thief, a dearer one costs
 * memory.
 */
const char *keys_check_scrypt(const dfs_scrypt *scrypt);
bool keys_same_scrypt(const dfs_scrypt *a, const dfs_scrypt *b);
/* Takes a quarter of a second and 32 MiB. */
bool keys_master_of_password(const char *password, size_t len, const dfs_scrypt *scrypt,
			     uint8_t ret[KEYS_MASTER]);
bool keys_master_of_secret(const uint8_t secret[KEYS_LEN], uint8_t ret[KEYS_MASTER]);

/* What is shown to server 1..4, and how all four recognise it. */
bool keys_proof(const uint8_t master[KEYS_MASTER], unsigned server, dfs_key *ret);
bool keys_verifiers(const uint8_t master[KEYS_MASTER], dfs_verifiers *ret);

/* ---- a user's secrets */

struct keys_ring {
	size_t count; /* 1..KEYS_SECRETS_MAX; the first is the current one */
	uint8_t secrets[KEYS_SECRETS_MAX][KEYS_LEN];
};

/* ret has DFS_KEYRING_MAX bytes. */
bool keys_lock_ring(const struct keys_ring *ring, const uint8_t master[KEYS_MASTER],
		    uint8_t *ret, size_t *ret_len);
bool keys_unlock_ring(const uint8_t *locked, size_t len,
		      const uint8_t master[KEYS_MASTER], struct keys_ring *ret);

/* The public keys of a secret: for wrapping (X25519) and for signatures (Ed25519). */
bool keys_public(const uint8_t secret[KEYS_LEN], dfs_key *ret_seal, dfs_key *ret_sign);

/*
 * What a secret stands for: two private keys and their public ones.  Each is made when it
 * is first needed, at the cost of a multiplication on the curve, about half of opening a
 * file with it; so who needs a secret more than once keeps its pair.  Any thread may use
 * it, several at once; freeing it wipes the private keys.
 */
struct keys_pair;
/* NULL when out of memory. */
struct keys_pair *keys_pair_new(const uint8_t secret[KEYS_LEN]);
void keys_pair_free(struct keys_pair *pair);
/* The same as keys_public; they live as long as the pair.  NULL when out of memory. */
const dfs_key *keys_pair_seal_key(struct keys_pair *pair);
const dfs_key *keys_pair_sign_key(struct keys_pair *pair);

/* ---- wrapping, signing */

/* key for who holds the pair behind seal_key; the context is what it belongs to. */
bool keys_wrap(const uint8_t key[KEYS_LEN], const dfs_key *seal_key, const char *purpose,
	       struct keys_bytes context, dfs_wrapped *ret);
bool keys_unwrap(const dfs_wrapped *wrapped, struct keys_pair *pair, const char *purpose,
		 struct keys_bytes context, uint8_t ret[KEYS_LEN]);

bool keys_sign(struct keys_pair *pair, const void *bytes, size_t len,
	       uint8_t ret[DFS_SIGNATURE_LEN]);

/* ---- boxes: AES-256-GCM with a random nonce */

/* A key of its own for one use of another. */
bool keys_derive(const uint8_t *from, size_t from_len, const char *info,
		 uint8_t ret[KEYS_LEN]);

/* ret has KEYS_BOX bytes more than are given: nonce, ciphertext, tag. */
bool keys_lock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
	       struct keys_bytes bytes, uint8_t *ret);
/* ret has KEYS_BOX bytes less than the box. */
bool keys_unlock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
		 struct keys_bytes box, void *ret);

#endif
