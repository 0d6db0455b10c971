/*
 * What users and servers state, and how it is signed and proved.
 *
 * A statement is a hash of 32 bytes: SHA-256 of a zero byte, some words that say what it
 * is about, and XDR.  There are six:
 *
 *	"dfs content"   path, owner, writer, maker, size, modified, stored, row, unit
 *	                size, root of the tree, sealed: the writer, of what he stored
 *	"dfs proposal"  path, ballot, digest of the value without holders, digest of it
 *	                as it is: whoever proposes the value
 *	"dfs access"    path, owner, generation, readers: the owner, of who may read
 *	"dfs account"   name, and the account but for its signature: admin
 *	"dfs promise"   path, ballot, and what it has accepted: a server that promised
 *	"dfs confirmation"  path, ballot, digest of the value: a server, that this is
 *	                the one value that may be proposed there
 *
 * The digest of a value is the SHA-256 of its XDR with an empty proof.  A proposal states
 * it with and without holders: servers correct those when they have what they are to
 * have, and whoever proposed the value has still said the same (the proof has the other
 * digest); but at his own ballot there is one value only.
 *
 * Statements are signed in batches: they are the leaves of a tree (tree.h), and Ed25519
 * (RFC 8032) signs "dfs batch", how many there are (4 bytes, the highest first) and the
 * top.  A batch of one is as good as any.  Paths are at most DFS_BATCH_DEPTH long.
 */
#ifndef DFS_STATEMENT_H
#define DFS_STATEMENT_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is signed of a batch; a place that is left out of it has a hash of zeros. */
enum { STATEMENT_MESSAGE = 9 + 4 + DFS_KEY_LEN };

/* false when out of memory, or where what is stated breaks the bounds of dfs.x. */
bool statement_of_content(const dfs_path *path, const dfs_user *owner,
			  const dfs_content *content, dfs_key *ret);
/* Of the value as it is, with the ballot and the digest that its proof has. */
bool statement_of_proposal(const dfs_path *path, const dfs_value *value, dfs_key *ret);
bool statement_of_access(const dfs_path *path, const dfs_user *owner,
			 const dfs_access *access, dfs_key *ret);
bool statement_of_account(const dfs_user *user, const dfs_account *account, dfs_key *ret);

bool statement_of_promise(const dfs_path *path, const dfs_ballot *ballot,
			  const dfs_promise_told *told, dfs_key *ret);
bool statement_of_confirmation(const dfs_path *path, const dfs_ballot *ballot,
			       const dfs_key *digest, dfs_key *ret);

bool statement_digest(const dfs_value *value, dfs_key *ret);
/* The same of the value without holders: what a proposal states. */
bool statement_digest_stated(const dfs_value *value, dfs_key *ret);
/* What stands for the digest where room is short: its first eight bytes. */
uint64_t statement_short(const dfs_key *digest);

/*
 * What is to be signed for these statements, 1..DFS_BATCH_MAX; and in each signature all
 * but the key's number and the signature itself, which is the same in all of them.  The
 * paths are allocated: what they held before is not freed; on failure nothing is left.
 */
bool statement_batch(const dfs_key *statements, size_t count,
		     dfs_signature *const *ret_signatures,
		     uint8_t ret_message[STATEMENT_MESSAGE]);

/* Only what is to be signed for them. */
bool statement_message(const dfs_key *statements, size_t count,
		       uint8_t ret[STATEMENT_MESSAGE]);

/* Is it signed with this Ed25519 key? */
bool statement_is_signed(const dfs_key *statement, const dfs_signature *signature,
			 const dfs_key *sign_key);

/* The key of this number, the present or a former one; NULL when there is none. */
const dfs_key *statement_key(const dfs_account *account, uint32_t number);

/* NULL, or how it breaks the rules that need no key: a leaf beyond the batch, ... */
const char *statement_check_signature(const dfs_signature *signature);

/*
 * Batches that were seen to be signed: whoever proves many values of one batch verifies
 * the signature once.  Any thread may use it.
 */
struct statement_seen;
struct statement_seen *statement_seen_new(void);       /* NULL when out of memory */
void statement_seen_free(struct statement_seen *seen); /* NULL is allowed */
/* As statement_is_signed; seen may be NULL. */
bool statement_is_signed_seen(struct statement_seen *seen, const dfs_key *statement,
			      const dfs_signature *signature, const dfs_key *sign_key);

#endif
