/* Calling the other three servers, one or all, and noting when each was heard. */
#include "peer_links.h"

#include "clock.h"
#include "procedures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the links ----------------------------------------------------------------- */

struct peer_links *peer_links_new(const struct cluster *cluster, unsigned server,
				  SSL_CTX *take_tls, struct peers *peers)
{
	struct peer_links *links = calloc(1, sizeof *links);

	if (!links) {
		SSL_CTX_free(take_tls);
		return NULL;
	}
	links->peers = peers;
	pthread_mutex_init(&links->lock, NULL);
	SSL_CTX_up_ref(take_tls);
	links->links = peers_connect(cluster, server, take_tls);
	links->content = peers_connect(cluster, server, take_tls);
	if (links->links && links->content)
		return links;
	peer_links_free(links);
	return NULL;
}

void peer_links_cancel(struct peer_links *links)
{
	if (!links)
		return;
	if (links->links)
		links_cancel(links->links);
	if (links->content)
		links_cancel(links->content);
}

void peer_links_free(struct peer_links *links)
{
	if (!links)
		return;
	links_free(links->links);
	links_free(links->content);
	pthread_mutex_destroy(&links->lock);
	free(links);
}

void peer_links_set_tls(struct peer_links *links, SSL_CTX *take_tls)
{
	SSL_CTX_up_ref(take_tls);
	links_set_tls(links->links, take_tls);
	links_set_tls(links->content, take_tls);
}

void peer_links_retry(struct peer_links *links)
{
	links_retry_after(links->links, 0);
}

void peer_links_note_heard(struct peer_links *links, unsigned server)
{
	int64_t now = clock_wall_ns();

	pthread_mutex_lock(&links->lock);
	links->heard[server - 1] = now;
	pthread_mutex_unlock(&links->lock);
}

void peer_links_heard(struct peer_links *links, int64_t ret[DFS_SERVERS])
{
	pthread_mutex_lock(&links->lock);
	memcpy(ret, links->heard, sizeof links->heard);
	pthread_mutex_unlock(&links->lock);
}

/* ---- calling ------------------------------------------------------------------- */

bool peer_links_take(struct peer_links *links, struct round *round, uint32_t procedure,
		     unsigned server, void *ret)
{
	void *answer = round_take(round, server);
	dfs_status status = DFS_IO;

	if (!answer)
		return false;
	peer_links_note_heard(links, server);
	memcpy(&status, answer, sizeof status);
	if (status == DFS_OK)
		memcpy(ret, answer, procedures_find(procedure)->result_size);
	else
		xdr_free(procedures_find(procedure)->result, answer);
	free(answer);
	return status == DFS_OK;
}

/* A round of these servers in which all have ended; NULL when out of memory. */
static struct round *ask_and_wait(struct peer_links *links,
				  const struct peer_links_call *call, server_set servers)
{
	struct round *round = round_new(links->links, call->procedure, NULL, NULL);

	if (!round)
		return NULL;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s))
			round_ask(round, s, call->args,
				  clock_now_ms() + call->timeout_ms);
	round_wait(round, DFS_SERVERS, 0);
	return round;
}

bool peer_links_one(struct peer_links *links, const struct peer_links_call *call,
		    unsigned server, void *ret, char *why)
{
	struct round *round = ask_and_wait(links, call, set_of(server));
	bool good;

	if (why)
		(void)snprintf(why, LINKS_WHY, "out of memory");
	if (!round)
		return false;
	if (why && !round_failed(round, server, why))
		(void)snprintf(why, LINKS_WHY,
			       "dfs%u does not vote, or cannot read its store", server);
	good = peer_links_take(links, round, call->procedure, server, ret);
	round_free(round);
	return good;
}

server_set peer_links_all(struct peer_links *links, const struct peer_links_call *call,
			  server_set servers, void *results)
{
	size_t size = procedures_find(call->procedure)->result_size;
	struct round *round = ask_and_wait(links, call, servers);
	server_set good = 0;

	if (!round)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(servers, s) &&
		    peer_links_take(links, round, call->procedure, s,
				    (char *)results + (s - 1) * size))
			good = set_with(good, s);
	round_free(round);
	return good;
}

/* ---- what several parts call --------------------------------------------------- */

static server_set voting(void *context)
{
	struct peer_links *links = context;

	links_retry(links->links);
	links_wait(links->links, NULL, NULL, clock_now_ms() + LINKS_PATIENCE_MS);
	return links_voting(links->links);
}

static server_set lookup(void *context, server_set servers, const dfs_paths *paths,
			 dfs_lookup_res res[DFS_SERVERS])
{
	const struct peer_links_call call = {DFS_LOOKUP, paths, PEER_LINKS_CALL_MS};

	return peer_links_all(context, &call, servers, res);
}

static void renew(void *context, const dfs_paths *paths, const dfs_ballot *above,
		  dfs_looked *items, server_set *accepted_by)
{
	struct peer_links *links = context;

	peers_propose(links->peers,
		      &(struct peers_proposal){.paths = paths,
					       .deadline_ms = clock_now_ms() +
							      PEER_LINKS_CALL_MS,
					       .above = above,
					       .items = items,
					       .accepted_by = accepted_by});
}

struct peer_calls peer_links_calls(struct peer_links *links)
{
	return (struct peer_calls){links, voting, lookup, renew};
}
