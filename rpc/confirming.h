/*
 * What servers sign for a proposer, gathered: the promises of three, and three
 * confirmations of what he proposes (doc/AGREEMENT.md 2.7).
 *
 * Pure but for the checking of signatures, which costs what it costs; servers and clients
 * propose alike.
 */
#ifndef DFS_CONFIRMING_H
#define DFS_CONFIRMING_H

#include "authority.h"
#include "sets.h"

/*
 * What a server that was asked to sign states of the first so many items, each a promise
 * or not (then zeros); ret_told has what it tells of those.  false when out of memory.
 */
bool confirming_state(const dfs_prepare_args *args, const dfs_promise *items, u_int count,
		      dfs_key *ret_statements, dfs_promise_told *ret_told);

/*
 * The signed promises of one server, over all that it answered; freed with
 * confirming_free.  One that is all zeros has none.
 */
struct confirming_promises {
	u_int count;
	dfs_signed_promise *of; /* of each item; server 0: it did not promise */
};

/*
 * Of what a server answered to such a PREPARE.  false, and there are none: it did not
 * sign what it says, or memory is short.
 */
bool confirming_promises(const struct authority_source *source, unsigned server,
			 const dfs_prepare_args *args, const dfs_prepare_ok *ok,
			 struct confirming_promises *ret);
void confirming_free(struct confirming_promises *promises);

/* Something that is to be confirmed; all is borrowed. */
struct confirming {
	const dfs_path *path;
	const dfs_signed_promise *promises[DFS_CONFIRMATIONS_MAX];
	const dfs_value *highest; /* that they tell of, with its proof; or NULL */
	dfs_value *value;         /* gets the confirmations */
};

/*
 * Three promises of item number `item` from these servers, that of `first` among them;
 * false: there are no three.
 */
bool confirming_choose(const struct confirming_promises promises[DFS_SERVERS],
		       server_set servers, u_int item, unsigned first,
		       struct confirming *ret);

/*
 * A call about at most DFS_CONFIRM_MAX, which has copies of all; freed with
 * confirming_free_args.  NULL when out of memory.
 */
dfs_confirm_args *confirming_args(const dfs_ballot *ballot,
				  const struct confirming *items, size_t count);
void confirming_free_args(void *args);

/*
 * Takes what a server answered to that: a value takes three confirmations, each server's
 * once, and nothing that the server did not sign.
 */
void confirming_take(const struct authority_source *source, unsigned server,
		     const dfs_confirm_args *args, const dfs_confirm_ok *ok,
		     const struct confirming *items);

/* Has the value three? */
bool confirming_is_whole(const dfs_value *value);

/* Takes those away that it has, of another ballot. */
void confirming_clear(dfs_value *value);

#endif
