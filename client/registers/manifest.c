/*
 * What a manifest keeps from its servers, and what it states.
 *
 * sealed: a byte 3, then the XXH3-128 in a box under a key that is derived from the
 * object's.  Its associated data is "dfs sealed", the content's maker, its size (8 bytes,
 * the highest first) and the root of its tree.
 *
 * keys: the object's key, wrapped with the content's maker as context.
 *
 * token: derived from the user's secret and the operation.
 */
#include "manifest.h"

#include "path.h"
#include "placement.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

enum { SEALED_FORMAT = 3 };

static const char purpose[] = "object";

static dfs_user user_of(const char *name)
{
	dfs_path user = path_borrow(name);

	return (dfs_user){user.dfs_path_len, user.dfs_path_val};
}

/* ---- the token ----------------------------------------------------------------- */

bool manifest_token(const struct identity *identity, const dfs_id *operation,
		    dfs_key *ret)
{
	uint8_t from[KEYS_LEN + DFS_ID_LEN];
	bool good;

	memcpy(from, identity->ring.secrets[0], KEYS_LEN);
	memcpy(from + KEYS_LEN, operation->bytes, DFS_ID_LEN);
	good = keys_derive(from, sizeof from, "dfs token", (uint8_t *)ret->bytes);
	secret_wipe(from, sizeof from);
	return good;
}

/* ---- the digest ---------------------------------------------------------------- */

static const char sealed_intro[] = "dfs sealed";

enum { SEALED_AAD = sizeof sealed_intro - 1 + DFS_ID_LEN + 8 + DFS_KEY_LEN };

static bool make_aad(const dfs_content *content, uint8_t ret[SEALED_AAD])
{
	uint8_t *at = ret + sizeof sealed_intro - 1;
	dfs_key root;

	if (content->unit_size == 0 ||
	    !tree_root(placement_units(content->size, content->unit_size),
		       content->tree.tree_val, content->tree.tree_len, &root))
		return false;
	memcpy(ret, sealed_intro, sizeof sealed_intro - 1);
	memcpy(at, content->maker.bytes, DFS_ID_LEN);
	at += DFS_ID_LEN;
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(content->size >> shift);
	memcpy(at, root.bytes, DFS_KEY_LEN);
	return true;
}

bool manifest_seal(const dfs_content *content, const struct manifest_secret *secret,
		   uint8_t ret[MANIFEST_SEALED_LEN])
{
	uint8_t under[KEYS_LEN], aad[SEALED_AAD];
	bool good;

	ret[0] = SEALED_FORMAT;
	good = make_aad(content, aad) &&
	       keys_derive(secret->key, KEYS_LEN, "dfs sealed", under) &&
	       keys_lock(under, (struct keys_bytes){aad, sizeof aad},
			 (struct keys_bytes){secret->xxh128, sizeof secret->xxh128},
			 ret + 1);
	secret_wipe(under, sizeof under);
	return good;
}

static bool unseal(const dfs_content *content, struct manifest_secret *ret)
{
	const uint8_t *sealed = (const uint8_t *)content->sealed.sealed_val;
	uint8_t under[KEYS_LEN], aad[SEALED_AAD];
	bool good = content->sealed.sealed_len == MANIFEST_SEALED_LEN &&
		    sealed[0] == SEALED_FORMAT && make_aad(content, aad) &&
		    keys_derive(ret->key, KEYS_LEN, "dfs sealed", under) &&
		    keys_unlock(under, (struct keys_bytes){aad, sizeof aad},
				(struct keys_bytes){sealed + 1, MANIFEST_SEALED_LEN - 1},
				ret->xxh128);

	secret_wipe(under, sizeof under);
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
		   const dfs_wrapped *wrapped, const dfs_id *maker, uint8_t ret[KEYS_LEN])
{
	const struct keys_bytes context = {maker->bytes, DFS_ID_LEN};

	if (path_is_shared(path, strlen(path)))
		return keys_unwrap(wrapped, identity->shared_pair, purpose, context, ret);
	for (size_t i = 0; i < identity->ring.count; i++)
		if (keys_unwrap(wrapped, identity->pairs[i], purpose, context, ret))
			return true;
	return false;
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
		    &manifest->content.maker, ret->key))
		return MANIFEST_NO_KEY;
	if (unseal(&manifest->content, ret))
		return MANIFEST_OPEN;
	secret_wipe(ret, sizeof *ret);
	return MANIFEST_DAMAGED;
}

bool manifest_wrap(const struct identity *identity, const char *path,
		   dfs_manifest *manifest, const dfs_key *owner_seal_key,
		   const uint8_t key[KEYS_LEN])
{
	const struct keys_bytes context = {manifest->content.maker.bytes, DFS_ID_LEN};
	const dfs_reader *readers = manifest->access.readers.readers_val;
	u_int count = manifest->access.readers.readers_len;
	dfs_wrapped *keys = calloc(count + 1, sizeof *keys);
	const dfs_key *first = path_is_shared(path, strlen(path))
				       ? keys_pair_seal_key(identity->shared_pair)
				       : owner_seal_key;
	bool good = keys && first;

	manifest->keys.keys_val = keys;
	manifest->keys.keys_len = keys ? count + 1 : 0;
	good = good && keys_wrap(key, first, purpose, context, &keys[0]);
	for (u_int i = 0; good && i < count; i++)
		good = keys_wrap(key, &readers[i].seal_key, purpose, context,
				 &keys[i + 1]);
	return good;
}

/* ---- signing ------------------------------------------------------------------- */

/* One signature of the user's over all of these. */
static bool sign(const struct identity *identity, const dfs_key *statements, size_t count,
		 dfs_signature *const *ret_signatures)
{
	return identity_sign(identity->pairs[0], identity->account.key, statements, count,
			     ret_signatures);
}

bool manifest_sign_contents(const struct identity *identity,
			    const struct manifest_stated *stated, size_t count)
{
	dfs_signature *signatures[DFS_BATCH_MAX];
	dfs_key statements[DFS_BATCH_MAX];
	bool good = count >= 1 && count <= DFS_BATCH_MAX;

	for (size_t i = 0; good && i < count; i++) {
		dfs_path path = path_borrow(stated[i].path);
		dfs_user owner = user_of(stated[i].owner);

		signatures[i] = &stated[i].content->signature;
		good = statement_of_content(&path, &owner, stated[i].content,
					    &statements[i]);
	}
	return good && sign(identity, statements, count, signatures);
}

bool manifest_sign_access(const struct identity *identity, const char *path,
			  dfs_manifest *manifest)
{
	dfs_path name = path_borrow(path);
	dfs_signature *signature;
	dfs_key statement;

	manifest->access.signature = NULL;
	if (manifest->access.readers.readers_len == 0)
		return true;
	signature = calloc(1, sizeof *signature);
	if (signature &&
	    statement_of_access(&name, &manifest->owner, &manifest->access, &statement) &&
	    sign(identity, &statement, 1, &signature)) {
		manifest->access.signature = signature;
		return true;
	}
	free(signature);
	return false;
}

bool manifest_access_is_genuine(const char *path, const dfs_manifest *manifest,
				const dfs_account *account)
{
	const dfs_access *access = &manifest->access;
	const dfs_key *key;
	dfs_path name = path_borrow(path);
	dfs_key statement;

	if (access->readers.readers_len == 0)
		return true;
	key = access->signature ? statement_key(account, access->signature->key) : NULL;
	return key && statement_of_access(&name, &manifest->owner, access, &statement) &&
	       statement_is_signed(&statement, access->signature, key);
}
