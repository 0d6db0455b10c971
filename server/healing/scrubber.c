/* The thread that scrubs, and how fast it goes. */
#include "scrubber.h"

#include "clock.h"
#include "log.h"
#include "scrubber_file.h"
#include "worker.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	STEP_BYTES = 1 << 20,
	SAVE_MS = 10000,
	IDLE_MS = 1000 /* while it does not vote, and after an error */
};

struct scrubber {
	struct store *store;
	struct acceptor *acceptor;
	struct scrubber_calls calls;
	char file[PATH_MAX];
	int64_t share, round_ms;
	struct store_scrub *scrub;
	int64_t saved_ms;
	int64_t owed_ns;      /* of pauses that were too short to be made */
	pthread_mutex_t lock; /* of the state; the thread alone changes it */
	struct scrubber_state state;
	struct worker worker;
};

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void set_state(struct scrubber *scrubber, const struct scrubber_state *state)
{
	pthread_mutex_lock(&scrubber->lock);
	scrubber->state = *state;
	pthread_mutex_unlock(&scrubber->lock);
}

static void save(struct scrubber *scrubber)
{
	int rc = scrubber_file_write(scrubber->file, &scrubber->state);

	scrubber->saved_ms = clock_now_ms();
	if (rc != 0)
		log_event(LOG_WARN, "not-saved", "what=scrub why=%s",
			  strerrorname_np(rc));
}

/* ---- rounds -------------------------------------------------------------------- */

static bool is_at_beginning(const struct scrubber_state *state)
{
	const struct store_scrub_position *position = &state->position;

	return position->lo == 0 && position->hi == 0 && position->record == 0 &&
	       position->unit == 0;
}

/* Of a round that has ended before its time: how long until the next one. */
static int64_t until_next_round(const struct scrubber *scrubber)
{
	const struct scrubber_state *state = &scrubber->state;
	int64_t since = (clock_wall_ns() - state->began) / 1000000;

	/* A clock that was set back does not hold it up for longer than a round. */
	if (!is_at_beginning(state) || state->ended < state->began || state->ended == 0 ||
	    since >= scrubber->round_ms)
		return 0;
	return since >= 0 ? scrubber->round_ms - since : scrubber->round_ms;
}

static void begin_round(struct scrubber *scrubber)
{
	struct scrubber_state state = {.began = clock_wall_ns(),
				       .ended = scrubber->state.ended};

	set_state(scrubber, &state);
}

static void end_round(struct scrubber *scrubber, struct scrubber_state *state)
{
	state->ended = clock_wall_ns();
	/* A clock that was set back must not make it begin anew at once. */
	if (state->ended < state->began)
		state->ended = state->began;
	set_state(scrubber, state);
	save(scrubber);
	log_event(LOG_INFO, "scrubbed", "bytes=%" PRIu64 " damaged=%" PRIu64, state->read,
		  state->found);
}

/* What was found; then whoever can do something about it is called. */
static void report(struct scrubber *scrubber, const struct store_scrubbed *scrubbed)
{
	if (scrubbed->seal_damaged)
		scrubber->calls.condemn(
			scrubber->calls.context,
			"The list of a segment is damaged: the store would not be "
			"whole when it is opened next.");
	if (scrubbed->damaged + scrubbed->unbrought > 0)
		scrubber->calls.damaged(scrubber->calls.context);
}

/* ---- how fast ------------------------------------------------------------------ */

/*
 * The pause after a step that took so long and read so much: as long as its share of the
 * time demands, and as its share of the round allows.
 */
static int64_t pause_after(struct scrubber *scrubber, int64_t took_ns, uint64_t bytes)
{
	struct store_numbers numbers;
	int64_t share_ns = took_ns / scrubber->share * (100 - scrubber->share);
	double part = 1, round_ns;

	store_get_numbers(scrubber->store, &numbers);
	if (bytes < numbers.stored_bytes)
		part = (double)bytes / (double)numbers.stored_bytes;
	round_ns = part * (double)scrubber->round_ms * 1e6 - (double)took_ns;
	scrubber->owed_ns += round_ns > (double)share_ns ? (int64_t)round_ns : share_ns;
	int64_t pause_ms = scrubber->owed_ns / 1000000;

	scrubber->owed_ns -= pause_ms * 1000000;
	return pause_ms;
}

/* The pause after it, in milliseconds. */
static int64_t scrub_step(struct scrubber *scrubber)
{
	struct scrubber_state state;
	struct store_scrubbed scrubbed;
	int64_t began_ns = now_ns();
	int rc;

	if (is_at_beginning(&scrubber->state))
		begin_round(scrubber);
	state = scrubber->state;
	rc = store_scrub_step(scrubber->scrub, STEP_BYTES, &scrubbed);
	store_scrub_position(scrubber->scrub, &state.position);
	state.read += scrubbed.bytes;
	state.found += scrubbed.damaged;
	if (scrubbed.end)
		end_round(scrubber, &state);
	else
		set_state(scrubber, &state);
	report(scrubber, &scrubbed);
	if (clock_now_ms() - scrubber->saved_ms >= SAVE_MS)
		save(scrubber);
	if (rc != 0)
		return IDLE_MS;
	return scrubbed.end ? until_next_round(scrubber)
			    : pause_after(scrubber, now_ns() - began_ns, scrubbed.bytes);
}

/* ---- the thread ---------------------------------------------------------------- */

static bool rest(struct scrubber *scrubber, int64_t ms)
{
	const struct scrubber_calls *calls = &scrubber->calls;

	return calls->pause ? calls->pause(calls->context, ms)
			    : worker_rest_undisturbed(&scrubber->worker, ms);
}

static void *scrubber_main(void *argument)
{
	struct scrubber *scrubber = argument;
	int64_t pause_ms = until_next_round(scrubber);

	while (rest(scrubber, pause_ms)) {
		if (acceptor_state(scrubber->acceptor) == DFS_STATE_VOTING)
			pause_ms = scrub_step(scrubber);
		else
			pause_ms = IDLE_MS;
	}
	save(scrubber);
	return NULL;
}

struct scrubber *scrubber_new(const struct scrubber_options *options)
{
	struct scrubber *scrubber = calloc(1, sizeof *scrubber);
	int len;

	if (!scrubber)
		return NULL;
	scrubber->store = options->store;
	scrubber->acceptor = options->acceptor;
	scrubber->calls = options->calls;
	scrubber->share = options->share;
	scrubber->round_ms = options->round_ms;
	scrubber->saved_ms = clock_now_ms();
	pthread_mutex_init(&scrubber->lock, NULL);
	len = snprintf(scrubber->file, sizeof scrubber->file, "%s/scrub",
		       options->folder);
	if (len > 0 && (size_t)len < sizeof scrubber->file) {
		scrubber_file_read(scrubber->file, &scrubber->state);
		scrubber->scrub =
			store_scrub_new(scrubber->store, &scrubber->state.position);
	}
	if (scrubber->scrub)
		return scrubber;
	scrubber_free(scrubber);
	return NULL;
}

bool scrubber_start(struct scrubber *scrubber)
{
	return worker_start(&scrubber->worker, scrubber_main, scrubber) == 0;
}

void scrubber_stop(struct scrubber *scrubber)
{
	worker_stop(&scrubber->worker);
}

void scrubber_free(struct scrubber *scrubber)
{
	if (!scrubber)
		return;
	scrubber_stop(scrubber);
	store_scrub_free(scrubber->scrub);
	pthread_mutex_destroy(&scrubber->lock);
	free(scrubber);
}

void scrubber_status(struct scrubber *scrubber, dfs_scrubbing *ret)
{
	struct store_numbers numbers;

	store_get_numbers(scrubber->store, &numbers);
	pthread_mutex_lock(&scrubber->lock);
	*ret = (dfs_scrubbing){.read = scrubber->state.read,
			       .of = numbers.stored_bytes,
			       .began = scrubber->state.began,
			       .last_ended = scrubber->state.ended,
			       .found = scrubber->state.found};
	pthread_mutex_unlock(&scrubber->lock);
}
