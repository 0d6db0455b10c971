/*
 * What servers remember of each other's stores: asking, telling, and judging one's own by
 * it.
 */
#include "recovery_internal.h"

#include "clock.h"
#include "store.h"
#include "store_peers.h"
#include "store_phase.h"
#include "watermark.h"

#include <stdlib.h>
#include <string.h>

enum { TWO = 2 };

/* ---- answering ----------------------------------------------------------------- */

void recovery_wake(struct recovery *recovery)
{
	pthread_mutex_lock(&recovery->lock);
	if (recovery->runs)
		worker_wake(&recovery->worker);
	pthread_mutex_unlock(&recovery->lock);
}

dfs_watermark recovery_own(struct recovery *recovery)
{
	struct store_numbers numbers;

	store_get_numbers(recovery->store, &numbers);
	return (dfs_watermark){.store = numbers.id,
			       .epoch = numbers.epoch,
			       .newest_segment = numbers.newest_segment};
}

server_set recovery_note_answered(struct recovery *recovery, server_set peers)
{
	pthread_mutex_lock(&recovery->lock);
	recovery->answered |= peers;
	server_set answered = recovery->answered;
	pthread_mutex_unlock(&recovery->lock);
	return answered;
}

/* Does the thread wait for just this peer, or for what it tells? */
static bool is_waited_for(struct recovery *recovery, unsigned peer,
			  const dfs_recall_args *args, const dfs_recall_ok *own)
{
	switch (own->state) {
	case DFS_STATE_STARTING:
		return !set_has(recovery_note_answered(recovery, 0), peer);
	case DFS_STATE_RECOVERING:
		return args->state == DFS_STATE_VOTING;
	case DFS_STATE_VOTING:
		break;
	}
	return args->own.epoch > own->own.epoch;
}

/* Does the peer vote, and did it not before? */
static bool note_voting(struct recovery *recovery, unsigned peer, bool votes)
{
	pthread_mutex_lock(&recovery->lock);
	bool news = votes && !set_has(recovery->voting, peer);

	recovery->voting = votes ? set_with(recovery->voting, peer)
				 : set_without(recovery->voting, peer);
	pthread_mutex_unlock(&recovery->lock);
	return news;
}

/* In an epoch of which nobody else has heard there is no store that votes. */
static void remember(struct recovery *recovery, unsigned peer, dfs_state state,
		     const dfs_watermark *own)
{
	if (state == DFS_STATE_VOTING &&
	    !acceptor_epoch_is_far(recovery->acceptor, own->epoch))
		store_remember(recovery->store, peer, own);
}

void recovery_answer(struct recovery *recovery, unsigned peer,
		     const dfs_recall_args *args, dfs_recall_res *res)
{
	dfs_recall_ok *ok = &res->dfs_recall_res_u.ok;
	struct store_numbers numbers;
	dfs_watermark *known = calloc(1, sizeof *known);

	if (!known) {
		res->status = DFS_BUSY;
		return;
	}
	if (store_watermark(recovery->store, peer, known))
		ok->remembered = known;
	else
		free(known);
	ok->state = acceptor_state(recovery->acceptor);
	ok->own = recovery_own(recovery);
	store_get_numbers(recovery->store, &numbers);
	ok->registers = numbers.files + numbers.tombstones;
	res->status = DFS_OK;
	remember(recovery, peer, args->state, &args->own);
	if (note_voting(recovery, peer, args->state == DFS_STATE_VOTING) &&
	    recovery->news)
		recovery->news(recovery->news_context, set_of(peer));
	if (is_waited_for(recovery, peer, args, ok))
		recovery_wake(recovery);
}

/* ---- asking -------------------------------------------------------------------- */

void recovery_lose(struct recovery *recovery, const char *why)
{
	acceptor_retire(recovery->acceptor, why);
	store_condemn(recovery->store, why);
}

uint64_t recovery_believable(const uint64_t told[DFS_SERVERS], uint64_t known,
			     uint64_t ahead)
{
	uint64_t highest = known, second = known;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		if (told[i] > highest) {
			second = highest;
			highest = told[i];
		} else if (told[i] > second) {
			second = told[i];
		}
	}
	return highest - second <= ahead ? highest : second;
}

static void note_named(struct recovery *recovery, unsigned peer, uint32_t epoch)
{
	if (epoch > recovery->named[peer - 1])
		recovery->named[peer - 1] = epoch;
}

/* What a peer answered: it is remembered, and what it remembers is judged. */
static void judge(struct recovery *recovery, unsigned peer, const dfs_recall_ok *ok)
{
	const dfs_watermark own = recovery_own(recovery);
	struct store_numbers numbers;

	remember(recovery, peer, ok->state, &ok->own);
	note_named(recovery, peer, ok->own.epoch);
	if (ok->remembered)
		note_named(recovery, peer, ok->remembered->epoch);
	recovery->verdicts[peer - 1] = RECOVERY_KNOWS_NOTHING;
	if (!ok->remembered || !recovery->rules.memory)
		return;
	store_get_numbers(recovery->store, &numbers);
	switch (watermark_judge(&own, numbers.born, ok->remembered)) {
	case WATERMARK_FINE:
		recovery->verdicts[peer - 1] = RECOVERY_FINE;
		break;
	case WATERMARK_OLDER:
		recovery->verdicts[peer - 1] = RECOVERY_OLDER;
		break;
	case WATERMARK_FOREIGN:
		recovery->verdicts[peer - 1] = RECOVERY_FOREIGN;
		break;
	}
}

/* How many peers say what, as they did last; and the last of those that accuse. */
struct verdicts {
	unsigned told, fine, accusing, accuser;
};

static struct verdicts count_verdicts(const struct recovery *recovery)
{
	struct verdicts count = {0};

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		enum recovery_verdict verdict = recovery->verdicts[s - 1];

		count.told += verdict != RECOVERY_UNTOLD;
		count.fine += verdict == RECOVERY_FINE;
		if (verdict == RECOVERY_OLDER || verdict == RECOVERY_FOREIGN) {
			count.accusing++;
			count.accuser = s;
		}
	}
	return count;
}

bool recovery_is_cleared(const struct recovery *recovery)
{
	const struct verdicts count = count_verdicts(recovery);

	return count.accusing == 0 || count.fine >= TWO;
}

/* Is the store to be given up, by what all that answered remember of it? */
static void judge_store(struct recovery *recovery)
{
	const struct verdicts count = count_verdicts(recovery);
	dfs_state state = acceptor_state(recovery->acceptor);
	char why[RECOVERY_WHY];

	if (count.accusing == 0 || state == DFS_STATE_RECOVERING)
		return;
	/*
	 * One alone may lie.  While this server votes, two would know; when it starts,
	 * one may be all that is left of who knew, if nobody knows better.
	 */
	if (count.accusing < TWO && (state == DFS_STATE_VOTING || count.fine >= TWO ||
				     count.told < DFS_SERVERS - 1))
		return;
	enum watermark_verdict verdict =
		recovery->verdicts[count.accuser - 1] == RECOVERY_OLDER
			? WATERMARK_OLDER
			: WATERMARK_FOREIGN;

	recovery_lose(recovery,
		      watermark_explain(verdict, count.accuser, why, sizeof why));
}

server_set recovery_ask(struct recovery *recovery, dfs_recall_res res[DFS_SERVERS])
{
	const dfs_recall_args args = {.state = acceptor_state(recovery->acceptor),
				      .own = recovery_own(recovery)};
	uint64_t messages = acceptor_messages(recovery->acceptor);
	server_set answered;

	memset(res, 0, DFS_SERVERS * sizeof *res);
	answered = recovery->calls.recall(recovery->calls.context, &args, res);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(answered, s))
			judge(recovery, s, &res[s - 1].dfs_recall_res_u.ok);
	judge_store(recovery);
	/* A store that stays is for the epoch that there is. */
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (set_has(answered, s) &&
		    acceptor_state(recovery->acceptor) != DFS_STATE_RECOVERING)
			(void)acceptor_hear_epoch(
				recovery->acceptor, s,
				res[s - 1].dfs_recall_res_u.ok.own.epoch);
	recovery->told_messages = messages;
	recovery->told_newest = args.own.newest_segment;
	recovery->told_ms = clock_now_ms();
	return answered;
}

void recovery_free_answers(dfs_recall_res res[DFS_SERVERS])
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		xdr_free((xdrproc_t)xdr_dfs_recall_res, &res[i]);
}

void recovery_tell(struct recovery *recovery)
{
	dfs_recall_res res[DFS_SERVERS];

	(void)recovery_ask(recovery, res);
	recovery_free_answers(res);
}
