/* The thread that proves what came unproved. */
#include "prover.h"

#include "foreground.h"
#include "store_scrub.h"
#include "worker.h"

#include <stdlib.h>

enum {
	STEP_BYTES = 1 << 20,
	LOOK_MS = 1000 /* between two looks for something unproved, and after an error */
};

struct prover {
	struct store *store;
	struct acceptor *acceptor;
	struct prover_calls calls;
	struct store_scrub *scrub;
	bool worked; /* since calls.proved was called */
	struct worker worker;
};

static bool has_work(struct prover *prover)
{
	struct store_numbers numbers;

	if (prover->worked)
		return true;
	store_get_numbers(prover->store, &numbers);
	return numbers.unproved > 0;
}

/* What was found; then whoever can do something about it is called. */
static void report(struct prover *prover, const struct store_scrubbed *scrubbed)
{
	const struct prover_calls *calls = &prover->calls;

	if (scrubbed->seal_damaged)
		calls->condemn(calls->context,
			       "The list of a segment is damaged: the store would not be "
			       "whole when it is opened next.");
	if (scrubbed->damaged + scrubbed->unbrought > 0)
		calls->damaged(calls->context);
}

bool prover_step(struct prover *prover)
{
	struct store_scrubbed scrubbed;
	int rc;

	if (!has_work(prover))
		return false;
	rc = store_scrub_step(prover->scrub, STEP_BYTES, &scrubbed);
	prover->worked |= scrubbed.records > 0;
	report(prover, &scrubbed);
	if (scrubbed.end && prover->worked) {
		prover->worked = false;
		prover->calls.proved(prover->calls.context);
	}
	return rc == 0 && !scrubbed.end;
}

static void *prover_main(void *argument)
{
	struct prover *prover = argument;
	bool more = false;

	while (worker_rest_undisturbed(&prover->worker, more ? 0 : LOOK_MS)) {
		more = acceptor_state(prover->acceptor) == DFS_STATE_VOTING;
		if (!more)
			continue;
		foreground_wait(FOREGROUND_MOST_MS);
		more = prover_step(prover);
	}
	return NULL;
}

struct prover *prover_new(const struct prover_options *options)
{
	struct prover *prover = calloc(1, sizeof *prover);

	if (!prover)
		return NULL;
	prover->store = options->store;
	prover->acceptor = options->acceptor;
	prover->calls = options->calls;
	prover->scrub = store_scrub_new_prover(prover->store);
	if (prover->scrub)
		return prover;
	free(prover);
	return NULL;
}

bool prover_start(struct prover *prover)
{
	return worker_start(&prover->worker, prover_main, prover) == 0;
}

void prover_stop(struct prover *prover)
{
	worker_stop(&prover->worker);
}

void prover_free(struct prover *prover)
{
	if (!prover)
		return;
	prover_stop(prover);
	store_scrub_free(prover->scrub);
	free(prover);
}
