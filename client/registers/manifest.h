/*
 * What a manifest keeps from its servers, and what it states: wrapped object keys, an
 * encrypted digest, the writer's signature on the content, and the owner's on who may
 * read.  What is signed, and how, stands in rpc/statement.h; authority.h proves it.
 */
#ifndef DFS_MANIFEST_H
#define DFS_MANIFEST_H

#include "content.h"
#include "identity.h"
#include "statement.h"

enum manifest_end {
	MANIFEST_OPEN,
	MANIFEST_NOT_FOR_US, /* no key is wrapped for this user */
	MANIFEST_NO_KEY,     /* one is, and does not open: edited, or for a lost secret */
	MANIFEST_DAMAGED     /* or edited: nothing in it may be believed */
};

/* What only those who may read a file know of it; to be wiped. */
struct manifest_secret {
	uint8_t key[KEYS_LEN]; /* of the object */
	uint8_t xxh128[16];    /* of the content */
};

/*
 * The token by which the user may bring content for this operation, and of which the
 * content's maker is made (rpc/object.h); whoever repeats the operation with the same
 * secret has the same.
 */
bool manifest_token(const struct identity *identity, const dfs_id *operation,
		    dfs_key *ret);

/* The secret of a file at this path.  Whose signature it has is not looked at. */
enum manifest_end manifest_open(const struct identity *identity, const char *path,
				const dfs_manifest *manifest,
				struct manifest_secret *ret);

/* A format byte (3), then the XXH3-128 in a box. */
enum { MANIFEST_SEALED_LEN = 1 + KEYS_BOX + 16 };

/*
 * Encrypts the digest: what content->sealed is to be.  Maker, size and tree of the
 * content are filled in; it is bound to these alone, so that a copy can keep it.
 */
bool manifest_seal(const dfs_content *content, const struct manifest_secret *secret,
		   uint8_t ret[MANIFEST_SEALED_LEN]);

/*
 * Wraps the object key for the owner and each reader of manifest->access.  owner, access
 * and content are filled in and stay as they are.  keys are allocated, also where that
 * fails, and what they held before is not freed.  owner_seal_key: of the owner's account;
 * not used below /shared/.
 */
bool manifest_wrap(const struct identity *identity, const char *path,
		   dfs_manifest *manifest, const dfs_key *owner_seal_key,
		   const uint8_t key[KEYS_LEN]);

/* ---- who wrote it -------------------------------------------------------------- */

/* A content that takes a path. */
struct manifest_stated {
	const char *path;
	const char *owner;
	dfs_content *content; /* all but holders and signature is filled in */
};

/*
 * The writer, whose identity it is, states that each of these contents (1..DFS_BATCH_MAX)
 * is what he put at its path; one signature for all.  The signatures' paths are
 * allocated, and what was there before is not freed.
 */
bool manifest_sign_contents(const struct identity *identity,
			    const struct manifest_stated *stated, size_t count);

/* ---- who may read -------------------------------------------------------------- */

/*
 * The owner signs the readers; the identity is the owner's.  The signature is allocated,
 * and what was there before is not freed.
 */
bool manifest_sign_access(const struct identity *identity, const char *path,
			  dfs_manifest *manifest);
/* Is it the owner, whose account it is, who wrote this list? */
bool manifest_access_is_genuine(const char *path, const dfs_manifest *manifest,
				const dfs_account *account);

#endif
