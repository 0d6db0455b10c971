/* The proposer's judgement, case by case: what the promises told, and what follows. */
#include "judge.h"

#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* One path as four servers may tell of it. */
struct world {
	dfs_register regs[DFS_SERVERS];
	dfs_id recent[DFS_SERVERS][DFS_RECENT_MAX];
	struct judge_answers answers;
	struct proposal proposal;
};

static dfs_id id_of(unsigned n)
{
	dfs_id id = {{0}};

	id.bytes[0] = (char)n;
	id.bytes[15] = 1;
	return id;
}

/* Server s (0..3) promised, and knows nothing of the path. */
static void tells_nothing(struct world *world, unsigned s)
{
	memset(&world->regs[s], 0, sizeof world->regs[s]);
	world->answers.of[s] = &world->regs[s];
}

/* Server s accepted the number-th operation, by that id, at that counter. */
static void tells(struct world *world, unsigned s, dfs_kind kind, unsigned operation,
		  uint64_t number, uint64_t counter)
{
	dfs_accepted *accepted = &world->regs[s].dfs_register_u.accepted;

	tells_nothing(world, s);
	world->regs[s].known = TRUE;
	accepted->ballot.counter = counter;
	accepted->value.operation = id_of(operation);
	accepted->value.number = number;
	accepted->value.content_version = (dfs_version){number, id_of(operation)};
	accepted->value.body.kind = kind;
	world->recent[s][0] = id_of(operation);
	accepted->value.recent.recent_val = world->recent[s];
	accepted->value.recent.recent_len = 1;
}

static struct world *new_world(enum proposal_kind kind)
{
	static struct world world;

	memset(&world, 0, sizeof world);
	world.proposal.kind = kind;
	world.proposal.operation = id_of(100);
	return &world;
}

static struct judgement judged(struct world *world, bool staged)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		world->answers.words[i] = tally_word(world->answers.of[i]);
	return judge(&world->proposal, &world->answers, staged);
}

static void test_new_file_is_proposed(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	struct judgement judgement = judged(world, true);

	assert_int_equal(judgement.verdict, JUDGE_PROPOSE);
	assert_null(judgement.best);
}

static void test_highest_ballot_counts(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	tells(world, 0, DFS_FILE, 1, 1, 5);
	tells(world, 1, DFS_FILE, 2, 2, 9);
	tells(world, 2, DFS_FILE, 1, 1, 5);
	struct judgement judgement = judged(world, false);

	assert_int_equal(judgement.verdict, JUDGE_PROPOSE);
	assert_int_equal(judgement.best->ballot.counter, 9);
}

static void test_create_over_a_file_conflicts(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.create = true;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_FILE, 1, 1, 5);
	struct judgement judgement = judged(world, false);

	assert_int_equal(judgement.verdict, JUDGE_REPORT);
	assert_int_equal(judgement.code, DFS_EXIT_CONFLICT);
	/* What was staged must be overtaken before the failure is told. */
	judgement = judged(world, true);
	assert_int_equal(judgement.verdict, JUDGE_FINISH);
	assert_int_equal(judgement.code, DFS_EXIT_CONFLICT);
	/* So must a value that only one has told of. */
	tells(world, 1, DFS_FILE, 2, 2, 6);
	judgement = judged(world, false);
	assert_int_equal(judgement.verdict, JUDGE_FINISH);
	assert_int_equal(judgement.best->ballot.counter, 6);
}

static void test_create_over_a_tombstone_is_proposed(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.create = true;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_TOMBSTONE, 1, 4, 5);
	assert_int_equal(judged(world, true).verdict, JUDGE_PROPOSE);
}

static void test_a_file_in_the_way_conflicts(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	world->answers.blocked = true;
	struct judgement judgement = judged(world, true);

	assert_int_equal(judgement.verdict, JUDGE_FINISH);
	assert_int_equal(judgement.code, DFS_EXIT_CONFLICT);
}

/* What is there, as three tell; what it comes to, by what is to be there. */
static int code_over(enum proposal_kind proposed, bool folder, dfs_kind there)
{
	struct world *world = new_world(proposed);

	world->proposal.folder = folder;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, there, 1, 1, 5);
	return judged(world, false).code;
}

static void test_folders_and_files_are_not_each_other(void **state)
{
	(void)state;
	assert_int_equal(code_over(PROPOSAL_FILE, false, DFS_FOLDER), DFS_EXIT_CONFLICT);
	assert_int_equal(code_over(PROPOSAL_FILE, false, DFS_LINK), DFS_EXIT_DONE);
	assert_int_equal(code_over(PROPOSAL_FOLDER, false, DFS_FILE), DFS_EXIT_CONFLICT);
	assert_int_equal(code_over(PROPOSAL_FOLDER, false, DFS_LINK), DFS_EXIT_CONFLICT);
	assert_int_equal(code_over(PROPOSAL_FOLDER, false, DFS_FOLDER),
			 DFS_EXIT_CONFLICT);
	assert_int_equal(code_over(PROPOSAL_FOLDER, false, DFS_TOMBSTONE), DFS_EXIT_DONE);
	assert_int_equal(code_over(PROPOSAL_TOMBSTONE, false, DFS_FOLDER),
			 DFS_EXIT_USAGE);
	assert_int_equal(code_over(PROPOSAL_TOMBSTONE, true, DFS_FOLDER), DFS_EXIT_DONE);
	assert_int_equal(code_over(PROPOSAL_TOMBSTONE, true, DFS_FILE), DFS_EXIT_USAGE);
	assert_int_equal(code_over(PROPOSAL_TOMBSTONE, false, DFS_LINK), DFS_EXIT_DONE);
	assert_int_equal(code_over(PROPOSAL_TOMBSTONE, true, DFS_TOMBSTONE),
			 DFS_EXIT_MISSING);
}

static void test_what_is_below_a_folder_is_in_the_way_of_a_new_one(void **state)
{
	struct world *world = new_world(PROPOSAL_FOLDER);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	world->answers.populated = true;
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	world->proposal.create = true;
	assert_int_equal(judged(world, false).verdict, JUDGE_REPORT);
	assert_int_equal(judged(world, false).code, DFS_EXIT_CONFLICT);
	world->answers.populated = false;
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	world->answers.blocked = true;
	assert_int_equal(judged(world, false).code, DFS_EXIT_CONFLICT);
}

static void test_version_condition(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.conditional = true;
	world->proposal.if_version = (dfs_version){3, id_of(7)};
	for (unsigned s = 1; s < 4; s++)
		tells(world, s, DFS_FILE, 7, 3, 5);
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	world->proposal.if_version.number = 2;
	assert_int_equal(judged(world, false).code, DFS_EXIT_CONFLICT);
	for (unsigned s = 1; s < 4; s++)
		tells(world, s, DFS_TOMBSTONE, 7, 3, 5);
	assert_int_equal(judged(world, false).code, DFS_EXIT_CONFLICT);
}

static void test_deleting_nothing_is_missing(void **state)
{
	struct world *world = new_world(PROPOSAL_TOMBSTONE);

	(void)state;
	/* Three that mean "no such file" say so, whatever their ballots. */
	tells_nothing(world, 0);
	tells(world, 1, DFS_TOMBSTONE, 1, 2, 5);
	tells(world, 2, DFS_TOMBSTONE, 2, 4, 8);
	struct judgement judgement = judged(world, false);

	assert_int_equal(judgement.verdict, JUDGE_REPORT);
	assert_int_equal(judgement.code, DFS_EXIT_MISSING);
	/* A file that is older than a tombstone seen once: the tombstone is finished
	 * first. */
	tells(world, 0, DFS_FILE, 3, 1, 4);
	judgement = judged(world, false);
	assert_int_equal(judgement.verdict, JUDGE_FINISH);
	assert_int_equal(judgement.code, DFS_EXIT_MISSING);
	assert_int_equal(judgement.best->ballot.counter, 8);
}

static void test_own_value_is_finished(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.create = true;
	world->proposal.proposed = true;
	tells_nothing(world, 0);
	tells_nothing(world, 1);
	tells(world, 2, DFS_FILE, 100, 1, 5);
	struct judgement judgement = judged(world, true);

	assert_int_equal(judgement.verdict, JUDGE_OWN);
	assert_int_equal(judgement.best->ballot.counter, 5);
	/* Also when others came after it. */
	tells(world, 1, DFS_FILE, 9, 2, 8);
	world->recent[1][1] = id_of(100);
	world->regs[1].dfs_register_u.accepted.value.recent.recent_len = 2;
	judgement = judged(world, true);
	assert_int_equal(judgement.verdict, JUDGE_OWN);
	assert_int_equal(judgement.best->ballot.counter, 8);
}

/* A repeated operation after so many others: at the limit it can be told, one past not.
 */
static void test_outcome_unknown_after_eight_others(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.proposed = true;
	world->proposal.first_number = 10;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_FILE, 1, 10 + DFS_RECENT_MAX, 50);
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_FILE, 1, 11 + DFS_RECENT_MAX, 50);
	struct judgement judgement = judged(world, false);

	assert_int_equal(judgement.verdict, JUDGE_REPORT);
	assert_int_equal(judgement.code, DFS_EXIT_OPEN);
}

static void test_outcome_unknown_when_the_number_went_down(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.proposed = true;
	world->proposal.first_number = 2;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_FILE, 1, 1, 50);
	assert_int_equal(judged(world, false).code, DFS_EXIT_OPEN);
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	assert_int_equal(judged(world, false).code, DFS_EXIT_OPEN);
}

static void test_outcome_unknown_across_a_forgotten_tombstone(void **state)
{
	struct world *world = new_world(PROPOSAL_FILE);

	(void)state;
	world->proposal.proposed = true;
	world->proposal.first.counter = 20;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	world->regs[1].dfs_register_u.floor.counter = 19;
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	world->regs[1].dfs_register_u.floor.counter = 20;
	assert_int_equal(judged(world, false).code, DFS_EXIT_OPEN);
}

static void test_finish_takes_the_highest_or_nothing(void **state)
{
	struct world *world = new_world(PROPOSAL_FINISH);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	assert_int_equal(judged(world, false).verdict, JUDGE_REPORT);
	tells(world, 3, DFS_FILE, 1, 1, 5);
	assert_int_equal(judged(world, false).verdict, JUDGE_OWN);
}

/* An account is something that is there, and goes as a file does. */
static void test_accounts_are_live_until_they_are_deleted(void **state)
{
	struct world *world = new_world(PROPOSAL_TOMBSTONE);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_ACCOUNT, 1, 1, 5);
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	world->proposal.kind = PROPOSAL_CHANGE;
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	assert_true(judge_is_live(judged(world, false).best));
	world->proposal.create = true;
	assert_int_equal(judged(world, false).verdict, JUDGE_REPORT);
	assert_int_equal(judged(world, false).code, DFS_EXIT_CONFLICT);
	for (unsigned s = 0; s < 3; s++)
		tells(world, s, DFS_TOMBSTONE, 1, 1, 5);
	assert_int_equal(judged(world, false).verdict, JUDGE_PROPOSE);
	assert_false(judge_is_live(judged(world, false).best));
	world->proposal.kind = PROPOSAL_TOMBSTONE;
	assert_int_equal(judged(world, false).code, DFS_EXIT_MISSING);
}

/* What a change makes of a value is judged by what three have, or nobody. */
static void test_changes_know_whether_the_value_is_certain(void **state)
{
	struct world *world = new_world(PROPOSAL_CHANGE);

	(void)state;
	for (unsigned s = 0; s < 3; s++)
		tells_nothing(world, s);
	assert_true(judged(world, false).certain);
	tells(world, 3, DFS_CREDENTIALS, 1, 1, 5);
	assert_false(judged(world, false).certain);
	for (unsigned s = 1; s < 3; s++)
		tells(world, s, DFS_CREDENTIALS, 1, 1, 5);
	assert_true(judged(world, false).certain);
	tells(world, 3, DFS_CREDENTIALS, 2, 2, 6);
	assert_false(judged(world, false).certain);
	/* It has happened: nothing is made of it once more. */
	tells(world, 3, DFS_CREDENTIALS, 100, 2, 6);
	assert_int_equal(judged(world, false).verdict, JUDGE_OWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_file_is_proposed),
		cmocka_unit_test(test_highest_ballot_counts),
		cmocka_unit_test(test_create_over_a_file_conflicts),
		cmocka_unit_test(test_create_over_a_tombstone_is_proposed),
		cmocka_unit_test(test_a_file_in_the_way_conflicts),
		cmocka_unit_test(test_folders_and_files_are_not_each_other),
		cmocka_unit_test(test_what_is_below_a_folder_is_in_the_way_of_a_new_one),
		cmocka_unit_test(test_version_condition),
		cmocka_unit_test(test_deleting_nothing_is_missing),
		cmocka_unit_test(test_own_value_is_finished),
		cmocka_unit_test(test_outcome_unknown_after_eight_others),
		cmocka_unit_test(test_outcome_unknown_when_the_number_went_down),
		cmocka_unit_test(test_outcome_unknown_across_a_forgotten_tombstone),
		cmocka_unit_test(test_finish_takes_the_highest_or_nothing),
		cmocka_unit_test(test_accounts_are_live_until_they_are_deleted),
		cmocka_unit_test(test_changes_know_whether_the_value_is_certain),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
