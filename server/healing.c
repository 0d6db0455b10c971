/* The threads that heal, and how they call other servers. */
#include "healing.h"

#include "cleaning.h"
#include "clock.h"
#include "compare.h"
#include "courtesy.h"
#include "links.h"
#include "peers.h"
#include "recovery.h"
#include "repair.h"
#include "repair_links.h"
#include "round.h"
#include "scrubber.h"
#include "store_heal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_MS = 60000, /* for what takes its time on the other side */
	CALL_MS = 10000
};

struct healing {
	unsigned server;
	struct store *store;
	struct links *links, *content_links;
	struct peers *peers;
	struct recovery *recovery;
	struct compare *compare;
	struct repair *repair;
	struct cleaning *cleaning;
	struct scrubber *scrubber;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool stopping;
	int64_t heard
		[DFS_SERVERS]; /* when a peer answered or called last, by the wall clock */
};

#define PROCEDURE(name, number, args, res)                                               \
	static const struct round_procedure name = {number, (xdrproc_t)xdr_##args,       \
						    (xdrproc_t)xdr_##res, sizeof(res)}
PROCEDURE(recall_procedure, DFS_RECALL, dfs_recall_args, dfs_recall_res);
PROCEDURE(fence_procedure, DFS_FENCE, dfs_fence_args, dfs_fence_res);
PROCEDURE(digest_procedure, DFS_DIGEST, dfs_digest_args, dfs_digest_res);
PROCEDURE(lookup_procedure, DFS_LOOKUP, dfs_paths, dfs_lookup_res);
PROCEDURE(learn_procedure, DFS_LEARN, dfs_learn_args, dfs_learn_res);
PROCEDURE(forget_procedure, DFS_FORGET, dfs_forget_args, dfs_settled_res);

/* ---- calls --------------------------------------------------------------------- */

static void note_heard(struct healing *healing, unsigned server)
{
	int64_t now = clock_wall_ns();

	pthread_mutex_lock(&healing->lock);
	healing->heard[server - 1] = now;
	pthread_mutex_unlock(&healing->lock);
}

/* Takes a good answer out of the round into ret; false when there is none. */
static bool take_answer(struct healing *healing, struct round *round,
			const struct round_procedure *procedure, unsigned server,
			void *ret)
{
	void *answer = round_take(round, server);
	dfs_status status = DFS_IO;

	if (!answer)
		return false;
	note_heard(healing, server);
	memcpy(&status, answer, sizeof status);
	if (status == DFS_OK)
		memcpy(ret, answer, procedure->result_size);
	else
		xdr_free(procedure->decode, answer);
	free(answer);
	return status == DFS_OK;
}

/*
 * Asks the servers of the mask and waits until all have ended, so that the arguments need not outlive
 * it.  results has one entry of the procedure's size for each server.  Who answered DFS_OK, as a mask.
 */
static unsigned call_all(struct healing *healing, const struct round_procedure *procedure,
			 unsigned servers, const void *args, void *results,
			 int64_t timeout_ms)
{
	struct round *round = round_new(healing->links, procedure, NULL, NULL);
	unsigned good = 0;

	if (!round)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1))
			round_ask(round, s, args, clock_now_ms() + timeout_ms);
	round_wait(round, DFS_SERVERS, 0);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (servers & 1U << (s - 1) &&
		    take_answer(healing, round, procedure, s,
				(char *)results + (s - 1) * procedure->result_size))
			good |= 1U << (s - 1);
	round_free(round);
	return good;
}

/* One server; why (LINKS_WHY bytes, or NULL) says what was wrong. */
static bool call_one(struct healing *healing, const struct round_procedure *procedure,
		     unsigned server, const void *args, void *ret, int64_t timeout_ms,
		     char *why)
{
	struct round *round = round_new(healing->links, procedure, NULL, NULL);
	bool good;

	if (why)
		snprintf(why, LINKS_WHY, "out of memory");
	if (!round)
		return false;
	round_ask(round, server, args, clock_now_ms() + timeout_ms);
	round_wait(round, DFS_SERVERS, 0);
	if (why && !round_failed(round, server, why))
		snprintf(why, LINKS_WHY, "dfs%u does not vote, or cannot read its store",
			 server);
	good = take_answer(healing, round, procedure, server, ret);
	round_free(round);
	return good;
}

/* For links_wait: until nobody is on the way. */
static bool nobody(void *unused, unsigned on_the_way)
{
	(void)unused;
	return on_the_way == 0;
}

static unsigned recall(void *context, const dfs_recall_args *args,
		       dfs_recall_res res[DFS_SERVERS])
{
	struct healing *healing = context;
	int64_t until = clock_now_ms() + LINKS_PATIENCE_MS;
	dfs_recall_args *copy = malloc(sizeof *copy);
	unsigned asked, good = 0;
	struct round *round;

	if (!copy)
		return 0;
	*copy = *args;
	/* One that refused a moment ago may be the one that woke us. */
	links_retry_after(healing->links, 0);
	links_wait(healing->links, nobody, NULL, until);
	asked = links_up(healing->links);
	round = round_new(healing->links, &recall_procedure, copy, free);
	if (!round)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (asked & 1U << (s - 1))
			round_ask(round, s, copy, until);
	(void)round_await(round, (unsigned)__builtin_popcount(asked), until);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (asked & 1U << (s - 1) &&
		    take_answer(healing, round, &recall_procedure, s, &res[s - 1]))
			good |= 1U << (s - 1);
	round_free(round);
	return good;
}

static bool fence(void *context, unsigned server, const dfs_fence_args *args,
		  dfs_fence_res *res, char *why)
{
	return call_one(context, &fence_procedure, server, args, res, PAGE_MS, why);
}

static unsigned voting(void *context)
{
	struct healing *healing = context;

	links_retry(healing->links);
	links_wait(healing->links, nobody, NULL, clock_now_ms() + LINKS_PATIENCE_MS);
	return links_voting(healing->links);
}

static bool digest(void *context, unsigned server, const dfs_digest_args *args,
		   dfs_digest_res *res)
{
	return call_one(context, &digest_procedure, server, args, res, PAGE_MS, NULL);
}

static unsigned lookup(void *context, unsigned servers, const dfs_paths *paths,
		       dfs_lookup_res res[DFS_SERVERS])
{
	return call_all(context, &lookup_procedure, servers, paths, res, CALL_MS);
}

static void learn(void *context, unsigned server, const dfs_learn_args *args)
{
	dfs_learn_res res = {0};

	if (call_one(context, &learn_procedure, server, args, &res, CALL_MS, NULL))
		xdr_free((xdrproc_t)xdr_dfs_learn_res, &res);
}

static void finish(void *context, const dfs_paths *paths)
{
	struct healing *healing = context;
	size_t count = paths->paths.paths_len;
	dfs_looked *items = calloc(count, sizeof *items);
	unsigned accepted[DFS_BATCH_MAX];

	if (!items)
		return;
	peers_settle(healing->peers, paths, clock_now_ms() + CALL_MS, items, accepted);
	for (size_t i = 0; i < count; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, &items[i]);
	free(items);
}

static unsigned reach(void *context)
{
	struct healing *healing = context;

	return repair_links_reach(healing->content_links);
}

static void ask_for_content(void *context, struct repair_ask *ask)
{
	struct healing *healing = context;

	repair_links_ask(healing->content_links, ask);
}

static void await_content(void *context, struct repair_ask *ask)
{
	repair_links_await(ask);
	if (ask->answered)
		note_heard(context, ask->server);
}

static void change(void *context, const dfs_paths *paths,
		   const struct peers_change *changing, dfs_looked *items,
		   unsigned *accepted_by)
{
	struct healing *healing = context;

	peers_change(healing->peers, paths, clock_now_ms() + CALL_MS, changing, items,
		     accepted_by);
}

static bool yield(void *context)
{
	struct healing *healing = context;

	courtesy_wait(COURTESY_MS);
	pthread_mutex_lock(&healing->lock);
	bool goes_on = !healing->stopping;
	pthread_mutex_unlock(&healing->lock);
	return goes_on;
}

static unsigned alike(void *context)
{
	struct healing *healing = context;

	return compare_alike(healing->compare);
}

static void settle(void *context, const dfs_paths *paths, const dfs_ballot *above,
		   dfs_looked *items, unsigned *accepted_by)
{
	struct healing *healing = context;
	int64_t deadline = clock_now_ms() + CALL_MS;

	if (above)
		peers_overtake(healing->peers, paths, above, deadline, items,
			       accepted_by);
	else
		peers_settle(healing->peers, paths, deadline, items, accepted_by);
}

static void forget(void *context, const dfs_forget_args *args)
{
	struct healing *healing = context;
	dfs_settled_res res[DFS_SERVERS];

	memset(res, 0, sizeof res);
	(void)call_all(healing, &forget_procedure, links_voting(healing->links), args,
		       res, CALL_MS);
}

static bool pause_for(void *context, int64_t ms)
{
	struct healing *healing = context;
	int64_t until = clock_now_ms() + ms;
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	int rc = 0;

	pthread_mutex_lock(&healing->lock);
	while (!healing->stopping && rc == 0)
		rc = pthread_cond_timedwait(&healing->changed, &healing->lock, &at);
	bool goes_on = !healing->stopping;
	pthread_mutex_unlock(&healing->lock);
	return goes_on;
}

static void wake_repair(void *context)
{
	struct healing *healing = context;

	healing_wake(healing);
}

static void condemn(void *context, const char *why)
{
	struct healing *healing = context;

	recovery_condemn(healing->recovery, why);
}

/* ---- starting and stopping ----------------------------------------------------- */

static void news(void *context, unsigned servers)
{
	struct healing *healing = context;

	compare_wake(healing->compare, servers);
	repair_wake(healing->repair);
}

static bool make_parts(struct healing *healing, const struct healing_options *options)
{
	const struct compare_options comparing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = {healing, voting, digest, lookup, learn, finish, pause_for},
	};
	const struct cleaning_options cleaning = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = {healing, voting, alike, lookup, settle, forget, pause_for},
		.rules = {.abandoned_after_ms =
				  options->cluster->tuning.abandoned_after_ms,
			  .tombstones_after_ms =
				  options->cluster->tuning.tombstones_after_ms,
			  .all_four = true},
	};
	const struct scrubber_options scrubbing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.folder = options->folder,
		.share = options->cluster->tuning.scrub_share,
		.round_ms = options->cluster->tuning.scrub_round_ms,
		.calls = {healing, wake_repair, condemn, pause_for},
	};
	const struct recovery_options recovering = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = {healing, recall, fence},
		.news = news,
		.news_context = healing,
	};

	const struct repair_options repairing = {
		.store = options->store,
		.acceptor = options->acceptor,
		.server = options->server,
		.calls = {.context = healing,
			  .reach = reach,
			  .ask = ask_for_content,
			  .await = await_content,
			  .change = change,
			  .yield = yield},
	};

	healing->compare = compare_new(&comparing);
	healing->recovery = recovery_new(&recovering);
	healing->repair = repair_new(&repairing);
	healing->cleaning = cleaning_new(&cleaning);
	healing->scrubber = scrubber_new(&scrubbing);
	return healing->compare && healing->recovery && healing->repair &&
	       healing->cleaning && healing->scrubber && repair_start(healing->repair) &&
	       compare_start(healing->compare) && recovery_start(healing->recovery) &&
	       cleaning_start(healing->cleaning) && scrubber_start(healing->scrubber);
}

struct healing *healing_start(const struct healing_options *options)
{
	struct healing *healing = calloc(1, sizeof *healing);
	pthread_condattr_t monotonic;

	if (!healing) {
		SSL_CTX_free(options->take_tls);
		return NULL;
	}
	healing->server = options->server;
	healing->store = options->store;
	healing->peers = options->peers;
	pthread_mutex_init(&healing->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&healing->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	SSL_CTX_up_ref(options->take_tls);
	healing->links =
		peers_connect(options->cluster, options->server, options->take_tls);
	healing->content_links =
		peers_connect(options->cluster, options->server, options->take_tls);
	if (healing->links && healing->content_links && make_parts(healing, options))
		return healing;
	healing_free(healing);
	return NULL;
}

void healing_stop(struct healing *healing)
{
	if (!healing)
		return;
	pthread_mutex_lock(&healing->lock);
	healing->stopping = true;
	pthread_cond_broadcast(&healing->changed);
	pthread_mutex_unlock(&healing->lock);
	if (healing->links)
		links_cancel(healing->links);
	if (healing->content_links)
		links_cancel(healing->content_links);
	if (healing->recovery)
		recovery_stop(healing->recovery);
	if (healing->compare)
		compare_stop(healing->compare);
	if (healing->repair)
		repair_stop(healing->repair);
	if (healing->cleaning)
		cleaning_stop(healing->cleaning);
	if (healing->scrubber)
		scrubber_stop(healing->scrubber);
}

void healing_free(struct healing *healing)
{
	if (!healing)
		return;
	healing_stop(healing);
	recovery_free(healing->recovery);
	compare_free(healing->compare);
	repair_free(healing->repair);
	cleaning_free(healing->cleaning);
	scrubber_free(healing->scrubber);
	links_free(healing->links);
	links_free(healing->content_links);
	pthread_cond_destroy(&healing->changed);
	pthread_mutex_destroy(&healing->lock);
	free(healing);
}

void healing_set_tls(struct healing *healing, SSL_CTX *take_tls)
{
	SSL_CTX_up_ref(take_tls);
	links_set_tls(healing->links, take_tls);
	links_set_tls(healing->content_links, take_tls);
}

void healing_answer(struct healing *healing, unsigned peer, const dfs_recall_args *args,
		    dfs_recall_res *res)
{
	note_heard(healing, peer);
	recovery_answer(healing->recovery, peer, args, res);
}

void healing_wake(struct healing *healing)
{
	links_retry_after(healing->links, 0);
	recovery_wake(healing->recovery);
	compare_wake(healing->compare, (1U << DFS_SERVERS) - 1);
	repair_wake(healing->repair);
}

static bool tell_census(struct healing *healing, dfs_status_ok *ok)
{
	struct store_census census;

	if (store_census(healing->store, &census) != 0)
		return false;
	ok->counted = census.counted;
	ok->kept.kept_val = census.kept; /* freed with the answer */
	ok->kept.kept_len = census.kept_len;
	ok->to_heal.owed_files = census.owed_files;
	ok->to_heal.owed_bytes = census.owed_bytes;
	ok->to_heal.spares = census.spares;
	ok->to_heal.unsettled = census.unsettled;
	ok->to_heal.abandoned = census.abandoned;
	return true;
}

bool healing_status(struct healing *healing, dfs_status_ok *ok)
{
	pthread_mutex_lock(&healing->lock);
	memcpy(ok->heard, healing->heard, sizeof ok->heard);
	pthread_mutex_unlock(&healing->lock);
	ok->heard[healing->server - 1] = clock_wall_ns();
	scrubber_status(healing->scrubber, &ok->scrubbing);
	return repair_status(healing->repair, &ok->to_heal) && tell_census(healing, ok);
}
