/* The thread that repairs: when a pass is made. */
#include "repair_internal.h"

#include "clock.h"
#include "log.h"
#include "store_census.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct repair_rules repair_rules_default = {
	.lanes = 3,
	.load_bytes = 2 << 20,
	.look_ms = 1000,
	.every_ms = 60000,
	.again_ms = 2000,
	.again_most_ms = 60000,
};

/* ---- a pass -------------------------------------------------------------------- */

static void tell(const struct repair_outcome *outcome, int64_t began)
{
	if (outcome->files + outcome->proposed + outcome->trimmed > 0)
		log_event(LOG_INFO, "healed",
			  "files=%" PRIu64 " bytes=%" PRIu64 " proposed=%" PRIu64
			  " spares=%" PRIu64 " lost=%" PRIu64 " ms=%" PRId64,
			  outcome->files, outcome->bytes, outcome->proposed,
			  outcome->trimmed, outcome->lost, clock_now_ms() - began);
}

void repair_pass(struct repair *repair, struct repair_outcome *ret)
{
	int64_t began = clock_now_ms();

	memset(ret, 0, sizeof *ret);
	repair_set_doing(repair, REPAIR_PULLING);
	repair_pull(repair, ret);
	repair_set_lost(repair, ret->lost);
	/* Only what is here is told of, and only what was told of is trimmed. */
	repair_set_doing(repair, REPAIR_PROPOSING);
	if (!atomic_load(&repair->stopping))
		repair_propose(repair, ret);
	repair_set_doing(repair, REPAIR_TRIMMING);
	if (!atomic_load(&repair->stopping))
		repair_trim(repair, ret);
	repair_set_doing(repair, REPAIR_NOTHING);
	tell(ret, began);
}

/* ---- when ---------------------------------------------------------------------- */

/* What was so when the last pass began, and when the next is to be without a reason. */
struct reasons {
	uint64_t owed, damaged;
	int64_t pause_ms, due_ms;  /* INT64_MAX: nothing was left over */
	int64_t counted, count_ms; /* the census, and when it is looked at again */
};

/* Was it woken since it was asked last? */
static bool take_wake(struct repair *repair)
{
	pthread_mutex_lock(&repair->lock);
	bool woken = repair->woken;

	repair->woken = false;
	pthread_mutex_unlock(&repair->lock);
	return woken;
}

/*
 * Has anything changed since it was counted last?  Hints tell of most of it; a value may
 * have become settled without one.
 */
static bool has_changed(struct repair *repair, struct reasons *reasons)
{
	struct store_census census;
	bool changed;

	if (clock_now_ms() < reasons->count_ms)
		return false;
	reasons->count_ms = clock_now_ms() + repair->rules.every_ms;
	if (store_census(repair->store, &census) != 0)
		return true;
	changed = census.counted != reasons->counted;
	reasons->counted = census.counted;
	store_census_free(&census);
	return changed;
}

/* Has the acceptor or the store come upon something since the last pass? */
static bool has_reason(struct repair *repair, struct reasons *reasons)
{
	uint64_t owed = acceptor_owed(repair->acceptor);
	struct store_numbers numbers;
	bool has;

	store_get_numbers(repair->store, &numbers);
	has = owed != reasons->owed || numbers.damaged != reasons->damaged ||
	      clock_now_ms() >= reasons->due_ms || has_changed(repair, reasons);
	reasons->owed = owed;
	reasons->damaged = numbers.damaged;
	return has;
}

static void put_off_pass(struct repair *repair, struct reasons *reasons,
			 const struct repair_outcome *outcome)
{
	bool left =
		outcome->lost + outcome->open + outcome->refused > 0 || outcome->failed;

	if (!left || outcome->files + outcome->proposed > 0)
		reasons->pause_ms = repair->rules.again_ms;
	reasons->due_ms = left ? clock_now_ms() + reasons->pause_ms : INT64_MAX;
	if (left && reasons->pause_ms < repair->rules.again_most_ms)
		reasons->pause_ms *= 2;
}

static void *repair_main(void *argument)
{
	struct repair *repair = argument;
	struct reasons reasons = {.pause_ms = repair->rules.again_ms,
				  .count_ms = clock_now_ms() + repair->rules.every_ms};
	struct repair_outcome outcome;

	while (worker_rest(&repair->worker, repair->rules.look_ms)) {
		bool woken = take_wake(repair);

		/* Its first pass comes as soon as it votes. */
		if (acceptor_state(repair->acceptor) != DFS_STATE_VOTING) {
			reasons.due_ms = 0;
			continue;
		}
		if (!has_reason(repair, &reasons) && !woken)
			continue;
		/* What was left over before may be had now. */
		if (woken)
			reasons.pause_ms = repair->rules.again_ms;
		repair_pass(repair, &outcome);
		put_off_pass(repair, &reasons, &outcome);
	}
	return NULL;
}

void repair_wake(struct repair *repair)
{
	pthread_mutex_lock(&repair->lock);
	repair->woken = true;
	if (repair->runs)
		worker_wake(&repair->worker);
	pthread_mutex_unlock(&repair->lock);
}

/* ---- starting and stopping ----------------------------------------------------- */

struct repair *repair_new(const struct repair_options *options)
{
	struct repair *repair = calloc(1, sizeof *repair);

	if (!repair)
		return NULL;
	repair->store = options->store;
	repair->acceptor = options->acceptor;
	repair->server = options->server;
	repair->calls = options->calls;
	repair->rules = options->rules ? *options->rules : repair_rules_default;
	pthread_mutex_init(&repair->lock, NULL);
	return repair;
}

bool repair_start(struct repair *repair)
{
	pthread_mutex_lock(&repair->lock);
	bool runs = worker_start(&repair->worker, repair_main, repair) == 0;

	repair->runs = runs;
	pthread_mutex_unlock(&repair->lock);
	return runs;
}

void repair_stop(struct repair *repair)
{
	atomic_store(&repair->stopping, true);
	/* From here on nobody wakes it. */
	pthread_mutex_lock(&repair->lock);
	repair->runs = false;
	pthread_mutex_unlock(&repair->lock);
	worker_stop(&repair->worker);
}

void repair_free(struct repair *repair)
{
	if (!repair)
		return;
	repair_stop(repair);
	pthread_mutex_destroy(&repair->lock);
	free(repair);
}
