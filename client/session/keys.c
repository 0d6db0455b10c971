/*
 * The client's cryptography.
 *
 * Formats, each made here and nowhere else:
 *   box      nonce (12 random bytes), ciphertext, tag (16): AES-256-GCM
 *   keyring  a box of the secrets, one after the other, under a key from the master's
 *            second half; associated data "dfs keyring"
 *   wrapped  an ephemeral X25519 public key, then ciphertext and tag: AES-256-GCM under
 *            HKDF(ECDH, salt = both public keys, "dfs wrap " and the purpose), whose
 *            nonce may be zero because that key is used once; associated data is the
 *            context
 *
 * Every key has one use, which the info of its HKDF names.
 */
#include "keys.h"
#include "password_rules.h"

#include "text.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HALF = KEYS_MASTER / 2,
	SCRYPT_LOG2_N = 15,
	SCRYPT_R = 8,
	SCRYPT_P = 3,
};

/* What a client spends on somebody else's parameters, at most. */
#define SCRYPT_MEMORY_MAX ((uint64_t)256 << 20)

static const char ring_use[] = "dfs keyring";
static const struct keys_bytes ring_aad = {ring_use, sizeof ring_use - 1};

bool keys_random(void *ret, size_t len)
{
	return len <= INT32_MAX && RAND_bytes(ret, (int)len) == 1;
}

/* ---- HKDF ---------------------------------------------------------------------- */

/* OpenSSL only reads what it takes as a plain pointer. */
static OSSL_PARAM octets(const char *name, struct keys_bytes bytes)
{
	union {
		const void *borrow;
		void *plain;
	} pointer = {.borrow = bytes.at};

	return OSSL_PARAM_construct_octet_string(name, pointer.plain, bytes.len);
}

/* HKDF-SHA256, extract and expand (RFC 5869). */
static bool hkdf(struct keys_bytes from, struct keys_bytes salt, const char *info,
		 uint8_t *ret, size_t len)
{
	char digest[] = "SHA256";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[5], *next = params;
	bool good;

	*next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*next++ = octets(OSSL_KDF_PARAM_KEY, from);
	if (salt.len > 0) /* none is as many zeros as SHA-256 has bytes */
		*next++ = octets(OSSL_KDF_PARAM_SALT, salt);
	*next++ = octets(OSSL_KDF_PARAM_INFO, (struct keys_bytes){info, strlen(info)});
	*next = OSSL_PARAM_construct_end();
	good = context && EVP_KDF_derive(context, ret, len, params) == 1;
	if (!good)
		secret_wipe(ret, len);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good;
}

bool keys_derive(const uint8_t *from, size_t from_len, const char *info,
		 uint8_t ret[KEYS_LEN])
{
	return hkdf((struct keys_bytes){from, from_len}, (struct keys_bytes){NULL, 0},
		    info, ret, KEYS_LEN);
}

/* ---- AES-256-GCM --------------------------------------------------------------- */

struct sealing {
	const uint8_t *key;
	const uint8_t *nonce;
	struct keys_bytes aad;
};

/* ret has len + KEYS_TAG bytes: ciphertext and tag. */
static bool gcm_seal(const struct sealing *sealing, const void *bytes, size_t len,
		     uint8_t *ret)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int out = 0, ignored;
	bool good = context && len <= INT32_MAX && sealing->aad.len <= INT32_MAX;

	good = good &&
	       EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, sealing->key,
				  sealing->nonce) == 1 &&
	       (sealing->aad.len == 0 ||
		EVP_EncryptUpdate(context, NULL, &out, sealing->aad.at,
				  (int)sealing->aad.len) == 1) &&
	       (len == 0 ||
		EVP_EncryptUpdate(context, ret, &out, bytes, (int)len) == 1) &&
	       EVP_EncryptFinal_ex(context, ret + len, &ignored) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, KEYS_TAG, ret + len) ==
		       1;
	EVP_CIPHER_CTX_free(context);
	return good;
}

/* len counts ciphertext and tag; ret has as many bytes less the tag. */
static bool gcm_open(const struct sealing *sealing, const uint8_t *bytes, size_t len,
		     uint8_t *ret)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t tag[KEYS_TAG];
	int out = 0, ignored;
	bool good = context && len >= KEYS_TAG && len <= INT32_MAX &&
		    sealing->aad.len <= INT32_MAX;

	len = good ? len - KEYS_TAG : 0;
	if (good)
		memcpy(tag, bytes + len, sizeof tag);
	good = good &&
	       EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, sealing->key,
				  sealing->nonce) == 1 &&
	       (sealing->aad.len == 0 ||
		EVP_DecryptUpdate(context, NULL, &out, sealing->aad.at,
				  (int)sealing->aad.len) == 1) &&
	       (len == 0 ||
		EVP_DecryptUpdate(context, ret, &out, bytes, (int)len) == 1) &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, KEYS_TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(context, ret + len, &ignored) == 1;
	if (!good)
		secret_wipe(ret, len);
	EVP_CIPHER_CTX_free(context);
	return good;
}

bool keys_lock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
	       struct keys_bytes bytes, uint8_t *ret)
{
	const struct sealing sealing = {key, ret, aad};

	return keys_random(ret, KEYS_NONCE) &&
	       gcm_seal(&sealing, bytes.at, bytes.len, ret + KEYS_NONCE);
}

bool keys_unlock(const uint8_t key[KEYS_LEN], struct keys_bytes aad,
		 struct keys_bytes box, void *ret)
{
	const uint8_t *nonce = box.at;
	const struct sealing sealing = {key, nonce, aad};

	return box.len >= KEYS_BOX &&
	       gcm_open(&sealing, nonce + KEYS_NONCE, box.len - KEYS_NONCE, ret);
}

/* ---- passwords and sessions ---------------------------------------------------- */

bool keys_new_scrypt(dfs_scrypt *ret)
{
	*ret = (dfs_scrypt){.log2_n = SCRYPT_LOG2_N, .r = SCRYPT_R, .p = SCRYPT_P};
	return keys_random(ret->salt, sizeof ret->salt);
}

const char *keys_check_scrypt(const dfs_scrypt *scrypt)
{
	if (scrypt->log2_n < SCRYPT_LOG2_N || scrypt->r < SCRYPT_R || scrypt->p < 1)
		return "a server asks for a proof that is too easy to guess";
	if (scrypt->log2_n > 20 || scrypt->r > 32 || scrypt->p > 16 ||
	    (uint64_t)128 * scrypt->r << scrypt->log2_n > SCRYPT_MEMORY_MAX)
		return "a server asks for a proof that takes too much memory";
	return NULL;
}

bool keys_same_scrypt(const dfs_scrypt *a, const dfs_scrypt *b)
{
	return memcmp(a->salt, b->salt, sizeof a->salt) == 0 && a->log2_n == b->log2_n &&
	       a->r == b->r && a->p == b->p;
}

bool keys_master_of_password(const char *password, size_t len, const dfs_scrypt *scrypt,
			     uint8_t ret[KEYS_MASTER])
{
	bool good = !keys_check_scrypt(scrypt) && len <= PASSWORD_MAX_BYTES;

	good = good && EVP_PBE_scrypt(password, len, (const uint8_t *)scrypt->salt,
				      sizeof scrypt->salt, (uint64_t)1 << scrypt->log2_n,
				      scrypt->r, scrypt->p, 2 * SCRYPT_MEMORY_MAX, ret,
				      KEYS_MASTER) == 1;
	if (!good)
		secret_wipe(ret, KEYS_MASTER);
	return good;
}

bool keys_master_of_secret(const uint8_t secret[KEYS_LEN], uint8_t ret[KEYS_MASTER])
{
	return hkdf((struct keys_bytes){secret, KEYS_LEN}, (struct keys_bytes){NULL, 0},
		    "dfs session", ret, KEYS_MASTER);
}

bool keys_proof(const uint8_t master[KEYS_MASTER], unsigned server, dfs_key *ret)
{
	char info[] = "dfs proof dfs0";

	if (server < 1 || server > DFS_SERVERS)
		return false;
	info[sizeof info - 2] = (char)('0' + server);
	return keys_derive(master, HALF, info, (uint8_t *)ret->bytes);
}

bool keys_verifiers(const uint8_t master[KEYS_MASTER], dfs_verifiers *ret)
{
	bool good = true;

	for (unsigned s = 1; good && s <= DFS_SERVERS; s++) {
		dfs_key proof;

		good = keys_proof(master, s, &proof) &&
		       EVP_Digest(proof.bytes, sizeof proof.bytes,
				  (uint8_t *)ret->of[s - 1].bytes, NULL, EVP_sha256(),
				  NULL) == 1;
		secret_wipe(&proof, sizeof proof);
	}
	return good;
}

/* ---- a user's secrets ---------------------------------------------------------- */

static bool ring_key(const uint8_t master[KEYS_MASTER], uint8_t ret[KEYS_LEN])
{
	return keys_derive(master + HALF, HALF, ring_use, ret);
}

bool keys_lock_ring(const struct keys_ring *ring, const uint8_t master[KEYS_MASTER],
		    uint8_t *ret, size_t *ret_len)
{
	uint8_t key[KEYS_LEN];
	size_t len = ring->count * KEYS_LEN;
	bool good =
		ring->count >= 1 && ring->count <= KEYS_SECRETS_MAX &&
		ring_key(master, key) &&
		keys_lock(key, ring_aad, (struct keys_bytes){ring->secrets, len}, ret);

	if (good)
		*ret_len = len + KEYS_BOX;
	secret_wipe(key, sizeof key);
	return good;
}

bool keys_unlock_ring(const uint8_t *locked, size_t len,
		      const uint8_t master[KEYS_MASTER], struct keys_ring *ret)
{
	uint8_t key[KEYS_LEN];
	size_t count = len > KEYS_BOX ? (len - KEYS_BOX) / KEYS_LEN : 0;
	bool good = count >= 1 && count <= KEYS_SECRETS_MAX &&
		    len == count * KEYS_LEN + KEYS_BOX && ring_key(master, key) &&
		    keys_unlock(key, ring_aad, (struct keys_bytes){locked, len},
				ret->secrets);

	ret->count = good ? count : 0;
	secret_wipe(key, sizeof key);
	return good;
}

/* The private key that a secret stands for: EVP_PKEY_X25519 or EVP_PKEY_ED25519. */
static EVP_PKEY *private_key(const uint8_t secret[KEYS_LEN], int type)
{
	uint8_t raw[KEYS_LEN];
	EVP_PKEY *key = NULL;

	if (keys_derive(secret, KEYS_LEN,
			type == EVP_PKEY_X25519 ? "dfs seal" : "dfs sign", raw))
		key = EVP_PKEY_new_raw_private_key(type, NULL, raw, sizeof raw);
	secret_wipe(raw, sizeof raw);
	return key;
}

static bool public_of(EVP_PKEY *key, uint8_t *ret)
{
	size_t len = KEYS_LEN;

	return key && EVP_PKEY_get_raw_public_key(key, ret, &len) == 1 && len == KEYS_LEN;
}

/* One of the two keys of a pair, and its public one. */
struct half {
	int type;
	EVP_PKEY *key; /* NULL: nobody has needed it yet */
	dfs_key public_key;
};

struct keys_pair {
	uint8_t secret[KEYS_LEN];
	pthread_mutex_t lock; /* while a half is made */
	struct half seal, sign;
};

struct keys_pair *keys_pair_new(const uint8_t secret[KEYS_LEN])
{
	struct keys_pair *pair = calloc(1, sizeof *pair);

	if (!pair)
		return NULL;
	memcpy(pair->secret, secret, KEYS_LEN);
	pthread_mutex_init(&pair->lock, NULL);
	pair->seal.type = EVP_PKEY_X25519;
	pair->sign.type = EVP_PKEY_ED25519;
	return pair;
}

void keys_pair_free(struct keys_pair *pair)
{
	if (!pair)
		return;
	/* OpenSSL wipes what was private. */
	EVP_PKEY_free(pair->seal.key);
	EVP_PKEY_free(pair->sign.key);
	pthread_mutex_destroy(&pair->lock);
	secret_wipe(pair->secret, sizeof pair->secret);
	free(pair);
}

/* Whose key stays as it is from then on; NULL when out of memory. */
static const struct half *made(struct keys_pair *pair, struct half *half)
{
	pthread_mutex_lock(&pair->lock);
	if (!half->key)
		half->key = private_key(pair->secret, half->type);
	if (!public_of(half->key, (uint8_t *)half->public_key.bytes)) {
		EVP_PKEY_free(half->key);
		half->key = NULL;
	}
	pthread_mutex_unlock(&pair->lock);
	return half->key ? half : NULL;
}

const dfs_key *keys_pair_seal_key(struct keys_pair *pair)
{
	const struct half *half = made(pair, &pair->seal);

	return half ? &half->public_key : NULL;
}

const dfs_key *keys_pair_sign_key(struct keys_pair *pair)
{
	const struct half *half = made(pair, &pair->sign);

	return half ? &half->public_key : NULL;
}

bool keys_public(const uint8_t secret[KEYS_LEN], dfs_key *ret_seal, dfs_key *ret_sign)
{
	struct keys_pair *pair = keys_pair_new(secret);
	const dfs_key *seal = pair ? keys_pair_seal_key(pair) : NULL;
	const dfs_key *sign = seal ? keys_pair_sign_key(pair) : NULL;

	if (sign) {
		*ret_seal = *seal;
		*ret_sign = *sign;
	}
	keys_pair_free(pair);
	return sign;
}

/* ---- wrapping ------------------------------------------------------------------ */

/* The public keys of a wrapping: one made for it, and the reader's. */
struct wrapping {
	const uint8_t *ephemeral, *reader;
};

/* The key of a wrapping, from one's own X25519 key and the other's public one. */
static bool wrap_key(EVP_PKEY *own, const uint8_t other[KEYS_LEN],
		     struct wrapping wrapping, const char *purpose, uint8_t ret[KEYS_LEN])
{
	uint8_t agreed[KEYS_LEN], salt[2 * KEYS_LEN];
	char info[64];
	size_t len = sizeof agreed;
	EVP_PKEY *peer =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, other, KEYS_LEN);
	EVP_PKEY_CTX *context = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
	/* RFC 7748, 6.1: OpenSSL refuses a point that makes the secret zero. */
	bool good = peer && context && EVP_PKEY_derive_init(context) == 1 &&
		    EVP_PKEY_derive_set_peer(context, peer) == 1 &&
		    EVP_PKEY_derive(context, agreed, &len) == 1 && len == sizeof agreed;
	int n = snprintf(info, sizeof info, "dfs wrap %s", purpose);

	memcpy(salt, wrapping.ephemeral, KEYS_LEN);
	memcpy(salt + KEYS_LEN, wrapping.reader, KEYS_LEN);
	good = good && n > 0 && (size_t)n < sizeof info &&
	       hkdf((struct keys_bytes){agreed, sizeof agreed},
		    (struct keys_bytes){salt, sizeof salt}, info, ret, KEYS_LEN);
	secret_wipe(agreed, sizeof agreed);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	return good;
}

static const uint8_t zero_nonce[KEYS_NONCE];

bool keys_wrap(const uint8_t key[KEYS_LEN], const dfs_key *seal_key, const char *purpose,
	       struct keys_bytes context, dfs_wrapped *ret)
{
	const uint8_t *reader = (const uint8_t *)seal_key->bytes;
	uint8_t *ephemeral = (uint8_t *)ret->ephemeral.bytes;
	EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint8_t under[KEYS_LEN];
	const struct sealing sealing = {under, zero_nonce, context};
	bool good = public_of(own, ephemeral) &&
		    wrap_key(own, reader, (struct wrapping){ephemeral, reader}, purpose,
			     under) &&
		    gcm_seal(&sealing, key, KEYS_LEN, (uint8_t *)ret->box);

	_Static_assert(sizeof ret->box == KEYS_LEN + KEYS_TAG, "a wrapped key");
	secret_wipe(under, sizeof under);
	EVP_PKEY_free(own);
	return good;
}

bool keys_unwrap(const dfs_wrapped *wrapped, struct keys_pair *pair, const char *purpose,
		 struct keys_bytes context, uint8_t ret[KEYS_LEN])
{
	const struct half *seal = made(pair, &pair->seal);
	const uint8_t *ephemeral = (const uint8_t *)wrapped->ephemeral.bytes;
	const uint8_t *reader = seal ? (const uint8_t *)seal->public_key.bytes : NULL;
	uint8_t under[KEYS_LEN];
	const struct sealing sealing = {under, zero_nonce, context};
	bool good = seal &&
		    wrap_key(seal->key, ephemeral, (struct wrapping){ephemeral, reader},
			     purpose, under) &&
		    gcm_open(&sealing, (const uint8_t *)wrapped->box, sizeof wrapped->box,
			     ret);

	secret_wipe(under, sizeof under);
	return good;
}

/* ---- signing ------------------------------------------------------------------- */

bool keys_sign(struct keys_pair *pair, const void *bytes, size_t len,
	       uint8_t ret[DFS_SIGNATURE_LEN])
{
	const struct half *sign = made(pair, &pair->sign);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t ret_len = DFS_SIGNATURE_LEN;
	bool good = sign && context &&
		    EVP_DigestSignInit(context, NULL, NULL, NULL, sign->key) == 1 &&
		    EVP_DigestSign(context, ret, &ret_len, bytes, len) == 1 &&
		    ret_len == DFS_SIGNATURE_LEN;

	EVP_MD_CTX_free(context);
	return good;
}
