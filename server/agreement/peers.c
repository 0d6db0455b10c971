/* The other three servers: links to them, and who of them votes. */
#include "peers_internal.h"

#include "clock.h"
#include "hello.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MS = 60000, LINES_MOST = 60 };

/* What HELLO says; freed by the links, whose threads may go on for a while. */
struct greeting {
	struct cluster cluster;
	char caller[16];
	/* That a server answers wrongly: since when lines are counted, and how many. */
	int64_t since[DFS_SERVERS];
	unsigned lines[DFS_SERVERS];
};

static bool introduce(void *context, unsigned server, struct call *call,
		      struct links_introduction *ret, char *why)
{
	const struct greeting *greeting = context;
	const struct links_hello hello = {.cluster = &greeting->cluster,
					  .caller = greeting->caller};

	return links_hello(&hello, server, call, ret, why);
}

/*
 * What was asked has failed; it is asked again, for a server has to live with its peers.
 * It could fill the log: so many lines a minute, each of a thread of its own.
 */
static bool note_wrong(void *context, unsigned server, const char *why)
{
	struct greeting *greeting = context;
	int64_t *since = &greeting->since[server - 1], now = clock_now_ms();
	unsigned *lines = &greeting->lines[server - 1];
	char sentence[LINKS_WHY];

	if (*since == 0 || now - *since >= LINES_MS) {
		*since = now;
		*lines = 0;
	}
	if ((*lines)++ < LINES_MOST)
		log_event(LOG_WARN, "peer-answers-wrongly", "peer=dfs%u why=%s", server,
			  log_sentence(why, sentence, sizeof sentence));
	return false;
}

/* A server that was away is connected to again before anybody asks for it. */
static void *retry(void *argument)
{
	struct peers *peers = argument;

	while (peers_pause(peers, LINKS_PATIENCE_MS, INT64_MAX))
		links_retry(peers->links);
	return NULL;
}

struct links *peers_connect(const struct cluster *cluster, unsigned server,
			    SSL_CTX *take_tls)
{
	struct greeting *greeting = calloc(1, sizeof *greeting);
	const struct links_options options = {.cluster = cluster,
					      .take_tls = take_tls,
					      .servers = set_without(SERVERS_ALL, server),
					      .introduce = introduce,
					      .wrong = note_wrong,
					      .take_context = greeting,
					      .free_context = free};

	if (!greeting) {
		SSL_CTX_free(take_tls);
		return NULL;
	}
	greeting->cluster = *cluster;
	(void)snprintf(greeting->caller, sizeof greeting->caller, "dfs%u", server);
	return links_new(&options);
}

struct peers *peers_new(const struct cluster *cluster, unsigned server, SSL_CTX *take_tls,
			struct acceptor *acceptor, struct store *store)
{
	struct peers *peers = calloc(1, sizeof *peers);

	if (!peers) {
		SSL_CTX_free(take_tls);
		return NULL;
	}
	peers->server = server;
	peers->acceptor = acceptor;
	peers->store = store;
	pthread_mutex_init(&peers->lock, NULL);
	clock_condition_init(&peers->changed);
	peers->links = peers_connect(cluster, server, take_tls);
	if (!peers->links || pthread_create(&peers->retrier, NULL, retry, peers) != 0)
		goto fail;
	return peers;
fail:
	links_free(peers->links);
	pthread_cond_destroy(&peers->changed);
	pthread_mutex_destroy(&peers->lock);
	free(peers);
	return NULL;
}

void peers_cancel(struct peers *peers)
{
	if (!peers)
		return;
	pthread_mutex_lock(&peers->lock);
	peers->cancelled = true;
	pthread_cond_broadcast(&peers->changed);
	pthread_mutex_unlock(&peers->lock);
	links_cancel(peers->links);
}

void peers_free(struct peers *peers)
{
	if (!peers)
		return;
	peers_cancel(peers);
	(void)pthread_join(peers->retrier, NULL);
	links_free(peers->links);
	pthread_cond_destroy(&peers->changed);
	pthread_mutex_destroy(&peers->lock);
	free(peers);
}

void peers_set_tls(struct peers *peers, SSL_CTX *take_tls)
{
	links_set_tls(peers->links, take_tls);
}

/* ---- who votes, and asking them ---------------------------------------------- */

bool peers_pause(struct peers *peers, int64_t pause_ms, int64_t deadline_ms)
{
	int64_t until = clock_now_ms() + pause_ms;
	bool in_time = until < deadline_ms;

	if (!in_time)
		until = deadline_ms;
	pthread_mutex_lock(&peers->lock);
	while (!peers->cancelled && clock_now_ms() < until)
		(void)clock_wait(&peers->changed, &peers->lock, until);
	in_time = in_time && !peers->cancelled;
	pthread_mutex_unlock(&peers->lock);
	return in_time;
}

static unsigned voting(struct peers *peers)
{
	return set_count(links_voting(peers->links)) +
	       (acceptor_state(peers->acceptor) == DFS_STATE_VOTING);
}

struct peers_voters peers_voters(struct peers *peers)
{
	if (voting(peers) < PEERS_THREE) {
		links_retry_after(peers->links, PEERS_RETRY_MS);
		links_settle(peers->links, false);
	}
	/* One alone is of no use: then those that were too slow before count again. */
	if (voting(peers) < PEERS_TWO)
		links_wait(peers->links, NULL, NULL, clock_now_ms() + LINKS_PATIENCE_MS);
	return (struct peers_voters){.others = links_up(peers->links),
				     .self = acceptor_state(peers->acceptor) ==
					     DFS_STATE_VOTING};
}

struct round *peers_ask(struct peers *peers, server_set others,
			const struct peers_call *call, int64_t deadline_ms)
{
	struct round *round = round_new(peers->links, call->procedure, call->take_call,
					call->free_call);
	int64_t until = clock_now_ms() + LINKS_NEED_MS;

	for (unsigned s = 1; round && s <= DFS_SERVERS; s++)
		if (set_has(others, s))
			round_ask(round, s, call->args,
				  until < deadline_ms ? until : deadline_ms);
	return round;
}

unsigned peers_await(struct peers *peers, struct round *round, unsigned needed,
		     int64_t deadline_ms)
{
	int64_t patient = clock_now_ms() + LINKS_PATIENCE_MS;
	unsigned good =
		round_await(round, needed, patient < deadline_ms ? patient : deadline_ms);
	server_set pending = good < needed ? round_pending(round) : 0;

	/* Nobody else is going to wait for them. */
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(pending, s))
			links_too_slow(peers->links, s);
	return good;
}

void peers_saw(struct peers *peers, unsigned server, const dfs_seen *seen)
{
	pthread_mutex_lock(&peers->lock);
	peers->seen[server - 1] = *seen;
	pthread_mutex_unlock(&peers->lock);
}
