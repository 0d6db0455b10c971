/*
 * What operations leave behind, and what becomes of it.
 *
 * A thread looks, again and again, for three things:
 *
 *	unsettled	values that this server does not know to be settled, because
 *			whoever counted the votes could not tell: three that name the
 *			same ballot settle it, and what it overtook may go
 *	abandoned	content that was bound long ago and that no value names: its
 *			path is finished above that ballot, so that the content may go
 *			everywhere
 *	tombstones	settled ones of a certain age: they are proposed once more, and
 *			what all four confirm all four forget
 *
 * Of each path it is one server's turn to propose, by the path's hash, so that servers do
 * not hinder each other; with what is abandoned another takes over after a while.
 */
#ifndef DFS_LEFTOVERS_H
#define DFS_LEFTOVERS_H

#include "acceptor.h"
#include "peer_links.h"
#include <stdbool.h>

struct leftovers;

/* In milliseconds; see tuning.h. */
struct leftovers_rules {
	int64_t abandoned_after_ms;
	int64_t tombstones_after_ms;
	bool all_four; /* off: forgets what three have confirmed (the model's fault) */
};

/* How peers are called; a test puts a world of its own in their place. */
struct leftovers_calls {
	struct peer_calls peers; /* forget is given its context */
	/* FORGET, to all peers; who does not hear of it keeps what it has. */
	void (*forget)(void *context, const dfs_forget_args *args);
};
struct leftovers_calls leftovers_calls_on(struct peer_links *links);

struct leftovers_options {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct leftovers_calls calls;
	/* Peers that were found to have the same files as this server. */
	server_set (*alike)(void *context);
	void *alike_context;
	struct leftovers_rules rules;
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct leftovers *leftovers_new(const struct leftovers_options *options);
/* false: no thread to be had. */
bool leftovers_start(struct leftovers *leftovers);
/* Ends the thread, once its calls do: whoever made them cancels them first. */
void leftovers_stop(struct leftovers *leftovers);
/* Ends the thread likewise, and frees it.  NULL is allowed. */
void leftovers_free(struct leftovers *leftovers);

/*
 * One look at each, on the thread that calls: how many values were found settled, uploads
 * overtaken, and tombstones forgotten.  Of the first and the last it takes what the look
 * before found too.
 */
uint64_t leftovers_unsettled(struct leftovers *leftovers);
uint64_t leftovers_abandoned(struct leftovers *leftovers);
uint64_t leftovers_tombstones(struct leftovers *leftovers);

#endif
