/* One call to several servers at once. */
#include "round.h"

#include "clock.h"
#include "procedures.h"
#include "sets.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ask_state { ASK_NOT, ASK_PENDING, ASK_ANSWERED, ASK_FAILED };

struct ask {
	struct job job; /* first: run() gets it back */
	struct round *round;
	const void *args;
	int64_t deadline;
	enum ask_state state;
	void *result;
	char why[LINKS_WHY];
};

struct round {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned references; /* the asker's, and one for each call not ended */
	struct links *links; /* the asker's to keep; not touched by calls */
	const struct procedure *procedure;
	void *owner;
	void (*free_owner)(void *);
	int64_t started;
	struct ask asks[DFS_SERVERS];
};

struct round *round_new(struct links *links, uint32_t procedure, void *take_owner,
			void (*free_owner)(void *))
{
	struct round *round = calloc(1, sizeof *round);

	if (!round) {
		if (free_owner)
			free_owner(take_owner);
		return NULL;
	}
	pthread_mutex_init(&round->lock, NULL);
	clock_condition_init(&round->ended);
	round->references = 1;
	round->links = links;
	round->procedure = procedures_find(procedure);
	round->owner = take_owner;
	round->free_owner = free_owner;
	round->started = clock_now_ms();
	return round;
}

/* Drops a reference; with the lock held, which is then gone. */
static void release_locked(struct round *round)
{
	unsigned left = --round->references;

	pthread_mutex_unlock(&round->lock);
	if (left > 0)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (round->asks[i].result) {
			if (round->asks[i].state == ASK_ANSWERED)
				call_free_result(round->procedure->result,
						 round->asks[i].result);
			free(round->asks[i].result);
		}
	if (round->free_owner)
		round->free_owner(round->owner);
	pthread_cond_destroy(&round->ended);
	pthread_mutex_destroy(&round->lock);
	free(round);
}

static void run_ask(struct job *job, unsigned server, struct call *call, const char *why)
{
	struct ask *ask = (struct ask *)job;
	struct round *round = ask->round;
	const struct procedure *procedure = round->procedure;
	bool good = false;

	(void)server;
	if (call)
		good = call_run(
			call, procedure->number, ask->args, ask->result,
			&(struct one_try){ask->deadline, ask->why, sizeof ask->why});
	else
		(void)snprintf(ask->why, sizeof ask->why, "%s", why);
	pthread_mutex_lock(&round->lock);
	ask->state = good ? ASK_ANSWERED : ASK_FAILED;
	pthread_cond_broadcast(&round->ended);
	release_locked(round);
}

void round_ask(struct round *round, unsigned server, const void *args,
	       int64_t deadline_ms)
{
	struct ask *ask = &round->asks[server - 1];

	ask->job.run = run_ask;
	ask->round = round;
	ask->args = args;
	ask->deadline = deadline_ms;
	ask->result = calloc(1, round->procedure->result_size);
	if (!ask->result) {
		ask->state = ASK_FAILED;
		(void)snprintf(ask->why, sizeof ask->why, "out of memory");
		return;
	}
	pthread_mutex_lock(&round->lock);
	ask->state = ASK_PENDING;
	round->references++;
	pthread_mutex_unlock(&round->lock);
	links_submit(round->links, server, &ask->job);
}

/* With the lock held: the servers in that state. */
static server_set in_state(const struct round *round, enum ask_state state)
{
	server_set servers = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (round->asks[s - 1].state == state)
			servers = set_with(servers, s);
	return servers;
}

/* With the lock held: how many answered DFS_OK. */
static unsigned count_good(const struct round *round)
{
	unsigned good = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (round->asks[i].state == ASK_ANSWERED &&
		    *(const dfs_status *)round->asks[i].result == DFS_OK)
			good++;
	return good;
}

void round_wait(struct round *round, unsigned needed, int64_t patience_ms)
{
	int64_t until = round->started + patience_ms;
	server_set pending;

	pthread_mutex_lock(&round->lock);
	while ((pending = in_state(round, ASK_PENDING)) != 0) {
		if (count_good(round) < needed)
			(void)clock_wait(&round->ended, &round->lock, INT64_MAX);
		else if (clock_now_ms() >= until)
			break;
		else
			(void)clock_wait(&round->ended, &round->lock, until);
	}
	pthread_mutex_unlock(&round->lock);
	for (unsigned s = 1; patience_ms > 0 && s <= DFS_SERVERS; s++)
		if (set_has(pending, s))
			links_too_slow(round->links, s);
}

unsigned round_await(struct round *round, unsigned needed, int64_t until_ms)
{
	unsigned good;
	bool in_time = true;

	pthread_mutex_lock(&round->lock);
	while ((good = count_good(round)) < needed && in_state(round, ASK_PENDING) != 0 &&
	       in_time)
		in_time = clock_wait(&round->ended, &round->lock, until_ms);
	pthread_mutex_unlock(&round->lock);
	return good;
}

const void *round_answer(struct round *round, unsigned server)
{
	const struct ask *ask = &round->asks[server - 1];

	pthread_mutex_lock(&round->lock);
	const void *answer = ask->state == ASK_ANSWERED ? ask->result : NULL;
	pthread_mutex_unlock(&round->lock);
	return answer;
}

void *round_take(struct round *round, unsigned server)
{
	struct ask *ask = &round->asks[server - 1];
	void *taken = NULL;

	pthread_mutex_lock(&round->lock);
	if (ask->state == ASK_ANSWERED) {
		taken = ask->result;
		ask->result = NULL;
		ask->state = ASK_NOT;
	}
	pthread_mutex_unlock(&round->lock);
	return taken;
}

bool round_failed(struct round *round, unsigned server, char *why)
{
	const struct ask *ask = &round->asks[server - 1];
	bool failed;

	pthread_mutex_lock(&round->lock);
	failed = ask->state == ASK_FAILED || ask->state == ASK_PENDING;
	if (ask->state == ASK_FAILED)
		(void)snprintf(why, LINKS_WHY, "%s", ask->why);
	else if (failed)
		(void)snprintf(why, LINKS_WHY, "dfs%u does not answer", server);
	pthread_mutex_unlock(&round->lock);
	return failed;
}

server_set round_pending(struct round *round)
{
	pthread_mutex_lock(&round->lock);
	server_set pending = in_state(round, ASK_PENDING);
	pthread_mutex_unlock(&round->lock);
	return pending;
}

void round_free(struct round *round)
{
	if (!round)
		return;
	pthread_mutex_lock(&round->lock);
	release_locked(round);
}
