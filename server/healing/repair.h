/*
 * Bringing content back: what the manifests give this server and is not here, or damaged.
 *
 * A pass has three steps.  Pull: every missing chunk is fetched from peers that have it
 * and stored without a binding.  Propose: where the manifest gives this server nothing,
 * because it was away, and its own pair is here by now, or where a spare is needed no
 * more, the same value is proposed with other holders.  Trim: what is here beyond what a
 * settled manifest gives this server goes.  So the manifest stays the truth about who has
 * what, and nothing goes before it says so.
 *
 * A pass runs while the server votes: when it is woken, when the store or the acceptor
 * has come upon something that is missing, and after a while where something was left
 * over or has changed.
 */
#ifndef DFS_REPAIR_H
#define DFS_REPAIR_H

#include "acceptor.h"
#include "peer_links.h"
#include "peers.h"
#include "sets.h"
#include <stdbool.h>

struct repair;

/* What tests replace; the product uses repair_rules_default. */
struct repair_rules {
	unsigned lanes; /* threads that fetch and store; 1..REPAIR_LANES */
	/* What each of them has in memory, twice where files are large. */
	uint64_t load_bytes;
	int64_t look_ms;       /* how often it asks itself whether there is a reason */
	int64_t every_ms;      /* a pass if anything at all has changed */
	int64_t again_ms;      /* after a pass that left something over, */
	int64_t again_most_ms; /* and, twice as long each time, up to this */
};
extern const struct repair_rules repair_rules_default;
enum { REPAIR_LANES = 8 };

/* Units that one peer is asked for. */
struct repair_ask {
	unsigned server; /* 1..4 */
	u_int count;
	dfs_want wants[DFS_UNITS_MAX];
	/* For each unit in the answer, in order; on any thread. */
	void (*take)(struct repair_ask *ask, u_int at, const dfs_got *got);
	bool answered; /* afterwards: with DFS_OK */
	void *call;    /* of whoever asks */
};

/* A piece of a content's tree that one peer is asked for. */
struct repair_leaves_ask {
	unsigned server; /* 1..4 */
	dfs_piece_args args;
	/* Its answer, during the call; true: it is what was wanted. */
	bool (*take)(struct repair_leaves_ask *ask, const dfs_piece *piece);
	bool answered;     /* afterwards: with a piece or that it has none, */
	dfs_status status; /* which it says with this */
	bool taken;
};

/* How peers are called; a test puts a world of its own in their place. */
struct repair_calls {
	void *context;
	/*
	 * Before what is missing is fetched: gives peers that were down a moment to come.
	 */
	void (*meet)(void *context);
	/* Peers within reach, whether they vote or not. */
	server_set (*reach)(void *context);
	/* GET: begins, and waits for the end, after which take is not called any more. */
	void (*ask)(void *context, struct repair_ask *ask);
	void (*await)(void *context, struct repair_ask *ask);
	/* PIECE: begins and waits. */
	void (*leaves)(void *context, struct repair_leaves_ask *ask);
	/* peers_propose with a change, after which all know what is settled. */
	void (*change)(void *context, const dfs_paths *paths,
		       const struct peers_change *change, dfs_looked *items,
		       server_set *accepted_by);
};
/* Content is asked for over connections of its own. */
struct repair_calls repair_calls_on(struct peer_links *links);

struct repair_options {
	struct store *store;
	struct acceptor *acceptor;
	unsigned server;
	struct repair_calls calls;
	const struct repair_rules *rules; /* NULL: repair_rules_default */
};

/* NULL when out of memory.  Store and acceptor outlive it. */
struct repair *repair_new(const struct repair_options *options);
/* false: no thread to be had. */
bool repair_start(struct repair *repair);
/* Ends the threads, once their calls do: whoever made them cancels them first. */
void repair_stop(struct repair *repair);
/* Ends them likewise, and frees it.  NULL is allowed. */
void repair_free(struct repair *repair);

/* A pass is made at once, and after it another if this comes while it runs. */
void repair_wake(struct repair *repair);

struct repair_outcome {
	uint64_t files; /* contents of which something was brought back, */
	uint64_t bytes; /* as stored */
	uint64_t lost; /* contents of which something is to be had nowhere within reach */
	/* Others, which their writers have not brought whole to anybody; */
	uint64_t unbrought;
	uint64_t open;     /* and of which that is not known yet */
	uint64_t proposed; /* values with other holders, accepted by three */
	uint64_t refused;  /* which were not */
	uint64_t trimmed;  /* objects */
	bool failed;       /* it was broken off: the disk, memory, or the end */
};

/* One pass, on the thread that calls. */
void repair_pass(struct repair *repair, struct repair_outcome *ret);

/*
 * Of to_heal: fetched, per_second, lost_files and doing, which is malloc'd; false: no
 * memory.
 */
bool repair_status(struct repair *repair, dfs_to_heal *ret);

#endif
