/* rpc/ballot: the order of ballots, and ids, ballots and versions as text. */
#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static dfs_ballot make(uint32_t epoch, uint64_t counter, unsigned char proposer)
{
	dfs_ballot ballot;

	memset(&ballot, 0, sizeof ballot);
	ballot.epoch = epoch;
	ballot.counter = counter;
	memset(ballot.proposer.bytes, proposer, DFS_ID_LEN);
	return ballot;
}

/* Each of these is above all before it. */
static void test_order(void **state)
{
	const dfs_ballot rising[] = {
		ballot_none,      make(0, 0, 1),    make(0, 1, 0),
		make(0, 1, 0x7f), make(0, 1, 0x80), /* as unsigned bytes */
		make(0, 1, 0xff), make(0, 2, 0),    make(0, UINT64_MAX, 1),
		make(1, 0, 0),    make(1, 1, 1),    make(UINT32_MAX, 0, 0)};
	const size_t count = sizeof rising / sizeof *rising;

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			int order = ballot_compare(&rising[i], &rising[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void test_ids(void **state)
{
	dfs_id a, b, zero;
	char text[ID_TEXT];

	(void)state;
	memset(&zero, 0, sizeof zero);
	assert_true(id_is_zero(&zero));
	assert_true(id_random(&a));
	assert_true(id_random(&b));
	assert_false(id_is_zero(&a));
	assert_false(id_equal(&a, &b));
	assert_true(id_parse(id_text(&a, text), &b));
	assert_int_equal(strlen(text), 32);
	assert_true(id_equal(&a, &b));
	assert_false(id_parse("12", &b));
	assert_false(id_parse("", &b));
}

static void test_ballots_as_text(void **state)
{
	dfs_ballot ballot = make(UINT32_MAX, UINT64_MAX, 0xff), back;
	char text[BALLOT_TEXT];

	(void)state;
	assert_true(ballot_parse(ballot_text(&ballot, text), &back));
	assert_int_equal(ballot_compare(&ballot, &back), 0);
	assert_true(ballot_parse("0.0.00000000000000000000000000000000", &back));
	assert_int_equal(ballot_compare(&ballot_none, &back), 0);

	static const char *const wrong[] = {
		"",
		"0",
		"0.0",
		"0.0.",
		"0.0.00",
		".0.00000000000000000000000000000000",
		"0..00000000000000000000000000000000",
		"4294967296.0.00000000000000000000000000000000",
		"0.18446744073709551616.00000000000000000000000000000000",
		"0.000000000000000000000000.00000000000000000000000000000000",
		"0.0.00000000000000000000000000000000x",
		"-1.0.00000000000000000000000000000000"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(ballot_parse(wrong[i], &back));
}

static void test_versions_as_text(void **state)
{
	dfs_version version = {.number = UINT64_MAX}, back;
	char text[VERSION_TEXT];

	(void)state;
	memset(version.operation.bytes, 0xab, DFS_ID_LEN);
	assert_true(version_parse(version_text(&version, text), &back));
	assert_true(version_equal(&version, &back));
	back.number--;
	assert_false(version_equal(&version, &back));
	assert_false(version_parse("1", &back));
	assert_false(version_parse("1-", &back));
	assert_false(version_parse("-00000000000000000000000000000000", &back));
	assert_false(version_parse("x-00000000000000000000000000000000", &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_ballots_as_text),
		cmocka_unit_test(test_versions_as_text),
	};

	return cmocka_run_group_tests_name("ballot", tests, NULL, NULL);
}
