/*
 * Everything that must happen by itself after a fault: the start and the recovery
 * (recovery.h), comparing with peers (compare.h), bringing content back (repair.h), what
 * operations leave behind (leftovers.h), reading everything again (scrubber.h).
 *
 * Threads with connections of their own, so that what they do holds up nobody who waits
 * for a log-in.
 */
#ifndef DFS_HEALING_H
#define DFS_HEALING_H

#include "acceptor.h"
#include "cluster.h"
#include <openssl/ssl.h>

struct healing;
struct peers;

struct healing_options {
	const struct cluster *cluster;
	unsigned server;
	SSL_CTX *take_tls;
	const char *folder; /* the data/ of this server */
	struct store *store;
	struct acceptor *acceptor;
	struct peers *peers; /* who finish what has to be */
};

/* NULL when out of memory or threads.  What it is given outlives it. */
struct healing *healing_start(const struct healing_options *options);
/*
 * Ends its threads.  healing_answer may be called until it is freed.  NULL is allowed, of
 * both.
 */
void healing_stop(struct healing *healing);
void healing_free(struct healing *healing);

/* New certificates, for connections from now on. */
void healing_set_tls(struct healing *healing, SSL_CTX *take_tls);

/* RECALL: a peer tells how it is, and asks what is remembered of it. */
void healing_answer(struct healing *healing, unsigned peer, const dfs_recall_args *args,
		    dfs_recall_res *res);

/* HEAL: everything is looked at again at once. */
void healing_wake(struct healing *healing);

/* Of STATUS: heard, counted, kept, to_heal and scrubbing.  false when out of memory. */
bool healing_status(struct healing *healing, dfs_status_ok *ok);

#endif
