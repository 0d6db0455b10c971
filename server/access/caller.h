/*
 * Who calls: one connection, and the server that it reached.
 *
 * Nobody has to be logged in to have one: what a caller may do is judged by accounts.h
 * and permit.h.
 */
#ifndef DFS_CALLER_H
#define DFS_CALLER_H

#include "dfs.h"
#include "origin.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acceptor;
struct accounts;
struct admission_seat;
struct healing;
struct peers;
struct secrets;
struct store;
struct store_uploads;
struct stream;

/* The parts of the server that all connections share; server.c puts them together. */
struct server_parts {
	unsigned number; /* 1..4 */
	dfs_id cluster;
	struct store *store;
	struct acceptor *acceptor;
	struct peers *peers;
	struct accounts *accounts;
	struct healing *healing;
	struct secrets *secrets;
	int64_t started_ns;
	unsigned (*connections)(void); /* how many are open now */
};

/* What a user has shown to prove who he is; accounts_check looks at it again. */
struct caller_proof {
	dfs_login_kind kind;
	dfs_id session;   /* of DFS_LOGIN_SESSION */
	dfs_key verifier; /* SHA-256 of the proof */
};

/* What an item of a call was permitted by. */
struct caller_grounds {
	bool listed;       /* by an access list; else by what does not change */
	dfs_ballot ballot; /* of the value that has the list */
};

/* The other end of one connection; used by the connection's thread alone. */
struct caller {
	const struct server_parts *server;
	char address[64];              /* for the log */
	struct origin origin;          /* for what is counted by address */
	struct admission_seat *seat;   /* of the connection */
	const struct stream *stream;   /* likewise; NULL: none, as in tests */
	struct store_uploads *uploads; /* made when the connection is inside TLS */

	/* A server (1..4, by its certificate; or 0), or a user (by LOGIN; or empty). */
	unsigned peer;
	char user[DFS_USER_MAX + 1];
	struct caller_proof proof; /* the user's */
	int64_t looked_ms;         /* when the user was last read */

	/* Of the call at hand: what permit_judge said of each of its items, and why, */
	dfs_status permitted[DFS_BATCH_MAX];
	struct caller_grounds grounds[DFS_BATCH_MAX];
	/* and memory that is freed after the reply. */
	void **kept;
	size_t kept_count, kept_room;
};

/* Hands over memory to be freed once the reply is out; false when out of memory. */
bool caller_keep(struct caller *caller, void *take_memory);

/* Frees all that was kept. */
void caller_release(struct caller *caller);

#endif
