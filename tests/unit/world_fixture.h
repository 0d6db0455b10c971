/*
 * Four servers in one process: stores, acceptors, recoveries, and calls that are function
 * calls.
 *
 * Values are tombstones, told apart by the numbers of their operations.
 */
#ifndef DFS_WORLD_FIXTURE_H
#define DFS_WORLD_FIXTURE_H

#include "acceptor.h"
#include "compare.h"
#include "recovery.h"

enum { WORLD_PATH = 64 };

struct world_server {
	struct world *world;
	unsigned number;
	char folder[64];
	struct store *store;
	struct acceptor *acceptor;
	struct recovery *recovery;
	struct compare *compare;
	bool up;
	bool slanders;        /* remembers more of others than there was */
	bool omits;           /* hands nothing over to who recovers */
	dfs_seen boasts;      /* tells of this counter and floor, and epoch; or 0 */
	unsigned made_up;     /* paths that it lists and nobody has, one a page */
	bool damaged;         /* hands registers over without their values */
	unsigned fences_left; /* so many FENCEs are answered; */
	bool other_store;     /* then more of them, of another store */
};

struct world {
	struct acceptor_rules acceptor_rules;
	struct recovery_rules recovery_rules;
	struct compare_rules compare_rules;
	const struct store_rules *store_rules; /* NULL: store_rules_default */
	struct world_server servers[4];        /* [0] is dfs1 */
	unsigned fences;
	void (*meanwhile)(struct world *world); /* once, when somebody waits */
};

/* Four stores of one cluster; nobody is up yet. */
void world_create(struct world *world);
void world_destroy(struct world *world);
/* The same for cmocka: *state becomes the world. */
int world_set_up(void **state);
int world_tear_down(void **state);

void world_start(struct world *world, unsigned server);
void world_stop(struct world *world, unsigned server);
/* The server is stopped, and its folder is empty from then on. */
void world_empty(struct world *world, unsigned server);
/* A copy of the folder of a server that is stopped, and back again. */
void world_save(struct world *world, unsigned server);
void world_set_back(struct world *world, unsigned server);

/* One step of its recovery: does it vote? */
bool world_step(struct world *world, unsigned server);
/* Starts all that are not up and steps until all vote. */
void world_start_all(struct world *world);
/* Steps one until it votes; it has to. */
void world_recover(struct world *world, unsigned server);
/* It loses its store, and recovers. */
void world_lose(struct world *world, unsigned server);

/*
 * The values of this server: count of them at "/ann/00000" and so on, by one commit; at
 * ballot 1.
 */
void world_fill(struct world *world, unsigned server, unsigned count);

dfs_ballot world_ballot(uint32_t epoch, uint64_t counter, unsigned proposer);
/* The status of one PREPARE; what was accepted in *ret_operation, 0: nothing. */
dfs_status world_prepare(struct world *world, unsigned server, const char *path,
			 dfs_ballot ballot, unsigned *ret_operation);
dfs_status world_accept(struct world *world, unsigned server, const char *path,
			dfs_ballot ballot, unsigned operation);
/* On those servers of the mask that are up; how many said yes. */
unsigned world_accept_on(struct world *world, unsigned servers, const char *path,
			 dfs_ballot ballot, unsigned operation);
dfs_status world_learn(struct world *world, unsigned server, const char *path,
		       dfs_ballot ballot, unsigned operation);

/*
 * What a reader has who asks these three: the operation of the newest value (0: nothing),
 * and whether all three told the same.
 */
unsigned world_read(struct world *world, const unsigned servers[3], const char *path,
		    bool *ret_equal);

dfs_state world_state(struct world *world, unsigned server);
/* Why it does not vote; until the next call. */
const char *world_why(struct world *world, unsigned server);
/* The numbers that a server has seen. */
dfs_seen world_seen(struct world *world, unsigned server);

/* What one server has; false: nothing. */
bool world_has(struct world *world, unsigned server, const char *path,
	       struct store_register *ret);

#endif
