/* GET from a peer, over a link. */
#include "repair_links.h"

#include "clock.h"

#include <pthread.h>
#include <stdlib.h>

struct asking {
	struct job job; /* first */
	struct repair_ask *ask;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool ended;
};

unsigned repair_links_reach(struct links *links)
{
	links_retry(links);
	links_settle(links, false);
	return links_up(links);
}

static bool get(struct repair_ask *ask, struct call *call)
{
	const dfs_get_args args = {.wants = {ask->count, ask->wants}};
	dfs_get_res res;
	char why[LINKS_WHY];
	u_int answered = 0;

	if (!call_run(call, DFS_GET, (xdrproc_t)xdr_dfs_get_args, &args,
		      (xdrproc_t)xdr_dfs_get_res, &res, sizeof res,
		      clock_now_ms() + LINKS_NEED_MS, why, sizeof why))
		return false;
	if (res.status == DFS_OK)
		answered = res.dfs_get_res_u.items.items_len;
	for (u_int i = 0; i < answered && i < ask->count; i++)
		ask->take(ask, i, &res.dfs_get_res_u.items.items_val[i]);
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	return answered > 0;
}

static void run(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct asking *asking = (struct asking *)job;

	(void)server;
	(void)why;
	asking->ask->answered = call && get(asking->ask, call);
	pthread_mutex_lock(&asking->lock);
	asking->ended = true;
	pthread_cond_signal(&asking->changed);
	pthread_mutex_unlock(&asking->lock);
}

void repair_links_ask(struct links *links, struct repair_ask *ask)
{
	struct asking *asking = calloc(1, sizeof *asking);

	ask->answered = false;
	ask->call = asking;
	if (!asking)
		return;
	asking->job.run = run;
	asking->ask = ask;
	pthread_mutex_init(&asking->lock, NULL);
	pthread_cond_init(&asking->changed, NULL);
	links_submit(links, ask->server, &asking->job);
}

void repair_links_await(struct repair_ask *ask)
{
	struct asking *asking = ask->call;

	ask->call = NULL;
	if (!asking)
		return;
	pthread_mutex_lock(&asking->lock);
	while (!asking->ended)
		pthread_cond_wait(&asking->changed, &asking->lock);
	pthread_mutex_unlock(&asking->lock);
	pthread_cond_destroy(&asking->changed);
	pthread_mutex_destroy(&asking->lock);
	free(asking);
}
