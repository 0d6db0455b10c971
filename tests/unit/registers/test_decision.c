/* What the proposer makes of refusals: when they are final, and what is said then. */
#include "decision.h"

#include "ballot.h"
#include "sign_fixture.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world {
	struct dfs dfs;
	struct proposal proposal;
	struct turn turn;
	struct dfs_result result;
};

static struct world *new_world(const char *path)
{
	static struct world world;

	memset(&world, 0, sizeof world);
	memcpy(world.dfs.user, "ann", 4);
	world.proposal.path = path;
	world.proposal.kind = PROPOSAL_FILE;
	world.turn.proposal = &world.proposal;
	return &world;
}

static bool is_final(struct world *world)
{
	world->result = (struct dfs_result){0};
	return decision_is_final(&world->dfs, &world->turn, &world->result);
}

static void test_three_that_deny_are_believed(void **state)
{
	struct world *world = new_world("/bob/file");

	(void)state;
	assert_false(is_final(world));
	world->turn.refusals.denied = 0x1;
	assert_false(is_final(world));
	/* Two, and nobody says anything else; but one that promises may know better. */
	world->turn.refusals.denied = 0x3;
	assert_true(is_final(world));
	assert_int_equal(world->result.code, DFS_EXIT_DENIED);
	world->turn.promised = 0x4;
	assert_false(is_final(world));
	world->turn.refusals.denied = 0xb;
	assert_true(is_final(world));
	assert_non_null(strstr(world->result.why, "not yours to write"));
	world->turn.refusals.nobody = 0x3;
	assert_true(is_final(world));
	assert_non_null(strstr(world->result.why, "log in"));
}

/* What others began is finished by servers: that it is denied to us ends nothing. */
static void test_what_others_began_may_be_denied(void **state)
{
	struct world *world = new_world("/shared/file");

	(void)state;
	world->turn.refusals.denied = 0xf;
	world->turn.proposes = true;
	world->turn.judgement.verdict = JUDGE_FINISH;
	assert_false(is_final(world));
	world->turn.judgement.verdict = JUDGE_PROPOSE;
	assert_true(is_final(world));
}

static void test_whose_quota_it_is(void **state)
{
	struct world *world = new_world("/bob/file");

	(void)state;
	world->proposal.refusals.over = 0x8;
	assert_false(is_final(world)); /* one may not know of what was deleted */
	world->proposal.refusals.over = 0x9;
	assert_true(is_final(world));
	assert_int_equal(world->result.code, DFS_EXIT_DENIED);
	assert_non_null(strstr(world->result.why, "quota of bob, or of ann, "));
	world->proposal.path = "/shared/file";
	assert_true(is_final(world));
	assert_non_null(strstr(world->result.why, "quota of ann:"));
}

static void test_two_that_call_it_invalid(void **state)
{
	struct world *world = new_world("/ann/file");

	(void)state;
	world->turn.refusals.invalid = 0x2;
	assert_false(is_final(world));
	world->turn.refusals.invalid = 0x6;
	assert_true(is_final(world));
	assert_int_equal(world->result.code, DFS_EXIT_OTHER);
}

/* Which words of a server are noted where. */
static void test_refusals_are_noted(void **state)
{
	struct world *world = new_world("/ann/file");
	struct turn *turn = &world->turn;

	(void)state;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		refusals_note(&turn->refusals, s, DFS_OK);
	assert_int_equal(turn->refusals.invalid | turn->refusals.denied |
				 turn->refusals.unchecked,
			 0);
	refusals_note(&turn->refusals, 1, DFS_INVALID);
	refusals_note(&turn->refusals, 2, DFS_DENIED);
	refusals_note(&turn->refusals, 3, DFS_UNCHECKED);
	assert_int_equal(turn->refusals.invalid, 0x1);
	assert_int_equal(turn->refusals.denied, 0x2);
	assert_int_equal(turn->refusals.unchecked, 0x4);
	assert_int_equal(turn->refusals.nobody, 0);
	refusals_note_call(&turn->refusals, 4, DFS_DENIED);
	assert_int_equal(turn->refusals.denied, 0xa);
	assert_int_equal(turn->refusals.nobody, 0x8);
}

/* ---- what is finished ---------------------------------------------------------- */

/* A tombstone of an operation, as ann is said to have proposed it. */
struct told {
	struct cluster cluster;
	struct identity ann;
	dfs_register reg;
	dfs_value *value;
};

static struct told *tell(struct world *world, const dfs_id *operation)
{
	static struct told told;
	dfs_accepted *accepted = &told.reg.dfs_register_u.accepted;

	memset(&told, 0, sizeof told);
	memcpy(told.ann.user, "ann", 4);
	told.ann.account.key = 1;
	told.ann.account.sign_key = sign_fixture_key("ann", 1);
	told.cluster.admin_key = sign_fixture_key("admin", 1);
	told.reg.known = TRUE;
	told.value = &accepted->value;
	accepted->ballot = (dfs_ballot){0, 5, {{1}}};
	told.value->operation = *operation;
	told.value->origin = accepted->ballot;
	told.value->number = 1;
	told.value->content_version = (dfs_version){1, *operation};
	told.value->recent.recent_val = malloc(sizeof *operation);
	assert_non_null(told.value->recent.recent_val);
	told.value->recent.recent_val[0] = *operation;
	told.value->recent.recent_len = 1;
	told.value->body.kind = DFS_TOMBSTONE;
	sign_fixture_prove(world->proposal.path, &accepted->ballot, "ann", 1, told.value);
	world->dfs.cluster = &told.cluster;
	world->dfs.identity = &told.ann;
	world->turn.promised = 0x7;
	for (unsigned i = 0; i < 3; i++)
		world->turn.answers.of[i] = &told.reg;
	return &told;
}

/* Three servers tell of it alike: is it finished, and else what is said? */
static int finished(struct world *world)
{
	struct attempt attempt = {.dfs = &world->dfs, .ballot = {0, 9, {{2}}}};
	bool ended = decision_make(&attempt, &world->turn);

	assert_true(ended);
	value_free(&world->turn.value);
	memset(&world->turn.value, 0, sizeof world->turn.value);
	return world->turn.proposes ? 0 : world->turn.judgement.code;
}

/* One's own operation, or another's that a condition fails on: neither is signed anew. */
static void test_8_9_what_is_not_proved_is_not_finished(void **state)
{
	static const dfs_id operation = {{7}}, other = {{8}};
	struct world *world;

	(void)state;
	for (unsigned own = 0; own < 2; own++) {
		struct told *told;

		world = new_world("/ann/file");
		world->proposal.kind = PROPOSAL_TOMBSTONE;
		world->proposal.operation = own ? operation : other;
		told = tell(world, &operation);
		/* It is bound here and there: there is something to be overtaken. */
		world->turn.staged[0] = 1;
		assert_int_equal(finished(world), 0);
		assert_int_equal(world->turn.judgement.verdict,
				 own ? JUDGE_OWN : JUDGE_FINISH);
		told->value->proof.signature.signature[3] ^= 1;
		world->turn.proposes = false;
		assert_int_equal(finished(world), DFS_EXIT_DAMAGED);
		assert_non_null(strstr(world->turn.judgement.why, "forged"));
		value_free(told->value);
	}
}

/* What dfs4 alone tells besides is above it, and nobody's. */
static void test_12_2_what_one_forges_above_three_counts_for_nothing(void **state)
{
	static const dfs_id operation = {{7}}, other = {{8}};
	struct world *world = new_world("/ann/file");
	struct told *told;
	dfs_register forged;

	(void)state;
	world->proposal.kind = PROPOSAL_TOMBSTONE;
	world->proposal.operation = other;
	told = tell(world, &operation);
	forged = told->reg;
	forged.dfs_register_u.accepted.ballot.counter = 7;
	world->turn.answers.of[3] = &forged;
	world->turn.promised = SERVERS_ALL;
	(void)finished(world);
	assert_ptr_equal(world->turn.judgement.best, &told->reg.dfs_register_u.accepted);
	assert_int_equal(world->turn.promised, 0x7);
	value_free(told->value);
}

/* Who lies may tell the same as others, with a proof that is none. */
static void test_12_2_of_those_that_tell_the_same_one_proof_is_enough(void **state)
{
	static const dfs_id operation = {{7}}, other = {{8}};
	struct world *world = new_world("/ann/file");
	struct told *told;
	dfs_register broken;
	dfs_value *value = &broken.dfs_register_u.accepted.value;

	(void)state;
	world->proposal.kind = PROPOSAL_TOMBSTONE;
	world->proposal.operation = other;
	told = tell(world, &operation);
	broken = told->reg;
	value->proof.signature.signature[3] ^= 1;
	world->turn.staged[0] = 1;
	world->turn.answers.of[0] = &broken;
	assert_int_equal(finished(world), 0);
	assert_int_equal(world->turn.judgement.verdict, JUDGE_FINISH);
	/* What is read, or proposed again, is what is proved. */
	assert_ptr_equal(world->turn.judgement.best, &told->reg.dfs_register_u.accepted);
	value_free(told->value);
}

/*
 * dfs1 alone tells of a file's end, and so many others of nothing, with this floor; whose
 * operation is it that ann now carries out, and does it count?
 */
struct lone_row {
	unsigned others;
	uint64_t floor;
	bool own, counts;
};

static void test_12_2_a_word_that_three_outvote_counts_for_nothing(void **state)
{
	static const struct lone_row rows[] = {
		{3, 9, false, false}, /* they have forgotten it */
		{3, 4, false, true},  /* they had not heard of it yet */
		{2, 9, false, true},  /* the fourth is away */
		{3, 9, true, true},   /* what one has begun oneself */
	};
	static const dfs_id operation = {{7}}, other = {{8}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world *world = new_world("/ann/file");
		dfs_register nothing = {.dfs_register_u.floor.counter = rows[i].floor};
		struct told *told;

		world->proposal.kind = PROPOSAL_TOMBSTONE;
		world->proposal.operation = rows[i].own ? operation : other;
		told = tell(world, &operation);
		for (unsigned s = 1; s < DFS_SERVERS; s++)
			world->turn.answers.of[s] = s <= rows[i].others ? &nothing : NULL;
		world->turn.promised = rows[i].others == 3 ? SERVERS_ALL : 0x7;
		(void)finished(world);
		assert_int_equal(world->turn.judgement.best != NULL, rows[i].counts);
		assert_int_equal(set_has(world->turn.promised, 1), rows[i].counts);
		value_free(told->value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_that_deny_are_believed),
		cmocka_unit_test(test_what_others_began_may_be_denied),
		cmocka_unit_test(test_whose_quota_it_is),
		cmocka_unit_test(test_two_that_call_it_invalid),
		cmocka_unit_test(test_refusals_are_noted),
		cmocka_unit_test(test_8_9_what_is_not_proved_is_not_finished),
		cmocka_unit_test(
			test_12_2_what_one_forges_above_three_counts_for_nothing),
		cmocka_unit_test(
			test_12_2_of_those_that_tell_the_same_one_proof_is_enough),
		cmocka_unit_test(test_12_2_a_word_that_three_outvote_counts_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
