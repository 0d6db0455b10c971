/* What a turn proposes, and what the servers never take. */
#include "decision.h"

#include "ballot.h"
#include "path.h"
#include "placement.h"
#include "reader.h"
#include "successor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		live = reader_file(&reading);
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

/*
 * Who is named as a holder accepts only what is bound to this ballot: a file that is put
 * needs three that have it, a changed one three that have it or need not.
 */
static bool is_held_by_too_few(const struct turn *turn)
{
	const struct proposal *proposal = turn->proposal;
	const dfs_accepted *best = turn->judgement.best;
	unsigned accepting = 0;

	if (proposal->kind == PROPOSAL_FILE)
		return holders(turn) < 3;
	if (proposal->kind != PROPOSAL_CHANGE || !judge_is_live(best) ||
	    best->value.body.kind != DFS_FILE ||
	    !id_equal(&best->value.body.dfs_body_u.manifest.content.object,
		      &proposal->content.object))
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		accepting += turn->promised & 1U << (s - 1) &&
			     (turn->staged[s - 1] != 0 ||
			      placement_held(proposal->content.holders, s) == 0);
	return accepting < 3;
}

/* Whose quota it is: the owner's of the path, below /shared/ one's own. */
static const char *say_over(const struct dfs *dfs, const struct proposal *proposal,
			    char why[DFS_WHY])
{
	size_t path_len = strlen(proposal->path), len = strlen(dfs->user);
	const char *whose = dfs->user;

	if (!path_is_shared(proposal->path, path_len))
		whose = path_of_whom(proposal->path, path_len, &len);
	(void)snprintf(why, DFS_WHY,
		       "over the quota of %.*s: delete something, or ask admin for more",
		       (int)len, whose);
	return why;
}

/* The content is on too few servers though three voted: finish the path, then say why. */
static void judge_space(const struct dfs *dfs, struct turn *turn)
{
	struct judgement *judgement = &turn->judgement;
	unsigned full = turn->full | turn->proposal->full, took = 0;
	unsigned failing = turn->failing | turn->proposal->failing;
	char names[DFS_WHY];

	if (judgement->verdict != JUDGE_PROPOSE || turn->refused != 0 ||
	    !is_held_by_too_few(turn))
		return;
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		took |= turn->staged[i] ? 1U << i : 0;
	judgement->verdict = JUDGE_FINISH;
	judgement->code = DFS_EXIT_FEW;
	judgement->why = turn->why;
	if (turn->proposal->over) {
		judgement->code = DFS_EXIT_DENIED;
		say_over(dfs, turn->proposal, turn->why);
	} else if (full)
		(void)snprintf(
			turn->why, sizeof turn->why,
			"too little space: no room on %s, and fewer than three "
			"servers could take it; delete something or give them larger "
			"disks",
			session_names(full, names));
	else if (failing)
		(void)snprintf(
			turn->why, sizeof turn->why,
			"fewer than three servers could take its content, for the disk "
			"of %s failed: look into its log",
			session_names(failing, names));
	else
		(void)snprintf(
			turn->why, sizeof turn->why,
			"fewer than three servers could take its content (not %s): "
			"try again, or look into their logs",
			session_names(CHUNKS_ALL & ~took, names));
}

/*
 * No value can be made on top of the best one, for this reason; true when the path must
 * be finished before that is told.
 */
static bool refuse(struct turn *turn, const struct dfs_result *refusal, bool staged)
{
	struct judgement *judgement = &turn->judgement;

	(void)snprintf(turn->why, sizeof turn->why, "%s", refusal->why);
	judgement->code = refusal->code;
	judgement->why = turn->why;
	judgement->verdict = staged || !judgement->certain ? JUDGE_FINISH : JUDGE_REPORT;
	return judgement->verdict == JUDGE_FINISH;
}

bool decision_make(struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	bool staged = attempt_has_staged(turn);
	struct dfs_result refusal = {0};
	enum successor_end made;

	if (__builtin_popcount(turn->promised) < 3)
		return false;
	turn->judgement = judge(proposal, &turn->answers, staged);
	if (proposal->kind == PROPOSAL_FILE && turn->judgement.verdict == JUDGE_PROPOSE &&
	    !judge_is_live(turn->judgement.best)) {
		turn->answers.blocked = is_blocked(attempt->dfs, turn);
		turn->judgement = judge(proposal, &turn->answers, staged);
	}
	judge_space(attempt->dfs, turn);
	switch (turn->judgement.verdict) {
	case JUDGE_PROPOSE:
		if (proposal->kind == PROPOSAL_FILE && holders(turn) < 3)
			return false;
		made = successor_make(attempt, turn, &refusal);
		if (made == SUCCESSOR_REFUSED && !refuse(turn, &refusal, staged))
			return true;
		if (made == SUCCESSOR_REFUSED)
			made = successor_finish(attempt, turn);
		turn->proposes = made == SUCCESSOR_MADE;
		return turn->proposes;
	case JUDGE_OWN:
	case JUDGE_FINISH:
		turn->proposes = successor_finish(attempt, turn) == SUCCESSOR_MADE;
		return turn->proposes;
	case JUDGE_REPORT:
		break;
	}
	return true;
}

bool decision_is_final(const struct dfs *dfs, const struct turn *turn,
		       struct dfs_result *ret)
{
	const struct proposal *proposal = turn->proposal;
	unsigned denied = (unsigned)__builtin_popcount(turn->denied);
	/*
	 * To finish what others have begun may be denied; that says nothing of one's own.
	 */
	bool others = turn->proposes && turn->judgement.verdict != JUDGE_PROPOSE;
	char why[DFS_WHY];

	if (__builtin_popcount(turn->invalid) >= 2) {
		result_fail(
			ret, DFS_EXIT_OTHER,
			"the servers call this invalid: are they of another version?");
		return true;
	}
	/* One server may lag behind. */
	if (!others &&
	    (denied >= 3 || (denied == 2 && !turn->promised && !turn->refused))) {
		result_fail(ret, DFS_EXIT_DENIED, "%s",
			    __builtin_popcount(turn->nobody) >= 2
				    ? READER_NOBODY
				    : "is not yours to write");
		return true;
	}
	if (__builtin_popcount(proposal->over) >= 2) {
		result_fail(ret, DFS_EXIT_DENIED, "%s", say_over(dfs, proposal, why));
		return true;
	}
	return false;
}
