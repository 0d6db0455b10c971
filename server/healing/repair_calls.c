/*
 * How the repair calls other servers: GET over the links for content, and proposing what
 * was changed.
 */
#include "repair.h"

#include "clock.h"

#include <pthread.h>
#include <stdlib.h>

struct repair_get {
	struct job job;         /* first */
	struct repair_ask *ask; /* one of these */
	struct repair_leaves_ask *leaves;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool ended;
};

static void meet(void *context)
{
	struct peer_links *links = context;

	links_retry_after(links->content, 0);
	links_wait(links->content, NULL, NULL, clock_now_ms() + LINKS_PATIENCE_MS);
}

/* Tries those that are down again, and waits a second at most, once for each. */
static server_set reach(void *context)
{
	struct peer_links *links = context;

	links_retry(links->content);
	links_settle(links->content, false);
	return links_up(links->content);
}

/* ---- GET, PIECE ---------------------------------------------------------------- */

static bool get_units(struct repair_ask *ask, struct call *call)
{
	const dfs_get_args args = {.wants = {ask->count, ask->wants}};
	dfs_get_res res;
	char why[LINKS_WHY] = "";
	u_int answered = 0;

	if (!call_run(call, DFS_GET, &args, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, sizeof why}))
		return false;
	if (res.status == DFS_OK)
		answered = res.dfs_get_res_u.items.items_len;
	for (u_int i = 0; i < answered && i < ask->count; i++)
		ask->take(ask, i, &res.dfs_get_res_u.items.items_val[i]);
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	return answered > 0;
}

static bool get_leaves(struct repair_leaves_ask *ask, struct call *call)
{
	dfs_piece_res res;
	char why[LINKS_WHY] = "";

	if (!call_run(call, DFS_PIECE, &ask->args, &res,
		      &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, sizeof why}))
		return false;
	ask->taken = res.status == DFS_OK && ask->take(ask, &res.dfs_piece_res_u.piece);
	ask->status = res.status;
	call_free_result((xdrproc_t)xdr_dfs_piece_res, &res);
	return true;
}

static void run_get(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct repair_get *get = (struct repair_get *)job;

	(void)server;
	(void)why;
	if (get->ask)
		get->ask->answered = call && get_units(get->ask, call);
	else
		get->leaves->answered = call && get_leaves(get->leaves, call);
	pthread_mutex_lock(&get->lock);
	get->ended = true;
	pthread_cond_signal(&get->changed);
	pthread_mutex_unlock(&get->lock);
}

static struct repair_get *begin(struct peer_links *links, unsigned server,
				struct repair_ask *ask, struct repair_leaves_ask *leaves)
{
	struct repair_get *get = calloc(1, sizeof *get);

	if (!get)
		return NULL;
	get->job.run = run_get;
	get->ask = ask;
	get->leaves = leaves;
	pthread_mutex_init(&get->lock, NULL);
	pthread_cond_init(&get->changed, NULL);
	links_submit(links->content, server, &get->job);
	return get;
}

static void await_end(struct repair_get *get)
{
	pthread_mutex_lock(&get->lock);
	while (!get->ended)
		pthread_cond_wait(&get->changed, &get->lock);
	pthread_mutex_unlock(&get->lock);
	pthread_cond_destroy(&get->changed);
	pthread_mutex_destroy(&get->lock);
	free(get);
}

static void ask_for(void *context, struct repair_ask *ask)
{
	ask->answered = false;
	ask->call = begin(context, ask->server, ask, NULL);
}

static void await(void *context, struct repair_ask *ask)
{
	struct repair_get *get = ask->call;

	ask->call = NULL;
	if (!get)
		return;
	await_end(get);
	if (ask->answered)
		peer_links_note_heard(context, ask->server);
}

static void ask_for_leaves(void *context, struct repair_leaves_ask *ask)
{
	struct repair_get *get;

	ask->answered = ask->taken = false;
	get = begin(context, ask->server, NULL, ask);
	if (get)
		await_end(get);
}

/* ---- proposing ----------------------------------------------------------------- */

static void change(void *context, const dfs_paths *paths,
		   const struct peers_change *changing, dfs_looked *items,
		   server_set *accepted_by)
{
	struct peer_links *links = context;

	peers_propose(links->peers,
		      &(struct peers_proposal){.paths = paths,
					       .deadline_ms = clock_now_ms() +
							      PEER_LINKS_CALL_MS,
					       .change = changing,
					       .items = items,
					       .accepted_by = accepted_by});
}

struct repair_calls repair_calls_on(struct peer_links *links)
{
	return (struct repair_calls){links, meet,           reach, ask_for,
				     await, ask_for_leaves, change};
}
