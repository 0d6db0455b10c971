/*
 * The handlers of the procedures of dfs.x.
 *
 * A handler fills a result that was zeroed for it and always answers: errors travel in
 * the result.  What a result points to is freed with xdr_free by the dispatcher, except
 * runs of dfs_bytes, whose memory is registered with caller_keep and freed after the
 * reply.
 */
#ifndef DFS_PROCS_H
#define DFS_PROCS_H

#include "acceptor.h"
#include "caller.h"
#include "dfs.h"

/* For the acceptor: who calls, and what was judged of the items of the call. */
struct acceptor_caller procs_on_behalf(const struct caller *caller);

/*
 * Could this be said of a content, by who shows the token of its maker (NULL: a token is
 * not needed)?
 */
bool procs_share_is_good(const dfs_share *share, const dfs_key *token);
/* Could such a unit, or piece, be of a content of this size? */
bool procs_unit_is_good(const dfs_unit *unit, uint64_t size);

/* Does the ticket open the object to this caller, now? */
bool procs_may_read(const struct caller *caller, const dfs_ticket *ticket,
		    const dfs_id *object);

void procs_hello(struct caller *, const dfs_hello_args *, dfs_hello_res *);
void procs_login(struct caller *, const dfs_login_args *, dfs_login_res *);
void procs_put(struct caller *, const dfs_put_args *, dfs_put_res *);
void procs_bind(struct caller *, const dfs_bind_args *, dfs_bind_res *);
void procs_piece(struct caller *, const dfs_piece_args *, dfs_piece_res *);
void procs_get(struct caller *, const dfs_get_args *, dfs_get_res *);
void procs_lookup(struct caller *, const dfs_paths *, dfs_lookup_res *);
void procs_prepare(struct caller *, const dfs_prepare_args *, dfs_prepare_res *);
void procs_confirm(struct caller *, const dfs_confirm_args *, dfs_confirm_res *);
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
