/* store/census: files by what the servers were given, and what is to be done. */
#include "heal_fixture.h"

#include "clock.h"
#include "placement.h"
#include "store_census.h"
#include "store_phase.h"
#include "store_survey.h"
#include "store_trim.h"
#include "store_internal.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The fixture's server is 2: of row 0 its own pair is 2 and 3. */
enum { LEN = 40, OWN = 6, ROW_0 = 0x9c63, MANY = 20000 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 60000);
}

static int start_merging(void **state)
{
	return heal_fixture_start(state, 8, 0);
}

struct wanted {
	uint32_t holders, full;
	uint64_t files;
	unsigned missing; /* in this many of them: */
	uint64_t owing;
};

/* A file with these holders, of whose object some chunks are here. */
static void add(struct store_fixture *fixture, const char *path, uint64_t object,
		uint64_t size, uint32_t holders, unsigned here)
{
	const struct value_fixture_file file = {
		.owner = "a", .size = size, .object = object, .counter = 5};
	dfs_value value = value_fixture_file(&file);

	value.body.dfs_body_u.manifest.content.holders = holders;
	value.body.dfs_body_u.manifest.content.row = placement_row(holders) % DFS_SERVERS;
	assert_int_equal(value_fixture_accept(fixture->store, path, value, 0), 0);
	store_fixture_settle(fixture->store, path, 5);
	if (here != 0)
		assert_int_equal(heal_fixture_content(fixture->store, object, here, LEN),
				 0);
}

static const dfs_kept *find(const struct store_census *census, uint32_t holders,
			    uint32_t full)
{
	const dfs_kept *found = NULL;

	for (uint32_t i = 0; i < census->kept_len; i++) {
		const dfs_kept *kept = &census->kept[i];

		if (kept->holders != holders || kept->full != full)
			continue;
		assert_null(found);
		found = kept;
	}
	assert_non_null(found);
	return found;
}

static void expect_kept(const struct store_census *census, const struct wanted *wanted,
			size_t count)
{
	assert_int_equal(census->kept_len, count);
	for (size_t i = 0; i < count; i++) {
		const dfs_kept *kept = find(census, wanted[i].holders, wanted[i].full);

		assert_int_equal(kept->files, wanted[i].files);
		for (unsigned mask = 0; mask < 16; mask++)
			assert_int_equal(kept->owing[mask],
					 mask == wanted[i].missing ? wanted[i].owing : 0);
	}
}

static struct store_census take(struct store_fixture *fixture)
{
	struct store_census census;

	assert_int_equal(store_census(fixture->store, &census), 0);
	return census;
}

/* Of something that has changed since: a walk that took long is not repeated at once. */
static bool is_newer(struct store_fixture *fixture, void *context)
{
	struct store_census *census = context;
	int64_t before = census->counted;

	store_census_free(census);
	*census = take(fixture);
	return census->counted > before;
}

static void take_again(struct store_fixture *fixture, struct store_census *census)
{
	assert_true(store_fixture_wait(is_newer, fixture, census));
}

/* ---- what is counted ----------------------------------------------------------- */

static void test_3_1_patterns(void **state)
{
	static const struct wanted wanted[] = {
		{ROW_0, 4, 3, 4, 1},  {ROW_0, 0, 1, 0, 0},  {ROW_0, 1, 1, 0, 0},
		{ROW_0, 3, 1, 6, 1},  {0x9cf3, 4, 1, 9, 1}, {0xfc03, 4, 1, 6, 1},
		{0xf609, 4, 1, 0, 0}, {0xff0f, 4, 1, 8, 1},
	};
	struct store_fixture *fixture = *state;
	struct store_census census;

	add(fixture, "/a/1", 1, 1000, ROW_0, OWN);
	add(fixture, "/a/2", 2, 1000, ROW_0, OWN);
	add(fixture, "/a/3", 3, 1000, ROW_0, 2);
	add(fixture, "/b/0", 4, 0, ROW_0, 0);
	add(fixture, "/b/1", 5, 1, ROW_0, 0);
	add(fixture, "/b/3", 6, 3, ROW_0, 0);
	add(fixture, "/c/spare", 7, 1000, 0x9cf3, OWN);
	add(fixture, "/c/away", 8, 1000, 0xfc03, 0);
	add(fixture, "/c/back", 9, 1000, 0xf609, 3);
	add(fixture, "/c/rowless", 10, 1000, 0xff0f, 7);
	assert_int_equal(store_fixture_accept(fixture->store, "/gone", 0, 5), 0);
	census = take(fixture);
	expect_kept(&census, wanted, sizeof wanted / sizeof wanted[0]);
	assert_int_equal(census.owed_files, 5);
	/* Quarters of 1000 bytes: one, two, two, one; and two of one byte. */
	assert_int_equal(census.owed_bytes, 6 * 250 + 2);
	assert_int_equal(census.spares, 0);
	assert_int_equal(census.unsettled, 1);
	assert_int_equal(census.abandoned, 0);
	assert_true(census.counted > 0);
	store_census_free(&census);
}

static void test_empty(void **state)
{
	struct store_census census = take(*state);

	assert_int_equal(census.kept_len, 0);
	assert_int_equal(census.owed_files + census.spares + census.unsettled +
				 census.abandoned,
			 0);
	store_census_free(&census);
	store_census_free(&census);
}

static void test_3_1_spares_go_when_they_are_trimmed(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_census census;
	dfs_id second;

	add(fixture, "/a", 1, 1000, ROW_0, OWN);
	add(fixture, "/b", 2, 1000, ROW_0, CHUNKS_ALL);
	second = store_fixture_object(2);
	/* Given all of it: none. */
	add(fixture, "/c", 3, 1000, 0x9cf3, CHUNKS_ALL);
	/* Not settled: not yet. */
	store_fixture_resize(4, 1000);
	assert_int_equal(heal_fixture_content(fixture->store, 4, CHUNKS_ALL, LEN), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/d", 4, 5), 0);
	census = take(fixture);
	assert_int_equal(census.spares, 1);
	assert_int_equal(census.unsettled, 1);
	store_fixture_settle(fixture->store, "/d", 5);
	assert_int_equal(store_trim(fixture->store, &second, OWN), 0);
	take_again(fixture, &census);
	assert_int_equal(census.spares, 1);
	assert_int_equal(census.unsettled, 0);
	store_census_free(&census);
}

static void test_3_7_abandoned(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_census census;

	/* Two of one path are one; one that came to a value is none. */
	assert_int_equal(store_fixture_stage(fixture->store, "/a", 1, 5, LEN), 0);
	assert_int_equal(store_fixture_stage(fixture->store, "/a", 2, 6, LEN), 0);
	assert_int_equal(store_fixture_stage(fixture->store, "/b", 3, 5, LEN), 0);
	assert_int_equal(store_fixture_stage(fixture->store, "/c", 4, 5, LEN), 0);
	assert_int_equal(store_fixture_accept(fixture->store, "/c", 4, 5), 0);
	census = take(fixture);
	assert_int_equal(census.abandoned, 2);
	/* The path is finished above it. */
	assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, 7), 0);
	store_fixture_settle(fixture->store, "/a", 7);
	take_again(fixture, &census);
	assert_int_equal(census.abandoned, 1);
	store_census_free(&census);
}

/* ---- what changes it ----------------------------------------------------------- */

static bool owes(struct store_fixture *fixture, void *context)
{
	struct store_census census = take(fixture);
	uint64_t files = census.owed_files;

	store_census_free(&census);
	return files == *(uint64_t *)context;
}

static void expect_owed(struct store_fixture *fixture, uint64_t files)
{
	assert_true(store_fixture_wait(owes, fixture, &files));
}

static void test_3_1_every_change_counts(void **state)
{
	struct store_fixture *fixture = *state;
	const dfs_id id = store_fixture_object(1);
	dfs_bytes data;
	void *record;

	add(fixture, "/a", 1, 1000, ROW_0, OWN);
	expect_owed(fixture, 0);
	heal_fixture_damage_unit(fixture, 2, LEN);
	assert_int_equal(store_unit(fixture->store, &id, 2, &record, &data), EBADMSG);
	expect_owed(fixture, 1);
	assert_int_equal(heal_fixture_content(fixture->store, 1, OWN, LEN), 0);
	expect_owed(fixture, 0);
	assert_int_equal(store_trim(fixture->store, &id, 2), 0);
	expect_owed(fixture, 1);
	assert_int_equal(store_fixture_accept(fixture->store, "/a", 0, 6), 0);
	expect_owed(fixture, 0);
	add(fixture, "/b", 2, 1000, ROW_0, 0);
	expect_owed(fixture, 1);
	heal_fixture_begin(fixture);
	expect_owed(fixture, 0);
}

/* Nothing has changed: it is what was counted before. */
static void test_3_6_a_count_stands_while_nothing_changes(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_census first, second;

	add(fixture, "/a", 1, 1000, ROW_0, 0);
	first = take(fixture);
	second = take(fixture);
	assert_int_equal(first.counted, second.counted);
	assert_ptr_not_equal(first.kept, second.kept);
	store_census_free(&second);
	store_fixture_settle(fixture->store, "/a", 5); /* known already */
	second = take(fixture);
	assert_int_equal(first.counted, second.counted);
	store_census_free(&second);
	add(fixture, "/b", 2, 1000, ROW_0, 0);
	second = take(fixture);
	if (second.counted == first.counted)
		take_again(fixture, &second);
	assert_true(second.counted > first.counted);
	assert_int_equal(second.kept[0].files, 2);
	store_census_free(&first);
	store_census_free(&second);
}

/* A start counts the same, and so do merged segments. */
static void test_3_1_the_same_after_a_start(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_census before, after;
	char path[32];

	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(path, sizeof path, "/%u", i);
		add(fixture, path, i + 1, i * 100, i % 3 == 0 ? 0x9cf3 : ROW_0, i % 7);
	}
	heal_fixture_wait_segments(fixture, 20);
	before = take(fixture);
	assert_true(before.owed_files > 0 && before.spares > 0);
	store_fixture_reopen(fixture);
	after = take(fixture);
	assert_int_equal(before.kept_len, after.kept_len);
	assert_memory_equal(before.kept, after.kept,
			    before.kept_len * sizeof *before.kept);
	assert_int_equal(before.owed_files, after.owed_files);
	assert_int_equal(before.owed_bytes, after.owed_bytes);
	assert_int_equal(before.spares, after.spares);
	assert_int_equal(before.unsettled, after.unsettled);
	store_census_free(&before);
	store_census_free(&after);
}

/* ---- many ---------------------------------------------------------------------- */

static void test_more_than_a_walk_holds_the_lock_for(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_batch *batch = store_batch_new(fixture->store);
	const dfs_ballot ballot = store_fixture_ballot(5);
	static const struct wanted wanted[] = {{ROW_0, 4, MANY, 6, MANY}};
	struct store_census census;
	char path[32];

	for (unsigned i = 0; i < MANY; i++) {
		dfs_value value = value_fixture_file(&(struct value_fixture_file){
			.owner = "a", .size = 4000, .object = i + 1, .counter = 5});

		value.body.dfs_body_u.manifest.content.holders = ROW_0;
		(void)snprintf(path, sizeof path, "/a/%06u", i);
		assert_int_equal(
			store_fixture_batch_value(batch, path, &ballot, &value, 0), 0);
		value_free(&value);
		if (i % 1000 == 999) {
			assert_int_equal(store_commit(batch), 0);
			batch = store_batch_new(fixture->store);
		}
	}
	store_batch_free(batch);
	census = take(fixture);
	expect_kept(&census, wanted, 1);
	assert_int_equal(census.owed_files, MANY);
	assert_int_equal(census.owed_bytes, MANY * UINT64_C(2000));
	assert_int_equal(census.unsettled, MANY);
	store_census_free(&census);
}

/*
 * More patterns than the table has places for; values that are checked cannot have so
 * many.
 */
static void put_pattern(struct store *store, unsigned number, uint32_t holders)
{
	char path[32];
	struct seal_entry entry = {.type = SEAL_REGISTER,
				   .path = path,
				   .path_len = (size_t)sprintf(path, "/p/%06u", number),
				   .kind = DFS_FILE,
				   .ballot = store_fixture_ballot(5),
				   .size = 4000,
				   .holders = holders,
				   .owner = "a",
				   .owner_len = 1,
				   .object_count = 1,
				   .objects[0] = store_fixture_id(number + 1)};
	struct index_register *reg = index_register_new(store->index, &entry);

	assert_non_null(reg);
	index_put_register(store->index, reg, TAILQ_FIRST(&store->segments.list));
	store->changes++;
}

static void test_a_full_table_tells_what_is_true_of_each(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_census census;
	uint64_t files = 0;

	/*
	 * Of the last ones the first server has chunk 1, the fourth chunk 4, and no other
	 * is sure.
	 */
	for (unsigned i = 0; i < DFS_KEPT_MAX - 1; i++)
		put_pattern(fixture->store, i, i);
	put_pattern(fixture->store, DFS_KEPT_MAX, 0x8013);
	census = take(fixture);
	assert_int_equal(census.kept_len, DFS_KEPT_MAX);
	assert_int_equal(find(&census, 0x8013, 4)->files, 1);
	put_pattern(fixture->store, DFS_KEPT_MAX + 1, 0x8201);
	put_pattern(fixture->store, DFS_KEPT_MAX + 2, 0x8401);
	put_pattern(fixture->store, DFS_KEPT_MAX + 3, 0x8013);
	put_pattern(fixture->store, DFS_KEPT_MAX + 4, 77); /* which has a place */
	take_again(fixture, &census);
	assert_int_equal(census.kept_len, DFS_KEPT_MAX);
	assert_int_equal(find(&census, 0x8001, 4)->files, 4);
	assert_int_equal(find(&census, 77, 4)->files, 2);
	for (uint32_t i = 0; i < census.kept_len; i++)
		files += census.kept[i].files;
	assert_int_equal(files, DFS_KEPT_MAX + 4);
	store_census_free(&census);
}

#define TEST(name, begin) cmocka_unit_test_setup_teardown(name, begin, heal_fixture_end)

/* ---- what was never brought ------------------------------------------------------ */

static int start_blaming(void **state)
{
	int rc = heal_fixture_start(state, 0, 60000);
	struct store_fixture *fixture = *state;

	fixture->rules.unbrought = true;
	store_fixture_reopen(fixture);
	for (uint64_t object = 901; object <= 904; object++)
		store_fixture_resize(object, 1000);
	return rc;
}

/* Of all files: lacking something that was here or may have been; and never brought. */
static void expect_lacking(struct store_fixture *fixture, uint64_t owing,
			   uint64_t unbrought)
{
	struct store_census census = {.counted = clock_wall_ns()};

	take_again(fixture, &census);
	assert_int_equal(census.owed_files, owing);
	for (uint32_t i = 0; i < census.kept_len; i++)
		unbrought -= census.kept[i].unbrought;
	assert_int_equal(unbrought, 0);
	store_census_free(&census);
}

/* A version of a file that names one object, and keeps another, or none (0). */
struct version {
	uint64_t object, kept;
	uint64_t counter;   /* at which it is accepted */
	uint64_t signed_at; /* by its writer */
	bool given;         /* does it give this server its pair, of both? */
	bool unsettled;
};

static void keep_earlier(dfs_value *value, uint64_t object)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	const struct value_fixture_file file = {
		.owner = "a", .size = 1000, .object = object, .counter = 1};
	dfs_value kept = value_fixture_file(&file);
	dfs_content *content = &kept.body.dfs_body_u.manifest.content;

	content->holders = manifest->content.holders;
	manifest->earlier.earlier_val = calloc(1, sizeof *manifest->earlier.earlier_val);
	assert_non_null(manifest->earlier.earlier_val);
	manifest->earlier.earlier_len = 1;
	manifest->earlier.earlier_val[0].content_version = kept.content_version;
	manifest->earlier.earlier_val[0].content = *content;
	*content = (dfs_content){.size = 0}; /* moved */
	value_free(&kept);
}

static void accept_kept(struct store_fixture *fixture, const struct version *version)
{
	const struct value_fixture_file file = {.owner = "a",
						.size = 1000,
						.object = version->object,
						.counter = version->counter};
	const dfs_ballot ballot = store_fixture_ballot(version->counter);
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_value value = value_fixture_file(&file);

	/* He says that it was proposed when there was nothing; his signature does not. */
	value.origin = store_fixture_ballot(1);
	value.proof.ballot = store_fixture_ballot(version->signed_at);
	value.body.dfs_body_u.manifest.content.holders =
		version->given ? ROW_0 : ROW_0 & ~0xf0U;
	value.body.dfs_body_u.manifest.content.row = 0;
	if (version->kept != 0)
		keep_earlier(&value, version->kept);
	assert_int_equal(store_fixture_batch_value(batch, "/a/x", &ballot, &value, 0), 0);
	assert_int_equal(store_commit(batch), 0);
	value_free(&value);
	if (!version->unsettled)
		store_fixture_settle(fixture->store, "/a/x", version->counter);
}

static void accept_version(struct store_fixture *fixture, uint64_t object,
			   uint64_t counter, uint64_t signed_at, bool given)
{
	accept_kept(fixture, &(struct version){.object = object,
					       .counter = counter,
					       .signed_at = signed_at,
					       .given = given});
}

static void test_8_7_what_was_given_and_never_was_here(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_register reg;

	accept_version(fixture, 901, 5, 5, true);
	expect_lacking(fixture, 0, 1);
	/* So it is after a start, and for whatever else is said of the same content. */
	store_fixture_reopen(fixture);
	expect_lacking(fixture, 0, 1);
	accept_version(fixture, 901, 7, 7, true);
	expect_lacking(fixture, 0, 1);
	/* What comes of it is here, and lost when it goes. */
	assert_int_equal(heal_fixture_content(fixture->store, 901, 2, LEN), 0);
	assert_int_equal(store_register(fixture->store, "/a/x", 4, &reg), 0);
	assert_int_equal(reg.missing, 4);
	assert_int_equal(reg.unbrought, 4);
	/* Another content is judged by itself. */
	assert_int_equal(heal_fixture_content(fixture->store, 902, OWN, LEN), 0);
	accept_version(fixture, 902, 9, 9, true);
	expect_lacking(fixture, 0, 0);
}

/* Who signs anew what gave this server nothing is to bring what it gives it now. */
static void test_8_7_what_is_given_later(void **state)
{
	struct store_fixture *fixture = *state;

	accept_version(fixture, 901, 5, 5, false);
	expect_lacking(fixture, 1, 0);
	accept_version(fixture, 901, 7, 7, true);
	expect_lacking(fixture, 0, 1);
	/* A server that corrects holders signs nothing. */
	accept_kept(fixture, &(struct version){902, 0, 8, 8, false, true});
	accept_version(fixture, 902, 9, 8, true);
	expect_lacking(fixture, 1, 0);
}

/* Is anything owed to this server? */
static bool owes_anything(struct store_fixture *fixture)
{
	struct store_owed *owed = calloc(1, sizeof *owed);
	bool owes;

	assert_non_null(owed);
	owes = store_next_owed(fixture->store, "", 0, owed) == 0;
	free(owed);
	return owes;
}

/* What was not brought stays that as an earlier version, and when it is named again. */
static void test_8_7_kept_and_named_again(void **state)
{
	struct store_fixture *fixture = *state;
	const dfs_id kept = store_fixture_object(901);

	assert_int_equal(heal_fixture_content(fixture->store, 902, OWN, LEN), 0);
	accept_version(fixture, 901, 5, 5, true);
	accept_kept(fixture, &(struct version){902, 901, 6, 6, true, false});
	expect_lacking(fixture, 0, 0);
	store_fixture_reopen(fixture);
	assert_true(owes_anything(fixture));
	store_judge_unbrought(fixture->store, &kept, true);
	assert_false(owes_anything(fixture));
	store_fixture_reopen(fixture);
	/* Signed when may be: it is known. */
	accept_version(fixture, 901, 7, 1, true);
	expect_lacking(fixture, 0, 1);
	store_fixture_reopen(fixture);
	expect_lacking(fixture, 0, 1);
}

/* Learned only with the value that keeps it. */
static void test_8_7_first_seen_as_an_earlier_version(void **state)
{
	struct store_fixture *fixture = *state;
	struct index_object *object;
	const dfs_id kept = store_fixture_object(901), here = store_fixture_object(903);

	assert_int_equal(heal_fixture_content(fixture->store, 902, OWN, LEN), 0);
	accept_kept(fixture, &(struct version){902, 901, 6, 6, true, false});
	object = index_find_object(fixture->store->index, &kept);
	assert_non_null(object);
	assert_int_equal(index_unbrought(object), CHUNKS_ALL);
	/* What is here came. */
	assert_int_equal(heal_fixture_content(fixture->store, 903, OWN, LEN), 0);
	accept_kept(fixture, &(struct version){902, 903, 7, 7, true, false});
	object = index_find_object(fixture->store->index, &here);
	assert_non_null(object);
	assert_int_equal(index_unbrought(object), 0);
}

/* Nobody is blamed for what may have been here. */
static void test_8_7_what_may_have_been_here(void **state)
{
	struct store_fixture *fixture = *state;

	/* It was here when the value came, though not all that the value gives now. */
	assert_int_equal(heal_fixture_content(fixture->store, 901, OWN, LEN), 0);
	accept_version(fixture, 901, 5, 5, false);
	accept_version(fixture, 901, 6, 6, true);
	expect_lacking(fixture, 0, 0);
	/* Was to have nothing; what others say of holders later is not the writer's. */
	accept_version(fixture, 902, 7, 7, false);
	accept_version(fixture, 902, 8, 7, true);
	expect_lacking(fixture, 1, 0);
	/* An older value that comes back: its content went from here. */
	accept_version(fixture, 903, 20, 6, true);
	expect_lacking(fixture, 1, 0);
	/* A lost disk had it, perhaps, if the value is older than the store. */
	(void)heal_fixture_begin(fixture);
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	accept_version(fixture, 904, 30, 25, true);
	expect_lacking(fixture, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_3_1_patterns, start),
		TEST(test_empty, start),
		TEST(test_3_1_spares_go_when_they_are_trimmed, start),
		TEST(test_3_7_abandoned, start),
		TEST(test_3_1_every_change_counts, start),
		TEST(test_3_6_a_count_stands_while_nothing_changes, start),
		TEST(test_3_1_the_same_after_a_start, start_merging),
		TEST(test_more_than_a_walk_holds_the_lock_for, start),
		TEST(test_a_full_table_tells_what_is_true_of_each, start),
		TEST(test_8_7_what_was_given_and_never_was_here, start_blaming),
		TEST(test_8_7_what_is_given_later, start_blaming),
		TEST(test_8_7_kept_and_named_again, start_blaming),
		TEST(test_8_7_first_seen_as_an_earlier_version, start_blaming),
		TEST(test_8_7_what_may_have_been_here, start_blaming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
