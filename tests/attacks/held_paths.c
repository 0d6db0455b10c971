/*
 * Attack 11: a path of somebody else, held up by an object of that name.
 *
 * The id of an object has as many bytes as the path below; who could choose it would have
 * a server take that path for his own content.  Nobody can any more: ids are made of what
 * they are of, and its maker of a token.  So this is a control: "other" brings contents
 * of his own, again and again, and then under that name as their maker, while "tester"
 * asks for promises at that path and at another one.
 */
#include "attack.h"

#include "clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { SERVER = 1, CONNECTIONS = 8, ENOUGH = 1000, BROUGHT = 40, FEWER = 4 };

static const char victim[] = "/tester/private1", neighbour[] = "/tester/private2";
static const char own[] = "/other/hold";

/* ---- many calls that bring content --------------------------------------------- */

/* Written before the threads start, but for the last four. */
struct flood {
	const dfs_id *maker; /* as whose it is brought; NULL: his own */
	dfs_ballot ballot;   /* of all calls, so that none is above another */
	struct attacker attackers[CONNECTIONS];
	pthread_t threads[CONNECTIONS];
	atomic_uint brought, staged, next; /* contents; and how many were taken */
	atomic_bool ends;
};

static void *bring(void *argument)
{
	struct flood *flood = argument;
	struct attacker *attacker = &flood->attackers[atomic_fetch_add(&flood->next, 1)];
	struct attack_content content;

	while (!atomic_load(&flood->ends)) {
		attack_content_make(&content, "held", 4,
				    (struct attack_object){.key = NULL});
		if (flood->maker)
			content.content.maker = *flood->maker;
		if (attack_prepare(attacker, SERVER, own, &flood->ballot, &content) ==
		    DFS_OK)
			atomic_fetch_add(&flood->staged, 1);
		atomic_fetch_add(&flood->brought, 1);
		attack_content_free(&content);
	}
	return NULL;
}

static void flood_start(struct flood *ret, const dfs_id *maker)
{
	memset(ret, 0, sizeof *ret);
	ret->maker = maker;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		attack_begin(&ret->attackers[i], "other", set_of(SERVER));
	ret->ballot = attack_ballot(&ret->attackers[0], set_of(SERVER));
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (pthread_create(&ret->threads[i], NULL, bring, ret) != 0)
			attack_broken("no thread");
}

static void flood_end(struct flood *flood)
{
	atomic_store(&flood->ends, true);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		(void)pthread_join(flood->threads[i], NULL);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		attack_end(&flood->attackers[i]);
}

/* ---- who is held up ------------------------------------------------------------ */

/* Somebody who asks for a promise, again and again. */
struct asker {
	const char *path;
	struct attacker attacker;
	pthread_t thread;
	atomic_uint answers;
	atomic_bool ends;
};

/* The lowest ballot there is: nothing is stored, but the path is taken for it. */
static void *ask(void *argument)
{
	struct asker *asker = argument;
	dfs_ballot low = {.counter = 1};

	attack_must(id_random(&low.proposer), "random");
	while (!atomic_load(&asker->ends)) {
		dfs_status status =
			attack_prepare(&asker->attacker, SERVER, asker->path, &low, NULL);

		if (status != DFS_OK && status != DFS_REFUSED)
			attack_broken("%s: %s", asker->path, attack_status(status));
		atomic_fetch_add(&asker->answers, 1);
	}
	return NULL;
}

static void asker_start(struct asker *ret, const char *path)
{
	memset(ret, 0, sizeof *ret);
	ret->path = path;
	attack_begin(&ret->attacker, "tester", set_of(SERVER));
	if (pthread_create(&ret->thread, NULL, ask, ret) != 0)
		attack_broken("no thread");
}

static void asker_end(struct asker *asker)
{
	atomic_store(&asker->ends, true);
	(void)pthread_join(asker->thread, NULL);
	attack_end(&asker->attacker);
}

/* ---- the race ------------------------------------------------------------------ */

/* What the two were answered while content came of this maker, or of his own. */
struct raced {
	unsigned victim, neighbour, staged;
};

static struct raced race(const dfs_id *maker)
{
	static struct asker asked, beside;
	static struct flood flood;
	struct raced raced;

	flood_start(&flood, maker);
	asker_start(&asked, victim);
	asker_start(&beside, neighbour);
	while (atomic_load(&beside.answers) < ENOUGH ||
	       atomic_load(&flood.brought) < BROUGHT)
		clock_pause(1);
	raced.neighbour = atomic_load(&beside.answers);
	raced.staged = atomic_load(&flood.staged);
	raced.victim = atomic_load(&asked.answers);
	flood_end(&flood);
	asker_end(&asked);
	asker_end(&beside);
	return raced;
}

int main(void)
{
	struct raced raced = race(NULL);
	dfs_id maker;

	_Static_assert(sizeof victim - 1 == sizeof maker.bytes, "as long as an id");
	if (raced.staged == 0)
		attack_broken("other may not bring content of his own");
	if (raced.victim * FEWER < raced.neighbour)
		attack_broken("without an attack %u answers beside %u", raced.victim,
			      raced.neighbour);
	memcpy(maker.bytes, victim, sizeof maker.bytes);
	raced = race(&maker);
	if (raced.victim * FEWER < raced.neighbour)
		attack_won("%u answers for %s, and %u for %s", raced.victim, victim,
			   raced.neighbour, neighbour);
	attack_failed("%u answers for %s, and %u for %s, beside %u contents",
		      raced.victim, victim, raced.neighbour, neighbour, raced.staged);
}
