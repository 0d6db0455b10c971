/* The thread that repairs: when a pass is made, and what is told of it. */
#include "repair_internal.h"

#include "clock.h"
#include "log.h"
#include "store_census.h"

#include <inttypes.h>
#include <stdio.h>
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

static void set_doing(struct repair *repair, enum repair_doing doing)
{
	pthread_mutex_lock(&repair->lock);
	repair->doing = doing;
	if (doing == REPAIR_PULLING)
		repair->files = 0;
	pthread_mutex_unlock(&repair->lock);
}

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
	set_doing(repair, REPAIR_PULLING);
	repair_pull(repair, ret);
	pthread_mutex_lock(&repair->lock);
	repair->lost = ret->lost;
	pthread_mutex_unlock(&repair->lock);
	set_doing(repair, REPAIR_PROPOSING);
	if (!atomic_load(&repair->stopping))
		repair_propose(repair, ret);
	set_doing(repair, REPAIR_TRIMMING);
	if (!atomic_load(&repair->stopping))
		repair_trim(repair, ret);
	set_doing(repair, REPAIR_NOTHING);
	tell(ret, began);
}

/* ---- when ---------------------------------------------------------------------- */

/* What was so when the last pass began, and when the next is to be without a reason. */
struct reasons {
	uint64_t owed, damaged;
	int64_t pause_ms, due_ms;  /* INT64_MAX: nothing was left over */
	int64_t counted, count_ms; /* the census, and when it is looked at again */
};

/* Waits to be woken, or so long; false: the end. */
static bool rest(struct repair *repair, int64_t ms, bool *ret_woken)
{
	int64_t until = clock_now_ms() + ms;
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	int rc = 0;

	pthread_mutex_lock(&repair->lock);
	while (!atomic_load(&repair->stopping) && !repair->wake && rc == 0)
		rc = pthread_cond_timedwait(&repair->woken, &repair->lock, &at);
	*ret_woken = repair->wake;
	pthread_mutex_unlock(&repair->lock);
	return !atomic_load(&repair->stopping);
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

static void put_off(struct repair *repair, struct reasons *reasons,
		    const struct repair_outcome *outcome)
{
	bool left = outcome->lost + outcome->refused > 0 || outcome->failed;

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
	bool woken;

	while (rest(repair, repair->rules.look_ms, &woken)) {
		if (acceptor_state(repair->acceptor) != DFS_STATE_VOTING) {
			reasons.due_ms = 0;
			pthread_mutex_lock(&repair->lock);
			repair->wake = false;
			pthread_mutex_unlock(&repair->lock);
			continue;
		}
		if (!has_reason(repair, &reasons) && !woken)
			continue;
		pthread_mutex_lock(&repair->lock);
		repair->wake = false;
		pthread_mutex_unlock(&repair->lock);
		/* What was left over before may be had now. */
		if (woken)
			reasons.pause_ms = repair->rules.again_ms;
		repair_pass(repair, &outcome);
		put_off(repair, &reasons, &outcome);
	}
	return NULL;
}

void repair_wake(struct repair *repair)
{
	pthread_mutex_lock(&repair->lock);
	repair->wake = true;
	pthread_cond_signal(&repair->woken);
	pthread_mutex_unlock(&repair->lock);
}

/* ---- what is told -------------------------------------------------------------- */

void repair_count(struct repair *repair, uint64_t bytes)
{
	int64_t now = clock_now_ms() / 1000;

	pthread_mutex_lock(&repair->lock);
	if (now - repair->second >= REPAIR_SECONDS)
		memset(repair->seconds, 0, sizeof repair->seconds);
	else
		while (repair->second < now)
			repair->seconds[++repair->second % REPAIR_SECONDS] = 0;
	repair->second = now;
	repair->seconds[now % REPAIR_SECONDS] += bytes;
	repair->fetched += bytes;
	pthread_mutex_unlock(&repair->lock);
}

/*
 * Bytes a second, of the seconds since the first of the last minute in which something
 * came.
 */
static uint64_t per_second(const struct repair *repair)
{
	uint64_t bytes = 0;
	int64_t since = repair->second;

	for (int64_t s = repair->second; s > repair->second - REPAIR_SECONDS && s >= 0;
	     s--)
		if (repair->seconds[s % REPAIR_SECONDS] > 0) {
			bytes += repair->seconds[s % REPAIR_SECONDS];
			since = s;
		}
	return bytes / (uint64_t)(repair->second - since + 1);
}

static int describe(const struct repair *repair, char *text, size_t size)
{
	switch (repair->doing) {
	case REPAIR_PULLING:
		if (repair->files == 0)
			break;
		return snprintf(text, size,
				"Fetches what is missing here from its peers: %" PRIu64
				" files so far.",
				repair->files);
	case REPAIR_PROPOSING:
		return snprintf(text, size, "Tells its peers what it has again.");
	case REPAIR_TRIMMING:
		return snprintf(text, size, "Gives up spares that are needed no more.");
	case REPAIR_NOTHING:
		break;
	}
	text[0] = '\0';
	return 0;
}

bool repair_status(struct repair *repair, dfs_to_heal *ret)
{
	char text[DFS_TEXT_MAX];

	ret->doing.dfs_text_val = malloc(sizeof text);
	if (!ret->doing.dfs_text_val)
		return false;
	repair_count(repair, 0);
	pthread_mutex_lock(&repair->lock);
	ret->fetched = repair->fetched;
	ret->per_second = per_second(repair);
	ret->lost_files = repair->lost;
	ret->doing.dfs_text_len = (u_int)describe(repair, text, sizeof text);
	pthread_mutex_unlock(&repair->lock);
	memcpy(ret->doing.dfs_text_val, text, sizeof text);
	return true;
}

/* ---- starting and stopping ----------------------------------------------------- */

struct repair *repair_new(const struct repair_options *options)
{
	struct repair *repair = calloc(1, sizeof *repair);
	pthread_condattr_t monotonic;

	if (!repair)
		return NULL;
	repair->store = options->store;
	repair->acceptor = options->acceptor;
	repair->server = options->server;
	repair->calls = options->calls;
	repair->rules = options->rules ? *options->rules : repair_rules_default;
	pthread_mutex_init(&repair->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&repair->woken, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return repair;
}

bool repair_start(struct repair *repair)
{
	repair->runs = pthread_create(&repair->thread, NULL, repair_main, repair) == 0;
	return repair->runs;
}

void repair_stop(struct repair *repair)
{
	pthread_mutex_lock(&repair->lock);
	atomic_store(&repair->stopping, true);
	pthread_cond_signal(&repair->woken);
	pthread_mutex_unlock(&repair->lock);
	if (repair->runs)
		pthread_join(repair->thread, NULL);
	repair->runs = false;
}

void repair_free(struct repair *repair)
{
	if (!repair)
		return;
	repair_stop(repair);
	pthread_cond_destroy(&repair->woken);
	pthread_mutex_destroy(&repair->lock);
	free(repair);
}
