/* rpc/tally: what four servers told, and what each of those who ask makes of it. */
#include "tally.h"

#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/*
 * A word in a table: '-' no answer, '.' nothing there, digits a file at that counter,
 * 'a'.. a tombstone at counter 1.., 'X'.. a file at 1.. that cannot be read ('X' is 1).
 */
static void words_of(const char *text, dfs_ballot ballots[DFS_SERVERS],
		     struct tally_word words[DFS_SERVERS])
{
	memset(words, 0, DFS_SERVERS * sizeof words[0]);
	memset(ballots, 0, DFS_SERVERS * sizeof ballots[0]);
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		char c = text[i];
		bool file = c >= '1' && c <= '9', tombstone = c >= 'a' && c <= 'i';
		bool damaged = c >= 'X' && c <= 'Z';

		words[i].told = c != '-' && !damaged;
		words[i].live = file || damaged;
		words[i].damaged = damaged;
		if (!file && !tombstone && !damaged)
			continue;
		ballots[i].counter = (uint64_t)(c - (file      ? '0'
						     : damaged ? 'X' - 1
							       : 'a' - 1));
		words[i].ballot = &ballots[i];
	}
}

struct row {
	const char *rule; /* whose, and what it says */
	const char *told;
	struct tally expected; /* answers, none, newest, equal */
};

static void walk(const struct row *rows, size_t count,
		 struct tally (*tally)(const struct tally_word words[DFS_SERVERS],
				       bool unsure),
		 bool unsure)
{
	for (size_t i = 0; i < count; i++) {
		dfs_ballot ballots[DFS_SERVERS];
		struct tally_word words[DFS_SERVERS];
		struct tally got;

		words_of(rows[i].told, ballots, words);
		got = tally(words, unsure);
		if (memcmp(&got, &rows[i].expected, sizeof got) != 0)
			fail_msg("%s (%s): %u answers, %u none, newest of %u, %u equal",
				 rows[i].rule, rows[i].told, got.answers, got.none,
				 got.newest, got.equal);
	}
}

/* The client's lookup and proposer, a server that finishes, and comparing. */
static void test_highest(void **state)
{
	static const struct row rows[] = {
		{"lookup: nobody told", "----", {0, 0, 0, 0}},
		{"lookup: three equal are the answer", "555-", {3, 0, 1, 3}},
		{"lookup: the highest has to be told by three", "5556", {4, 0, 4, 1}},
		{"lookup: and two of it are not enough", "5566", {4, 0, 3, 2}},
		{"lookup: three mean nothing, whatever the fourth has",
		 "...7",
		 {4, 3, 4, 1}},
		{"lookup: or say by the same tombstone", "aaa7", {4, 3, 4, 1}},
		{"lookup: two of them and one that knows nothing are no three",
		 ".aa-",
		 {3, 2, 2, 2}},
		{"lookup: nor are tombstones of other ballots", "abc-", {3, 1, 3, 1}},
		{"proposer: a tombstone can be the highest", "4e4.", {4, 1, 2, 1}},
		{"proposer: certain is what three told", "e4ee", {4, 3, 1, 3}},
		{"proposer: or three that there is nothing", "...-", {3, 3, 1, 0}},
		{"finishing by a server: the highest, whatever three agree on",
		 "3334",
		 {4, 0, 4, 1}},
		{"finishing by a server: below every ballot is nothing",
		 ".--1",
		 {2, 1, 4, 1}},
		{"finishing by a server: nothing is an answer", "-..-", {2, 2, 2, 0}},
		{"comparing: a damaged one names the ballot, and is no answer",
		 "X11-",
		 {2, 0, 2, 3}},
		{"comparing: its value is of who can read it", "11X-", {2, 0, 1, 3}},
		{"comparing: the newest may be one that cannot be read",
		 "Y11-",
		 {2, 0, 1, 1}},
		{"comparing: of which nobody else has the value", "X---", {0, 0, 1, 1}},
	};

	(void)state;
	walk(rows, sizeof rows / sizeof rows[0], tally_highest, false);
}

/* A server that reads for others. */
static void test_alike(void **state)
{
	static const struct row rows[] = {
		{"reading by a server: nobody told", "----", {0, 0, 0, 0}},
		{"reading by a server: three alike outvote the newer fourth",
		 "5556",
		 {4, 0, 1, 3}},
		{"reading by a server: three of nothing do too", "...7", {4, 3, 1, 3}},
		{"reading by a server: so do three of a tombstone", "a7aa", {4, 3, 1, 3}},
		{"reading by a server: but not two of it, and one of nothing",
		 "aa.7",
		 {4, 2, 4, 1}},
		{"reading by a server: nor three tombstones", "acb7", {4, 1, 4, 1}},
		{"reading by a server: two and two: the newer", "5566", {4, 0, 3, 2}},
		{"reading by a server: a tombstone above two files",
		 "55f.",
		 {4, 1, 3, 1}},
		{"reading by a server: nothing anywhere", "....", {4, 4, 1, 4}},
		{"reading by a server: one answer", "--3-", {1, 0, 3, 1}},
	};

	(void)state;
	walk(rows, sizeof rows / sizeof rows[0], tally_alike, false);
}

/* Where some do not vote yet nothing is agreed, for a client as for a server. */
static void test_unsure(void **state)
{
	static const struct row highest[] = {
		{"lookup, unsure: three equal agree on nothing", "555-", {2, 0, 1, 2}},
		{"lookup, unsure: nor do three of nothing", "....", {2, 2, 1, 0}},
		{"lookup, unsure: the highest of all", "5556", {2, 0, 4, 1}},
		{"lookup, unsure: one answer is one", "5---", {1, 0, 1, 1}},
	};
	static const struct row alike[] = {
		{"reading by a server, unsure: the newer fourth counts",
		 "5556",
		 {2, 0, 4, 1}},
		{"reading by a server, unsure: three of nothing", ".ab-", {2, 1, 3, 1}},
		{"reading by a server, unsure: nor alike", "...-", {2, 2, 1, 2}},
	};

	(void)state;
	walk(highest, sizeof highest / sizeof highest[0], tally_highest, true);
	walk(alike, sizeof alike / sizeof alike[0], tally_alike, true);
}

static void test_words_of_registers(void **state)
{
	dfs_register reg;
	struct tally_word word = tally_word(NULL);

	(void)state;
	assert_false(word.told || word.ballot || word.live || word.damaged);
	memset(&reg, 0, sizeof reg);
	word = tally_word(&reg);
	assert_true(word.told);
	assert_null(word.ballot);
	reg.known = TRUE;
	reg.dfs_register_u.accepted.value.body.kind = DFS_TOMBSTONE;
	word = tally_word(&reg);
	assert_ptr_equal(word.ballot, &reg.dfs_register_u.accepted.ballot);
	assert_false(word.live);
	reg.dfs_register_u.accepted.value.body.kind = DFS_FILE;
	assert_true(tally_word(&reg).live);
}

/* Who proposes, and who looks up, checks the proofs of these alone. */
static void test_12_5_doubtful_is_what_would_change_something(void **state)
{
	static const struct {
		const char *rule, *told;
		server_set unsure,
			doubtful; /* where some do not vote yet, and where all do */
	} rows[] = {
		{"nothing was told", "-.-.", 0, 0},
		{"of two that tell the same one is honest", "55-.", 0, 0},
		{"each alone, whatever is above it", "123d", 15, 15},
		{"what is above three that are alike", "5559", 8, 8},
		{"what is below them changes nothing", "5554", 8, 0},
		{"two against two are both genuine", "5566", 0, 0},
		{"what is above three that have nothing", "...7", 8, 8},
		{"tombstones of other ballots are not alike", ".a.7", 10, 10},
		{"also a tombstone", "555f", 8, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		dfs_ballot ballots[DFS_SERVERS];
		struct tally_word words[DFS_SERVERS];

		words_of(rows[i].told, ballots, words);
		if (tally_doubtful(words, true) != rows[i].unsure ||
		    tally_doubtful(words, false) != rows[i].doubtful)
			fail_msg("%s (%s): %u, and %u", rows[i].rule, rows[i].told,
				 tally_doubtful(words, true),
				 tally_doubtful(words, false));
	}
}

/*
 * Of each server: '-' no answer, a digit a file at that counter, 'a'.. nothing, with a
 * floor at counter 1..
 */
struct lone_row {
	const char *rule, *told;
	unsigned expected, against;
};

static void test_12_2_one_word_against_others(void **state)
{
	static const struct lone_row rows[] = {
		{"all others know better", "5eff", 1, 3},
		{"two do, the fourth decides", "e5-f", 2, 2},
		{"one is not enough", "5f--", 0, 0},
		{"two tell of it", "55ff", 0, 0},
		{"or of two things", "56ff", 0, 0},
		{"a floor below it is no word against it", "5dff", 0, 0},
		{"nobody tells of anything", "ffff", 0, 0},
		{"nobody tells", "----", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		dfs_register regs[DFS_SERVERS];
		const dfs_register *told[DFS_SERVERS] = {NULL};
		unsigned against = 0;

		memset(regs, 0, sizeof regs);
		for (unsigned s = 0; s < DFS_SERVERS; s++) {
			char c = rows[i].told[s];

			regs[s].known = c >= '1' && c <= '9';
			if (regs[s].known)
				regs[s].dfs_register_u.accepted.ballot.counter =
					(uint64_t)(c - '0');
			else
				regs[s].dfs_register_u.floor.counter =
					(uint64_t)(c - 'a' + 1);
			told[s] = c == '-' ? NULL : &regs[s];
		}
		if (tally_lone(told, &against) != rows[i].expected ||
		    (rows[i].expected != 0 && against != rows[i].against))
			fail_msg("%s (%s)", rows[i].rule, rows[i].told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_highest),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_words_of_registers),
		cmocka_unit_test(test_12_5_doubtful_is_what_would_change_something),
		cmocka_unit_test(test_12_2_one_word_against_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
