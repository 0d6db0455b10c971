/* rpc/placement, held against the table that README.md shows (acceptance 1.2). */
#include "placement.h"

#include "dfs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { EVERY_SIZE_BELOW = 40 };

/* The holders of a file of this row that was stored on all four servers. */
static uint32_t full_holders(unsigned row)
{
	uint32_t holders = 0;

	for (unsigned server = 1; server <= 4; server++)
		holders = placement_hold(holders, server, placement_pair(row, server));
	return holders;
}

static void test_1_2_table_of_readme(void **state)
{
	FILE *readme = fopen("README.md", "re"); /* the tests run in the source tree */
	char line[512];
	unsigned rows = 0;

	(void)state;
	assert_non_null(readme);
	while (fgets(line, sizeof line, readme) != NULL) {
		unsigned row, chunks[8];

		if (sscanf(line, "| %u | %u,%u | %u,%u | %u,%u | %u,%u |", &row,
			   &chunks[0], &chunks[1], &chunks[2], &chunks[3], &chunks[4],
			   &chunks[5], &chunks[6], &chunks[7]) != 9)
			continue;
		assert_int_equal(row, rows);
		rows++;
		for (unsigned server = 1; server <= 4; server++) {
			unsigned first = chunks[2 * server - 2],
				 second = chunks[2 * server - 1];

			assert_in_range(first, 1, 4);
			assert_int_equal(second, first % 4 + 1);
			assert_int_equal(placement_pair(row, server),
					 1U << (first - 1) | 1U << (second - 1));
		}
	}
	assert_int_equal(fclose(readme), 0);
	assert_int_equal(rows, 4);
}

static void test_opposites_complete_each_other(void **state)
{
	(void)state;
	for (unsigned row = 0; row < 4; row++)
		for (unsigned server = 1; server <= 4; server++) {
			unsigned opposite = placement_opposite(server);

			assert_int_equal(placement_opposite(opposite), server);
			assert_int_equal(placement_pair(row, server) ^
						 placement_pair(row, opposite),
					 CHUNKS_ALL);
		}
}

/* Of the 16 sets of living servers exactly the right ones can read a file, in every row.
 */
static void test_reach(void **state)
{
	(void)state;
	for (unsigned row = 0; row < 4; row++)
		for (unsigned live = 0; live < 16; live++) {
			uint32_t holders = full_holders(row);
			bool opposite_pair = (live & 5) == 5 || (live & 10) == 10;
			unsigned copies = live == 15 ? 2 : opposite_pair;

			assert_int_equal(placement_copies(holders, live), copies);
			assert_int_equal(placement_reachable(holders, live) == CHUNKS_ALL,
					 copies > 0);
		}
	assert_int_equal(placement_reachable(full_holders(0), 3), 7); /* chunks 1, 2, 3 */
}

/* With the spare at the opposite, all 12 (missed a put, dies later) pairs stay readable.
 */
static void test_1_4_spares(void **state)
{
	(void)state;
	for (unsigned row = 0; row < 4; row++)
		for (unsigned missed = 1; missed <= 4; missed++) {
			uint32_t holders = 0;

			for (unsigned server = 1; server <= 4; server++)
				if (server != missed)
					holders = placement_hold(
						holders, server,
						placement_pair(row, server));
			holders = placement_hold(holders, placement_opposite(missed),
						 placement_pair(row, missed));
			assert_int_equal(placement_held(holders, missed), 0);
			assert_int_equal(
				placement_held(holders, placement_opposite(missed)),
				CHUNKS_ALL);
			for (unsigned dies = 1; dies <= 4; dies++)
				assert_true(placement_copies(holders,
							     15U & ~(1U << (dies - 1))) >=
					    1);
		}
}

static void test_unit_sizes(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t unit_size;
		uint64_t units;
	} cases[] = {
		{0, 1, 0},
		{1, 1, 1},
		{2, 1, 2},
		{3, 1, 3},
		{4, 1, 4},
		{5, 2, 3},
		{6, 2, 3},
		{7, 2, 4},
		{8, 2, 4},
		{9, 3, 3},
		{1023, 256, 4},
		{262143, 65536, 4},
		{262145, 65537, 4},
		{1048575, 262144, 4},
		{1048576, 262144, 4},
		{1048577, 262144, 5},
		{1099511627776, 262144, DFS_FILE_UNITS_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(placement_unit_size(cases[i].size), cases[i].unit_size);
		assert_true(placement_units(cases[i].size, cases[i].unit_size) ==
			    cases[i].units);
	}
}

/* The units of a file cover it exactly once, and the chunks share them out. */
static void test_units_cover_the_file(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < 3000000;
	     size += size < EVERY_SIZE_BELOW ? 1 : 65521) {
		uint32_t unit_size = placement_unit_size(size);
		uint64_t units = placement_units(size, unit_size), sum = 0, of[5] = {0},
			 bytes_of[5] = {0};

		assert_true(size >= 1048576 || units <= 4);
		for (uint64_t unit = 0; unit < units; unit++) {
			uint32_t len = placement_unit_len(size, unit_size, unit);

			assert_in_range(len, 1, unit_size);
			assert_true(len == unit_size || unit == units - 1);
			sum += len;
			of[placement_chunk(unit)]++;
			bytes_of[placement_chunk(unit)] += len;
		}
		assert_true(sum == size);
		for (unsigned chunks = 0; chunks <= CHUNKS_ALL; chunks++) {
			uint64_t expected = 0, bytes = 0;

			for (unsigned chunk = 1; chunk <= 4; chunk++)
				if (chunks & 1U << (chunk - 1)) {
					expected += of[chunk];
					bytes += bytes_of[chunk];
				}
			assert_true(placement_units_of(units, chunks) == expected);
			assert_true(placement_bytes_of(size, chunks) == bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_2_table_of_readme),
		cmocka_unit_test(test_opposites_complete_each_other),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_1_4_spares),
		cmocka_unit_test(test_unit_sizes),
		cmocka_unit_test(test_units_cover_the_file),
	};

	return cmocka_run_group_tests_name("placement", tests, NULL, NULL);
}
