/*
 * The accounts of other users, as the cluster's admin vouches for them.
 *
 * Read from three servers, believed only with admin's signature, and kept as long as the
 * session: their public keys are what files are wrapped for and lists of readers are
 * verified with.
 */
#ifndef DFS_ACCOUNT_CACHE_H
#define DFS_ACCOUNT_CACHE_H

#include "authority.h"
#include "session.h"

struct account_cache; /* NULL: none yet */

/*
 * The session's own.  NULL, with result: code 4 when there is no such user, 9 when what
 * the servers tell is not signed, or why it cannot be read.
 */
const dfs_account *account_cache_find(struct dfs *dfs, const char *user,
				      struct dfs_result *result);

/*
 * Keys for authority.h: also former ones, of oneself, and of users who are gone.  The
 * context is the session.  A key that the account did not have is not looked for again
 * for ten seconds; while an account is read, which only admin signs, nobody else's is.
 */
bool account_cache_key(void *context, const dfs_user *user, uint32_t number,
		       struct authority_key *ret);

/* NULL is allowed. */
void account_cache_free(struct account_cache *accounts);

#endif
