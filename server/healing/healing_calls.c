/* How the threads that heal call other servers, and each other. */
#include "healing_internal.h"

#include "clock.h"
#include "procedures.h"
#include "courtesy.h"
#include "peers.h"
#include "repair_links.h"
#include "round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_MS = 60000, /* for what takes its time on the other side */
	CALL_MS = 10000
};

void healing_note_heard(struct healing *healing, unsigned server)
{
	int64_t now = clock_wall_ns();

	pthread_mutex_lock(&healing->lock);
	healing->heard[server - 1] = now;
	pthread_mutex_unlock(&healing->lock);
}

/* Takes a good answer out of the round into ret; false when there is none. */
static bool take_answer(struct healing *healing, struct round *round, uint32_t procedure,
			unsigned server, void *ret)
{
	void *answer = round_take(round, server);
	dfs_status status = DFS_IO;

	if (!answer)
		return false;
	healing_note_heard(healing, server);
	memcpy(&status, answer, sizeof status);
	if (status == DFS_OK)
		memcpy(ret, answer, procedures_find(procedure)->result_size);
	else
		xdr_free(procedures_find(procedure)->result, answer);
	free(answer);
	return status == DFS_OK;
}

/*
 * Asks the servers of the mask and waits until all have ended, so that the arguments need
 * not outlive it.  results has one entry of the procedure's size for each server.  Who
 * answered DFS_OK, as a mask.
 */
static unsigned call_all(struct healing *healing, uint32_t procedure, unsigned servers,
			 const void *args, void *results, int64_t timeout_ms)
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
				(char *)results +
					(s - 1) *
						procedures_find(procedure)->result_size))
			good |= 1U << (s - 1);
	round_free(round);
	return good;
}

/* One server; why (LINKS_WHY bytes, or NULL) says what was wrong. */
static bool call_one(struct healing *healing, uint32_t procedure, unsigned server,
		     const void *args, void *ret, int64_t timeout_ms, char *why)
{
	struct round *round = round_new(healing->links, procedure, NULL, NULL);
	bool good;

	if (why)
		(void)snprintf(why, LINKS_WHY, "out of memory");
	if (!round)
		return false;
	round_ask(round, server, args, clock_now_ms() + timeout_ms);
	round_wait(round, DFS_SERVERS, 0);
	if (why && !round_failed(round, server, why))
		(void)snprintf(why, LINKS_WHY,
			       "dfs%u does not vote, or cannot read its store", server);
	good = take_answer(healing, round, procedure, server, ret);
	round_free(round);
	return good;
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
	links_wait(healing->links, NULL, NULL, until);
	asked = links_up(healing->links);
	round = round_new(healing->links, DFS_RECALL, copy, free);
	if (!round)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (asked & 1U << (s - 1))
			round_ask(round, s, copy, until);
	(void)round_await(round, (unsigned)__builtin_popcount(asked), until);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (asked & 1U << (s - 1) &&
		    take_answer(healing, round, DFS_RECALL, s, &res[s - 1]))
			good |= 1U << (s - 1);
	round_free(round);
	return good;
}

static bool fence(void *context, unsigned server, const dfs_fence_args *args,
		  dfs_fence_res *res, char *why)
{
	return call_one(context, DFS_FENCE, server, args, res, PAGE_MS, why);
}

static unsigned voting(void *context)
{
	struct healing *healing = context;

	links_retry(healing->links);
	links_wait(healing->links, NULL, NULL, clock_now_ms() + LINKS_PATIENCE_MS);
	return links_voting(healing->links);
}

static bool digest(void *context, unsigned server, const dfs_digest_args *args,
		   dfs_digest_res *res)
{
	return call_one(context, DFS_DIGEST, server, args, res, PAGE_MS, NULL);
}

static unsigned lookup(void *context, unsigned servers, const dfs_paths *paths,
		       dfs_lookup_res res[DFS_SERVERS])
{
	return call_all(context, DFS_LOOKUP, servers, paths, res, CALL_MS);
}

static void learn(void *context, unsigned server, const dfs_learn_args *args)
{
	dfs_learn_res res = {0};

	if (call_one(context, DFS_LEARN, server, args, &res, CALL_MS, NULL))
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
	peers_propose(healing->peers,
		      &(struct peers_proposal){.paths = paths,
					       .deadline_ms = clock_now_ms() + CALL_MS,
					       .items = items,
					       .accepted_by = accepted});
	for (size_t i = 0; i < count; i++)
		xdr_free((xdrproc_t)xdr_dfs_looked, &items[i]);
	free(items);
}

static void meet(void *context)
{
	struct healing *healing = context;

	links_retry_after(healing->content_links, 0);
	links_wait(healing->content_links, NULL, NULL,
		   clock_now_ms() + LINKS_PATIENCE_MS);
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
		healing_note_heard(context, ask->server);
}

static void change(void *context, const dfs_paths *paths,
		   const struct peers_change *changing, dfs_looked *items,
		   unsigned *accepted_by)
{
	struct healing *healing = context;

	peers_propose(healing->peers,
		      &(struct peers_proposal){.paths = paths,
					       .deadline_ms = clock_now_ms() + CALL_MS,
					       .change = changing,
					       .items = items,
					       .accepted_by = accepted_by});
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

	peers_propose(healing->peers,
		      &(struct peers_proposal){.paths = paths,
					       .deadline_ms = clock_now_ms() + CALL_MS,
					       .above = above,
					       .items = items,
					       .accepted_by = accepted_by});
}

static void forget(void *context, const dfs_forget_args *args)
{
	struct healing *healing = context;
	dfs_settled_res res[DFS_SERVERS];

	memset(res, 0, sizeof res);
	(void)call_all(healing, DFS_FORGET, links_voting(healing->links), args, res,
		       CALL_MS);
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

/* ---- which part may call what ------------------------------------------------------ */

struct recovery_calls healing_recovery_calls(struct healing *healing)
{
	return (struct recovery_calls){healing, recall, fence};
}

struct compare_calls healing_compare_calls(struct healing *healing)
{
	return (struct compare_calls){healing, voting, digest,   lookup,
				      learn,   finish, pause_for};
}

struct repair_calls healing_repair_calls(struct healing *healing)
{
	return (struct repair_calls){.context = healing,
				     .meet = meet,
				     .reach = reach,
				     .ask = ask_for_content,
				     .await = await_content,
				     .change = change,
				     .yield = yield};
}

struct cleaning_calls healing_cleaning_calls(struct healing *healing)
{
	return (struct cleaning_calls){healing, voting, alike,    lookup,
				       settle,  forget, pause_for};
}

struct scrubber_calls healing_scrubber_calls(struct healing *healing)
{
	return (struct scrubber_calls){healing, wake_repair, condemn, pause_for};
}
