/*
 * Who calls: one connection, and the server that it reached.
 *
 * Nobody has to be logged in to have one: what a caller may do is judged by accounts.h
 * and permit.h.
 */
#ifndef DFS_CALLER_H
#define DFS_CALLER_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acceptor;
struct accounts;
struct healing;
struct peers;
struct store;
struct store_uploads;

/* The parts of the server that all connections share; put together in server.c. */
struct server_parts {
	unsigned number;
	dfs_id cluster;
	struct store *store;
	struct acceptor *acceptor;
	struct peers *peers;
	struct accounts *accounts;
	struct healing *healing;
	uint8_t secret[32]; /* that the four servers share */
	int64_t started_ns;
	unsigned (*connections)(void); /* how many are open now */
};

/* What somebody has shown to be who he says: looked at again and again (accounts.h). */
struct caller_proof {
	dfs_login_kind kind;
	dfs_id session;   /* of DFS_LOGIN_SESSION */
	dfs_key verifier; /* SHA-256 of the proof */
};

/* One connection; used by its thread alone. */
struct caller {
	const struct server_parts *server;
	struct store_uploads *uploads; /* made with the connection */
	char address[64];              /* for the log */
	char user[DFS_USER_MAX + 1];   /* from LOGIN; empty before it */
	struct caller_proof proof;     /* of that */
	int64_t looked_ms;             /* when the user was last read */
	unsigned peer; /* the server that calls (1..4), by its certificate; or 0 */
	/* Of the call at hand: what was judged of each of its items (permit.h). */
	dfs_status permitted[DFS_BATCH_MAX];
	void **kept; /* freed after the reply */
	size_t kept_count, kept_room;
};

/* Hands over memory to be freed once the reply is out; false when out of memory. */
bool caller_keep(struct caller *caller, void *take_memory);
/* Frees all that was kept. */
void caller_release(struct caller *caller);

#endif
