/*
 * Inside the calls to other servers: who is asked, and what was told.
 *
 * This server is one of those asked: it answers itself, from its acceptor, without a
 * call.  LOOKUP and HELLO are answered from what is here.  Whoever answers another call
 * may ask others these two (what is told, far ballots, keys), and waits a second at most
 * for one that it can do without: calls may stand behind each other on the links of two
 * servers.
 */
#ifndef DFS_PEERS_INTERNAL_H
#define DFS_PEERS_INTERNAL_H

#include "peers.h"
#include "round.h"
#include "tally.h"
#include <pthread.h>

struct peers {
	struct links *links; /* to the other three */
	unsigned server;
	struct acceptor *acceptor;
	struct store *store;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	bool cancelled;
	dfs_seen seen[DFS_SERVERS]; /* what each server has told last */
	pthread_t retrier;
};

enum { PEERS_THREE = 3, PEERS_TWO = 2 };

/* A peer that was out of reach so long ago is tried again when it is needed. */
enum { PEERS_RETRY_MS = 100 };

/*
 * Whom to ask: the others that are connected, and whether this one votes.  Whether the
 * others do is in their answers: one may have begun to since it was connected to.
 */
struct peers_voters {
	server_set others;
	bool self;
};

/*
 * Waits until there are three, but for each server that does not answer only once; and
 * for a second while there are not even two.
 */
struct peers_voters peers_voters(struct peers *peers);

/* What others are asked. */
struct peers_call {
	uint32_t procedure;
	void *take_call; /* freed with free_call when nobody uses it any more; or NULL */
	void (*free_call)(void *);
	const void *args; /* of the procedure: in take_call, or constant */
};

/* Asks those; NULL when out of memory.  What it takes is freed then too. */
struct round *peers_ask(struct peers *peers, server_set others,
			const struct peers_call *call, int64_t deadline_ms);

/* How many of those asked answered, waiting for so many and for a second at most. */
unsigned peers_await(struct peers *peers, struct round *round, unsigned needed,
		     int64_t deadline_ms);

void peers_saw(struct peers *peers, unsigned server, const dfs_seen *seen);

/*
 * Waits so long, at most until the deadline; false when it is over or all is cancelled.
 */
bool peers_pause(struct peers *peers, int64_t pause_ms, int64_t deadline_ms);

/* ---- what was told of paths -------------------------------------------------- */

struct peers_look {
	const dfs_paths *paths;
	struct round *round;
	dfs_lookup_res own; /* DFS_OK, if this server votes or has just started */
	struct peers_voters voters;
	int64_t deadline;
};

/*
 * LOOKUP on all that vote: waits for three, a second for those beyond two; false: no
 * memory.
 */
bool peers_look(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_look *ret);
/* Waits for the fourth. */
void peers_look_rest(struct peers *peers, struct peers_look *look);
void peers_look_free(struct peers_look *look);

/*
 * What the servers told of one path; each NULL when it told nothing.  Where no three of
 * them vote, those that have just started are among them, and nothing is agreed.
 */
struct peers_told {
	const dfs_register *of[DFS_SERVERS];
	bool unsure;
	unsigned
		outvoted; /* of promises: whose word was left out, see tally_lone; or 0 */
};
struct peers_told peers_told(const struct peers *peers, const struct peers_look *look,
			     size_t path);

/*
 * Whoever tells of a value that is not proved, and of which nobody else tells, has told
 * nothing, also where the three others tell the same.
 */
void peers_drop_unproved(const struct peers *peers, const dfs_path *path,
			 struct peers_told *told);

/* What three told alike; else the newest of it all. */
struct peers_tally {
	unsigned answers;
	unsigned equal; /* of these: the same ballot, or that there is nothing */
	const dfs_register *newest; /* NULL without answers */
};
struct peers_tally peers_tally(const struct peers_told *told);

/* What was told, as words that tally.h counts. */
void peers_words(const struct peers_told *told, struct tally_word ret[DFS_SERVERS]);

/* A deep copy; false when out of memory. */
bool peers_copy(const dfs_register *reg, dfs_register *ret);

#endif
