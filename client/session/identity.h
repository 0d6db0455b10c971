/*
 * Who the client is once it has logged in: the user's secrets, and what they open.
 *
 * Filled from the first answer of a server that opens (a server that lies gives a keyring
 * that does not open or an account whose signature is wrong, and is passed over).
 */
#ifndef DFS_IDENTITY_H
#define DFS_IDENTITY_H

#include "keys.h"
#include "libdfs.h"

struct identity {
	char user[DFS_USER_MAX + 1];
	uint8_t admin_key[KEYS_LEN]; /* of the cluster's configuration */
	dfs_account account;
	struct keys_ring ring;
	uint8_t shared[KEYS_LEN]; /* the secret of /shared/ */
	/* What is made of these once: of each secret in the ring, and of shared. */
	struct keys_pair *pairs[KEYS_SECRETS_MAX];
	struct keys_pair *shared_pair;
};

/*
 * From what a server answered to a log-in that was made with this master.  Code 9 when it
 * does not open or is not signed, saying which; 1 when memory is short.
 */
struct dfs_result identity_fill(struct identity *ret, const char *user,
				const uint8_t admin_key[KEYS_LEN],
				const dfs_identity *answer,
				const uint8_t master[KEYS_MASTER]);
/* All zeros afterwards; one that is all zeros may be wiped too. */
void identity_wipe(struct identity *identity);

/* The pairs of a ring and a shared that are new; false when out of memory. */
bool identity_make_pairs(struct identity *identity);

/*
 * One signature over statements, at most DFS_BATCH_MAX (rpc/statement.h), with the key of
 * this number of somebody's account.  What the signatures held before is not freed, and
 * on failure nothing is left in them.
 */
bool identity_sign(struct keys_pair *pair, uint32_t key, const dfs_key *statements,
		   size_t count, dfs_signature *const *ret_signatures);

/*
 * The keys of a new account, or of one with new keys: made by admin, whose identity this
 * is, who has yet to sign it.  It points to nothing.
 */
bool identity_make_account(const struct identity *admin, const char *user,
			   const uint8_t secret[KEYS_LEN], dfs_account *ret);
/*
 * admin's signature of all that the account says; the first pair of admin's ring.  What
 * was there before is not freed.
 */
bool identity_sign_account(struct keys_pair *admin, const char *user,
			   dfs_account *account);
bool identity_account_is_genuine(const uint8_t admin_key[KEYS_LEN], const char *user,
				 const dfs_account *account);
/* The same in all, signed or not: then one is as genuine as the other. */
bool identity_account_is_same(const dfs_account *a, const dfs_account *b);

#endif
