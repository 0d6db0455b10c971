/*
 * Whether a value is proved, as this server knows the users (rpc/authority.h).
 *
 * Accounts are those that are accepted here, if admin signed them; where a key is not
 * known, peers are asked.  What is refused is logged, with why.  All functions may be
 * called from any thread, those that check signatures without a lock.
 */
#ifndef DFS_PROOF_H
#define DFS_PROOF_H

#include "authority.h"
#include "store.h"

struct proof;

/* NULL when out of memory.  The store outlives it, and so do the keys of the servers. */
struct proof *proof_new(struct store *store, const dfs_key *admin_key,
			const struct server_keys *servers);
void proof_free(struct proof *proof);

/*
 * How an account is asked for that is not here; it is not trusted.  What the account
 * points to is then to be freed.  Set before there are calls.
 */
typedef bool proof_ask(void *context, const dfs_user *user, dfs_account *ret);
void proof_set_ask(struct proof *proof, proof_ask *ask, void *context);

/*
 * An account that may not be accepted here yet; one that admin did not sign is ignored.
 */
void proof_know(struct proof *proof, const dfs_user *user, const dfs_account *account);

/*
 * Is it stated by users as it has to be (authority.h)?  DFS_INVALID, or DFS_UNCHECKED
 * where a key cannot be had.  Must not be called with a latch: it may ask peers.
 */
dfs_status proof_check_stated(struct proof *proof, struct authority_claim *claim);
/* Is it proved for the ballot of the claim, too?  Likewise. */
dfs_status proof_check_proved(struct proof *proof, struct authority_claim *claim);

/*
 * Is what is to be confirmed right by what three servers promised?  caller: the user who
 * proposes it, or NULL for a server, whose number that is.  DFS_OK, DFS_INVALID,
 * DFS_DENIED, DFS_UNCHECKED.  Likewise.
 */
struct proof_proposer {
	const char *user; /* or NULL: */
	unsigned server;
};
dfs_status proof_check_confirm(struct proof *proof, const struct proof_proposer *proposer,
			       const dfs_ballot *ballot, const dfs_confirm_item *item);

/* For what other servers sign; of users it knows nothing. */
const struct authority_source *proof_source(const struct proof *proof);

/* May the signer make it on top of what is accepted (NULL: nothing)?  DFS_DENIED: no. */
dfs_status proof_check_allowed(const struct authority_claim *claim,
			       const dfs_value *accepted);

#endif
