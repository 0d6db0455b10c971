/*
 * Who may say that a path has a value: whether a value is proved (doc/AGREEMENT.md 1.6).
 *
 * A value is stated when its proof is the signature of somebody who may make it, and when
 * what is stated in it (content, readers, an account) is signed by whoever states that.
 * It is proved for a ballot when besides three servers have confirmed it for that, or it
 * is the owner's own proposal at just that ballot.  Servers ask before they accept and
 * clients before they believe, by the same rules; they differ in where they have accounts
 * from.
 */
#ifndef DFS_AUTHORITY_H
#define DFS_AUTHORITY_H

#include "dfs.h"
#include "server_keys.h"
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
	struct statement_seen *seen;       /* or NULL */
	const struct server_keys *servers; /* NULL: nothing is confirmed */
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
 * NULL when it is stated by users as it has to be, else which signature is not right
 * (static).  *ret_unknown: a key that is needed could not be had.
 */
const char *authority_check_stated(const struct authority_source *source,
				   struct authority_claim *claim, bool *ret_unknown);
/* The same, when it is proved for the ballot of the claim, too. */
const char *authority_check_proved(const struct authority_source *source,
				   struct authority_claim *claim, bool *ret_unknown);

/* Did its owner himself propose this, holders included, at the ballot of the claim? */
bool authority_is_own(const struct authority_claim *claim);

/*
 * NULL when its signer may make it on top of what was accepted before (NULL: that is not
 * known), else why not (static).  Pure; the signatures are taken for right.
 */
const char *authority_check_allowed(const struct authority_claim *claim,
				    const dfs_value *accepted);

/*
 * NULL when three servers have signed that they promised the ballot, and tell of nothing
 * higher than this (NULL: of nothing), which two of them need not have; else why not
 * (static).  Whether that is proved itself is another question: *ret_ballot is the one at
 * which they tell of it.
 */
const char *authority_check_promises(const struct authority_source *source,
				     const dfs_ballot *ballot,
				     const dfs_confirm_item *item,
				     dfs_ballot *ret_ballot);

/*
 * May this server (1..4) propose the value in the place of the highest one (NULL: there
 * is none) of its own accord?  It may finish it, and correct which chunks it was given.
 */
const char *authority_check_again(const dfs_value *highest, const dfs_value *value,
				  unsigned server);
/*
 * May a user do so?  That is the next operation of the path, or finishes it; and what it
 * keeps of earlier versions is what the highest one has or keeps.
 */
const char *authority_check_next(const dfs_value *highest, const dfs_value *value);

/* Is this what the server signed when it promised, with the key that it has now? */
bool authority_has_promised(const struct authority_source *source, const dfs_path *path,
			    const dfs_ballot *ballot, const dfs_signed_promise *promise);
/* Has the server confirmed that the path may have the value with this digest? */
bool authority_has_confirmed(const struct authority_source *source, const dfs_path *path,
			     const dfs_ballot *ballot, const dfs_key *digest,
			     const dfs_confirmation *confirmation);

/*
 * May this user say that something came from there, so that whoever meets it takes it
 * away from there?  Only what is his own, or everybody's: he could take it away himself.
 */
bool authority_may_note(const dfs_user *user, const dfs_path *old_path);

/* Did admin sign the account of this user? */
bool authority_account_is_genuine(const dfs_key *admin_key, const dfs_user *user,
				  const dfs_account *account);

#endif
