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
#include "placement.h"
#include "reader.h"
#include "text.h"
#include "value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROPOSER_MS = 60000, PAUSE_MOST_MS = 400 };

void proposer_free(struct proposal *proposal)
{
	if (proposal->known)
		value_free(&proposal->value);
	proposal->known = false;
}

void proposer_retry_text(const struct proposal *proposal, char *text)
{
	char id[ID_TEXT], ballot[BALLOT_TEXT];

	snprintf(text, DFS_OPERATION_TEXT, "%s:%" PRIu64 ":%s",
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

/* Gives up: what may have been accepted is unknown, anything else has plainly not
 * happened. */
static void give_up(struct proposal *proposal, int code, const char *why)
{
	if (proposal->proposed)
		session_fail(&proposal->result, DFS_EXIT_OPEN,
			     "%.800s; it may have been stored or not: repeat it with "
			     "--operation",
			     why);
	else
		session_fail(&proposal->result, code, "%.900s", why);
}

/* Takes the value over from the turn; the old one, of an earlier attempt, goes. */
static void keep_value(struct proposal *proposal, dfs_value *take_value)
{
	proposer_free(proposal);
	proposal->value = *take_value;
	proposal->known = true;
	memset(take_value, 0, sizeof *take_value);
}

/* ---- values -------------------------------------------------------------------- */

/* A value of this proposal on top of the best one seen (NULL: none). */
static bool make_value(struct turn *turn, const struct dfs *dfs, const dfs_ballot *ballot,
		       const dfs_accepted *best, bool tombstone)
{
	const struct proposal *proposal = turn->proposal;
	dfs_value *value = &turn->value, now = {.operation = proposal->operation};
	dfs_id recent[DFS_RECENT_MAX] = {proposal->operation};
	dfs_manifest *manifest = &now.body.dfs_body_u.manifest;
	char user[DFS_USER_MAX + 1];

	now.origin = *ballot;
	now.number = (best ? best->value.number : 0) + 1;
	now.recent.recent_val = recent;
	now.recent.recent_len = 1;
	for (u_int i = 0; best && i < best->value.recent.recent_len &&
			  now.recent.recent_len < DFS_RECENT_MAX;
	     i++)
		recent[now.recent.recent_len++] = best->value.recent.recent_val[i];
	now.content_version = (dfs_version){now.number, proposal->operation};
	now.lock = best ? best->value.lock : NULL;
	now.body.kind = tombstone ? DFS_TOMBSTONE : DFS_FILE;
	if (!tombstone) {
		memcpy(user, dfs->user, sizeof user);
		manifest->owner = (dfs_user){(u_int)strlen(user), user};
		if (best && best->value.body.kind == DFS_FILE)
			manifest->owner = best->value.body.dfs_body_u.manifest.owner;
		manifest->content = proposal->content;
		manifest->content.holders = 0;
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			manifest->content.holders = placement_hold(
				manifest->content.holders, s, turn->staged[s - 1]);
	}
	return value_copy(&now, value);
}

/* What to finish: the best value seen as it is, or "no such file". */
static bool make_finish(struct turn *turn, const struct dfs *dfs,
			const dfs_ballot *ballot)
{
	const dfs_accepted *best = turn->judgement.best;

	if (best)
		return value_copy(&best->value, &turn->value);
	return make_value(turn, dfs, ballot, NULL, true);
}

/* ---- one attempt --------------------------------------------------------------- */

/* Is a file really in the way?  What one server told may be out of date. */
static bool is_blocked(struct dfs *dfs, const struct turn *turn)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		struct reading reading = {0};
		char *path;
		bool live;

		if (turn->blockers[i].dfs_path_len == 0)
			continue;
		path = strndup(turn->blockers[i].dfs_path_val,
			       turn->blockers[i].dfs_path_len);
		if (!path)
			continue;
		reading.path = path;
		reader_read(dfs, &reading, 1, false);
		live = reader_file(&reading) != NULL;
		reader_free(&reading);
		free(path);
		if (live)
			return true;
	}
	return false;
}

/* How many servers have their own pair; an object needs three. */
static unsigned holders(const struct turn *turn)
{
	unsigned count = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		unsigned pair = placement_pair(turn->proposal->content.row, s);

		count += (turn->staged[s - 1] & pair) == pair;
	}
	return count;
}

static bool has_staged(const struct turn *turn)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (turn->staged[i] != 0)
			return true;
	return false;
}

/* The content is on too few servers though three voted: finish the path, then say why. */
static void judge_space(struct turn *turn)
{
	struct judgement *judgement = &turn->judgement;
	unsigned full = turn->full | turn->proposal->full, took = 0;
	char names[DFS_WHY];

	if (judgement->verdict != JUDGE_PROPOSE ||
	    turn->proposal->kind != PROPOSAL_FILE || holders(turn) >= 3 ||
	    turn->refused != 0)
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		took |= turn->staged[i] ? 1U << i : 0;
	judgement->verdict = JUDGE_FINISH;
	judgement->code = DFS_EXIT_FEW;
	judgement->why = turn->why;
	if (full)
		snprintf(turn->why, sizeof turn->why,
			 "too little space: no room on %s, and fewer than three servers "
			 "could "
			 "take it; delete something or give them larger disks",
			 session_names(full, names));
	else
		snprintf(turn->why, sizeof turn->why,
			 "fewer than three servers could take its content (not %s): try "
			 "again, "
			 "or look into their logs",
			 session_names(PLACEMENT_ALL & ~took, names));
}

/* Decides what this turn proposes; false when the attempt is to be repeated. */
static bool decide(struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	bool staged = has_staged(turn);

	if (__builtin_popcount(turn->promised) < 3)
		return false;
	turn->judgement = judge(proposal, &turn->answers, staged);
	if (proposal->kind == PROPOSAL_FILE && turn->judgement.verdict == JUDGE_PROPOSE &&
	    !(turn->judgement.best &&
	      turn->judgement.best->value.body.kind == DFS_FILE)) {
		turn->answers.blocked = is_blocked(attempt->dfs, turn);
		turn->judgement = judge(proposal, &turn->answers, staged);
	}
	judge_space(turn);
	switch (turn->judgement.verdict) {
	case JUDGE_PROPOSE:
		if (proposal->kind == PROPOSAL_FILE && holders(turn) < 3)
			return false;
		turn->proposes = make_value(turn, attempt->dfs, &attempt->ballot,
					    turn->judgement.best,
					    proposal->kind == PROPOSAL_TOMBSTONE);
		return turn->proposes;
	case JUDGE_OWN:
	case JUDGE_FINISH:
		turn->proposes = make_finish(turn, attempt->dfs, &attempt->ballot);
		return turn->proposes;
	case JUDGE_REPORT:
		break;
	}
	return true;
}

/* The version that this operation made; others may have come after it. */
static dfs_version version_made(const struct proposal *proposal)
{
	dfs_version made = {proposal->value.number, proposal->operation};

	for (u_int i = 0; i < proposal->value.recent.recent_len; i++)
		if (id_equal(&proposal->value.recent.recent_val[i], &proposal->operation))
			made.number = proposal->value.number - i;
	return made;
}

/* After the votes: has the proposal come to its end?  Then its result is set. */
static bool conclude(struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	const struct judgement *judgement = &turn->judgement;

	if (turn->proposes && __builtin_popcount(turn->accepted) < 3)
		return false;
	if (turn->proposes) {
		session_settled(attempt->dfs, proposal->path, &attempt->ballot);
		keep_value(proposal, &turn->value);
	} else if (judgement->best) {
		dfs_value copy;

		if (value_copy(&judgement->best->value, &copy))
			keep_value(proposal, &copy);
	}
	proposal->made = version_made(proposal);
	if (judgement->verdict == JUDGE_PROPOSE || judgement->verdict == JUDGE_OWN)
		session_fail(&proposal->result, DFS_EXIT_DONE, "%s", "");
	else if (judgement->code == DFS_EXIT_OPEN)
		give_up(proposal, DFS_EXIT_OPEN, judgement->why);
	else
		session_fail(&proposal->result, judgement->code, "%s", judgement->why);
	return true;
}

/* Brings contents that are not small to the servers, and binds them; drops who cannot. */
static void stage_uploads(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct turn *turn = &attempt->turns[i];
		struct proposal *proposal = turn->proposal;
		unsigned servers = attempt->servers, before;

		if (!proposal->stage)
			continue;
		do {
			before = servers;
			if (!proposal->stage(proposal, servers))
				return;
			attempt_bind(attempt);
			for (unsigned s = 1; s <= DFS_SERVERS; s++)
				if (turn->staged[s - 1] == 0 ||
				    proposal->uploaded[s - 1] == 0)
					servers &= ~(1U << (s - 1));
		} while (servers != before && __builtin_popcount(servers) >= 3);
	}
}

/*
 * One attempt for the pending proposals; those that ended are marked.  Too few servers
 * ends all.
 */
static void attempt_once(struct dfs *dfs, struct proposal **pending, size_t count,
			 bool *ended)
{
	struct attempt attempt = {.dfs = dfs, .count = count};
	bool decided[DFS_BATCH_MAX];

	attempt.servers = session_servers(dfs, 3);
	attempt.turns = calloc(count, sizeof *attempt.turns);
	if (__builtin_popcount(attempt.servers) < 3 || !attempt.turns ||
	    !session_ballot(dfs, &attempt.ballot)) {
		for (size_t i = 0; i < count; i++) {
			struct dfs_result result = {0};

			if (attempt.turns && __builtin_popcount(attempt.servers) < 3)
				session_too_few(dfs, &result, attempt.servers,
						"fewer than three servers vote");
			else
				session_fail(&result, DFS_EXIT_OTHER, "out of memory");
			give_up(pending[i], result.code, result.why);
			ended[i] = true;
		}
		free(attempt.turns);
		return;
	}
	for (size_t i = 0; i < count; i++)
		attempt.turns[i].proposal = pending[i];
	stage_uploads(&attempt);
	for (size_t i = 0; i < count; i++)
		if (pending[i]->result.code != DFS_EXIT_DONE)
			ended[i] = true; /* its content cannot be had any more */
	if (!ended[0] || count > 1) { /* a content that is staged apart is alone here */
		attempt_prepare(&attempt);
		for (size_t i = 0; i < count; i++)
			decided[i] = !ended[i] && decide(&attempt, &attempt.turns[i]);
		attempt_accept(&attempt);
		for (size_t i = 0; i < count; i++)
			if (decided[i])
				ended[i] = conclude(&attempt, &attempt.turns[i]);
	}
	attempt_free(&attempt);
}

void proposer_run(struct dfs *dfs, struct proposal *proposals, size_t count)
{
	int64_t deadline = clock_now_ms() + PROPOSER_MS;
	unsigned pause = 8;

	while (count > 0) {
		struct proposal *pending[DFS_BATCH_MAX];
		bool ended[DFS_BATCH_MAX] = {false};
		size_t batch = count < DFS_BATCH_MAX ? count : DFS_BATCH_MAX,
		       left = batch;

		for (size_t i = 0; i < batch; i++) {
			pending[i] = &proposals[i];
			session_fail(&pending[i]->result, DFS_EXIT_DONE, "%s", "");
		}
		while (left > 0) {
			size_t kept = 0;

			attempt_once(dfs, pending, left, ended);
			for (size_t i = 0; i < left; i++)
				if (!ended[i])
					pending[kept++] = pending[i];
			left = kept;
			memset(ended, 0, sizeof ended);
			if (left > 0 && clock_now_ms() > deadline) {
				for (size_t i = 0; i < left; i++)
					give_up(pending[i], DFS_EXIT_FEW,
						"others were always faster, or too few "
						"servers answered");
				break;
			}
			if (left > 0)
				session_pause(pause);
			pause = pause < PAUSE_MOST_MS / 2 ? 2 * pause : PAUSE_MOST_MS;
		}
		proposals += batch;
		count -= batch;
		pause = 8;
		deadline = clock_now_ms() + PROPOSER_MS;
	}
}
