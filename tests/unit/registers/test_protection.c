/*
 * Counting how well files are kept: from groups and what lacks, the worst of what servers
 * say.
 */
#include "protection.h"

#include "placement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { ALL = CHUNKS_ALL };

/* Row 0, all four with their pairs: dfs1 has 1,2; dfs2 2,3; dfs3 3,4; dfs4 4,1. */
static const uint32_t whole = 0x9c63;
/* dfs2 was away, and dfs4 has its spare: all four chunks. */
static const uint32_t spared = 0xfc03;
/* dfs2 was away, and nobody has a spare. */
static const uint32_t bare = 0x9c03;

static struct protection_view view(const dfs_kept *kept, size_t count)
{
	return (struct protection_view){
		.votes = true, .counted = true, .kept = kept, .count = count};
}

static void alike(struct protection_view views[4], const dfs_kept *kept, size_t count)
{
	for (int i = 0; i < 4; i++)
		views[i] = view(kept, count);
}

static void expect(const struct protection_counts *counts, uint64_t two, uint64_t one,
		   uint64_t none)
{
	assert_int_equal(counts->files, two + one + none);
	assert_int_equal(counts->by_copies[0], two);
	assert_int_equal(counts->by_copies[1], one);
	assert_int_equal(counts->by_copies[2], none);
}

/* ---- one file -------------------------------------------------------------------- */

static void test_copies(void **state)
{
	static const struct {
		uint32_t holders, full;
		unsigned living, missing[4], copies;
	} table[] = {
		{0x9c63, 4, 0xf, {0}, 2},
		{0x9c63, 4, 0xe, {0}, 1},
		{0x9c63, 4, 0xa, {0}, 1}, /* opposite ones are left */
		{0x9c63, 4, 0x3, {0}, 0}, /* neighbours: chunk 4 is gone */
		{0x9c63, 4, 0xc, {0}, 0}, /* and here chunk 2 */
		{0x9c63, 3, 0x3, {0}, 1}, /* which has no units here, */
		{0x9c63, 1, 0xc, {0}, 1}, /* nor has chunk 2 */
		{0x9c63, 1, 0x9, {0}, 2}, /* chunk 1 is on dfs1 and dfs4 */
		{0x9c63, 0, 0x0, {0}, 2}, /* an empty file is always there */
		{0x9c63, 1, 0x0, {0}, 0},
		{0xfc03, 4, 0xd, {0}, 2}, /* the spare counts */
		{0xfc03, 4, 0x8, {0}, 1}, /* and alone it is a copy */
		{0x9c03, 4, 0xf, {0}, 1},
		{0, 4, 0xf, {0}, 0},
		{0x9c63, 4, 0xf, {1, 0, 0, 0}, 1},
		{0x9c63, 4, 0xf, {1, 0, 0, 1}, 0},   /* both copies of chunk 1 */
		{0x9c63, 4, 0xf, {2, 0, 0, 1}, 1},   /* of different chunks */
		{0x9c63, 4, 0xf, {0xc, 0, 0, 0}, 2}, /* was not given these */
		{0x9c63, 2, 0xf, {0, 4, 4, 0}, 2},   /* chunk 3 has no units */
		{0xffff, 4, 0xf, {0}, 2},            /* never more than two */
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct protection_file file = {table[i].holders, table[i].full, {0}};

		memcpy(file.missing, table[i].missing, sizeof file.missing);
		if (protection_copies(&file, table[i].living) != table[i].copies)
			fail_msg("line %zu: %u copies", i,
				 protection_copies(&file, table[i].living));
	}
}

/* ---- all files ------------------------------------------------------------------- */

static void test_groups(void **state)
{
	const dfs_kept kept[] = {{.holders = whole, .full = 4, .files = 1000000},
				 {.holders = spared, .full = 4, .files = 10},
				 {.holders = bare, .full = 4, .files = 1},
				 {.holders = whole, .full = 0, .files = 5}};
	struct protection_view views[4];
	struct protection_counts counts;

	(void)state;
	alike(views, kept, 4);
	counts = protection_count(views, ALL, NULL, 0);
	assert_int_equal(counts.views, 4);
	assert_false(counts.at_most);
	expect(&counts, 1000015, 1, 0);
	/* Without dfs2 the files with its spare are as they were. */
	counts = protection_count(views, 0xd, NULL, 0);
	expect(&counts, 15, 1000001, 0);
	/* Neighbours: what has a spare on dfs4 is not among the lost. */
	counts = protection_count(views, 0x9, NULL, 0);
	expect(&counts, 5, 10, 1000001);
	counts = protection_count(views, 0, NULL, 0);
	expect(&counts, 5, 0, 1000011);
	/* A list that is full. */
	dfs_kept *many = calloc(DFS_KEPT_MAX, sizeof *many);

	assert_non_null(many);
	for (unsigned i = 0; i < DFS_KEPT_MAX; i++)
		many[i] = (dfs_kept){.holders = whole + (i << 16), .full = 4, .files = 1};
	alike(views, many, DFS_KEPT_MAX);
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, DFS_KEPT_MAX, 0, 0);
	free(many);
}

/* What one server lacks is known exactly. */
static void test_one_lacks(void **state)
{
	const dfs_kept full[] = {{.holders = whole, .full = 4, .files = 100},
				 {.holders = bare, .full = 4, .files = 7}};
	dfs_kept lacking[2];
	struct protection_view views[4];
	struct protection_counts counts;

	(void)state;
	memcpy(lacking, full, sizeof lacking);
	lacking[0].owing[3] = 20; /* dfs1: of whole ones its pair, */
	lacking[0].owing[1] = 5;  /* of others a chunk, */
	lacking[0].owing[12] = 9; /* what it was not given */
	lacking[1].owing[2] = 4;  /* and of bare ones chunk 2, which nobody else has */
	alike(views, full, 2);
	views[0] = view(lacking, 2);
	counts = protection_count(views, ALL, NULL, 0);
	assert_false(counts.at_most);
	expect(&counts, 75, 25 + 3, 4);
	assert_int_equal(protection_owing(&views[0]), 38);
	assert_int_equal(protection_owing(&views[1]), 0);
	/* When that server goes, what it lacks does not matter any more. */
	counts = protection_count(views, 0xe, NULL, 0);
	expect(&counts, 0, 100, 7);
	/* It says so of more files than there are any more. */
	lacking[0].owing[3] = 300;
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 0, 103, 4);
}

/* Of what two lack the worst is taken, and names tell what it is. */
static void test_two_lack(void **state)
{
	const dfs_kept full[] = {{.holders = whole, .full = 4, .files = 100}};
	dfs_kept first[1], fourth[1], third[1];
	struct protection_view views[4];
	struct protection_counts counts;
	struct protection_file files[] = {{whole, 4, {1, 0, 0, 1}},
					  {whole, 4, {1, 0, 0, 0}},
					  {whole, 4, {0, 0, 0, 9}}};

	(void)state;
	memcpy(first, full, sizeof first);
	memcpy(fourth, full, sizeof fourth);
	memcpy(third, full, sizeof third);
	first[0].owing[1] = 2;
	fourth[0].owing[1] = 1;
	fourth[0].owing[9] = 1;
	alike(views, full, 1);
	views[0] = view(first, 1);
	views[3] = view(fourth, 1);
	/* Both copies of chunk 1 of at most two files; but there may be four with one. */
	counts = protection_count(views, ALL, NULL, 0);
	assert_true(counts.at_most);
	expect(&counts, 96, 2, 2);
	counts = protection_count(views, ALL, files, 3);
	assert_false(counts.at_most);
	expect(&counts, 97, 2, 1);
	/* Healed meanwhile. */
	counts = protection_count(views, ALL, files, 0);
	expect(&counts, 100, 0, 0);
	/* Opposite servers have no chunk in common: at most one copy, never none. */
	alike(views, full, 1);
	third[0].owing[12] = 30;
	first[0].owing[1] = 0;
	first[0].owing[3] = 50;
	views[0] = view(first, 1);
	views[2] = view(third, 1);
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 20, 80, 0);
	third[0].owing[12] = first[0].owing[3] = 70;
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 0, 100, 0);
}

/* Names are asked for of so many files, and of none where it is one more. */
static void test_owers(void **state)
{
	dfs_kept kept[] = {{.holders = whole, .full = 4, .files = 30000},
			   {.holders = bare, .full = 4, .files = 30000}};
	const dfs_kept few[] = {
		{.holders = whole, .full = 4, .files = 9, .owing = {4, 5}}};
	struct protection_view views[4] = {{.votes = true}};
	uint64_t each[4];

	(void)state;
	assert_int_equal(protection_owers(views, 20000, each), 0);
	kept[0].owing[1] = 12000;
	kept[1].owing[3] = 8000;
	kept[1].owing[0] = 30000; /* who lacks nothing does not count */
	views[1] = view(kept, 2);
	views[3] = view(few, 1);
	views[2] = view(kept, 2);
	views[2].votes = false;
	assert_int_equal(protection_owers(views, 20000, each), 0xa);
	assert_int_equal(each[0], 0);
	assert_int_equal(each[1], 20000);
	assert_int_equal(each[2], 0);
	assert_int_equal(each[3], 5);
	assert_int_equal(protection_owers(views, 19999, each), 0);
	kept[0].owing[8]++;
	assert_int_equal(protection_owers(views, 20000, each), 0);
}

/* A server that lags, one that is away, one that recovers. */
static void test_views(void **state)
{
	const dfs_kept now[] = {{.holders = whole, .full = 4, .files = 90},
				{.holders = bare, .full = 4, .files = 12}};
	const dfs_kept then[] = {{.holders = whole, .full = 4, .files = 100}};
	const dfs_kept some[] = {{.holders = whole, .full = 4, .files = 60}};
	struct protection_view views[4];
	struct protection_counts counts;

	(void)state;
	/* The worst of what they say, and the most files. */
	alike(views, then, 1);
	views[2] = view(now, 2);
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 90, 12, 0);
	/* A voting server that does not know a file has it nevertheless. */
	alike(views, then, 1);
	views[0] = view(NULL, 0);
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 100, 0, 0);
	/* One that recovers has what it counts, and lacks what it does not know. */
	views[0].votes = false;
	counts = protection_count(views, ALL, NULL, 0);
	assert_int_equal(counts.views, 3);
	expect(&counts, 0, 100, 0);
	views[0].kept = some;
	views[0].count = 1;
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 60, 40, 0);
	/* Its counts say nothing of what there is. */
	views[0].kept = now;
	views[0].count = 2;
	counts = protection_count(views, ALL, NULL, 0);
	expect(&counts, 90, 10, 0);
	/* Who has not counted is no view. */
	views[1].counted = views[2].counted = false;
	counts = protection_count(views, ALL, NULL, 0);
	assert_int_equal(counts.views, 1);
}

/* ---- against the truth ----------------------------------------------------------- */

enum { FILES = 40, ROUNDS = 3000 };

static unsigned draw(unsigned below)
{
	return (unsigned)(random() % below);
}

/*
 * Files with anything missing anywhere, counted by servers, and one by one: what is said
 * is never better than it is, and exact with names, or where one server lacks something.
 */
static void test_never_better(void **state)
{
	static const uint32_t kinds[] = {0x9c63, 0x6c39, 0xfc03, 0x9c03, 0x0c63};

	(void)state;
	srandom(5);
	for (int round = 0; round < ROUNDS; round++) {
		struct protection_file files[FILES];
		dfs_kept kept[4][10] = {0};
		struct protection_view views[4];
		uint64_t truth[3] = {0};
		unsigned living = draw(16), lacking = draw(16);

		for (int i = 0; i < FILES; i++) {
			unsigned kind = draw(5), big = draw(2);

			files[i] =
				(struct protection_file){kinds[kind], big ? 4 : 2, {0}};
			for (unsigned s = 0; s < 4; s++) {
				dfs_kept *group = &kept[s][2 * kind + big];

				if (lacking & 1U << s && draw(3) == 0)
					files[i].missing[s] =
						placement_held(kinds[kind], s + 1) &
						draw(16);
				group->holders = kinds[kind];
				group->full = files[i].full;
				group->files++;
				group->owing[files[i].missing[s]]++;
			}
			truth[2 - protection_copies(&files[i], living)]++;
		}
		for (unsigned s = 0; s < 4; s++) {
			views[s] = view(kept[s], 10);
			/* What lacks nothing may be counted there, or not. */
			kept[s][draw(10)].owing[0] = 0;
		}
		struct protection_counts counts =
			protection_count(views, living, NULL, 0);
		struct protection_counts exact =
			protection_count(views, living, files, FILES);

		assert_int_equal(counts.files, FILES);
		assert_true(counts.by_copies[2] >= truth[2]);
		assert_true(counts.by_copies[2] + counts.by_copies[1] >=
			    truth[2] + truth[1]);
		if (!counts.at_most || __builtin_popcount(lacking) < 2)
			expect(&counts, truth[0], truth[1], truth[2]);
		expect(&exact, truth[0], truth[1], truth[2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),       cmocka_unit_test(test_groups),
		cmocka_unit_test(test_one_lacks),    cmocka_unit_test(test_two_lack),
		cmocka_unit_test(test_views),        cmocka_unit_test(test_owers),
		cmocka_unit_test(test_never_better),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
