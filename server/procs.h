/*
 * The handlers of the procedures of dfs.x, and what a dispatcher needs to know of a caller.
 *
 * A handler fills a result that was zeroed for it and always answers: errors travel in the
 * result.  What a result points to is freed with xdr_free by the dispatcher, except runs of
 * dfs_bytes, whose memory is registered with caller_keep and freed after the reply.
 */
#ifndef DFS_PROCS_H
#define DFS_PROCS_H

#include "acceptor.h"
#include "dfs.h"
#include "store.h"

struct accounts;
struct healing;
struct peers;

/* The server that all connections share; made in server.c. */
struct procs_server {
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

/* What somebody has shown to be who he says: looked at again and again (server/accounts.h). */
struct caller_proof {
	dfs_login_kind kind;
	dfs_id session;   /* of DFS_LOGIN_SESSION */
	dfs_key verifier; /* SHA-256 of the proof */
};

/* One connection; used by its thread alone. */
struct caller {
	const struct procs_server *server;
	struct store_uploads *uploads; /* made with the connection */
	char address[64];              /* for the log */
	char user[DFS_USER_MAX + 1];   /* from LOGIN; empty before it */
	struct caller_proof proof;     /* of that */
	int64_t looked_ms;             /* when the user was last read */
	unsigned peer; /* the server that calls (1..4), by its certificate; or 0 */
	/* Of the call at hand: what was judged of each of its items (server/permit.h). */
	dfs_status permitted[DFS_BATCH_MAX];
	void **kept; /* freed after the reply */
	size_t kept_count, kept_room;
};

/* Hands over memory to be freed once the reply is out; false when out of memory. */
bool caller_keep(struct caller *caller, void *take_memory);
/* Frees all that was kept. */
void caller_release(struct caller *caller);

/* For the acceptor: who calls, and what was judged of the items of the call. */
struct acceptor_caller procs_on_behalf(const struct caller *caller);

/* A stored unit is at most so much longer than its content. */
enum { PROCS_UNIT_MORE = DFS_UNIT_MAX - DFS_UNIT_SIZE };

/* Could this be said, or such a unit be, of a content of this size? */
bool procs_share_is_good(const dfs_share *share, uint64_t size);
bool procs_unit_is_good(const dfs_unit *unit, uint64_t size);

/* Does the ticket open the object to this caller, now? */
bool procs_may_read(const struct caller *caller, const dfs_ticket *ticket,
		    const dfs_id *object);

void procs_hello(struct caller *, const dfs_hello_args *, dfs_hello_res *);
void procs_login(struct caller *, const dfs_login_args *, dfs_login_res *);
void procs_put(struct caller *, const dfs_put_args *, dfs_put_res *);
void procs_bind(struct caller *, const dfs_bind_args *, dfs_bind_res *);
void procs_get(struct caller *, const dfs_get_args *, dfs_get_res *);
void procs_lookup(struct caller *, const dfs_paths *, dfs_lookup_res *);
void procs_prepare(struct caller *, const dfs_prepare_args *, dfs_prepare_res *);
void procs_accept(struct caller *, const dfs_accept_args *, dfs_accept_res *);
void procs_delete(struct caller *, const dfs_accept_args *, dfs_accept_res *);
void procs_finish(struct caller *, const dfs_paths *, dfs_finish_res *);
void procs_settled(struct caller *, const dfs_settled_args *, dfs_settled_res *);
void procs_list(struct caller *, const dfs_list_args *, dfs_list_res *);
void procs_status(struct caller *, const void *, dfs_status_res *);
void procs_heal(struct caller *, const void *, dfs_heal_res *);
void procs_learn(struct caller *, const dfs_learn_args *, dfs_learn_res *);
void procs_forget(struct caller *, const dfs_forget_args *, dfs_settled_res *);
void procs_fence(struct caller *, const dfs_fence_args *, dfs_fence_res *);
void procs_digest(struct caller *, const dfs_digest_args *, dfs_digest_res *);
void procs_recall(struct caller *, const dfs_recall_args *, dfs_recall_res *);

#endif
