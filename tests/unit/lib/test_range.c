/* client/lib/range: which units have the bytes of a range, and where in them they are. */
#include "range.h"

#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { UNIT = 262144 };

static const uint64_t LARGE = UINT64_C(10) * UNIT + 7;

static void check_clip(uint64_t offset, uint64_t length, uint64_t size,
		       uint64_t offset_then, uint64_t length_then)
{
	struct dfs_range clipped = range_clip(&(struct dfs_range){offset, length}, size);

	assert_true(clipped.offset == offset_then);
	assert_true(clipped.length == length_then);
}

static void test_4_1_clip(void **state)
{
	(void)state;
	check_clip(0, 100, 100, 0, 100);
	check_clip(0, 101, 100, 0, 100);
	check_clip(99, 1, 100, 99, 1);
	check_clip(99, 2, 100, 99, 1);
	check_clip(100, 1, 100, 100, 0);
	check_clip(101, 1, 100, 100, 0);
	check_clip(5, 0, 100, 5, 0);
	check_clip(0, 1, 0, 0, 0);
	check_clip(1, UINT64_MAX, 100, 1, 99);
	check_clip(UINT64_MAX, UINT64_MAX, 100, 100, 0);
	assert_true(range_whole(100).offset == 0 && range_whole(100).length == 100);
}

static void check_units(uint64_t offset, uint64_t length, uint64_t first, uint64_t end)
{
	struct range_units units = range_units(&(struct dfs_range){offset, length}, UNIT);

	assert_true(units.first == first);
	assert_true(units.end == end);
}

static void test_4_1_units(void **state)
{
	const uint64_t tera = UINT64_C(1) << 40;

	(void)state;
	check_units(0, 1, 0, 1);
	check_units(0, UNIT, 0, 1);
	check_units(0, UNIT + 1, 0, 2);
	check_units(UNIT - 1, 1, 0, 1);
	check_units(UNIT - 1, 2, 0, 2);
	check_units(UNIT, 1, 1, 2);
	check_units(3 * UNIT + 5, 0, 0, 0);
	check_units(tera - 1, 1, tera / UNIT - 1, tera / UNIT);
	assert_true(range_units(&(struct dfs_range){0, 0}, 0).end == 0);
}

static void test_4_1_chunks(void **state)
{
	(void)state;
	assert_int_equal(range_chunks(&(struct range_units){0, 0}), 0);
	assert_int_equal(range_chunks(&(struct range_units){5, 6}), set_of(2));
	assert_int_equal(range_chunks(&(struct range_units){3, 5}),
			 set_of(4) | set_of(1));
	assert_int_equal(range_chunks(&(struct range_units){2, 6}), CHUNKS_ALL);
	assert_int_equal(range_chunks(&(struct range_units){0, UINT64_MAX}), CHUNKS_ALL);
}

/* Of every unit its part, one behind the other: the range, and nothing else. */
static void check_cuts(uint64_t offset, uint64_t length)
{
	const struct dfs_range asked = {offset, length};
	struct dfs_range range = range_clip(&asked, LARGE);
	struct range_units units = range_units(&range, UNIT);
	uint64_t at = range.offset;

	for (uint64_t u = units.first; u < units.end; u++) {
		size_t skip, len = placement_unit_len(LARGE, UNIT, u);
		size_t cut = range_cut(&range, u, UNIT, len, &skip);

		assert_true(cut > 0 && skip + cut <= len);
		assert_true(u * UNIT + skip == at);
		at += cut;
	}
	assert_true(at == range.offset + range.length);
	if (units.end > units.first) {
		size_t skip;

		/* Its neighbours have nothing of it. */
		assert_int_equal(range_cut(&range, units.end, UNIT, UNIT, &skip), 0);
		assert_true(units.first == 0 ||
			    range_cut(&range, units.first - 1, UNIT, UNIT, &skip) == 0);
	}
}

static void test_4_1_cuts(void **state)
{
	static const uint64_t marks[] = {
		0,        1,         UNIT - 1,      UNIT,         UNIT + 1, 4 * UNIT - 1,
		4 * UNIT, 10 * UNIT, 10 * UNIT + 6, 10 * UNIT + 7};

	(void)state;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
			check_cuts(marks[i], marks[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4_1_clip),
		cmocka_unit_test(test_4_1_units),
		cmocka_unit_test(test_4_1_chunks),
		cmocka_unit_test(test_4_1_cuts),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
