/* The proposer's judgement, rule by rule. */
#include "judge.h"

#include "ballot.h"
#include "tally.h"
#include "value.h"

/* The highest accepted value that was told, or NULL. */
static const dfs_accepted *best_of(const struct judge_answers *answers,
				   const struct tally *tally)
{
	const dfs_register *reg = tally->newest ? answers->of[tally->newest - 1] : NULL;

	return reg && reg->known ? &reg->dfs_register_u.accepted : NULL;
}

bool judge_is_live(const dfs_accepted *best)
{
	return best && best->value.body.kind != DFS_TOMBSTONE;
}

/*
 * A repeated operation that is not among the last ones: may it have happened all the
 * same? Yes when it may have been pushed out by eight others, or forgotten with a
 * tombstone.
 */
static bool is_untellable(const struct proposal *proposal,
			  const struct judge_answers *answers, const dfs_accepted *best)
{
	uint64_t number = best ? best->value.number : 0;

	if (!proposal->proposed)
		return false;
	if (number < proposal->first_number ||
	    number - proposal->first_number > DFS_RECENT_MAX)
		return true;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		const dfs_register *reg = answers->of[i];

		if (reg && !reg->known &&
		    ballot_compare(&reg->dfs_register_u.floor, &proposal->first) >= 0)
			return true;
	}
	return false;
}

/* Why the proposal may not be made on top of best; 0 when it may. */
static int condition(const struct proposal *proposal, const struct judge_answers *answers,
		     const dfs_accepted *best, const char **ret_why)
{
	bool live = judge_is_live(best);
	bool folder = live && best->value.body.kind == DFS_FOLDER;

	if (proposal->kind == PROPOSAL_TOMBSTONE && !live) {
		*ret_why = proposal->folder ? "no such folder" : "no such file";
		return DFS_EXIT_MISSING;
	}
	if (proposal->kind == PROPOSAL_TOMBSTONE && folder != proposal->folder) {
		*ret_why = folder ? "is a folder" : "is not a folder";
		return DFS_EXIT_USAGE;
	}
	if ((proposal->create || proposal->kind == PROPOSAL_FOLDER) && live) {
		*ret_why = "exists already";
		return DFS_EXIT_CONFLICT;
	}
	if (proposal->conditional &&
	    (!live ||
	     !version_equal(&best->value.content_version, &proposal->if_version))) {
		*ret_why = live ? "has another version now" : "is not there any more";
		return DFS_EXIT_CONFLICT;
	}
	if (proposal->kind == PROPOSAL_FOLDER && proposal->create && answers->populated) {
		*ret_why = "exists already";
		return DFS_EXIT_CONFLICT;
	}
	if ((proposal->kind == PROPOSAL_FILE || proposal->kind == PROPOSAL_FOLDER) &&
	    (folder || (!live && answers->blocked))) {
		*ret_why = "a file and a folder cannot share a name";
		return DFS_EXIT_CONFLICT;
	}
	return DFS_EXIT_DONE;
}

struct judgement judge(const struct proposal *proposal,
		       const struct judge_answers *answers, bool staged)
{
	struct judgement judgement = {.verdict = JUDGE_REPORT, .why = ""};
	const struct tally tally = tally_highest(answers->words, false);
	const dfs_accepted *best = best_of(answers, &tally);

	judgement.best = best;
	judgement.certain = tally.equal >= 3 || (!judge_is_live(best) && tally.none >= 3);
	if (proposal->kind == PROPOSAL_FINISH) {
		judgement.verdict = best                 ? JUDGE_OWN
				    : proposal->overtake ? JUDGE_FINISH
							 : JUDGE_REPORT;
		return judgement;
	}
	if (best && value_has_operation(&best->value, &proposal->operation)) {
		judgement.verdict = JUDGE_OWN;
		return judgement;
	}
	if (is_untellable(proposal, answers, best)) {
		judgement.code = DFS_EXIT_OPEN;
		judgement.why =
			"so much has happened since that nobody can tell whether this "
			"operation did";
		return judgement;
	}
	judgement.code = condition(proposal, answers, best, &judgement.why);
	if (judgement.code == DFS_EXIT_DONE)
		judgement.verdict = JUDGE_PROPOSE;
	else if (staged || !judgement.certain)
		judgement.verdict = JUDGE_FINISH;
	return judgement;
}
