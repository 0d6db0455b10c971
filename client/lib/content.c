/* Digests of a content. */
#include "content.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct content_hash {
	XXH3_state_t *xxh;
	EVP_MD_CTX *sha; /* NULL: without */
};

static void hash_free(struct content_hash *hash)
{
	XXH3_freeState(hash->xxh);
	EVP_MD_CTX_free(hash->sha);
	free(hash);
}

struct content_hash *content_hash_new(bool with_sha256)
{
	struct content_hash *hash = calloc(1, sizeof *hash);

	if (!hash)
		return NULL;
	hash->xxh = XXH3_createState();
	if (with_sha256)
		hash->sha = EVP_MD_CTX_new();
	if (!hash->xxh || XXH3_128bits_reset(hash->xxh) != XXH_OK ||
	    (with_sha256 &&
	     (!hash->sha || EVP_DigestInit_ex(hash->sha, EVP_sha256(), NULL) != 1))) {
		hash_free(hash);
		return NULL;
	}
	return hash;
}

bool content_hash_add(struct content_hash *hash, const void *bytes, size_t len)
{
	return XXH3_128bits_update(hash->xxh, bytes, len) == XXH_OK &&
	       (!hash->sha || EVP_DigestUpdate(hash->sha, bytes, len) == 1);
}

bool content_hash_end(struct content_hash *take_hash, struct content_digests *ret)
{
	XXH128_canonical_t canonical;
	bool good;

	memset(ret, 0, sizeof *ret);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(take_hash->xxh));
	memcpy(ret->xxh128, canonical.digest, sizeof ret->xxh128);
	good = !take_hash->sha ||
	       EVP_DigestFinal_ex(take_hash->sha, ret->sha256, NULL) == 1;
	hash_free(take_hash);
	return good;
}

unsigned content_row(const uint8_t xxh128[16])
{
	return xxh128[15] & 3;
}
