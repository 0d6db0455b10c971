/*
 * Four real acceptors, which are called directly in place of the network; dfs2 is the one
 * that asks.  It stands in for links and rounds, so it is linked to tests of peers alone.
 */
#ifndef DFS_PEERS_WORLD_H
#define DFS_PEERS_WORLD_H

#include "peers_internal.h"
#include "sets.h"
#include "store_fixture.h"

enum { PEERS_WORLD_SELF = 2 };

struct peers_world {
	struct store_fixture stores[DFS_SERVERS];
	struct acceptor *acceptors[DFS_SERVERS];
	struct server_key *keys[DFS_SERVERS];
	struct peers *peers;
	struct proof *proof; /* of the server that asks */
	server_set up;       /* that are connected to */
	server_set silent;   /* of these, those that do not answer */
	server_set slow;     /* given up as too slow */
	unsigned calls[64];
	/* Comes before each call, to do what others may do meanwhile. */
	void (*before)(unsigned server, uint32_t procedure);
};

/*
 * One world at a time, which lives until its end.  proves: does the server that asks look
 * at proofs?
 */
struct peers_world *peers_world_begin(bool proves);
void peers_world_end(void);

/* An account with the quota 100 * counter, or a tombstone; accepted by these servers. */
void peers_world_give(server_set servers, const char *path, uint64_t counter,
		      bool tombstone);
/* What a server has: the quota of an account; 0: nothing, 1: a tombstone. */
uint64_t peers_world_has(unsigned server, const char *path, struct store_register *ret);
/* The same of what it tells. */
uint64_t peers_world_told(const dfs_register *reg);

#endif
