/* What a turn proposes, and what the servers never take. */
#include "decision.h"

#include "ballot.h"
#include "path.h"
#include "placement.h"
#include "provenance.h"
#include "lookup.h"
#include "refusals.h"
#include "successor.h"
#include "tally.h"
#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the path has: what one server told may be out of date. */
static void look_at_blocker(struct dfs *dfs, struct turn *turn, const dfs_path *blocker)
{
	const struct proposal *proposal = turn->proposal;
	bool above = blocker->dfs_path_len < strlen(proposal->path);
	char *path = strndup(blocker->dfs_path_val, blocker->dfs_path_len);
	struct lookup lookup = {.path = path};

	if (!path)
		return;
	lookup_newest(dfs, &lookup, 1);
	if (above)
		turn->answers.blocked |= lookup_file(&lookup) != NULL;
	else if (proposal->kind == PROPOSAL_FILE)
		turn->answers.blocked |= lookup_live(&lookup);
	else
		turn->answers.populated |= lookup_live(&lookup);
	lookup_free(&lookup);
	free(path);
}

/*
 * What stands in the way of what is made, above it or below?  A folder may have something
 * below it, unless it has to be a new one.
 */
static void look_at_blockers(struct dfs *dfs, struct turn *turn)
{
	const struct proposal *proposal = turn->proposal;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_path *blocker = &turn->blockers[i];

		if (turn->answers.blocked || turn->answers.populated)
			return;
		if (blocker->dfs_path_len > 0 &&
		    (proposal->kind == PROPOSAL_FILE || proposal->create ||
		     blocker->dfs_path_len < strlen(proposal->path)))
			look_at_blocker(dfs, turn, blocker);
	}
}

/* How many servers have their share of it bound; an object needs three. */
static unsigned count_holders(const struct turn *turn)
{
	const struct proposal *proposal = turn->proposal;
	unsigned count = 0;

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		chunk_set wanted = proposal->copies
					   ? attempt_copied(proposal, s)
					   : placement_pair(proposal->content.row, s);

		count += (turn->staged[s - 1] & wanted) == wanted;
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
		return count_holders(turn) < 3;
	if (proposal->kind != PROPOSAL_CHANGE || !judge_is_live(best) ||
	    !value_has_content(&best->value) ||
	    !successor_is_same(&best->value.body.dfs_body_u.manifest.content,
			       &proposal->content))
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		accepting += set_has(turn->promised, s) &&
			     (turn->staged[s - 1] != 0 ||
			      placement_held(proposal->content.holders, s) == 0);
	return accepting < 3;
}

/*
 * No value can be made on top of the best one, for this reason; true when the path must
 * be finished before that is told.  What is damaged or forged is never finished: that
 * would be to sign it, and to send it on.
 */
static bool refuse(struct turn *turn, const struct dfs_result *refusal, bool staged)
{
	struct judgement *judgement = &turn->judgement;

	(void)snprintf(turn->why, sizeof turn->why, "%s", refusal->why);
	judgement->code = refusal->code;
	judgement->why = turn->why;
	judgement->verdict = JUDGE_REPORT;
	if (refusal->code != DFS_EXIT_DAMAGED && (staged || !judgement->certain))
		judgement->verdict = JUDGE_FINISH;
	return judgement->verdict == JUDGE_FINISH;
}

/*
 * The content is on too few servers though three voted: if any was brought, or the path
 * is not agreed on, it is finished, and then said why.
 */
static void judge_space(const struct dfs *dfs, struct turn *turn)
{
	const struct proposal *proposal = turn->proposal;
	const struct refusals_case of = {
		.what = REFUSALS_CONTENT, .path = proposal->path, .user = dfs->user};
	struct judgement *judgement = &turn->judgement;
	struct refusals refusals = {.silent = SERVERS_ALL};
	struct dfs_result refusal = {0};

	if (judgement->verdict != JUDGE_PROPOSE || turn->refusals.refused != 0 ||
	    !is_held_by_too_few(turn))
		return;
	refusals_add(&refusals, &proposal->refusals);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (turn->staged[s - 1])
			refusals.silent = set_without(refusals.silent, s);
	(void)refusals_explain(&refusals, &of, &refusal);
	(void)refuse(turn, &refusal, attempt_has_staged(turn));
}

/*
 * What is there is signed anew, for it is to be finished: unless it is not proved.  Then
 * that is what is to be told.
 */
static bool may_sign_again(struct dfs *dfs, struct turn *turn)
{
	const dfs_accepted *best = turn->judgement.best;
	struct dfs_result refusal = {0};

	if (!best || attempt_find_proved(dfs, turn) != 0)
		return true;
	result_fail(&refusal, DFS_EXIT_DAMAGED,
		    "what the servers tell of it is damaged or forged");
	(void)refuse(turn, &refusal, false);
	return false;
}

/*
 * Leaves out a word that three others outvote; but what oneself has begun is one's own to
 * finish.
 */
static void drop_outvoted(const struct proposal *proposal, struct judge_answers *answers)
{
	unsigned against = 0, lone = tally_lone(answers->of, &against);

	if (lone == 0 || against < 3 ||
	    value_has_operation(&answers->of[lone - 1]->dfs_register_u.accepted.value,
				&proposal->operation))
		return;
	answers->of[lone - 1] = NULL;
	answers->words[lone - 1] = tally_word(NULL);
}

/* Would it take the place of what has come by a move that may not be finished? */
static bool meets_note(struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	const dfs_accepted *best = turn->judgement.best;

	proposal->met = turn->judgement.verdict == JUDGE_PROPOSE && proposal->meet &&
			proposal->kind != PROPOSAL_CHANGE && best && best->value.note &&
			best->value.note->old_version.number != 0;
	return proposal->met;
}

bool decision_make(struct attempt *attempt, struct turn *turn)
{
	struct proposal *proposal = turn->proposal;
	bool staged = attempt_has_staged(turn);
	struct dfs_result refusal = {0};
	enum successor_end made;

	provenance_drop_unproved(attempt->dfs, proposal->path, turn->answers.of,
				 turn->answers.words);
	drop_outvoted(proposal, &turn->answers);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (!turn->answers.of[s - 1])
			turn->promised = set_without(turn->promised, s);
	if (set_count(turn->promised) < 3)
		return false;
	turn->judgement = judge(proposal, &turn->answers, staged);
	if ((proposal->kind == PROPOSAL_FILE || proposal->kind == PROPOSAL_FOLDER) &&
	    turn->judgement.verdict == JUDGE_PROPOSE &&
	    !judge_is_live(turn->judgement.best)) {
		look_at_blockers(attempt->dfs, turn);
		turn->judgement = judge(proposal, &turn->answers, staged);
	}
	if (meets_note(turn))
		return false;
	judge_space(attempt->dfs, turn);
	switch (turn->judgement.verdict) {
	case JUDGE_PROPOSE:
		if (proposal->kind == PROPOSAL_FILE && count_holders(turn) < 3)
			return false;
		made = successor_make(attempt, turn, &refusal);
		if (made == SUCCESSOR_REFUSED && (!refuse(turn, &refusal, staged) ||
						  !may_sign_again(attempt->dfs, turn)))
			return true;
		if (made == SUCCESSOR_REFUSED)
			made = successor_finish(attempt, turn);
		turn->proposes = made == SUCCESSOR_MADE;
		return turn->proposes;
	case JUDGE_OWN:
	case JUDGE_FINISH:
		if (!may_sign_again(attempt->dfs, turn))
			return true;
		turn->proposes = successor_finish(attempt, turn) == SUCCESSOR_MADE;
		return turn->proposes;
	case JUDGE_REPORT:
		break;
	}
	return true;
}

/*
 * Of the reasons that were given those that enough servers gave: two, of which one at
 * least knows; but three where it is denied, for one server may lag behind.
 */
static struct refusals final_of(const struct turn *turn)
{
	const struct refusals *refusals = &turn->refusals;
	unsigned denied = set_count(refusals->denied);
	/*
	 * To finish what others have begun may be denied; that says nothing of one's own.
	 */
	bool others = turn->proposes && turn->judgement.verdict != JUDGE_PROPOSE;
	struct refusals final = {0};

	if (set_count(refusals->invalid) >= 2)
		final.invalid = refusals->invalid;
	if (!others &&
	    (denied >= 3 || (denied == 2 && !turn->promised && !refusals->refused))) {
		final.denied = refusals->denied;
		final.nobody = refusals->nobody;
	}
	if (set_count(turn->proposal->refusals.over) >= 2)
		final.over = turn->proposal->refusals.over;
	return final;
}

bool decision_is_final(const struct dfs *dfs, const struct turn *turn,
		       struct dfs_result *ret)
{
	const struct refusals_case of = {
		.what = REFUSALS_WRITE, .path = turn->proposal->path, .user = dfs->user};
	const struct refusals final = final_of(turn);

	return refusals_explain(&final, &of, ret);
}
