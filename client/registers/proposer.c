/*
 * The proposer: attempt after attempt until every path has its outcome.
 *
 * Who is refused waits a random while that grows, so that two proposers do not go on
 * refusing each other; who has gone on for PROPOSER_MS gives up.  What was once sent for
 * acceptance may have been accepted: giving up is then "outcome unknown", never "failed".
 */
#include "proposer.h"

#include "attempt.h"
#include "ballot.h"
#include "clock.h"
#include "decision.h"
#include "finishing.h"
#include "placement.h"
#include "lookup.h"
#include "text.h"
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROPOSER_MS = 60000,
	OVERTAKE_MS = 1000,
	PAUSE_FIRST_MS = 8,
	PAUSE_MOST_MS = 400,
};

void proposer_free(struct proposal *proposal)
{
	if (proposal->known)
		value_free(&proposal->value);
	proposal->known = false;
}

void proposer_retry_text(const struct proposal *proposal, char *text)
{
	char id[ID_TEXT], ballot[BALLOT_TEXT];

	(void)snprintf(text, DFS_OPERATION_TEXT, "%s:%" PRIu64 ":%s",
		       id_text(&proposal->operation, id), proposal->first_number,
		       ballot_text(&proposal->first, ballot));
}

bool proposer_retry_parse(const char *text, struct proposal *proposal)
{
	char copy[DFS_OPERATION_TEXT];
	char *number, *ballot;

	if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
		return false;
	number = strchr(copy, ':');
	ballot = number ? strchr(number + 1, ':') : NULL;
	if (!ballot)
		return false;
	*number++ = *ballot++ = '\0';
	if (!id_parse(copy, &proposal->operation) || id_is_zero(&proposal->operation) ||
	    !text_number(number, 0, UINT64_MAX - DFS_RECENT_MAX,
			 &proposal->first_number) ||
	    !ballot_parse(ballot, &proposal->first))
		return false;
	proposal->proposed = true;
	return true;
}

/* ---- ends ---------------------------------------------------------------------- */

/*
 * Gives up: what may have been accepted is unknown, anything else has plainly not
 * happened.
 */
static void give_up(struct proposal *proposal, int code, const char *why)
{
	if (proposal->proposed && proposal->kind == PROPOSAL_CHANGE)
		result_fail(&proposal->result, DFS_EXIT_OPEN,
			    "%.800s; it may have been done or not: do it again", why);
	else if (proposal->proposed)
		result_fail(&proposal->result, DFS_EXIT_OPEN,
			    "%.800s; it may have been stored or not: repeat it with "
			    "--operation",
			    why);
	else
		result_fail(&proposal->result, code, "%.900s", why);
}

/* Takes the value over from the turn; the old one, of an earlier attempt, goes. */
static void keep_value(struct proposal *proposal, dfs_value *take_value)
{
	proposer_free(proposal);
	proposal->value = *take_value;
	proposal->known = true;
	memset(take_value, 0, sizeof *take_value);
}

/* ---- one attempt --------------------------------------------------------------- */

/* The version that this operation made; others may have come after it. */
static dfs_version version_made(const struct proposal *proposal)
{
	dfs_version made = {proposal->value.number, proposal->operation};

	for (u_int i = 0; i < proposal->value.recent.recent_len; i++)
		if (id_equal(&proposal->value.recent.recent_val[i], &proposal->operation))
			made.number = proposal->value.number - i;
	return made;
}

/*
 * The value that was to be proposed again is not ours to propose, or names content of
 * which some server knows nothing, where only a server is believed: a server may.  true
 * when what is agreed is what was judged; it is then the turn's value.
 */
static bool finish_by_servers(struct dfs *dfs, struct turn *turn)
{
	struct lookup lookup = {.path = turn->proposal->path}, *one = &lookup;
	const dfs_accepted *best = turn->judgement.best;
	bool live = judge_is_live(best), same = false;

	finishing_run(dfs, &one, 1);
	if (lookup.result.code == DFS_EXIT_DONE)
		same = live ? lookup.known && id_equal(&lookup.value.operation,
						       &best->value.operation)
			    : !lookup.known || lookup.value.body.kind == DFS_TOMBSTONE;
	if (same && lookup.known) {
		value_free(&turn->value);
		turn->value = lookup.value;
		lookup.known = false;
	}
	lookup_free(&lookup);
	return same;
}

/*
 * Too few accepted.  A server that knows nothing of a content that is there, and was to
 * be changed, learns of it with what servers finish; then it is tried again.
 */
static bool is_finished_by_servers(struct dfs *dfs, struct turn *turn)
{
	const struct refusals *refusals = &turn->refusals;
	bool ours = turn->judgement.verdict == JUDGE_PROPOSE;

	if (ours ? turn->proposal->kind != PROPOSAL_CHANGE || !refusals->unshown
		 : (refusals->denied | refusals->unshown) == 0)
		return false;
	return finish_by_servers(dfs, turn) && !ours;
}

/* After the votes: has the proposal come to its end?  Then its result is set. */
static bool conclude(struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	const struct judgement *judgement = &turn->judgement;

	if (turn->proposes && set_count(turn->accepted) < 3 &&
	    !is_finished_by_servers(attempt->dfs, turn))
		return false;
	if (turn->proposes) {
		proposal->bound = false; /* what was bound is named or overtaken */
		if (set_count(turn->accepted) >= 3)
			session_settled(attempt->dfs, proposal->path, &attempt->ballot,
					&turn->value);
		keep_value(proposal, &turn->value);
	} else if (judgement->best) {
		dfs_value copy;

		if (value_copy(&judgement->best->value, &copy))
			keep_value(proposal, &copy);
	}
	if (judgement->best)
		proposal->ticket = judgement->best->ticket;
	proposal->made = version_made(proposal);
	if (judgement->verdict == JUDGE_PROPOSE || judgement->verdict == JUDGE_OWN)
		result_fail(&proposal->result, DFS_EXIT_DONE, "%s", "");
	else if (judgement->code == DFS_EXIT_OPEN)
		give_up(proposal, DFS_EXIT_OPEN, judgement->why);
	else
		result_fail(&proposal->result, judgement->code, "%s", judgement->why);
	return true;
}

/* Brings contents that are not small to the servers, and binds them; drops who cannot. */
static void stage_uploads(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct turn *turn = &attempt->turns[i];
		struct proposal *proposal = turn->proposal;
		server_set servers = attempt->servers, before;

		if (!proposal->stage)
			continue;
		do {
			before = servers;
			if (!proposal->stage(proposal, servers))
				return;
			attempt_bind(attempt);
			for (unsigned s = 1; s <= DFS_SERVERS; s++)
				if (proposal->uploaded[s - 1] == 0)
					servers = set_without(servers, s);
		} while (servers != before && set_count(servers) >= 3);
	}
}

/* Nothing can be begun: why, for all of them. */
static void fail_attempt(struct attempt *attempt, struct proposal **pending, size_t count,
			 bool *ended)
{
	struct dfs_result result = {0};

	if (attempt->turns && set_count(attempt->servers) < 3)
		session_too_few(attempt->dfs, &result, attempt->servers,
				"fewer than three servers vote");
	else
		result_fail(&result, DFS_EXIT_OTHER, "out of memory");
	for (size_t i = 0; i < count; i++) {
		give_up(pending[i], result.code, result.why);
		ended[i] = true;
	}
	free(attempt->turns);
}

/* Those whose content cannot be had any more have ended; false when all have. */
static bool end_without_content(struct proposal **pending, size_t count, bool *ended)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		ended[i] = pending[i]->result.code != DFS_EXIT_DONE;
		if (ended[i] && pending[i]->proposed) {
			struct dfs_result failed = pending[i]->result;

			give_up(pending[i], failed.code, failed.why);
		}
		any |= !ended[i];
	}
	return any;
}

/* What the servers did of the turn, as far as the proposal outlasts it. */
static void keep_refusals(struct proposal *proposal, const struct turn *turn)
{
	refusals_add(&proposal->refusals, &turn->refusals);
	proposal->refusals.unchecked = turn->refusals.unchecked;
	proposal->unable = turn->refusals.unchecked | turn->refusals.failing;
}

/* After the votes: has it come to its end, this way or that? */
static bool has_ended(struct attempt *attempt, struct turn *turn, bool decided)
{
	struct dfs_result refusal = {0};

	if (decided && conclude(attempt, turn))
		return true;
	if (!decision_is_final(attempt->dfs, turn, &refusal))
		return false;
	give_up(turn->proposal, refusal.code, refusal.why);
	return true;
}

/*
 * One attempt for the pending proposals; those that ended are marked.  Too few servers
 * ends all.
 */
static void attempt_once(struct dfs *dfs, struct proposal **pending, size_t count,
			 bool again, bool *ended)
{
	struct attempt attempt = {.dfs = dfs, .count = count};
	bool decided[DFS_BATCH_MAX];

	attempt.servers = session_servers(dfs, 3);
	attempt.turns = calloc(count, sizeof *attempt.turns);
	if (set_count(attempt.servers) < 3 || !attempt.turns ||
	    !session_ballot(dfs, attempt.servers, again, &attempt.ballot)) {
		fail_attempt(&attempt, pending, count, ended);
		return;
	}
	for (size_t i = 0; i < count; i++)
		attempt.turns[i].proposal = pending[i];

	/* Content is where it is to be, and bound, before anything is promised. */
	stage_uploads(&attempt);
	if (end_without_content(pending, count, ended))
		attempt_prepare(&attempt);

	/* What each proposes follows from what three have promised. */
	for (size_t i = 0; i < count; i++) {
		struct turn *turn = &attempt.turns[i];

		pending[i]->bound |= attempt_has_staged(turn);
		keep_refusals(pending[i], turn);
		decided[i] = !ended[i] && decision_make(&attempt, turn);
	}

	/* The votes. */
	attempt_accept(&attempt);
	for (size_t i = 0; i < count; i++) {
		keep_refusals(pending[i], &attempt.turns[i]);
		if (!ended[i])
			ended[i] = has_ended(&attempt, &attempt.turns[i], decided[i]);
	}
	attempt_free(&attempt);
}

/* Servers that can do nothing for it are waited for as for servers that are not there. */
static bool is_over(const struct proposal *proposal, int64_t begin, int64_t ms)
{
	int64_t gone = clock_now_ms() - begin;

	return gone > ms || (gone > LINKS_NEED_MS && set_count(proposal->unable) >= 2);
}

static void give_up_late(struct proposal *proposal)
{
	const struct refusals_case of = {.what = REFUSALS_WRITE};
	const struct refusals last = {.failing = proposal->refusals.failing,
				      .unchecked = proposal->refusals.unchecked};
	struct dfs_result result = {0};

	if (!refusals_explain(&last, &of, &result))
		result_fail(&result, DFS_EXIT_FEW,
			    "others were always faster, or too few servers answered");
	give_up(proposal, result.code, result.why);
}

/* Of those that stand before a move that is not finished: does any, which then is? */
static bool meet_notes(struct dfs *dfs, struct proposal **pending, size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!pending[i]->met)
			continue;
		pending[i]->meet(dfs, pending[i]->path);
		pending[i]->meet = NULL;
		pending[i]->met = false;
		any = true;
	}
	return any;
}

/* Attempt after attempt, until all have ended or the time is over. */
static void run_batch(struct dfs *dfs, struct proposal **pending, size_t left, int64_t ms)
{
	int64_t begin = clock_now_ms();
	unsigned pause = PAUSE_FIRST_MS;
	bool again = false;

	while (left > 0) {
		bool ended[DFS_BATCH_MAX] = {false};
		size_t kept = 0;

		attempt_once(dfs, pending, left, again, ended);
		for (size_t i = 0; i < left; i++)
			if (!ended[i])
				pending[kept++] = pending[i];
		left = kept;
		kept = 0;
		for (size_t i = 0; i < left; i++) {
			if (is_over(pending[i], begin, ms))
				give_up_late(pending[i]);
			else
				pending[kept++] = pending[i];
		}
		left = kept;
		if (left > 0 && !meet_notes(dfs, pending, left))
			session_pause(pause);
		pause = pause < PAUSE_MOST_MS / 2 ? 2 * pause : PAUSE_MOST_MS;
		again = true;
	}
}

/*
 * Whoever gives up cleanly leaves nothing bound: the path is finished above the binding,
 * so that the servers may drop the content.  If that fails too, others will do it.
 */
static void overtake(struct dfs *dfs, const struct proposal *proposals, size_t count)
{
	struct proposal *finishes = calloc(count, sizeof *finishes);
	struct proposal *pending[DFS_BATCH_MAX];
	size_t left = 0;

	for (size_t i = 0; finishes && i < count; i++) {
		const struct proposal *proposal = &proposals[i];

		if (proposal->result.code == DFS_EXIT_DONE || !proposal->bound ||
		    proposal->proposed)
			continue;
		finishes[left].path = proposal->path;
		finishes[left].kind = PROPOSAL_FINISH;
		finishes[left].overtake = true;
		if (!id_random(&finishes[left].operation))
			break;
		pending[left] = &finishes[left];
		left++;
	}
	if (left > 0)
		run_batch(dfs, pending, left, OVERTAKE_MS);
	for (size_t i = 0; i < left; i++)
		proposer_free(&finishes[i]);
	free(finishes);
}

void proposer_run(struct dfs *dfs, struct proposal *proposals, size_t count)
{
	while (count > 0) {
		struct proposal *pending[DFS_BATCH_MAX];
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &proposals[i];
			result_fail(&pending[i]->result, DFS_EXIT_DONE, "%s", "");
		}
		run_batch(dfs, pending, batch, PROPOSER_MS);
		overtake(dfs, proposals, batch);
		proposals += batch;
		count -= batch;
	}
}
