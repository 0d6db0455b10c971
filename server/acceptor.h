/*
 * The acceptor: the server's side of the agreement on registers.
 *
 * It judges ballots, keeps promises (in memory, with a durable reservation of counters) and
 * lets one message at a time work on a path, from the check to the end of its commit.
 */
#ifndef DFS_ACCEPTOR_H
#define DFS_ACCEPTOR_H

#include "dfs.h"
#include "store.h"

struct acceptor;

/* Rules that tests replace; the product uses acceptor_rules_default. */
struct acceptor_rules {
	uint64_t stride; /* counters reserved at a time */
	uint64_t jump;   /* a ballot's counter is at most this far above what was seen */
	int64_t ask_ms; /* peers are asked what they have seen at most so often */
	size_t promises; /* kept in memory */
	size_t promise_bytes; /* of paths in them */
	bool honour;  /* off: promises are given and not kept (the model's fault) */
	bool reserve; /* off: promises are forgotten by a restart (the model's fault) */
	bool check_data; /* off: a holder accepts without the content (likewise) */
};
extern const struct acceptor_rules acceptor_rules_default;

/* NULL when out of memory.  The store outlives the acceptor. */
struct acceptor *acceptor_new(struct store *store, unsigned server,
			      const struct acceptor_rules *rules);
void acceptor_free(struct acceptor *acceptor);

/* What a proposer must exceed to be heard. */
dfs_seen acceptor_seen(struct acceptor *acceptor);

/*
 * A ballot that is more than a jump above what was seen here may be from a proposer that has
 * been at a server which has seen more.  Before such a one is refused, ask(context) is called,
 * on the thread of the call: it asks the peers and hands over what they have seen, which then
 * counts as seen here.  Set before there are calls.
 */
void acceptor_set_ask(struct acceptor *acceptor, void (*ask)(void *context),
		      void *context);
void acceptor_follow(struct acceptor *acceptor, const dfs_seen *peer);

/* Each fills res, whose arrays are allocated; the paths were checked before.  For servers. */
void acceptor_lookup(struct acceptor *, const dfs_paths *, dfs_lookup_res *);
void acceptor_prepare(struct acceptor *, const dfs_prepare_args *, dfs_prepare_res *);
void acceptor_accept(struct acceptor *, const dfs_accept_args *, dfs_accept_res *);
void acceptor_bind(struct acceptor *, struct store_uploads *, const dfs_bind_args *,
		   dfs_bind_res *);

/* Whom a message is from. */
struct acceptor_caller {
	/*
	 * Of a user nothing is taken on trust: content has to fit the size that is claimed for it and
	 * the owner's quota, and an object that is here has to be this path's.  NULL: a server.
	 */
	const char *user;
	/* Of each item: what is not DFS_OK is answered with this alone.  NULL: all are. */
	const dfs_status *judged;
};

/* The same, for anybody. */
void acceptor_lookup_for(struct acceptor *, const struct acceptor_caller *,
			 const dfs_paths *, dfs_lookup_res *);
void acceptor_prepare_for(struct acceptor *, const struct acceptor_caller *,
			  const dfs_prepare_args *, dfs_prepare_res *);
void acceptor_accept_for(struct acceptor *, const struct acceptor_caller *,
			 const dfs_accept_args *, dfs_accept_res *);
void acceptor_bind_for(struct acceptor *, const struct acceptor_caller *,
		       struct store_uploads *, const dfs_bind_args *, dfs_bind_res *);

#endif
