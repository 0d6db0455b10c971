/* server/scrubber: how fast it goes, when, and where it goes on. */
#include "scrubber.h"

#include "clock.h"
#include "scrubber_file.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES = 8, UNIT = 262144, PAUSES = 1000 };

/* A store with some MiB, and a thread whose pauses are only counted. */
struct place {
	struct store_fixture fixture;
	struct acceptor *acceptor;
	struct scrubber *scrubber;
	size_t limit; /* so many pauses, then it ends */
	int64_t pauses[PAUSES];
	size_t count;
	unsigned damaged, condemned;
};

static bool pause_for(void *context, int64_t ms)
{
	struct place *place = context;

	assert_true(ms >= 0);
	place->pauses[place->count++] = ms;
	return place->count < place->limit;
}

static void note_damaged(void *context)
{
	((struct place *)context)->damaged++;
}

static void note_condemned(void *context, const char *why)
{
	assert_true(strlen(why) > 20);
	((struct place *)context)->condemned++;
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	char name[32];

	assert_non_null(place);
	store_fixture_rules(&place->fixture);
	store_fixture_start(&place->fixture);
	for (unsigned i = 1; i <= FILES; i++) {
		(void)snprintf(name, sizeof name, "/ann/%u", i);
		assert_int_equal(
			store_fixture_put(place->fixture.store, name, i, i, UNIT), 0);
	}
	place->acceptor = acceptor_new(place->fixture.store, 1, &acceptor_rules_default);
	assert_non_null(place->acceptor);
	assert_int_equal(acceptor_vote(place->acceptor), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	scrubber_free(place->scrubber);
	acceptor_free(place->acceptor);
	store_fixture_end(&place->fixture);
	free(place);
	return 0;
}

/* Runs until so many pauses have been made, beginning where the file says. */
static dfs_scrubbing run(struct place *place, int64_t share, int64_t round_ms,
			 size_t pauses)
{
	dfs_scrubbing scrubbing;

	scrubber_free(place->scrubber);
	place->count = 0;
	place->limit = pauses;
	place->scrubber = scrubber_new(&(struct scrubber_options){
		.store = place->fixture.store,
		.acceptor = place->acceptor,
		.folder = place->fixture.folder,
		.share = share,
		.round_ms = round_ms,
		.calls = {place, note_damaged, note_condemned, pause_for}});
	assert_non_null(place->scrubber);
	assert_true(scrubber_start(place->scrubber));
	scrubber_stop(place->scrubber);
	scrubber_status(place->scrubber, &scrubbing);
	return scrubbing;
}

/* Steps of a MiB: so many until all is read, and one that finds the end. */
#define STEPS ((size_t)FILES / 2 + 2)

static int64_t sum_of(const struct place *place, size_t from, size_t to)
{
	int64_t sum = 0;

	for (size_t i = from; i < to; i++)
		sum += place->pauses[i];
	return sum;
}

/*
 * ---- how fast ------------------------------------------------------------------------
 */

static void test_a_round_takes_its_time(void **state)
{
	const int64_t round_ms = 100000000;
	struct place *place = *state;
	dfs_scrubbing scrubbing = run(place, 100, round_ms, 3);

	/* It begins at once, and does not read on without a pause. */
	assert_int_equal(place->pauses[0], 0);
	assert_true(place->pauses[1] > round_ms / 20);
	assert_true(place->pauses[1] < round_ms);
	assert_true(scrubbing.read >= 1 << 20 &&
		    scrubbing.read < scrubbing.of / 2 + UNIT);
	assert_true(scrubbing.began > 0);
	assert_int_equal(scrubbing.last_ended, 0);
}

static void test_a_share_of_the_time_is_kept_to(void **state)
{
	struct place *place = *state;
	int64_t began = clock_now_ms(), took, sum;

	/*
	 * The time of a round is no reason to wait here; the share is: 99 times what
	 * reading took.
	 */
	(void)run(place, 1, 1, STEPS);
	took = clock_now_ms() - began + 1;
	sum = sum_of(place, 1, place->count);
	assert_true(sum > 0);
	assert_true(sum <= 99 * took);
	/* All of it. */
	(void)run(place, 100, 1, STEPS);
	assert_true(sum_of(place, 1, place->count) <= 1);
}

/*
 * ---- when ----------------------------------------------------------------------------
 */

static void test_a_round_that_ended_waits_for_the_next(void **state)
{
	const int64_t round_ms = 100000000;
	struct place *place = *state;
	dfs_scrubbing scrubbing;
	size_t rounds = 0;

	/* As fast as it goes: the end of a round is at least once among so many steps. */
	scrubbing = run(place, 100, 1, 4 * STEPS);
	assert_true(scrubbing.last_ended > 0);
	assert_int_equal(scrubbing.found, 0);
	/* Where it is at the end it waits, also after a start; else it goes on. */
	for (size_t step = 0; rounds == 0 && step < 4 * STEPS; step++) {
		scrubbing = run(place, 100, round_ms, 2);
		rounds += scrubbing.last_ended >= scrubbing.began;
	}
	assert_int_equal(rounds, 1);
	uint64_t read = scrubbing.read;

	scrubbing = run(place, 100, round_ms, 1);
	assert_true(place->pauses[0] > round_ms / 2);
	assert_true(place->pauses[0] <= round_ms);
	assert_int_equal(scrubbing.read, read);
}

static void test_it_reads_only_while_the_server_votes(void **state)
{
	struct place *place = *state;

	acceptor_retire(place->acceptor, "a test");
	assert_int_equal(run(place, 100, 1, 5).read, 0);
	assert_int_equal(place->pauses[4], 1000);
}

/*
 * ---- where ---------------------------------------------------------------------------
 */

static void test_it_goes_on_where_it_was(void **state)
{
	struct place *place = *state;
	dfs_scrubbing first = run(place, 100, 100000000, 2), second;

	assert_true(first.read > 0);
	second = run(place, 100, 100000000, 2);
	assert_true(second.read > first.read);
	assert_int_equal(second.began, first.began);
}

static bool is_zero(const struct scrubber_state *state)
{
	const struct scrubber_state zero = {.read = 0};

	return memcmp(state, &zero, sizeof zero) == 0;
}

static void put_bytes(const char *file, const char *bytes, size_t len)
{
	FILE *stream = fopen(file, "wb");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, len, stream), len);
	assert_int_equal(fclose(stream), 0);
}

static void test_a_damaged_file_counts_as_none(void **state)
{
	const struct scrubber_state states[] = {
		{{0, 0, 0, 0}, 0, 0, 0, 0},
		{{1, 2, 3, 4}, 5, 6, 7, 8},
		{{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
		 UINT64_MAX,
		 UINT64_MAX,
		 INT64_MAX,
		 INT64_MAX},
	};
	struct place *place = *state;
	struct scrubber_state back;
	char file[PATH_MAX], bytes[600];
	size_t len;

	store_fixture_file(&place->fixture, "scrub", file);
	scrubber_file_read(file, &back);
	assert_true(is_zero(&back));
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		assert_int_equal(scrubber_file_write(file, &states[i]), 0);
		scrubber_file_read(file, &back);
		assert_memory_equal(&back, &states[i], sizeof back);
	}
	FILE *stream = fopen(file, "rb");
	assert_non_null(stream);
	len = fread(bytes, 1, sizeof bytes, stream);
	(void)fclose(stream);
	assert_in_range(len, 100, sizeof bytes - 1);
	for (size_t i = 0; i < len; i++) {
		put_bytes(file, bytes, i);
		scrubber_file_read(file, &back);
		assert_true(is_zero(&back));
		bytes[i] ^= 1;
		put_bytes(file, bytes, len);
		scrubber_file_read(file, &back);
		assert_true(is_zero(&back));
		bytes[i] ^= 1;
	}
	assert_int_not_equal(scrubber_file_write("/nowhere/at/all", &states[0]), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_round_takes_its_time),
		TEST(test_a_share_of_the_time_is_kept_to),
		TEST(test_a_round_that_ended_waits_for_the_next),
		TEST(test_it_reads_only_while_the_server_votes),
		TEST(test_it_goes_on_where_it_was),
		TEST(test_a_damaged_file_counts_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
