/*
 * Who may do what to which path: the one place where that is decided.
 *
 * The dispatcher asks, with what the procedure table says of each call; what no rule
 * allows is refused, and that a path exists is not told by a refusal.
 *
 * Of the path of a file, by who calls:
 *
 *	              its user; anybody below /shared/   reader   writer   admin
 *	PERMIT_READ   yes                                yes      yes      yes
 *	PERMIT_WRITE  yes                                         yes
 *	PERMIT_DELETE yes                                         yes      yes
 *
 * Of the register of a user X:
 *
 *	              /@accounts/X   /@credentials/X
 *	PERMIT_READ   every user     X, admin
 *	PERMIT_WRITE  admin          X, admin
 *	PERMIT_DELETE admin          X, admin
 *
 * PERMIT_LIST is every user's, and what he may not read is left out of the listing; of
 * /@accounts/ it is admin's.
 *
 * Readers and writers are those of the access list of a file.  A server may do
 * everything.
 */
#ifndef DFS_PERMIT_H
#define DFS_PERMIT_H

#include "caller.h"

/* What a call does to a path. */
enum permit_right {
	PERMIT_READ,   /* its register is told */
	PERMIT_WRITE,  /* it gets content, or any value */
	PERMIT_DELETE, /* it gets what leads to a tombstone: no content */
	PERMIT_LIST    /* it is a folder, whose children are told */
};

/*
 * What a call asks for.  A vote on a value changes the path, maybe alone: whoever finds
 * the value on one server brings it to the others.  So a vote takes more than the word of
 * this server, which may not have heard that the caller was taken off the list.
 */
struct permit_demand {
	enum permit_right right;
	const dfs_path *path;
	const dfs_ballot *votes_at; /* or NULL: it does not vote */
};

/*
 * Decides each demand (at most DFS_BATCH_MAX): DFS_OK, DFS_DENIED, DFS_INVALID for what
 * is no path of a register (or no folder), DFS_UNCHECKED where it depends on servers that
 * are not in reach.  Where the register here does not permit, or the demand votes, the
 * newest of three is asked for, in one batch.  Where that is what the vote is on, which
 * others were faster to accept, what is accepted here decides: a tombstone has no list.
 * By what each was permitted is noted in caller->grounds.
 */
void permit_judge(struct caller *caller, const struct permit_demand *demands,
		  size_t count, dfs_status *ret);

/*
 * Decides once more, of an item that permit_judge permitted and that is to change its
 * path: by what was accepted here since then, without asking anybody.  Called when nobody
 * else can be at work on the path here, it is the last word: who was taken off an access
 * list in the meantime is DFS_DENIED.  DFS_UNCHECKED where what permitted was forgotten
 * here; an error of reading.
 */
dfs_status permit_judge_again(const struct caller *caller, size_t item,
			      const dfs_path *path);

/*
 * Is the path below the caller's own folder, or below /shared/?  Then no register is
 * asked.
 */
bool permit_is_own(const struct caller *caller, const char *path, size_t len);

/* May the caller, who is a user, read the content of this value of the path? */
bool permit_content(const struct caller *caller, const dfs_path *path,
		    const dfs_value *value);

/*
 * May the caller be told this of the path, which three servers agree on?  He may have
 * been permitted to read by an older value, here.
 */
bool permit_register(const struct caller *caller, const dfs_path *path,
		     const dfs_register *reg);

/* Puts a ticket for its object into what a user is told of a path, if he may read it. */
void permit_give_ticket(const struct caller *caller, const dfs_path *path,
			dfs_register *reg);

/* The user whose name is reserved. */
bool permit_is_admin(const struct caller *caller);

#endif
