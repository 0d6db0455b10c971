/*
 * From the start of a server to its vote.
 *
 * One thread takes one step after another, by the standing of the acceptor:
 *
 *	STARTING	ask the peers; vote when enough have answered and none
 *			remembers more
 *	RECOVERING	seal a new store id, open an epoch, take the registers, vote
 *	VOTING		tell the peers what is new, and hear of new epochs
 *
 * Whatever the standing, a store whose folder is gone from under it votes on nothing,
 * until the same folder is there again; then it is asked about as at the start.
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

enum {
	VOTERS = 2,
	THREE = 3,
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
			       set_without(SERVERS_ALL, recovery->server));
}

static void step_starting(struct recovery *recovery)
{
	dfs_recall_res res[DFS_SERVERS];
	char why[RECOVERY_WHY];
	server_set answered =
		recovery_note_answered(recovery, recovery_ask(recovery, res));

	recovery_free_answers(res);
	if (acceptor_state(recovery->acceptor) != DFS_STATE_STARTING)
		return; /* condemned */
	if (set_count(answered) >= recovery->rules.answers &&
	    recovery_is_cleared(recovery)) {
		vote(recovery);
		return;
	}
	if (set_count(answered) >= recovery->rules.answers)
		(void)snprintf(why, sizeof why,
			       "One server remembers more of its store than is here, and "
			       "another that would know is away.");
	else
		(void)snprintf(why, sizeof why,
			       "It waits until two other servers have told what they "
			       "remember of it; %s has.",
			       answered == 0 ? "none" : "one");
	say(recovery, "starting", why);
}

/* ---- the recovery -------------------------------------------------------------- */

static server_set those_in(dfs_state state, const dfs_recall_res res[DFS_SERVERS],
			   server_set answered)
{
	server_set those = 0;

	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(answered, i + 1) && res[i].dfs_recall_res_u.ok.state == state)
			those = set_with(those, i + 1);
	return those;
}

/*
 * All of them, so that one may lie; but without the one that failed to hand over last
 * time, if two others do: one whose disk fails would answer that it votes, always.
 */
static server_set choose_voters(struct recovery *recovery, server_set voters)
{
	server_set others = recovery->passed_over
				    ? set_without(voters, recovery->passed_over)
				    : voters;

	recovery->passed_over = 0;
	return set_count(others) >= VOTERS ? others : voters;
}

/* Are there three, or is it time to do with two?  Of one that recovers too none comes. */
static bool may_begin(struct recovery *recovery, server_set voters, server_set recovering)
{
	int64_t now = clock_now_ms();

	if (!recovery->rules.registers)
		return true;
	if (set_count(voters) < VOTERS) {
		recovery->two_since_ms = 0;
		return false;
	}
	if (set_count(voters | recovering) >= THREE)
		return true;
	if (recovery->two_since_ms == 0)
		recovery->two_since_ms = now;
	return now - recovery->two_since_ms >= recovery->rules.third_ms;
}

/* Above every number that a peer has heard of, and every epoch. */
static void prepare(struct recovery *recovery, const dfs_recall_res res[DFS_SERVERS],
		    server_set answered, struct recovery_source *source,
		    uint64_t *ret_at_least)
{
	uint64_t numbers[DFS_SERVERS] = {0};
	uint32_t epoch;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_recall_ok *ok = &res[i].dfs_recall_res_u.ok;

		if (!set_has(answered, i + 1))
			continue;
		if (ok->remembered)
			numbers[i] = ok->remembered->newest_segment;
		if (set_has(source->peers, i + 1) && ok->registers > source->expected)
			source->expected = ok->registers;
	}
	*ret_at_least = recovery_believable(numbers, 0, RECOVERY_SEGMENTS_AHEAD);
	epoch = (uint32_t)recovery_believable(recovery->named, recovery->opened,
					      RECOVERY_EPOCHS_AHEAD);
	source->epoch =
		recovery->rules.new_epoch && epoch < UINT32_MAX ? epoch + 1 : epoch;
}

/* From the sealing of RECOVERING to that of VOTING. */
static bool take_all(struct recovery *recovery, struct recovery_source *source,
		     uint64_t at_least, char *why)
{
	uint32_t epoch = source->epoch;
	/* From here on it has a store of another id, and no way back to the old one. */
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
	recovery->opened = epoch;
	rc = store_recover_end(recovery->store, epoch);
	if (rc != 0)
		(void)snprintf(why, RECOVERY_WHY, "the recovery cannot be ended: %s",
			       strerror(rc));
	return rc == 0;
}

/* It is tried again, ever more rarely: each attempt leaves something in the store. */
static void put_off_recovery(struct recovery *recovery)
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

/* That no third could be asked stays to be seen until the next start. */
static void say_whom_it_trusts(struct recovery *recovery, server_set peers)
{
	unsigned names[DFS_SERVERS] = {0}, count = 0;
	char why[RECOVERY_WHY];

	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(peers, s))
			names[count++] = s;
	(void)snprintf(
		why, sizeof why,
		"It has lost its store and trusts what dfs%u and dfs%u told it: no "
		"third could be asked.",
		names[0], names[1]);
	say(recovery, "trusts-two", why);
}

static void step_recovering(struct recovery *recovery)
{
	struct recovery_source source = {0};
	char why[RECOVERY_WHY], said[2 * RECOVERY_WHY];
	dfs_recall_res res[DFS_SERVERS];
	server_set answered, voters, recovering;
	uint64_t at_least = 0;
	bool enough;

	if (clock_now_ms() < recovery->next_ms)
		return;
	/* From whom, and above which numbers? */
	answered = recovery_ask(recovery, res);
	voters = those_in(DFS_STATE_VOTING, res, answered);
	recovering = those_in(DFS_STATE_RECOVERING, res, answered);
	enough = may_begin(recovery, voters, recovering);
	if (enough) {
		source.peers = choose_voters(recovery, voters);
		prepare(recovery, res, answered, &source, &at_least);
	}
	recovery_free_answers(res);
	if (!enough) {
		(void)snprintf(said, sizeof said,
			       "It has lost its store, and waits for %s servers that "
			       "vote; %s.",
			       set_count(voters) < VOTERS ? "two" : "three",
			       voters == 0              ? "none does"
			       : set_count(voters) == 1 ? "one does"
							: "two do");
		say(recovery, "waiting", said);
		return;
	}
	if (!take_all(recovery, &source, at_least, why)) {
		(void)snprintf(said, sizeof said,
			       "It could not take its registers (%.400s).", why);
		say(recovery, "not-recovered", said);
		put_off_recovery(recovery);
		return;
	}
	/* It has what three accepted.  The next recovery, if any, starts afresh. */
	recovery->passed_over = 0;
	recovery->two_since_ms = 0;
	recovery->failures = 0;
	recovery->next_ms = 0;
	/* What was said was said of the store that it had. */
	memset(recovery->verdicts, 0, sizeof recovery->verdicts);
	log_event(LOG_INFO, "recovered", "registers=yes content=to-be-checked");
	vote(recovery);
	if (set_count(source.peers) < THREE)
		say_whom_it_trusts(recovery, source.peers);
}

/* ---- the thread ---------------------------------------------------------------- */

void recovery_condemn(struct recovery *recovery, const char *why)
{
	pthread_mutex_lock(&recovery->lock);
	(void)snprintf(recovery->condemned, sizeof recovery->condemned, "%s", why);
	pthread_mutex_unlock(&recovery->lock);
	recovery_wake(recovery);
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
	server_set answered = recovery_ask(recovery, res);
	server_set voters = those_in(DFS_STATE_VOTING, res, answered);

	recovery_free_answers(res);
	if (acceptor_state(recovery->acceptor) != DFS_STATE_VOTING ||
	    set_count(voters) < VOTERS)
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

/* Is there a store to work with?  One that is gone votes on nothing meanwhile. */
static bool is_there(struct recovery *recovery)
{
	char quoted[2 * RECOVERY_WHY];
	const char *why;

	if (store_in_place(recovery->store))
		return true;
	if (!recovery->gone && !store_whole(recovery->store, &why)) {
		recovery->gone = true;
		acceptor_retire(recovery->acceptor, why);
		log_event(LOG_ERROR, "store-gone", "why=%s",
			  log_sentence(why, quoted, sizeof quoted));
	}
	return false;
}

/* It is the folder that it was, and nothing was accepted in between. */
static void step_back(struct recovery *recovery)
{
	const char *why;

	recovery->gone = false;
	pthread_mutex_lock(&recovery->lock);
	recovery->answered = 0;
	pthread_mutex_unlock(&recovery->lock);
	log_event(LOG_INFO, "store-back", "%s", "");
	if (store_whole(recovery->store, &why))
		acceptor_restart(recovery->acceptor);
}

bool recovery_step(struct recovery *recovery)
{
	if (!is_there(recovery))
		return false;
	if (recovery->gone)
		step_back(recovery);
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

static void *recovery_main(void *argument)
{
	struct recovery *recovery = argument;
	bool votes;

	do
		votes = recovery_step(recovery);
	while (worker_rest_undisturbed(&recovery->worker, STEP_MS) &&
	       worker_rest(&recovery->worker,
			   votes ? recovery->rules.notice_ms : recovery->rules.retry_ms));
	return NULL;
}

struct recovery *recovery_new(const struct recovery_options *options)
{
	struct recovery *recovery = calloc(1, sizeof *recovery);

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
	return recovery;
}

bool recovery_start(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	bool runs = worker_start(&recovery->worker, recovery_main, recovery) == 0;

	recovery->runs = runs;
	pthread_mutex_unlock(&recovery->lock);
	return runs;
}

void recovery_stop(struct recovery *recovery)
{
	atomic_store(&recovery->stopping, true);
	/* From here on nobody wakes it. */
	pthread_mutex_lock(&recovery->lock);
	recovery->runs = false;
	pthread_mutex_unlock(&recovery->lock);
	worker_stop(&recovery->worker);
}

void recovery_free(struct recovery *recovery)
{
	if (!recovery)
		return;
	recovery_stop(recovery);
	pthread_mutex_destroy(&recovery->lock);
	free(recovery);
}
