/* Units as they are stored. */
#include "cipher.h"

#include "ballot.h"
#include "placement.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	LEVEL = 1,
	SHRINKS = 32,   /* by at least this part of it */
	LEAST = 64,     /* bytes; less is not worth a frame's head */
	SKIP_MOST = 16, /* units between two tries */
	AAD = 8 + 1 + DFS_ID_LEN + 8 + 8,
};

struct cipher {
	EVP_CIPHER_CTX *encrypting, *decrypting;
	uint8_t encrypting_key[KEYS_LEN], decrypting_key[KEYS_LEN]; /* that they have */
	ZSTD_CCtx *compressing; /* the zstd parts when they are needed first */
	ZSTD_DCtx *decompressing;
	uint8_t *scratch;
	dfs_id maker;     /* of the content that the last unit was of, */
	unsigned skip;    /* units of it not to be tried, */
	unsigned skipped; /* and how many were skipped the last time */
};

bool cipher_object_init(struct cipher_object *ret, const dfs_content *content,
			const uint8_t key[KEYS_LEN])
{
	*ret = (struct cipher_object){.maker = content->maker,
				      .size = content->size,
				      .unit_size = placement_unit_size(content->size)};
	return keys_derive(key, KEYS_LEN, "dfs units", ret->key);
}

struct cipher *cipher_new(void)
{
	struct cipher *cipher = calloc(1, sizeof *cipher);

	if (!cipher)
		return NULL;
	cipher->encrypting = EVP_CIPHER_CTX_new();
	cipher->decrypting = EVP_CIPHER_CTX_new();
	if (!cipher->encrypting || !cipher->decrypting ||
	    EVP_EncryptInit_ex(cipher->encrypting, EVP_aes_256_gcm(), NULL,
			       cipher->encrypting_key, NULL) != 1 ||
	    EVP_DecryptInit_ex(cipher->decrypting, EVP_aes_256_gcm(), NULL,
			       cipher->decrypting_key, NULL) != 1) {
		cipher_free(cipher);
		return NULL;
	}
	return cipher;
}

void cipher_free(struct cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->encrypting);
	EVP_CIPHER_CTX_free(cipher->decrypting);
	ZSTD_freeCCtx(cipher->compressing);
	ZSTD_freeDCtx(cipher->decompressing);
	if (cipher->scratch)
		secret_wipe(cipher->scratch, DFS_UNIT_SIZE);
	free(cipher->scratch);
	secret_wipe(cipher, sizeof *cipher);
	free(cipher);
}

static bool has_scratch(struct cipher *cipher)
{
	if (!cipher->scratch)
		cipher->scratch = malloc(DFS_UNIT_SIZE);
	return cipher->scratch;
}

/* ---- encryption ---------------------------------------------------------------- */

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(number >> shift);
	return at;
}

/* What the encryption of one unit goes by. */
struct place {
	const uint8_t *key;
	uint8_t nonce[KEYS_NONCE];
	uint8_t aad[AAD];
};

static void make_place(const struct cipher_object *object, uint64_t unit, uint8_t format,
		       struct place *ret)
{
	static const uint8_t intro[] = {'d', 'f', 's', ' ', 'u', 'n', 'i', 't'};

	memset(ret, 0, sizeof *ret);
	ret->key = object->key;
	put_number(ret->nonce + KEYS_NONCE - sizeof unit, unit);
	memcpy(ret->aad, intro, sizeof intro);
	ret->aad[8] = format;
	memcpy(ret->aad + 9, object->maker.bytes, DFS_ID_LEN);
	put_number(put_number(ret->aad + 9 + DFS_ID_LEN, unit), object->size);
}

/* from may be ret; the tag goes behind it. */
static bool encrypt(struct cipher *cipher, const struct place *place, const uint8_t *from,
		    uint32_t len, uint8_t *ret)
{
	EVP_CIPHER_CTX *context = cipher->encrypting;
	bool rekey = memcmp(cipher->encrypting_key, place->key, KEYS_LEN) != 0;
	int done;

	memcpy(cipher->encrypting_key, place->key, KEYS_LEN);
	return EVP_EncryptInit_ex(context, NULL, NULL, rekey ? place->key : NULL,
				  place->nonce) == 1 &&
	       EVP_EncryptUpdate(context, NULL, &done, place->aad, AAD) == 1 &&
	       EVP_EncryptUpdate(context, ret, &done, from, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(context, ret + len, &done) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, CIPHER_AFTER,
				   ret + len) == 1;
}

static bool decrypt(struct cipher *cipher, const struct place *place, const uint8_t *from,
		    uint32_t len, uint8_t *ret)
{
	EVP_CIPHER_CTX *context = cipher->decrypting;
	bool rekey = memcmp(cipher->decrypting_key, place->key, KEYS_LEN) != 0;
	uint8_t tag[CIPHER_AFTER];
	int done;

	memcpy(cipher->decrypting_key, place->key, KEYS_LEN);
	memcpy(tag, from + len, sizeof tag);
	return EVP_DecryptInit_ex(context, NULL, NULL, rekey ? place->key : NULL,
				  place->nonce) == 1 &&
	       EVP_DecryptUpdate(context, NULL, &done, place->aad, AAD) == 1 &&
	       EVP_DecryptUpdate(context, ret, &done, from, (int)len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, CIPHER_AFTER, tag) ==
		       1 &&
	       EVP_DecryptFinal_ex(context, ret + len, &done) == 1;
}

/* ---- compression --------------------------------------------------------------- */

/* Is this unit tried, going by how those before it did? */
static bool is_tried(struct cipher *cipher, const struct cipher_object *object,
		     uint32_t len)
{
	if (!cipher_rules.compress || len < LEAST)
		return false;
	if (!id_equal(&cipher->maker, &object->maker)) {
		cipher->maker = object->maker;
		cipher->skip = cipher->skipped = 0;
	}
	if (cipher->skip == 0)
		return true;
	cipher->skip--;
	return false;
}

/* Into the scratch; the length, or 0 when it does not shrink enough. */
static uint32_t compress(struct cipher *cipher, const uint8_t *bytes, uint32_t len)
{
	uint32_t most = len - (len > SHRINKS ? len / SHRINKS : 1);
	size_t got;

	if (!cipher->compressing) {
		cipher->compressing = ZSTD_createCCtx();
		if (!cipher->compressing ||
		    ZSTD_isError(ZSTD_CCtx_setParameter(cipher->compressing,
							ZSTD_c_compressionLevel, LEVEL)))
			return 0;
	}
	if (!has_scratch(cipher))
		return 0;
	got = ZSTD_compress2(cipher->compressing, cipher->scratch, most, bytes, len);
	if (!ZSTD_isError(got)) {
		cipher->skipped = 0;
		return (uint32_t)got;
	}
	cipher->skipped = cipher->skipped == 0          ? 1
			  : cipher->skipped < SKIP_MOST ? 2 * cipher->skipped
							: SKIP_MOST;
	cipher->skip = cipher->skipped;
	return 0;
}

/* Exactly len bytes, or false. */
static bool decompress(struct cipher *cipher, const uint8_t *frame, size_t frame_len,
		       uint8_t *ret, uint32_t len)
{
	if (!cipher->decompressing)
		cipher->decompressing = ZSTD_createDCtx();
	return cipher->decompressing &&
	       ZSTD_getFrameContentSize(frame, frame_len) == len &&
	       ZSTD_decompressDCtx(cipher->decompressing, ret, len, frame, frame_len) ==
		       len;
}

/* ---- units --------------------------------------------------------------------- */

uint32_t cipher_seal(struct cipher *cipher, const struct cipher_object *object,
		     uint64_t unit, uint8_t *room, uint32_t len)
{
	uint8_t *bytes = room + CIPHER_BEFORE;
	struct place place;
	const uint8_t *from = bytes;
	bool tried = room[0] == CIPHER_ANY ? is_tried(cipher, object, len)
					   : room[0] == CIPHER_ZSTD;
	uint32_t small = tried ? compress(cipher, bytes, len) : 0;

	if (small > 0) {
		from = cipher->scratch;
		len = small;
	}
	room[0] = small > 0 ? CIPHER_ZSTD : CIPHER_PLAIN;
	if (!cipher_rules.encrypt) {
		if (small > 0)
			memcpy(bytes, from, len);
		memset(bytes + len, 0, CIPHER_AFTER);
		return len + CIPHER_MORE;
	}
	make_place(object, unit, room[0], &place);
	return encrypt(cipher, &place, from, len, bytes) ? len + CIPHER_MORE : 0;
}

bool cipher_open(struct cipher *cipher, const struct cipher_object *object, uint64_t unit,
		 const dfs_bytes *stored, uint8_t *ret)
{
	uint32_t whole = placement_unit_len(object->size, object->unit_size, unit);
	uint32_t inside = stored->len - CIPHER_MORE;
	const uint8_t *format = stored->data, *bytes = format + CIPHER_BEFORE;
	struct place place;

	if (stored->len < CIPHER_MORE || inside > whole ||
	    (*format != CIPHER_PLAIN && *format != CIPHER_ZSTD) ||
	    (*format == CIPHER_PLAIN && inside != whole))
		return false;
	if (!cipher_rules.encrypt) {
		if (*format == CIPHER_ZSTD)
			return decompress(cipher, bytes, inside, ret, whole);
		memcpy(ret, bytes, whole);
		return true;
	}
	make_place(object, unit, *format, &place);
	if (*format == CIPHER_PLAIN)
		return decrypt(cipher, &place, bytes, inside, ret);
	return has_scratch(cipher) &&
	       decrypt(cipher, &place, bytes, inside, cipher->scratch) &&
	       decompress(cipher, cipher->scratch, inside, ret, whole);
}
