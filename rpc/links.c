/*
 * The servers as somebody sees them who calls several.
 *
 * A link's thread may be inside a connect or a call for seconds after nobody wants it any
 * more, so everything that it touches is in struct links, which is counted: one reference
 * for the owner, one for each thread.
 */
#include "links_internal.h"

#include "clock.h"
#include "hello.h"
#include "tls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char not_wanted[] = "the connection is no longer wanted";

/* ---- a link's thread ----------------------------------------------------------- */

static void set_state(struct link *link, enum link_state state, const char *why)
{
	pthread_mutex_lock(&link->links->lock);
	link->state = state;
	if (state == LINK_UP)
		link->slow = link->hopeless = false;
	if (state != LINK_UP || link->told.votes)
		link->undecided = link->undecidable = false;
	link->since = clock_now_ms();
	(void)snprintf(link->why, sizeof link->why, "%s", why);
	pthread_cond_broadcast(&link->links->changed);
	pthread_mutex_unlock(&link->links->lock);
}

/* Is this a server that one may connect to at all? */
static bool is_asked_for(const struct link *link)
{
	return set_has(link->links->servers, link->server);
}

static bool is_left_out(struct link *link)
{
	pthread_mutex_lock(&link->links->lock);
	bool out = link->left_out;
	pthread_mutex_unlock(&link->links->lock);
	return out;
}

static void disconnect(struct link *link)
{
	struct call *call = link->call;

	pthread_mutex_lock(&link->links->lock);
	link->call = NULL;
	pthread_mutex_unlock(&link->links->lock);
	call_close(call);
}

/* On its thread, inside a call: the answer breaks a rule. */
static void note_wrong(void *context, const char *why)
{
	struct link *link = context;
	struct links *links = link->links;

	if (links->wrong && !links->wrong(links->context, link->server, why))
		return;
	pthread_mutex_lock(&links->lock);
	link->left_out = true;
	(void)snprintf(link->why, sizeof link->why, "%s", why);
	pthread_mutex_unlock(&links->lock);
}

/* Why it was left out stands already, and says more than what came of it. */
static void go_down(struct link *link, char why[LINKS_WHY])
{
	pthread_mutex_lock(&link->links->lock);
	link->older = link->call && call_is_older(link->call);
	pthread_mutex_unlock(&link->links->lock);
	disconnect(link);
	if (is_left_out(link))
		links_why(link->links, link->server, why);
	set_state(link, LINK_DOWN, why);
}

/* With the lock held. */
static void drop_if_revoked(struct link *link)
{
	X509 *shown = link->call ? call_peer_certificate(link->call) : NULL;

	if (shown && tls_is_revoked(link->links->tls, shown))
		call_cancel(link->call);
}

/* A connection, on which nothing was said yet; NULL, with why. */
static struct call *open_call(struct link *link, char *why)
{
	struct links *links = link->links;
	struct call *call;
	SSL_CTX *tls;

	pthread_mutex_lock(&links->lock);
	tls = links->tls;
	if (SSL_CTX_up_ref(tls) != 1)
		tls = NULL;
	pthread_mutex_unlock(&links->lock);
	call = tls ? call_open(&links->cluster, link->server, tls,
			       &(struct one_try){clock_now_ms() + LINKS_NEED_MS, why,
						 LINKS_WHY})
		   : NULL;
	SSL_CTX_free(tls);
	pthread_mutex_lock(&links->lock);
	link->call = call;
	if (call)
		link->ends = call_peer_ends(call);
	/* Others may be believed now than when the handshake began. */
	drop_if_revoked(link);
	if (call && links->closing)
		call_cancel(call);
	pthread_mutex_unlock(&links->lock);
	if (call)
		call_watch(call, &(struct call_watcher){note_wrong, link});
	return call;
}

static bool introduce(struct link *link, struct call *call, char *why)
{
	struct links *links = link->links;
	struct links_introduction introduction = {.votes = false};
	bool good =
		links->introduce(links->context, link->server, call, &introduction, why);

	pthread_mutex_lock(&links->lock);
	if (!good)
		introduction = (struct links_introduction){.seen = link->told.seen};
	link->told = introduction;
	link->again = clock_now_ms() + introduction.again_ms;
	pthread_mutex_unlock(&links->lock);
	return good;
}

/* Makes sure there is a connection if there can be one. */
static void connect_if_needed(struct link *link)
{
	char why[LINKS_WHY] = "";
	struct call *call;

	if (!is_asked_for(link) || is_left_out(link))
		return;
	if (link->call && !call_was_closed(link->call))
		return;
	disconnect(link);
	call = open_call(link, why);
	if (call && introduce(link, call, why)) {
		set_state(link, LINK_UP, why);
		return;
	}
	go_down(link, why);
}

/* Does it vote by now?  If that has changed, it is introduced anew. */
static void look_again(struct link *link)
{
	bool voted = link->told.votes, told = link->told.tells;
	char why[LINKS_WHY] = "";
	dfs_state state;

	if (!links_state(link->server, link->call, &state, why))
		goto gone;
	if (voted == (state == DFS_STATE_VOTING) &&
	    told == (state != DFS_STATE_RECOVERING)) {
		pthread_mutex_lock(&link->links->lock);
		link->again = clock_now_ms() + link->told.again_ms;
		pthread_mutex_unlock(&link->links->lock);
		return;
	}
	if (introduce(link, link->call, why)) {
		set_state(link, LINK_UP, why);
		return;
	}
gone:
	go_down(link, why);
}

/* With the lock held: waits for a job, or until it is to be asked whether it votes. */
static void wait_for_work(struct link *link, bool *ret_look)
{
	struct links *links = link->links;
	bool asks = link->state == LINK_UP && link->told.again_ms > 0;

	if (!asks)
		(void)clock_wait(&links->work, &links->lock, INT64_MAX);
	else if (clock_now_ms() >= link->again)
		*ret_look = true;
	else
		(void)clock_wait(&links->work, &links->lock, link->again);
}

/* NULL with *ret_look: no job, but the server is to be asked how it is. */
static struct job *next_job(struct link *link, bool *ret_closing, bool *ret_look)
{
	struct links *links = link->links;
	struct job *job;

	pthread_mutex_lock(&links->lock);
	link->running = false;
	if (link->state == LINK_UP)
		link->slow = false; /* whatever it was asked, it has answered */
	*ret_look = false;
	while (!link->first && !links->closing && !*ret_look)
		wait_for_work(link, ret_look);
	job = link->first;
	if (job)
		link->first = job->next;
	link->running = job;
	*ret_closing = links->closing;
	pthread_mutex_unlock(&links->lock);
	return job;
}

static void run_job(struct link *link, struct job *job)
{
	char why[LINKS_WHY] = "";

	if (link->call && is_left_out(link))
		go_down(link, why);
	connect_if_needed(link);
	if (!link->call) {
		job->run(job, link->server, NULL,
			 links_why(link->links, link->server, why));
		return;
	}
	job->run(job, link->server, link->call, "");
	if (!call_is_dead(link->call) && !is_left_out(link))
		return;
	(void)snprintf(why, sizeof why, "dfs%u: the connection broke", link->server);
	go_down(link, why);
}

static void release(struct links *links)
{
	unsigned left;

	pthread_mutex_lock(&links->lock);
	left = --links->references;
	pthread_mutex_unlock(&links->lock);
	if (left > 0)
		return;
	pthread_cond_destroy(&links->work);
	pthread_cond_destroy(&links->changed);
	pthread_mutex_destroy(&links->lock);
	SSL_CTX_free(links->tls);
	if (links->free_context)
		links->free_context(links->context);
	free(links);
}

static void *link_main(void *argument)
{
	struct link *link = argument;
	struct job *job;
	bool closing, look;

	connect_if_needed(link);
	while ((job = next_job(link, &closing, &look)) || look) {
		if (look)
			look_again(link);
		else if (closing)
			job->run(job, link->server, NULL, not_wanted);
		else
			run_job(link, job);
	}
	disconnect(link);
	release(link->links);
	return NULL;
}

/* ---- for the owner ----------------------------------------------------------- */

static bool start_link(struct links *links, unsigned server)
{
	struct link *link = &links->link[server - 1];
	pthread_t thread;

	link->links = links;
	link->server = server;
	if (!is_asked_for(link)) {
		link->state = LINK_DOWN;
		(void)snprintf(link->why, sizeof link->why, "dfs%u: not asked for",
			       server);
	}
	links->references++;
	if (pthread_create(&thread, NULL, link_main, link) == 0) {
		pthread_detach(thread);
		return true;
	}
	links->references--;
	return false;
}

struct links *links_new(const struct links_options *options)
{
	struct links *links = calloc(1, sizeof *links);

	if (!links) {
		SSL_CTX_free(options->take_tls);
		if (options->free_context)
			options->free_context(options->take_context);
		return NULL;
	}
	pthread_mutex_init(&links->lock, NULL);
	clock_condition_init(&links->work);
	clock_condition_init(&links->changed);
	links->cluster = *options->cluster;
	links->tls = options->take_tls;
	links->servers = options->servers;
	links->introduce = options->introduce;
	links->wrong = options->wrong;
	links->context = options->take_context;
	links->free_context = options->free_context;
	links->references = 1;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!start_link(links, s)) {
			/* Without its thread nothing may be queued. */
			links_free(links);
			return NULL;
		}
	return links;
}

void links_set_tls(struct links *links, SSL_CTX *take_tls)
{
	pthread_mutex_lock(&links->lock);
	SSL_CTX *before = links->tls;

	links->tls = take_tls;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		drop_if_revoked(&links->link[i]);
	pthread_mutex_unlock(&links->lock);
	SSL_CTX_free(before);
}

void links_cancel(struct links *links)
{
	pthread_mutex_lock(&links->lock);
	links->closing = true;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (links->link[i].call)
			call_cancel(links->link[i].call);
	pthread_cond_broadcast(&links->work);
	pthread_cond_broadcast(&links->changed);
	pthread_mutex_unlock(&links->lock);
}

void links_free(struct links *links)
{
	if (!links)
		return;
	links_cancel(links);
	release(links);
}

void links_submit(struct links *links, unsigned server, struct job *job)
{
	struct link *link = &links->link[server - 1];

	job->next = NULL;
	pthread_mutex_lock(&links->lock);
	if (links->closing) {
		/* The thread may have ended. */
		pthread_mutex_unlock(&links->lock);
		job->run(job, server, NULL, not_wanted);
		return;
	}
	if (link->first)
		link->last->next = job;
	else
		link->first = job;
	link->last = job;
	pthread_cond_broadcast(&links->work);
	pthread_mutex_unlock(&links->lock);
}

static void run_nothing(struct job *job, unsigned server, struct call *call,
			const char *why)
{
	(void)server;
	(void)call;
	(void)why;
	free(job);
}

void links_retry_after(struct links *links, int64_t pause_ms)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct link *link = &links->link[s - 1];
		struct job *job = NULL;

		pthread_mutex_lock(&links->lock);
		if (!links->closing && is_asked_for(link) && !link->left_out &&
		    link->state == LINK_DOWN && !link->first &&
		    clock_now_ms() - link->since >= pause_ms)
			job = calloc(1, sizeof *job);
		if (job) {
			link->state = LINK_NEW;
		}
		pthread_mutex_unlock(&links->lock);
		if (job) {
			job->run = run_nothing;
			links_submit(links, s, job);
		}
	}
}

void links_retry(struct links *links)
{
	links_retry_after(links, LINKS_PATIENCE_MS);
}
