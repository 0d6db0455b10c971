/*
 * Anti-entropy: what this server and its peers have accepted is made the same.
 *
 * A thread compares digests with each peer that votes.  Where they are equal nothing more
 * is said.  Where they differ the range is halved until it is small, and its registers
 * are compared one by one.  A path that is not the same on both is looked up on all four
 * after a while, for somebody may be at work on it: what three servers that vote name is
 * learned by those that do not have it; what no three name is finished.  Registers that
 * are damaged here are looked up likewise.
 */
#ifndef DFS_COMPARE_H
#define DFS_COMPARE_H

#include "acceptor.h"
#include "peer_links.h"
#include <stdbool.h>

struct compare;

/* What tests replace; the product uses compare_rules_default. */
struct compare_rules {
	int64_t every_ms;    /* each peer, without a reason */
	int64_t patience_ms; /* that whoever is at work is given */
	/* Registers of a range that is not halved any more; 1..DFS_PAGE_MAX. */
	uint64_t small;
	unsigned per_second; /* paths that are looked up */
	int64_t pass_ms;     /* with one peer, whose answers may have no end, at most */
	bool three; /* off: learns what one server has accepted (the model's fault) */
};
extern const struct compare_rules compare_rules_default;

/* How peers are called; a test puts a world of its own in their place. */
struct compare_calls {
	struct peer_calls peers; /* its context is that of the others too */
	/* false, with nothing to free, when it failed or was refused. */
	bool (*digest)(void *context, unsigned server, const dfs_digest_args *args,
		       dfs_digest_res *res);
	/* What a peer is to learn; it hears of it again if this fails. */
	void (*learn)(void *context, unsigned server, const dfs_learn_args *args);
	/* In place of its thread's own rest, or NULL; false when all is to end. */
	bool (*pause)(void *context, int64_t ms);
};
struct compare_calls compare_calls_on(struct peer_links *links);

struct compare_options {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct compare_calls calls;
	const struct compare_rules *rules; /* NULL: compare_rules_default */
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct compare *compare_new(const struct compare_options *options);
/* false: no thread to be had. */
bool compare_start(struct compare *compare);
/* Ends the thread, once its calls do: whoever made them cancels them first. */
void compare_stop(struct compare *compare);
/* Ends it likewise, and frees it.  NULL is allowed. */
void compare_free(struct compare *compare);

/* These peers vote again: they are compared with at once. */
void compare_wake(struct compare *compare, server_set servers);

/* Peers with whom nothing but tombstones was different the last time. */
server_set compare_alike(struct compare *compare);

struct compare_outcome {
	bool whole;         /* it went through to the end, in time */
	uint64_t calls;     /* of DIGEST */
	uint64_t different; /* paths */
	uint64_t learned;   /* by this server */
	uint64_t taught;    /* to others */
	uint64_t finished;  /* proposed again */
	uint64_t files; /* of all these, the ones whose newest value is no tombstone */
};

/*
 * Compares with one peer, on the thread that calls; must: finishes also what is another
 * server's turn.  Repeated until it finds nothing different, it ends with nothing
 * different.
 */
void compare_with(struct compare *compare, unsigned peer, bool must,
		  struct compare_outcome *ret);

#endif
