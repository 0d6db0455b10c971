/*
 * Who may say that a path has a value: whether a value is proved (doc/AGREEMENT.md 1.6).
 *
 * A value is proved when its proof is the signature of somebody who may make it, and when
 * what is stated in it (content, readers, an account) is signed by whoever states that.
 * Servers ask before they accept and clients before they believe, by the same rules; they
 * differ in where they have accounts from.
 */
#ifndef DFS_AUTHORITY_H
#define DFS_AUTHORITY_H

#include "dfs.h"
#include "statement.h"
#include <stdbool.h>

/* One of a user's keys, as the account says that admin signed. */
struct authority_key {
	dfs_key key;
	bool present; /* it is no former one */
	bool welcome; /* its user is neither gone nor disabled */
};

/* Where keys come from; any thread may ask. */
struct authority_source {
	dfs_key admin_key;
	struct statement_seen *seen; /* or NULL */
	/* The user's key of this number; false: it cannot be had. */
	bool (*key)(void *context, const dfs_user *user, uint32_t number,
		    struct authority_key *ret);
	void *context;
};

/* What is claimed: that the path has the value since this ballot. */
struct authority_claim {
	const dfs_path *path;
	const dfs_ballot *ballot;
	const dfs_value *value;
	/* who proposes it now, by himself; NULL: a server tells of it */
	const char *caller;
	/*
	 * its readers are signed with a key that signs no new ones: a former one, or of
	 * an owner who is gone or disabled; authority_check_signed notes it
	 */
	bool old_readers;
};

/*
 * NULL when all signatures in it are right, else which one is not (static).
 * *ret_unknown: a key that is needed could not be had.
 */
const char *authority_check_signed(const struct authority_source *source,
				   struct authority_claim *claim, bool *ret_unknown);

/*
 * NULL when its signer may make it on top of what is accepted (NULL: nothing is known),
 * else why not (static).  Pure; the signatures are taken for right.
 */
const char *authority_check_allowed(const struct authority_claim *claim,
				    const dfs_value *accepted);

/*
 * May this user say that something came from there, so that whoever meets it takes it
 * away from there?  Only what is his own, or everybody's: he could take it away himself.
 */
bool authority_may_note(const dfs_user *user, const dfs_path *old_path);

/* Does that depend on what is accepted? */
bool authority_depends(const struct authority_claim *claim);

/* Did admin sign the account of this user? */
bool authority_account_is_genuine(const dfs_key *admin_key, const dfs_user *user,
				  const dfs_account *account);

#endif
