/* The thread that looks for what is left behind: when it is time for which look. */
#include "leftovers_internal.h"

#include "clock.h"

#include <stdlib.h>

enum {
	STEP_MS = 250,        /* what is due is looked for so often */
	UNSETTLED_MS = 60000, /* between two looks, or the time of what is abandoned */
	ABANDONED_LOOKS = 4   /* in the time after which it is */
};

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Is it time?  Then not again for so long. */
static bool is_due(int64_t *next_ms, int64_t pause_ms)
{
	int64_t now = clock_now_ms();

	if (now < *next_ms)
		return false;
	*next_ms = now + pause_ms;
	return true;
}

static void *leftovers_main(void *argument)
{
	struct leftovers *leftovers = argument;
	const struct leftovers_rules *rules = &leftovers->with.rules;
	int64_t unsettled_ms = lesser(rules->abandoned_after_ms, UNSETTLED_MS);
	int64_t abandoned_ms =
		lesser(rules->abandoned_after_ms / ABANDONED_LOOKS, UNSETTLED_MS);
	int64_t unsettled = 0, abandoned = 0, tombstones = 0;

	while (worker_rest_undisturbed(&leftovers->worker, STEP_MS)) {
		if (acceptor_state(leftovers->with.acceptor) != DFS_STATE_VOTING)
			continue;
		if (is_due(&unsettled, unsettled_ms))
			(void)leftovers_unsettled(leftovers);
		if (is_due(&abandoned, abandoned_ms))
			(void)leftovers_abandoned(leftovers);
		if (is_due(&tombstones, rules->tombstones_after_ms))
			(void)leftovers_tombstones(leftovers);
	}
	return NULL;
}

struct leftovers *leftovers_new(const struct leftovers_options *options)
{
	struct leftovers *leftovers = calloc(1, sizeof *leftovers);

	if (!leftovers)
		return NULL;
	leftovers->with = *options;
	return leftovers;
}

bool leftovers_start(struct leftovers *leftovers)
{
	return worker_start(&leftovers->worker, leftovers_main, leftovers) == 0;
}

void leftovers_stop(struct leftovers *leftovers)
{
	worker_stop(&leftovers->worker);
}

void leftovers_free(struct leftovers *leftovers)
{
	if (!leftovers)
		return;
	leftovers_stop(leftovers);
	free(leftovers);
}
