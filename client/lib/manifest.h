/*
 * What a manifest keeps from its servers, and what it proves: wrapped object keys,
 * encrypted digests, the writer's signature on the content, and the owner's on who may
 * read.
 *
 * The encrypted part is bound to everything that the servers may not change (see
 * doc/SECURITY.md), so that a manifest edited in all stores does not open.
 */
#ifndef DFS_MANIFEST_H
#define DFS_MANIFEST_H

#include "content.h"
#include "identity.h"

enum manifest_end {
	MANIFEST_OPEN,
	MANIFEST_NOT_FOR_US, /* no key is wrapped for this user */
	MANIFEST_NO_KEY,     /* one is, and does not open: edited, or for a lost secret */
	MANIFEST_DAMAGED     /* or edited: nothing in it may be believed */
};

/* A format byte (2), then digests and signature in a box. */
enum { MANIFEST_SEALED_LEN = 1 + KEYS_BOX + 16 + 32 + DFS_SIGNATURE_LEN };

/* What only those who may read a file know of it; to be wiped. */
struct manifest_secret {
	uint8_t key[KEYS_LEN]; /* of the object */
	struct content_digests digests;
	uint8_t signature[DFS_SIGNATURE_LEN]; /* the writer's */
};

/* The secret of a file at this path.  Whose signature it has is not looked at. */
enum manifest_end manifest_open(const struct identity *identity, const char *path,
				const dfs_manifest *manifest,
				struct manifest_secret *ret);

/*
 * Wraps the object key for the owner and each reader of manifest->access, and encrypts
 * digests and signature.  owner, writer, access and content but `sealed` are filled in
 * and stay as they are.  keys and sealed are allocated, also where that fails, and what
 * they held before is not freed.  owner_seal_key: of the owner's account; not used below
 * /shared/.
 */
bool manifest_seal(const struct identity *identity, const char *path,
		   dfs_manifest *manifest, const dfs_key *owner_seal_key,
		   const struct manifest_secret *secret);

/*
 * The writer (or the owner, for him), whose identity it is, signs that this content is
 * right: for which path and owner, and the digests.  Who knows public keys can make a
 * manifest that opens; without this signature servers could put a file of their own in a
 * file's place.  Fills secret->signature.
 */
bool manifest_sign_content(const struct identity *identity, const char *path,
			   const dfs_manifest *manifest, struct manifest_secret *secret);
/* Is the signature made with this key, of somebody's account? */
bool manifest_content_is_genuine(const char *path, const dfs_manifest *manifest,
				 const struct manifest_secret *secret,
				 const uint8_t sign_key[KEYS_LEN]);
/* Is it oneself, with this secret or an older one of the keyring? */
bool manifest_content_is_own(const struct identity *identity, const char *path,
			     const dfs_manifest *manifest,
			     const struct manifest_secret *secret);
/* Is the writer its owner, or one whom the list of readers lets write? */
bool manifest_writer_is_listed(const dfs_manifest *manifest);

/*
 * The owner signs the readers; the identity is the owner's.  The signature is allocated,
 * and what was there before is not freed.
 */
bool manifest_sign_access(const struct identity *identity, const char *path,
			  dfs_manifest *manifest);
/* Is it the owner who wrote this list?  sign_key: of the owner's account. */
bool manifest_access_is_genuine(const char *path, const dfs_manifest *manifest,
				const uint8_t sign_key[KEYS_LEN]);
/* Is it oneself, with this secret or an older one of the keyring? */
bool manifest_access_is_own(const struct identity *identity, const char *path,
			    const dfs_manifest *manifest);

#endif
