/*
 * Cleaning up what operations leave behind (doc/AGREEMENT.md 5).
 *
 * A thread looks, again and again, for three things:
 *
 *	unsettled	values that this server does not know to be settled, because whoever counted the votes
 *			could not tell: three that name the same ballot settle it, and what it overtook may go
 *	abandoned	content that was bound long ago and that no value names: its path is
 *			finished above that ballot, so that the content may go everywhere
 *	tombstones	settled ones of a certain age: they are proposed once more, and what all four
 *			confirm all four forget
 *
 * Of each path it is one server's turn to propose, by the path's hash, so that servers do
 * not hinder each other; with what is abandoned another takes over after a while.
 */
#ifndef DFS_CLEANING_H
#define DFS_CLEANING_H

#include "acceptor.h"
#include <stdbool.h>

struct cleaning;

/* In milliseconds; see tuning.h. */
struct cleaning_rules {
	int64_t abandoned_after_ms;
	int64_t tombstones_after_ms;
	bool all_four; /* off: forgets what three have confirmed (the model's fault) */
};

/* How peers are called; a test puts a world of its own in their place. */
struct cleaning_calls {
	void *context;
	/* Peers that are within reach and vote: a mask, bit s-1 for server s. */
	unsigned (*voting)(void *context);
	/* Of these, the ones that were found to have the same files. */
	unsigned (*alike)(void *context);
	/*
	 * Asks the peers of the mask; whoever answered DFS_OK, as a mask.  Each result is
	 * to be freed.
	 */
	unsigned (*lookup)(void *context, unsigned servers, const dfs_paths *paths,
			   dfs_lookup_res res[DFS_SERVERS]);
	/*
	 * peers_overtake; above NULL: peers_settle.  items are zeroed before, and the
	 * caller's to free.
	 */
	void (*settle)(void *context, const dfs_paths *paths, const dfs_ballot *above,
		       dfs_looked *items, unsigned *accepted_by);
	/* FORGET, to all peers; who does not hear of it keeps what it has. */
	void (*forget)(void *context, const dfs_forget_args *args);
	/* Waits; false when all is to end. */
	bool (*pause)(void *context, int64_t ms);
};

struct cleaning_options {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct cleaning_calls calls;
	struct cleaning_rules rules;
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct cleaning *cleaning_new(const struct cleaning_options *options);
/* false: no thread to be had. */
bool cleaning_start(struct cleaning *cleaning);
/*
 * Waits for its thread to end: whoever made the calls cancels them first, and pause says
 * so.
 */
void cleaning_stop(struct cleaning *cleaning);
/* The same, and frees it.  NULL is allowed. */
void cleaning_free(struct cleaning *cleaning);

/*
 * One look at each, on the thread that calls: how many values were found settled, uploads
 * overtaken, and tombstones forgotten.  Of the first and the last it takes what the look
 * before found too.
 */
uint64_t cleaning_unsettled(struct cleaning *cleaning);
uint64_t cleaning_abandoned(struct cleaning *cleaning);
uint64_t cleaning_tombstones(struct cleaning *cleaning);

#endif
