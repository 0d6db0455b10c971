/*
 * store/merge_pick as a function of sizes: long histories without a disk.  What merging
 * writes, how many segments stay, what deleted things still take, and by how many steps
 * it was decided.
 */
#include "index.h"
#include "merge.h"
#include "segment.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum {
	KIB = 1 << 10,
	MIB = 1 << 20,
	FILE_COST = 4 * KIB, /* the least that a segment takes */
	SMALLEST_TIER = 64 * KIB,
	UNDO_BYTES = 80
};

struct history {
	struct index_segments segments;
	struct store_rules rules;
	uint64_t newest, random, begun;
	uint64_t committed, merged; /* bytes written */
	uint64_t commits, merges, most;
};

static int begin(void **state)
{
	struct history *history = calloc(1, sizeof *history);

	assert_non_null(history);
	index_segments_init(&history->segments);
	history->rules = store_rules_default;
	history->begun = 1;
	history->random = 88172645463325252;
	*state = history;
	return 0;
}

static int end(void **state)
{
	struct history *history = *state;

	index_segments_free(&history->segments);
	free(history);
	return 0;
}

/* ---- a store made of sizes ----------------------------------------------------- */

static uint64_t below(struct history *history, uint64_t limit)
{
	history->random ^= history->random << 13;
	history->random ^= history->random >> 7;
	history->random ^= history->random << 17;
	return history->random % limit;
}

static uint64_t cost_of(const struct index_segment *segment)
{
	uint64_t bytes = segment->live + segment->seal_bytes;

	return bytes > FILE_COST ? bytes : FILE_COST;
}

static struct index_segment *new_segment(uint64_t lo, uint64_t hi, uint64_t live,
					 uint32_t seal)
{
	struct index_segment *segment = index_segment_new(NULL, lo, hi, live + seal);

	assert_non_null(segment);
	segment->live = live;
	segment->full = live;
	segment->seal_bytes = seal;
	return segment;
}

/* As merge.c does it, if all of it were copied that is alive. */
static void merge(struct history *history, const struct merge_run *run)
{
	struct index_segments *segments = &history->segments;
	struct index_segment *input = run->first, *next, *output;
	bool from_first = input == TAILQ_FIRST(&segments->list);
	uint64_t lo = segment_lo(input->file), hi = lo - 1, live = 0, seal = 0, undo = 0;

	for (size_t i = 0; i < run->count; i++, input = TAILQ_NEXT(input, order)) {
		assert_non_null(input);
		assert_int_equal(segment_lo(input->file), hi + 1);
		assert_false(input->damaged && input->live > 0);
		assert_false(input->unreadable && run->count > 1);
		hi = segment_hi(input->file);
		live += input->live;
		seal += input->seal_bytes;
		undo += input->undo;
	}
	if (run->count > 1) {
		assert_true(live <= history->rules.merge_bytes);
		assert_true(seal - (from_first ? undo : 0) <= SEAL_ENTRIES_MAX);
	}
	output = new_segment(lo, hi, live, (uint32_t)(seal - (from_first ? undo : 0)));
	output->undo = from_first ? 0 : undo;
	if (live == 0)
		output->swept = from_first ? SWEPT_AS_FIRST : SWEPT;
	index_segments_put_before(segments, run->first, output);
	for (input = run->first; segment_lo(input->file) <= hi; input = next) {
		next = TAILQ_NEXT(input, order);
		index_segments_remove(segments, input);
		index_segment_free(input);
		if (!next)
			break;
	}
	history->merged += cost_of(output);
	history->merges++;
}

static void merge_all(struct history *history)
{
	bool more = true;

	while (more) {
		struct merge_run run = merge_pick(&history->segments, &history->rules,
						  history->begun, &more);

		if (run.count > 0)
			merge(history, &run);
		more |= run.count > 0;
	}
	if (history->segments.count > history->most)
		history->most = history->segments.count;
}

static struct index_segment *append(struct history *history, uint64_t live, uint32_t seal)
{
	uint64_t number = ++history->newest;
	struct index_segment *segment = new_segment(number, number, live, seal);

	index_segments_append(&history->segments, segment);
	history->committed += cost_of(segment);
	history->commits++;
	return segment;
}

/* What a delete says: a tombstone, and what goes. */
static struct index_segment *append_delete(struct history *history, uint64_t live)
{
	struct index_segment *segment = append(history, live, 64 + UNDO_BYTES);

	index_segment_add_undo(segment, UNDO_BYTES);
	return segment;
}

static void commit(struct history *history, uint64_t live)
{
	append(history, live, (uint32_t)(live / 32 < MIB ? live / 32 + 64 : MIB));
	merge_all(history);
}

/* A segment of the list. */
static struct index_segment *any(struct history *history)
{
	uint64_t at = below(history, history->segments.count);
	struct index_segment *segment = TAILQ_FIRST(&history->segments.list);

	while (at-- > 0)
		segment = TAILQ_NEXT(segment, order);
	return segment;
}

static void lose(struct index_segment *segment, uint64_t bytes)
{
	double left = (double)(segment->live - bytes) / (double)segment->live;
	double seal = (double)(segment->seal_bytes - segment->undo);

	segment->seal_bytes = (uint32_t)(segment->undo + (uint64_t)(seal * left));
	index_segment_lose(segment, bytes);
}

/* Once written, and once for each tier up to that of all that was committed. */
static uint64_t tiers_of(const struct history *history)
{
	uint64_t tiers = 1, limit = SMALLEST_TIER, most = history->rules.merge_enough;

	while (limit < history->committed && limit < most) {
		limit *= history->rules.merge_fan;
		tiers++;
	}
	return tiers;
}

static void tell(const struct history *history, const char *name)
{
	print_message(
		"%-24s %8llu commits of %7llu MiB: %5.2f times merged, %2llu tiers, "
		"%5llu segments at most, %5llu left, %6.1f steps\n",
		name, (unsigned long long)history->commits,
		(unsigned long long)(history->committed / MIB),
		(double)history->merged / (double)history->committed,
		(unsigned long long)tiers_of(history), (unsigned long long)history->most,
		(unsigned long long)history->segments.count,
		(double)history->segments.steps /
			(double)(history->commits + history->merges));
}

/* The three bounds; segments besides those that are too large to be merged. */
static void check(const struct history *history, const char *name, uint64_t segments)
{
	tell(history, name);
	assert_true(history->merged <= tiers_of(history) * history->committed);
	assert_true(history->most <=
		    segments + 2 * history->committed / history->rules.merge_enough);
	assert_true(history->segments.steps <=
		    200 * (history->commits + history->merges));
}

/* ---- histories ----------------------------------------------------------------- */

static void test_9_25_million_small_puts(void **state)
{
	struct history *history = *state;

	for (unsigned i = 0; i < 1000000; i++)
		commit(history, 200 + below(history, 8000));
	check(history, "a million small", 100);
}

static void test_9_25_tiny_puts(void **state)
{
	struct history *history = *state;

	for (unsigned i = 0; i < 200000; i++)
		commit(history, 1);
	check(history, "tiny", 100);
}

/* What a put of a tree commits on one server, batch by batch. */
static void test_9_25_trees(void **state)
{
	struct history *history = *state;
	for (unsigned tree = 0; tree < 12; tree++) {
		for (unsigned batch = 0; batch < 8; batch++) {
			commit(history, 128 * 2200);
			commit(history, 128 * 700);
			commit(history, 40);
		}
	}
	check(history, "trees", 100);
	assert_true(history->merged <= 2 * history->committed);
}

static void test_9_25_large_among_small(void **state)
{
	struct history *history = *state;
	uint64_t large = 0;

	for (unsigned i = 0; i < 50000; i++)
		if (below(history, 10) == 0) {
			commit(history, MIB + below(history, 256 * (uint64_t)MIB));
			large++;
		} else {
			commit(history, 200 + below(history, 20000));
		}
	check(history, "large among small", 2 * large + 1024);
	assert_true(10 * history->merged <= history->committed);
}

/* The fault that was: a large one, and a handful beside it, again and again. */
static void test_9_25_large_and_a_handful(void **state)
{
	struct history *history = *state;

	commit(history, 30 * MIB);
	for (unsigned i = 0; i < 100000; i++)
		commit(history, 300);
	check(history, "a large one, then small", 100);
	assert_true(history->merged <= 3 * (history->committed - 30 * MIB));
}

static void test_9_25_random_sizes(void **state)
{
	struct history *history = *state;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t top = (uint64_t)1 << (8 + below(history, 18));

		commit(history, 1 + below(history, top));
	}
	check(history, "random", 2000);
}

/* Sizes just below and just above the limits of tiers, and of what doubles. */
static void test_9_25_at_the_limits(void **state)
{
	struct history *history = *state;
	static const int64_t offsets[] = {-4096, -1025, -1, 0, 1, 1023, 4096};

	for (unsigned i = 0; i < 60000; i++) {
		uint64_t size = SMALLEST_TIER;

		for (uint64_t tier = below(history, 3); tier > 0; tier--)
			size *= 8;
		size = size / (1 + below(history, 2)) +
		       (uint64_t)offsets[below(history, 7)];
		commit(history, size);
	}
	check(history, "at the limits", 1024);
}

/* 1 g 1 g^2 1 g 1 g^3 ...: each of them between two that are larger. */
static void test_9_25_rulers(void **state)
{
	struct history *history = *state;
	char name[32];

	for (unsigned tenths = 15; tenths <= 95; tenths += 5) {
		for (uint64_t i = 1; i <= 3000; i++) {
			double size = 4000;

			for (uint64_t left = i; left % 2 == 0 && size < 20.0 * MIB;
			     left /= 2)
				size *= tenths / 10.0;
			commit(history, (uint64_t)size);
		}
		(void)snprintf(name, sizeof name, "ruler of %.1f", tenths / 10.0);
		check(history, name, 1200);
	}
}

/* Falling and rising, so that nothing has a neighbour of its own size. */
static void test_9_25_stairs(void **state)
{
	struct history *history = *state;

	for (unsigned round = 0; round < 200; round++) {
		for (uint64_t size = 16 * MIB; size > 100; size = size * 2 / 3)
			commit(history, size);
		for (uint64_t size = 100; size < 16 * MIB; size = size * 3 / 2 + 1)
			commit(history, size);
	}
	check(history, "stairs", 1024);
}

/* Looks at the segments, and adds what makes most of them to be copied. */
static void test_9_25_an_opponent(void **state)
{
	struct history *history = *state;

	for (unsigned i = 0; i < 100000; i++) {
		struct index_segment *last =
			TAILQ_LAST(&history->segments.list, index_segment_list);
		uint64_t weight = last ? last->live + last->seal_bytes : 0, limit = 4096;

		while (limit <= weight)
			limit *= 8;
		/* Lifts it just across the limit; or is a lid on it, or small. */
		if (below(history, 3) == 0 && limit - weight < 2 * MIB)
			commit(history, limit - weight);
		else if (below(history, 3) == 0 && weight < MIB)
			commit(history, weight + 1);
		else
			commit(history, 1 + below(history, 4096));
	}
	check(history, "an opponent", 1024);
}

/* ---- deletes ------------------------------------------------------------------- */

static uint64_t dead_bytes(const struct history *history, uint64_t *ret_live)
{
	const struct index_segment *segment;
	uint64_t dead = 0;

	*ret_live = 0;
	TAILQ_FOREACH (segment, &history->segments.list, order) {
		dead += segment->full - segment->live + segment->undo;
		*ret_live += segment->live;
	}
	return dead;
}

/* Deletes a share of everything, piece by piece, with the commits that say so. */
static void delete_share(struct history *history, unsigned percent)
{
	uint64_t live, goal, dead = dead_bytes(history, &live);

	(void)dead;
	goal = live - live / 100 * percent;
	while (live > goal) {
		struct index_segment *segment = any(history);
		uint64_t bytes = segment->live < 5000 ? segment->live : 5000;

		if (segment->live == 0)
			continue;
		lose(segment, bytes);
		live -= bytes;
		append_delete(history, 300);
		merge_all(history);
		/* The tombstone is forgotten, too. */
		segment = any(history);
		if (segment->live >= 300)
			lose(segment, 300);
	}
	merge_all(history);
}

static void test_9_25_deletes(void **state)
{
	struct history *history = *state;
	uint64_t live, dead;

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 3000; i++)
			commit(history, 500 + below(history, 30000));
		delete_share(history, round % 4 == 3 ? 99 : 60);
		dead = dead_bytes(history, &live);
		assert_true(dead <= 2 * live + 8 * MIB);
	}
	check(history, "deletes", 300);
}

/* Something old that stays, and behind it much that comes and goes. */
static void test_9_25_coming_and_going(void **state)
{
	struct history *history = *state;
	uint64_t live, dead;

	for (unsigned i = 0; i < 500; i++)
		commit(history, 4 * KIB);
	for (unsigned i = 0; i < 200000; i++) {
		commit(history, 4 * KIB);
		lose(TAILQ_LAST(&history->segments.list, index_segment_list), 4 * KIB);
		append_delete(history, 0);
		merge_all(history);
	}
	dead = dead_bytes(history, &live);
	assert_true(dead <= 2 * live + 8 * MIB);
	check(history, "coming and going", 100);
}

static void test_9_25_half_dead_and_trimmed_are_rewritten(void **state)
{
	struct history *history = *state;
	struct index_segment *segment;

	for (unsigned i = 0; i < 4; i++)
		commit(history, 200 * (uint64_t)MIB);
	assert_int_equal(history->merges, 0);
	segment = TAILQ_NEXT(TAILQ_FIRST(&history->segments.list), order);
	lose(segment, 90 * (uint64_t)MIB);
	merge_all(history);
	assert_int_equal(history->merges, 0);
	lose(segment, 20 * (uint64_t)MIB);
	merge_all(history);
	assert_int_equal(history->merges, 1);
	segment = TAILQ_LAST(&history->segments.list, index_segment_list);
	segment->trimmed = 60 * (uint64_t)MIB;
	lose(segment, 60 * (uint64_t)MIB);
	merge_all(history);
	assert_int_equal(history->merges, 2);
	assert_int_equal(history->segments.count, 4);
}

/* ---- what may not be merged ---------------------------------------------------- */

static void test_9_25_damaged_stays_and_divides(void **state)
{
	struct history *history = *state;
	struct index_segment *damaged = NULL;

	for (unsigned i = 0; i < 14; i++) {
		struct index_segment *segment = append(history, 1000, 64);

		if (i == 7) {
			segment->damaged = true;
			damaged = segment;
		}
	}
	merge_all(history);
	/* Seven before it, which are too few, and six behind. */
	assert_int_equal(history->segments.count, 14);
	damaged->damaged = false;
	index_segment_changed(damaged);
	merge_all(history);
	assert_int_equal(history->segments.count, 1);
}

/* A recovery divides them, too, and what is dead before it goes alone. */
static void test_9_25_old_and_new_stay_apart(void **state)
{
	struct history *history = *state;
	struct index_segment *segment;

	for (unsigned i = 0; i < 6; i++)
		append(history, 1000, 64);
	history->begun = 7;
	for (unsigned i = 0; i < 6; i++)
		append(history, 1000, 64);
	merge_all(history);
	assert_int_equal(history->segments.count, 12);
	segment = TAILQ_NEXT(TAILQ_FIRST(&history->segments.list), order);
	lose(segment, 1000);
	merge_all(history);
	assert_int_equal(history->merges, 1);
	segment = TAILQ_NEXT(TAILQ_FIRST(&history->segments.list), order);
	assert_int_equal(segment->swept, SWEPT);
	/* As the first one it goes once more. */
	segment = TAILQ_FIRST(&history->segments.list);
	index_segments_remove(&history->segments, segment);
	index_segment_free(segment);
	merge_all(history);
	assert_int_equal(history->merges, 2);
	assert_int_equal(TAILQ_FIRST(&history->segments.list)->swept, SWEPT_AS_FIRST);
}

/* A run that cannot be merged, for want of space, does not stand before others. */
static void test_9_25_failed_run_comes_again(void **state)
{
	struct history *history = *state;
	struct merge_run run[3];
	bool more;

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned j = 0; j < 8; j++)
			append(history, 1000, 64);
		append(history, 200 * (uint64_t)MIB, 64);
	}
	for (unsigned i = 0; i < 3; i++) {
		do {
			run[i] =
				merge_pick(&history->segments, &history->rules, 1, &more);
		} while (run[i].count == 0 && more);
		assert_int_equal(run[i].count, 8);
	}
	/* Each is found from more than one of its segments. */
	for (unsigned i = 0; i < 100 && run[2].first == run[0].first; i++)
		run[2] = merge_pick(&history->segments, &history->rules, 1, &more);
	assert_ptr_not_equal(run[2].first, run[0].first);
	merge(history, &run[2]);
	merge_all(history);
	assert_int_equal(history->segments.count, 4);
}

/* ---- deciding ------------------------------------------------------------------ */

static void test_9_25_deciding_walks_nowhere(void **state)
{
	struct history *history = *state;
	uint64_t before;

	for (unsigned i = 0; i < 100000; i++)
		append(history, 64 * (uint64_t)MIB, 64);
	merge_all(history);
	assert_int_equal(history->segments.count, 100000);
	for (unsigned i = 0; i < 1000; i++) {
		before = history->segments.steps;
		commit(history, i % 2 ? 64 * (uint64_t)MIB : 1000);
		assert_true(history->segments.steps - before <= 1000);
	}
	tell(history, "100,000 large");
}

/* However much has changed: a lock is held for so many of them only. */
static void test_9_25_deciding_gives_way(void **state)
{
	struct history *history = *state;
	bool more = true;

	for (unsigned i = 0; i < 100000; i++)
		append(history, 64 * (uint64_t)MIB, 64);
	while (more) {
		uint64_t before = history->segments.steps;

		assert_int_equal(
			merge_pick(&history->segments, &history->rules, 1, &more).count,
			0);
		assert_true(history->segments.steps - before <= 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_9_25_million_small_puts, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_tiny_puts, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_trees, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_large_among_small, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_large_and_a_handful, begin,
						end),
		cmocka_unit_test_setup_teardown(test_9_25_random_sizes, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_at_the_limits, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_rulers, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_stairs, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_an_opponent, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_deletes, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_coming_and_going, begin, end),
		cmocka_unit_test_setup_teardown(
			test_9_25_half_dead_and_trimmed_are_rewritten, begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_damaged_stays_and_divides,
						begin, end),
		cmocka_unit_test_setup_teardown(test_9_25_old_and_new_stay_apart, begin,
						end),
		cmocka_unit_test_setup_teardown(test_9_25_failed_run_comes_again, begin,
						end),
		cmocka_unit_test_setup_teardown(test_9_25_deciding_walks_nowhere, begin,
						end),
		cmocka_unit_test_setup_teardown(test_9_25_deciding_gives_way, begin, end),
	};

	return cmocka_run_group_tests_name("merge_pick", tests, NULL, NULL);
}
