/*
 * What a manifest keeps from its servers, and what it proves.
 *
 * sealed: a byte 2, then the XXH3-128, the SHA-256 and the writer's signature in a box
 * under a key that is derived from the object's.  Its associated data is "dfs manifest"
 * and the XDR of path, owner, writer, readers, object, size, modified, stored, row and
 * unit size: what a reader is to believe.  Holders, versions, the lock and the note are
 * the servers' own and are not in it.
 *
 * The owner signs "dfs access" and the XDR of path, owner and readers.  The writer signs
 * "dfs content", the XDR of path, owner, writer and content as above, and both digests;
 * readers are not in it, because the owner may change them afterwards.
 */
#include "manifest.h"

#include "path.h"

#include <stdlib.h>
#include <string.h>

enum { SEALED_FORMAT = 2, DIGESTS = 16 + 32, INSIDE = DIGESTS + DFS_SIGNATURE_LEN };

static const char purpose[] = "object";

/* ---- what is proved ------------------------------------------------------------ */

/* The longest: a path, two users, sixteen readers, and less than 128 bytes besides. */
struct manifest_statement {
	size_t len;
	uint8_t bytes[4 + DFS_PATH_MAX + 2 * (4 + DFS_USER_MAX) +
		      DFS_READERS_MAX * (4 + DFS_USER_MAX + 4 + DFS_KEY_LEN) + 128];
};

/* XDR takes what it encodes without const, but only reads it. */
static dfs_manifest *unconst(const dfs_manifest *manifest)
{
	union {
		const dfs_manifest *borrow;
		dfs_manifest *plain;
	} pointer = {.borrow = manifest};

	return pointer.plain;
}

static bool encode_place(XDR *xdrs, const char *path, dfs_manifest *manifest)
{
	char copy[DFS_PATH_MAX];
	dfs_path name = {(u_int)strlen(path), copy};

	if (name.dfs_path_len > sizeof copy)
		return false;
	memcpy(copy, path, name.dfs_path_len);
	return xdr_dfs_path(xdrs, &name) && xdr_dfs_user(xdrs, &manifest->owner);
}

static bool encode_readers(XDR *xdrs, dfs_manifest *manifest)
{
	return xdr_array(xdrs, (char **)&manifest->access.readers.readers_val,
			 &manifest->access.readers.readers_len, DFS_READERS_MAX,
			 sizeof(dfs_reader), (xdrproc_t)xdr_dfs_reader);
}

static bool encode_content(XDR *xdrs, dfs_manifest *manifest)
{
	dfs_content *content = &manifest->content;

	return xdr_dfs_user(xdrs, &manifest->writer) &&
	       xdr_dfs_id(xdrs, &content->object) && xdr_uint64_t(xdrs, &content->size) &&
	       xdr_int64_t(xdrs, &content->modified) &&
	       xdr_int64_t(xdrs, &content->stored) && xdr_uint32_t(xdrs, &content->row) &&
	       xdr_uint32_t(xdrs, &content->unit_size);
}

enum about { READERS = 1, CONTENT = 2 };

/* Of a path and its owner: who may read, the content, or both. */
static bool state(struct manifest_statement *ret, const char *intro, const char *path,
		  const dfs_manifest *manifest, unsigned about)
{
	dfs_manifest *plain = unconst(manifest);
	size_t intro_len = strlen(intro);
	XDR xdrs;
	bool good;

	memcpy(ret->bytes, intro, intro_len);
	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, (char *)ret->bytes + intro_len,
		      (u_int)(sizeof ret->bytes - intro_len), XDR_ENCODE);
	good = encode_place(&xdrs, path, plain) &&
	       (!(about & READERS) || encode_readers(&xdrs, plain)) &&
	       (!(about & CONTENT) || encode_content(&xdrs, plain));
	ret->len = intro_len + xdr_getpos(&xdrs);
	xdr_destroy(&xdrs);
	return good;
}

/* ---- opening ------------------------------------------------------------------- */

static bool is_user(const dfs_user *user, const char *name)
{
	return user->dfs_user_len == strlen(name) &&
	       memcmp(user->dfs_user_val, name, user->dfs_user_len) == 0;
}

/* The entry of keys that is this user's; keys_len when there is none. */
static u_int find_key(const struct identity *identity, const char *path,
		      const dfs_manifest *manifest)
{
	const dfs_reader *readers = manifest->access.readers.readers_val;
	u_int count = manifest->access.readers.readers_len;

	if (path_is_shared(path, strlen(path)) ||
	    is_user(&manifest->owner, identity->user))
		return 0;
	for (u_int i = 0; i < count; i++)
		if (is_user(&readers[i].user, identity->user))
			return i + 1;
	return manifest->keys.keys_len;
}

static bool unwrap(const struct identity *identity, const char *path,
		   const dfs_wrapped *wrapped, const dfs_id *object,
		   uint8_t ret[KEYS_LEN])
{
	if (path_is_shared(path, strlen(path)))
		return keys_unwrap(wrapped, identity->shared_pair, purpose,
				   (struct keys_bytes){object->bytes, DFS_ID_LEN}, ret);
	for (size_t i = 0; i < identity->ring.count; i++)
		if (keys_unwrap(wrapped, identity->pairs[i], purpose,
				(struct keys_bytes){object->bytes, DFS_ID_LEN}, ret))
			return true;
	return false;
}

static bool unseal(const char *path, const dfs_manifest *manifest,
		   struct manifest_secret *ret)
{
	const uint8_t *sealed = (const uint8_t *)manifest->content.sealed.sealed_val;
	uint8_t under[KEYS_LEN], inside[INSIDE];
	struct manifest_statement aad;
	bool good = manifest->content.sealed.sealed_len == MANIFEST_SEALED_LEN &&
		    sealed[0] == SEALED_FORMAT &&
		    state(&aad, "dfs manifest", path, manifest, READERS | CONTENT) &&
		    keys_derive(ret->key, KEYS_LEN, "dfs sealed", under) &&
		    keys_unlock(under, (struct keys_bytes){aad.bytes, aad.len},
				(struct keys_bytes){sealed + 1, MANIFEST_SEALED_LEN - 1},
				inside);

	if (good) {
		memcpy(ret->digests.xxh128, inside, sizeof ret->digests.xxh128);
		memcpy(ret->digests.sha256, inside + sizeof ret->digests.xxh128,
		       sizeof ret->digests.sha256);
		memcpy(ret->signature, inside + DIGESTS, sizeof ret->signature);
	}
	secret_wipe(under, sizeof under);
	return good;
}

enum manifest_end manifest_open(const struct identity *identity, const char *path,
				const dfs_manifest *manifest, struct manifest_secret *ret)
{
	u_int at;

	if (manifest->keys.keys_len != manifest->access.readers.readers_len + 1)
		return MANIFEST_DAMAGED;
	at = find_key(identity, path, manifest);
	if (at == manifest->keys.keys_len)
		return MANIFEST_NOT_FOR_US;
	if (!unwrap(identity, path, &manifest->keys.keys_val[at],
		    &manifest->content.object, ret->key))
		return MANIFEST_NO_KEY;
	if (unseal(path, manifest, ret))
		return MANIFEST_OPEN;
	secret_wipe(ret, sizeof *ret);
	return MANIFEST_DAMAGED;
}

/* ---- making -------------------------------------------------------------------- */

/* Both digests, one behind the other. */
static void put_digests(const struct content_digests *digests, uint8_t ret[DIGESTS])
{
	memcpy(ret, digests->xxh128, sizeof digests->xxh128);
	memcpy(ret + sizeof digests->xxh128, digests->sha256, sizeof digests->sha256);
}

static bool seal(const char *path, dfs_manifest *manifest,
		 const struct manifest_secret *secret)
{
	uint8_t *sealed = malloc(MANIFEST_SEALED_LEN);
	uint8_t under[KEYS_LEN], inside[INSIDE];
	struct manifest_statement aad;
	bool good;

	manifest->content.sealed.sealed_val = (char *)sealed;
	manifest->content.sealed.sealed_len = sealed ? MANIFEST_SEALED_LEN : 0;
	if (!sealed)
		return false;
	sealed[0] = SEALED_FORMAT;
	put_digests(&secret->digests, inside);
	memcpy(inside + DIGESTS, secret->signature, sizeof secret->signature);
	good = state(&aad, "dfs manifest", path, manifest, READERS | CONTENT) &&
	       keys_derive(secret->key, KEYS_LEN, "dfs sealed", under) &&
	       keys_lock(under, (struct keys_bytes){aad.bytes, aad.len},
			 (struct keys_bytes){inside, sizeof inside}, sealed + 1);
	secret_wipe(under, sizeof under);
	return good;
}

bool manifest_seal(const struct identity *identity, const char *path,
		   dfs_manifest *manifest, const dfs_key *owner_seal_key,
		   const struct manifest_secret *secret)
{
	const dfs_reader *readers = manifest->access.readers.readers_val;
	u_int count = manifest->access.readers.readers_len;
	const dfs_id *object = &manifest->content.object;
	dfs_wrapped *keys = calloc(count + 1, sizeof *keys);
	bool shared = path_is_shared(path, strlen(path)), good = keys;

	manifest->keys.keys_val = keys;
	manifest->keys.keys_len = keys ? count + 1 : 0;
	good = good && keys_wrap(secret->key,
				 shared ? keys_pair_seal_key(identity->shared_pair)
					: owner_seal_key,
				 purpose, (struct keys_bytes){object->bytes, DFS_ID_LEN},
				 &keys[0]);
	for (u_int i = 0; good && i < count; i++)
		good = keys_wrap(secret->key, &readers[i].seal_key, purpose,
				 (struct keys_bytes){object->bytes, DFS_ID_LEN},
				 &keys[i + 1]);
	return seal(path, manifest, secret) && good;
}

/* ---- who wrote it -------------------------------------------------------------- */

/* The public key to the signatures of the ring's secret i. */
static const uint8_t *own_sign_key(const struct identity *identity, size_t i)
{
	return (const uint8_t *)keys_pair_sign_key(identity->pairs[i])->bytes;
}

static bool state_content(struct manifest_statement *ret, const char *path,
			  const dfs_manifest *manifest,
			  const struct manifest_secret *secret)
{
	if (!state(ret, "dfs content", path, manifest, CONTENT))
		return false;
	put_digests(&secret->digests, ret->bytes + ret->len);
	ret->len += DIGESTS;
	return true;
}

bool manifest_sign_content(const struct identity *identity, const char *path,
			   const dfs_manifest *manifest, struct manifest_secret *secret)
{
	struct manifest_statement statement;

	return state_content(&statement, path, manifest, secret) &&
	       keys_sign(identity->pairs[0], statement.bytes, statement.len,
			 secret->signature);
}

bool manifest_content_is_genuine(const char *path, const dfs_manifest *manifest,
				 const struct manifest_secret *secret,
				 const uint8_t sign_key[KEYS_LEN])
{
	struct manifest_statement statement;

	return state_content(&statement, path, manifest, secret) &&
	       keys_verify(sign_key, statement.bytes, statement.len, secret->signature);
}

bool manifest_content_is_own(const struct identity *identity, const char *path,
			     const dfs_manifest *manifest,
			     const struct manifest_secret *secret)
{
	bool own = false;

	for (size_t i = 0; !own && i < identity->ring.count; i++)
		own = manifest_content_is_genuine(path, manifest, secret,
						  own_sign_key(identity, i));
	return own;
}

bool manifest_writer_is_listed(const dfs_manifest *manifest)
{
	const dfs_user *writer = &manifest->writer;
	const dfs_reader *readers = manifest->access.readers.readers_val;

	if (writer->dfs_user_len == manifest->owner.dfs_user_len &&
	    memcmp(writer->dfs_user_val, manifest->owner.dfs_user_val,
		   writer->dfs_user_len) == 0)
		return true;
	for (u_int i = 0; i < manifest->access.readers.readers_len; i++)
		if (readers[i].writes &&
		    readers[i].user.dfs_user_len == writer->dfs_user_len &&
		    memcmp(readers[i].user.dfs_user_val, writer->dfs_user_val,
			   writer->dfs_user_len) == 0)
			return true;
	return false;
}

/* ---- who may read -------------------------------------------------------------- */

bool manifest_sign_access(const struct identity *identity, const char *path,
			  dfs_manifest *manifest)
{
	struct manifest_statement statement;
	uint8_t *signature = NULL;
	bool good = true;

	if (manifest->access.readers.readers_len > 0) {
		signature = malloc(DFS_SIGNATURE_LEN);
		good = signature &&
		       state(&statement, "dfs access", path, manifest, READERS) &&
		       keys_sign(identity->pairs[0], statement.bytes, statement.len,
				 signature);
	}
	manifest->access.signature.signature_val = (char *)signature;
	manifest->access.signature.signature_len = signature ? DFS_SIGNATURE_LEN : 0;
	return good;
}

bool manifest_access_is_genuine(const char *path, const dfs_manifest *manifest,
				const uint8_t sign_key[KEYS_LEN])
{
	const dfs_access *access = &manifest->access;
	struct manifest_statement statement;

	if (access->readers.readers_len == 0)
		return true;
	return access->signature.signature_len == DFS_SIGNATURE_LEN &&
	       state(&statement, "dfs access", path, manifest, READERS) &&
	       keys_verify(sign_key, statement.bytes, statement.len,
			   (const uint8_t *)access->signature.signature_val);
}

bool manifest_access_is_own(const struct identity *identity, const char *path,
			    const dfs_manifest *manifest)
{
	bool own = false;

	for (size_t i = 0; !own && i < identity->ring.count; i++)
		own = manifest_access_is_genuine(path, manifest,
						 own_sign_key(identity, i));
	return own;
}
