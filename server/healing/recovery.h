/*
 * From the start of a server to its vote, and back to it after the loss of its store.
 *
 * A thread asks the peers what they remember of this server.  Two have answered, and
 * nobody remembers more than is here: it votes.  Else, or where the store is not whole,
 * it is RECOVERING: it opens a new epoch on all peers that vote, three or at least two,
 * takes their registers, and votes in that.  After any failure the recovery begins anew,
 * by itself.  While it votes it tells its peers what they are to remember, and hears from
 * them of new epochs.
 */
#ifndef DFS_RECOVERY_H
#define DFS_RECOVERY_H

#include "acceptor.h"
#include "peer_links.h"
#include <stdbool.h>

struct recovery;

/* What tests replace; the product uses recovery_rules_default. */
struct recovery_rules {
	unsigned answers; /* of peers, before it votes */
	/* off: votes at once, without those of its peers (the model's fault) */
	bool registers;
	bool new_epoch; /* off: stays in the one that is (likewise) */
	bool memory;    /* off: votes whatever its peers remember (likewise) */
	/* while it does not vote; the second time twice as long, up to */
	int64_t retry_ms;
	int64_t retry_most_ms;
	/*
	 * so long it waits for a third to take registers from, for one of three may lie
	 */
	int64_t third_ms;
	int64_t notice_ms; /* until peers hear that there is more to remember */
	int64_t tell_ms;   /* until they hear of it in any case */
};
extern const struct recovery_rules recovery_rules_default;

/* How peers are called; a test puts a world of its own in their place. */
struct recovery_calls {
	void *context;
	/*
	 * Asks all peers at once and waits for a second at most.  Whoever answered
	 * DFS_OK: these results are the caller's to free, the others are zero.
	 */
	server_set (*recall)(void *context, const dfs_recall_args *args,
			     dfs_recall_res res[DFS_SERVERS]);
	/* One page; false, with nothing to free, if it failed, as why says. */
	bool (*fence)(void *context, unsigned server, const dfs_fence_args *args,
		      dfs_fence_res *res, char *why);
};
enum { RECOVERY_WHY = LINKS_WHY };
struct recovery_calls recovery_calls_on(struct peer_links *links);

struct recovery_options {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct recovery_calls calls;
	/*
	 * Called when this server begins to vote, with all others, and when it hears that
	 * another does, with that one: they are to be compared with.  Or NULL.
	 */
	void (*news)(void *context, server_set servers);
	void *news_context;
	const struct recovery_rules *rules; /* NULL: recovery_rules_default */
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct recovery *recovery_new(const struct recovery_options *options);
/* false: no thread to be had. */
bool recovery_start(struct recovery *recovery);
/* Ends the thread, once its calls do: whoever made them cancels them first. */
void recovery_stop(struct recovery *recovery);
/* Ends it likewise, and frees it.  NULL is allowed. */
void recovery_free(struct recovery *recovery);

/* A peer asks what is remembered of it, and tells how it is. */
void recovery_answer(struct recovery *recovery, unsigned peer,
		     const dfs_recall_args *args, dfs_recall_res *res);

/* Something has changed: the thread looks again at once. */
void recovery_wake(struct recovery *recovery);

/*
 * The store will not be whole when it is opened next, as the sentence says, which is
 * copied: it is given up and recovered from as soon as two peers vote.
 */
void recovery_condemn(struct recovery *recovery, const char *why);

/* One step of the thread, for tests that have none: does it vote now? */
bool recovery_step(struct recovery *recovery);

#endif
