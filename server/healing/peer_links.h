/*
 * The other three servers, as the threads that heal call them: over connections of their
 * own, so that what these threads do holds up nobody who waits for a log-in.
 *
 * Each part of the healing builds its calls on this; a test puts calls of its own in
 * their place.  All functions may be called from any thread.
 */
#ifndef DFS_PEER_LINKS_H
#define DFS_PEER_LINKS_H

#include "cluster.h"
#include "dfs.h"
#include "links.h"
#include "peers.h"
#include "round.h"
#include "sets.h"
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* All but heard is set once. */
struct peer_links {
	struct links *links;
	struct links *content; /* for content: no vote waits behind a megabyte */
	struct peers *peers;   /* who propose */
	pthread_mutex_t lock;  /* of what follows */
	int64_t heard[DFS_SERVERS];
};

/*
 * Begins to connect.  NULL when out of memory or threads.  take_tls is one reference; the
 * peers outlive it.
 */
struct peer_links *peer_links_new(const struct cluster *cluster, unsigned server,
				  SSL_CTX *take_tls, struct peers *peers);
/* Cancels what is under way; calls from now on fail. */
void peer_links_cancel(struct peer_links *links);
/* Cancels, and frees it.  NULL is allowed, of both. */
void peer_links_free(struct peer_links *links);

/* Connections from now on are made with this; takes one reference. */
void peer_links_set_tls(struct peer_links *links, SSL_CTX *take_tls);
/* Whoever failed, however short ago, is tried again. */
void peer_links_retry(struct peer_links *links);

/* A server called or answered just now. */
void peer_links_note_heard(struct peer_links *links, unsigned server);
/* When each did so last, by the wall clock; 0: never. */
void peer_links_heard(struct peer_links *links, int64_t ret[DFS_SERVERS]);

/* ---- calling ------------------------------------------------------------------- */

enum {
	PEER_LINKS_CALL_MS = 10000,
	PEER_LINKS_PAGE_MS = 60000 /* for what takes its time on the other side */
};

/* As of round.h: the result begins with a dfs_status and holds no dfs_bytes. */
struct peer_links_call {
	uint32_t procedure;
	const void *args;
	int64_t timeout_ms;
};

/*
 * Calls one server.  true: it answered DFS_OK, and ret, of the procedure's size, is the
 * caller's to free; else why (LINKS_WHY bytes, or NULL) says what was wrong.
 */
bool peer_links_one(struct peer_links *links, const struct peer_links_call *call,
		    unsigned server, void *ret, char *why);

/*
 * Calls these servers and waits until all have ended, so that the arguments need not
 * outlive it.  results has one entry of the procedure's size for each server.  Whoever
 * answered DFS_OK: these results are the caller's to free.
 */
server_set peer_links_all(struct peer_links *links, const struct peer_links_call *call,
			  server_set servers, void *results);

/*
 * For who asks a round by itself: takes a good answer out of it into ret; false when
 * there is none.
 */
bool peer_links_take(struct peer_links *links, struct round *round, uint32_t procedure,
		     unsigned server, void *ret);

/* ---- what several parts call --------------------------------------------------- */

struct peer_calls {
	void *context;
	/* Peers that are within reach and vote, once all have had a moment to come. */
	server_set (*voting)(void *context);
	/* LOOKUP; whoever answered DFS_OK.  Each result is to be freed. */
	server_set (*lookup)(void *context, server_set servers, const dfs_paths *paths,
			     dfs_lookup_res res[DFS_SERVERS]);
	/*
	 * Proposes the newest value of each path anew: peers_propose, with above or
	 * NULL.  items are zeroed before, and the caller's to free.
	 */
	void (*renew)(void *context, const dfs_paths *paths, const dfs_ballot *above,
		      dfs_looked *items, server_set *accepted_by);
};
struct peer_calls peer_links_calls(struct peer_links *links);

#endif
