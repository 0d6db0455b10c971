/* The thread that compares: when, and with whom. */
#include "compare_internal.h"

#include "clock.h"
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>

const struct compare_rules compare_rules_default = {
	.every_ms = 60000,
	.patience_ms = 2000,
	.small = 512,
	.per_second = 4096,
	.pass_ms = 600000,
	.three = true,
};

/* One after the other with one peer. */
enum { TIMES_MOST = 3 };

static void note_alike(struct compare *compare, unsigned peer, bool alike)
{
	pthread_mutex_lock(&compare->lock);
	compare->alike = alike ? set_with(compare->alike, peer)
			       : set_without(compare->alike, peer);
	pthread_mutex_unlock(&compare->lock);
}

/* Is there anything left?  Once more then, for what was finished has yet to reach all. */
static bool compare_once(struct compare *compare, unsigned peer)
{
	struct compare_outcome outcome;

	compare_with(compare, peer, set_has(compare->differed, peer), &outcome);
	compare->differed = set_without(compare->differed, peer);
	if (outcome.different > 0 || !outcome.whole)
		compare->differed = set_with(compare->differed, peer);
	note_alike(compare, peer, outcome.whole && outcome.files == 0);
	if (outcome.different > 0)
		log_event(LOG_INFO, "compared",
			  "peer=dfs%u different=%" PRIu64 " learned=%" PRIu64
			  " taught=%" PRIu64 " finished=%" PRIu64,
			  peer, outcome.different, outcome.learned, outcome.taught,
			  outcome.finished);
	return outcome.whole && outcome.learned + outcome.taught + outcome.finished > 0;
}

static void compare_one(struct compare *compare, unsigned peer)
{
	unsigned times = 0;

	while (compare_once(compare, peer) && ++times < TIMES_MOST)
		continue;
}

static void compare_all(struct compare *compare, server_set peers)
{
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(peers, s) && s != compare->server &&
		    acceptor_state(compare->acceptor) == DFS_STATE_VOTING &&
		    !worker_is_ending(&compare->worker))
			compare_one(compare, s);
}

/* The peers that have voted again since it was asked last. */
static server_set take_returned(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	server_set returned = compare->returned;

	compare->returned = 0;
	pthread_mutex_unlock(&compare->lock);
	return returned;
}

static void *compare_main(void *argument)
{
	struct compare *compare = argument;
	const struct peer_calls *calls = &compare->calls.peers;
	int64_t due = clock_now_ms() + compare->rules.every_ms;

	while (worker_rest(&compare->worker, due - clock_now_ms())) {
		server_set peers = take_returned(compare);

		if (clock_now_ms() >= due) {
			peers = calls->voting(calls->context);
			due = clock_now_ms() + compare->rules.every_ms;
		}
		compare_all(compare, peers);
	}
	return NULL;
}

void compare_wake(struct compare *compare, server_set servers)
{
	pthread_mutex_lock(&compare->lock);
	compare->returned |= servers;
	compare->alike &= ~servers;
	if (compare->runs)
		worker_wake(&compare->worker);
	pthread_mutex_unlock(&compare->lock);
}

server_set compare_alike(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	server_set alike = compare->alike;
	pthread_mutex_unlock(&compare->lock);
	return alike;
}

struct compare *compare_new(const struct compare_options *options)
{
	struct compare *compare = calloc(1, sizeof *compare);

	if (!compare)
		return NULL;
	compare->store = options->store;
	compare->acceptor = options->acceptor;
	compare->server = options->server;
	compare->calls = options->calls;
	compare->rules = options->rules ? *options->rules : compare_rules_default;
	pthread_mutex_init(&compare->lock, NULL);
	return compare;
}

bool compare_start(struct compare *compare)
{
	pthread_mutex_lock(&compare->lock);
	bool runs = worker_start(&compare->worker, compare_main, compare) == 0;

	compare->runs = runs;
	pthread_mutex_unlock(&compare->lock);
	return runs;
}

void compare_stop(struct compare *compare)
{
	/* From here on nobody wakes it. */
	pthread_mutex_lock(&compare->lock);
	compare->runs = false;
	pthread_mutex_unlock(&compare->lock);
	worker_stop(&compare->worker);
}

void compare_free(struct compare *compare)
{
	if (!compare)
		return;
	compare_stop(compare);
	pthread_mutex_destroy(&compare->lock);
	free(compare);
}
