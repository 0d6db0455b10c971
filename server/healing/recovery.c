/*
 * From the start of a server to its vote.
 *
 * One thread takes one step after another, by the standing of the acceptor:
 *
 *	STARTING	ask the peers; vote when enough have answered and none remembers more
 *	RECOVERING	seal a new store id, open an epoch, take the registers, vote
 *	VOTING		tell the peers what is new, and hear of new epochs
 */
#include "recovery_internal.h"

#include "ballot.h"
#include "clock.h"
#include "log.h"
#include "store_phase.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	VOTERS = 2,
	STEP_MS = 20 /* two servers that wake each other do nothing else otherwise */
};

/* ---- the start ----------------------------------------------------------------- */

/* Says why it does not vote, and logs what was not said before. */
static void say(struct recovery *recovery, const char *event, const char *why)
{
	struct acceptor_standing standing;
	char quoted[2 * RECOVERY_WHY];

	acceptor_get_standing(recovery->acceptor, &standing);
	(void)snprintf(standing.why, sizeof standing.why, "%.*s", ACCEPTOR_WHY - 1, why);
	acceptor_note(recovery->acceptor, &standing);
	if (strcmp(why, recovery->last_why) == 0)
		return;
	(void)snprintf(recovery->last_why, sizeof recovery->last_why, "%s", why);
	log_event(LOG_INFO, event, "why=%s", log_sentence(why, quoted, sizeof quoted));
}

static void vote(struct recovery *recovery)
{
	const dfs_watermark own = recovery_own(recovery);
	char store[ID_TEXT];

	if (acceptor_vote(recovery->acceptor) != 0)
		return;
	recovery->last_why[0] = '\0';
	recovery_tell(recovery);
	log_event(LOG_INFO, "voting", "epoch=%" PRIu32 " store=%s segment=%" PRIu64,
		  own.epoch, id_text(&own.store, store), own.newest_segment);
	if (recovery->news)
		recovery->news(recovery->news_context,
			       ((1U << DFS_SERVERS) - 1) &
				       ~(1U << (recovery->server - 1)));
}

static void step_starting(struct recovery *recovery)
{
	dfs_recall_res res[DFS_SERVERS];
	char why[RECOVERY_WHY];
	unsigned answered = recovery_note_answered(recovery, recovery_ask(recovery, res));

	recovery_free_answers(res);
	if (acceptor_state(recovery->acceptor) != DFS_STATE_STARTING)
		return; /* condemned */
	if ((unsigned)__builtin_popcount(answered) >= recovery->rules.answers) {
		vote(recovery);
		return;
	}
	(void)snprintf(
		why, sizeof why,
		"It waits until two other servers have told what they remember of it; %s "
		"has.",
		answered == 0 ? "none" : "one");
	say(recovery, "starting", why);
}

/* ---- the recovery -------------------------------------------------------------- */

static unsigned voters_of(const dfs_recall_res res[DFS_SERVERS], unsigned answered)
{
	unsigned voters = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (answered & 1U << i &&
		    res[i].dfs_recall_res_u.ok.state == DFS_STATE_VOTING)
			voters |= 1U << i;
	return voters;
}

/*
 * Two of them, or all if there is a reason.  After a failure it is another two: one whose
 * disk fails would answer that it votes and never hand anything over.
 */
static unsigned choose_voters(struct recovery *recovery, unsigned voters)
{
	unsigned pass_over = recovery->failures % (VOTERS + 1);
	bool all = recovery->needs_all;

	recovery->needs_all = false; /* unless that turns out again */
	if (all || __builtin_popcount(voters) <= VOTERS)
		return voters;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (voters & 1U << i && pass_over-- == 0)
			return voters & ~(1U << i);
	return voters;
}

/* Above every number that a peer has heard of, and every epoch. */
static void prepare(struct recovery *recovery, const dfs_recall_res res[DFS_SERVERS],
		    unsigned answered, struct recovery_source *source,
		    uint64_t *ret_at_least)
{
	*ret_at_least = 0;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_recall_ok *ok = &res[i].dfs_recall_res_u.ok;

		if (!(answered & 1U << i))
			continue;
		if (ok->remembered && ok->remembered->newest_segment > *ret_at_least)
			*ret_at_least = ok->remembered->newest_segment;
		if (source->peers & 1U << i && ok->registers > source->expected)
			source->expected = ok->registers;
	}
	source->epoch = recovery->highest_epoch + (recovery->rules.new_epoch ? 1 : 0);
	recovery->highest_epoch = source->epoch;
}

/* From the sealing of RECOVERING to that of VOTING. */
static bool recover(struct recovery *recovery, struct recovery_source *source,
		    uint64_t at_least, char *why)
{
	uint32_t epoch = source->epoch;
	int rc = store_recover_begin(recovery->store, at_least);

	if (rc != 0) {
		(void)snprintf(why, RECOVERY_WHY, "the recovery cannot be begun: %s",
			       strerror(rc));
		return false;
	}
	source->store = recovery_own(recovery).store;
	log_event(LOG_INFO, "recovery",
		  "epoch=%" PRIu32 " registers=%" PRIu64 " peers=0x%x", epoch,
		  source->expected, source->peers);
	if (recovery->rules.registers && !recovery_merge(recovery, source, &epoch, why))
		return false;
	rc = store_recover_end(recovery->store, epoch);
	if (rc != 0)
		(void)snprintf(why, RECOVERY_WHY, "the recovery cannot be ended: %s",
			       strerror(rc));
	return rc == 0;
}

/* It is tried again, ever more rarely: each attempt leaves something in the store. */
static void put_off(struct recovery *recovery)
{
	int64_t pause = recovery->rules.retry_ms;

	for (unsigned i = 0;
	     i < recovery->failures && pause < recovery->rules.retry_most_ms; i++)
		pause *= 2;
	if (pause > recovery->rules.retry_most_ms)
		pause = recovery->rules.retry_most_ms;
	recovery->failures++;
	recovery->next_ms = clock_now_ms() + pause;
}

static void step_recovering(struct recovery *recovery)
{
	struct recovery_source source = {0};
	char why[RECOVERY_WHY], said[2 * RECOVERY_WHY];
	dfs_recall_res res[DFS_SERVERS];
	unsigned answered, voters;
	uint64_t at_least = 0;
	bool enough;

	if (clock_now_ms() < recovery->next_ms)
		return;
	answered = recovery_ask(recovery, res);
	voters = voters_of(res, answered);
	enough = !recovery->rules.registers || __builtin_popcount(voters) >= VOTERS;
	if (enough) {
		source.peers = choose_voters(recovery, voters);
		prepare(recovery, res, answered, &source, &at_least);
	}
	recovery_free_answers(res);
	if (!enough) {
		(void)snprintf(
			said, sizeof said,
			"It has lost its store, and waits for two servers that vote; %s.",
			voters == 0 ? "none does" : "one does");
		say(recovery, "waiting", said);
		return;
	}
	if (!recover(recovery, &source, at_least, why)) {
		(void)snprintf(said, sizeof said,
			       "It could not take its registers (%.400s).", why);
		say(recovery, "not-recovered", said);
		put_off(recovery);
		return;
	}
	recovery->needs_all = false;
	recovery->failures = 0;
	recovery->next_ms = 0;
	log_event(LOG_INFO, "recovered", "registers=yes content=to-be-checked");
	vote(recovery);
}

/* ---- the thread ---------------------------------------------------------------- */

void recovery_condemn(struct recovery *recovery, const char *why)
{
	pthread_mutex_lock(&recovery->lock);
	(void)snprintf(recovery->condemned, sizeof recovery->condemned, "%s", why);
	recovery->wake = true;
	pthread_cond_signal(&recovery->woken);
	pthread_mutex_unlock(&recovery->lock);
}

/* Is the store to be given up?  Then why. */
static bool is_condemned(struct recovery *recovery, char *why)
{
	pthread_mutex_lock(&recovery->lock);
	memcpy(why, recovery->condemned, RECOVERY_WHY);
	pthread_mutex_unlock(&recovery->lock);
	return why[0] != '\0';
}

/* While it runs it is as good as ever: so only when there is from whom to recover. */
static void give_up_store(struct recovery *recovery, const char *why)
{
	dfs_recall_res res[DFS_SERVERS];
	unsigned voters = voters_of(res, recovery_ask(recovery, res));

	recovery_free_answers(res);
	if (acceptor_state(recovery->acceptor) != DFS_STATE_VOTING ||
	    __builtin_popcount(voters) < VOTERS)
		return;
	recovery_lose(recovery, why);
	pthread_mutex_lock(&recovery->lock);
	recovery->condemned[0] = '\0';
	pthread_mutex_unlock(&recovery->lock);
}

static void step_voting(struct recovery *recovery)
{
	char why[RECOVERY_WHY];
	int64_t age = clock_now_ms() - recovery->told_ms;
	bool news = acceptor_messages(recovery->acceptor) != recovery->told_messages;

	if (is_condemned(recovery, why))
		give_up_store(recovery, why);
	else if (age >= recovery->rules.tell_ms ||
		 (news && recovery_own(recovery).newest_segment != recovery->told_newest))
		recovery_tell(recovery);
}

bool recovery_step(struct recovery *recovery)
{
	switch (acceptor_state(recovery->acceptor)) {
	case DFS_STATE_STARTING:
		step_starting(recovery);
		break;
	case DFS_STATE_RECOVERING:
		step_recovering(recovery);
		break;
	case DFS_STATE_VOTING:
		step_voting(recovery);
		break;
	}
	return acceptor_state(recovery->acceptor) == DFS_STATE_VOTING;
}

bool recovery_is_stopping(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	bool stopping = recovery->stopping;
	pthread_mutex_unlock(&recovery->lock);
	return stopping;
}

/* Waits until it is woken or the time is over; false: the end. */
static bool rest(struct recovery *recovery, int64_t ms)
{
	int64_t until = clock_now_ms() + ms;
	struct timespec at = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	int rc = 0;

	pthread_mutex_lock(&recovery->lock);
	while (!recovery->stopping && !recovery->wake && rc == 0)
		rc = pthread_cond_timedwait(&recovery->woken, &recovery->lock, &at);
	recovery->wake = false;
	bool goes_on = !recovery->stopping;
	pthread_mutex_unlock(&recovery->lock);
	return goes_on;
}

/* Before it may be woken. */
static bool pause_step(struct recovery *recovery)
{
	struct timespec pause = {.tv_nsec = STEP_MS * 1000000L};

	(void)nanosleep(&pause, NULL);
	return !recovery_is_stopping(recovery);
}

static void *recovery_main(void *argument)
{
	struct recovery *recovery = argument;
	bool votes;

	do
		votes = recovery_step(recovery);
	while (pause_step(recovery) && rest(recovery, votes ? recovery->rules.notice_ms
							    : recovery->rules.retry_ms));
	return NULL;
}

void recovery_wake(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	recovery->wake = true;
	pthread_cond_signal(&recovery->woken);
	pthread_mutex_unlock(&recovery->lock);
}

struct recovery *recovery_new(const struct recovery_options *options)
{
	struct recovery *recovery = calloc(1, sizeof *recovery);
	pthread_condattr_t monotonic;

	if (!recovery)
		return NULL;
	recovery->store = options->store;
	recovery->acceptor = options->acceptor;
	recovery->server = options->server;
	recovery->calls = options->calls;
	recovery->news = options->news;
	recovery->news_context = options->news_context;
	recovery->rules = options->rules ? *options->rules : recovery_rules_default;
	pthread_mutex_init(&recovery->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&recovery->woken, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return recovery;
}

bool recovery_start(struct recovery *recovery)
{
	recovery->runs =
		pthread_create(&recovery->thread, NULL, recovery_main, recovery) == 0;
	return recovery->runs;
}

void recovery_stop(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	recovery->stopping = true;
	pthread_cond_signal(&recovery->woken);
	pthread_mutex_unlock(&recovery->lock);
	if (recovery->runs)
		pthread_join(recovery->thread, NULL);
	recovery->runs = false;
}

void recovery_free(struct recovery *recovery)
{
	if (!recovery)
		return;
	recovery_stop(recovery);
	pthread_cond_destroy(&recovery->woken);
	pthread_mutex_destroy(&recovery->lock);
	free(recovery);
}
