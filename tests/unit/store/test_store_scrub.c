/*
 * store/store_scrub and damage: damage is found, known by name, and mended for
 * good.
 */
#include "heal_fixture.h"

#include "ballot.h"
#include "placement.h"
#include "store_phase.h"
#include "store_scrub.h"
#include "store_survey.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { LEN = 40, FILES = 3 };

static int start(void **state)
{
	return heal_fixture_start(state, 0, 60000);
}

/* It merges only what needs no copying. */
static int start_cleaning(void **state)
{
	return heal_fixture_start(state, 64, 60000);
}

static void put_files(struct store_fixture *fixture)
{
	char path[32];

	for (unsigned i = 1; i <= FILES; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		assert_int_equal(store_fixture_put(fixture->store, path, i, 5, LEN), 0);
	}
}

/* A whole round. */
static struct store_scrubbed scrub(struct store_fixture *fixture)
{
	const struct store_scrub_position beginning = {0};
	struct store_scrub *scrub = store_scrub_new(fixture->store, &beginning);
	struct store_scrubbed found;

	assert_non_null(scrub);
	assert_int_equal(store_scrub_step(scrub, UINT64_MAX, &found), 0);
	assert_true(found.end);
	store_scrub_free(scrub);
	return found;
}

/* ---- finding ------------------------------------------------------------------- */

static void test_nothing_is_wrong(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_scrubbed found;

	put_files(fixture);
	found = scrub(fixture);
	/* The list of each segment, and of each file four units and a register. */
	assert_int_equal(found.records, 1 + 2 * FILES + 5 * FILES);
	assert_true(found.bytes > 4 * FILES * LEN);
	assert_int_equal(found.damaged, 0);
	assert_false(found.seal_damaged);
	/* What is overtaken is not read, nor what was dropped. */
	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 0, 6), 0);
	store_fixture_settle(fixture->store, "/a/1", 6);
	assert_int_equal(scrub(fixture).records, 1 + 2 * FILES + 5 * FILES + 1);
}

/* Step by step, each one with the position that a file might have kept. */
static void test_steps(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_scrub_position position = {0};
	uint64_t records = 0, bytes = 0, steps = 0;
	struct store_scrubbed all, found = {0};

	put_files(fixture);
	/* No notes of what is settled wait to be written. */
	store_fixture_reopen(fixture);
	all = scrub(fixture);
	while (!found.end) {
		struct store_scrub *scrub = store_scrub_new(fixture->store, &position);

		assert_int_equal(store_scrub_step(scrub, 1, &found), 0);
		store_scrub_position(scrub, &position);
		store_scrub_free(scrub);
		records += found.records;
		bytes += found.bytes;
		steps++;
		assert_true(steps < 1000);
		if (steps == 9)
			store_fixture_reopen(fixture);
	}
	/* A list is read again by each that goes on in its segment. */
	assert_true(records >= all.records && bytes >= all.bytes);
	assert_int_equal(position.lo, 0);
	/*
	 * By one that stays, each record once, one in a step, or with the list before it.
	 */
	struct store_scrub *scrub = store_scrub_new(fixture->store, &position);

	for (records = 0, bytes = 0, found.end = false; !found.end;) {
		assert_int_equal(store_scrub_step(scrub, 1, &found), 0);
		assert_true(found.records <= 2);
		records += found.records;
		bytes += found.bytes;
	}
	store_scrub_free(scrub);
	assert_int_equal(records, all.records);
	assert_int_equal(bytes, all.bytes);
}

/* Merges take segments away between the steps. */
static void test_steps_between_merges(void **state)
{
	struct store_fixture *fixture = *state;
	const struct store_scrub_position beginning = {0};
	struct store_scrub *scrub;
	struct store_scrubbed found = {0};

	fixture->rules.merge_fan = 2;
	store_fixture_reopen(fixture);
	put_files(fixture);
	scrub = store_scrub_new(fixture->store, &beginning);
	for (unsigned i = 1; !found.end; i++) {
		assert_int_equal(store_scrub_step(scrub, 1, &found), 0);
		assert_int_equal(found.damaged, 0);
		if (i > 12)
			continue;
		heal_fixture_fill(fixture, 3, i);
		heal_fixture_wait_segments(fixture, 2);
	}
	store_scrub_free(scrub);
	assert_int_equal(store_fixture_numbers(fixture).damaged, 0);
}

/* Is everything there, as it was stored? */
static bool all_is_good(struct store_fixture *fixture)
{
	struct store_register reg;
	dfs_value value;
	char path[32];
	bool good = true;

	for (unsigned i = 1; i <= FILES && good; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		good = store_value(fixture->store, path, strlen(path), &reg, &value) == 0;
		if (good)
			value_free(&value);
		for (uint64_t unit = 0; unit < 4 && good; unit++)
			good = store_fixture_unit(fixture->store, i, unit, LEN) == 0;
	}
	return good;
}

/*
 * Any byte of any segment, while the store has it open: either the damage is found, or
 * all that is stored is good.  At least so many bytes matter as all records have.
 */
static void test_every_byte(void **state)
{
	struct store_fixture *fixture = *state;
	char names[16][64], name[80], path[PATH_MAX];
	uint64_t found_bytes = 0, records = 0;
	size_t count;

	put_files(fixture);
	records = scrub(fixture).bytes / FILES;
	count = store_fixture_segments(fixture, names, 16);
	assert_int_equal(count, 1 + 2 * FILES);
	/* One of each kind: without records, content, registers. */
	for (size_t i = 0; i < 3; i++) {
		struct stat status;
		int fd;

		(void)snprintf(name, sizeof name, "seg/%.63s", names[i]);
		store_fixture_file(fixture, name, path);
		assert_int_equal(chmod(path, 0600), 0);
		fd = open(path, O_RDWR);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &status), 0);
		for (off_t at = 0; at < status.st_size; at++) {
			uint8_t byte, wrong;
			struct store_scrubbed found;

			/* It has been read before, and gdbm has it in its cache. */
			assert_true(all_is_good(fixture));
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			wrong = byte ^ (uint8_t)(1U << at % 8);
			assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
			found = scrub(fixture);
			found_bytes += found.damaged > 0;
			if (found.damaged == 0) {
				assert_int_equal(pwrite(fd, &byte, 1, at), 1);
				continue;
			}
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			/*
			 * What was found damaged stays so until it is mended, or a start.
			 */
			store_fixture_reopen(fixture);
		}
		close(fd);
	}
	assert_true(found_bytes > records);
}

static void test_damage_in_each_kind(void **state)
{
	struct store_fixture *fixture = *state;
	static const char owner[] = "\0\0\0\5admin";
	struct store_scrubbed found;
	struct store_register reg;
	struct store_found at;
	char names[16][64];

	put_files(fixture);
	heal_fixture_close(fixture);
	store_fixture_segments(fixture, names, 16);
	heal_fixture_damage_unit(fixture, 2, LEN);
	heal_fixture_damage(fixture, names[4], owner, sizeof owner - 1, 5);
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_numbers(fixture).damaged_registers, 0);
	assert_int_equal(store_next_damaged(fixture->store, NULL, 0, &at), ENOENT);
	found = scrub(fixture);
	assert_int_equal(found.damaged, 2);
	assert_false(found.seal_damaged);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL & ~4);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 2, LEN), EBADMSG);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 3, LEN), 0);
	assert_int_equal(store_register(fixture->store, "/a/2", 4, &reg), EBADMSG);
	assert_int_equal(store_fixture_numbers(fixture).damaged_registers, 1);
	assert_int_equal(store_next_damaged(fixture->store, NULL, 0, &at), 0);
	assert_int_equal(at.path_len, 4);
	assert_memory_equal(at.path, "/a/2", 4);
	assert_int_equal(at.reg.ballot.counter, 5);
	assert_int_equal(store_next_damaged(fixture->store, at.path, at.path_len, &at),
			 ENOENT);
	/* The list of a segment that is open is not read again, but by a scrub. */
	heal_fixture_damage(fixture, names[6], "dfsr", 4, 12);
	heal_fixture_damage(fixture, names[0], "dfsr", 4, 12);
	found = scrub(fixture);
	assert_true(found.seal_damaged);
	assert_true(found.damaged >= 3);
}

/* ---- mending ------------------------------------------------------------------- */

/* Damages chunk 3 of object 1, and has it found. */
static void damage_chunk(struct store_fixture *fixture, uint32_t len)
{
	heal_fixture_close(fixture);
	heal_fixture_damage_unit(fixture, 2, len);
	store_fixture_reopen(fixture);
	assert_int_equal(scrub(fixture).damaged, 1);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL & ~4);
}

/* It is there after starts, and its segment may be merged again. */
static void expect_mended(struct store_fixture *fixture, uint32_t len)
{
	for (int round = 0; round < 4; round++) {
		assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
		for (uint64_t unit = 0; unit < 4; unit++)
			assert_int_equal(store_fixture_unit(fixture->store, 1, unit, len),
					 0);
		assert_int_equal(scrub(fixture).damaged, 0);
		if (round == 1) {
			fixture->rules.merge_fan = 2;
			store_fixture_reopen(fixture);
			heal_fixture_wait_segments(fixture, 1);
		} else {
			store_fixture_reopen(fixture);
		}
	}
}

static bool is_gone(struct store_fixture *fixture, void *context)
{
	char names[32][64];
	size_t count = store_fixture_segments(fixture, names, 32);

	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], context) == 0)
			return false;
	return true;
}

/*
 * The next start would not know what is in it, and no scrub can read it: that content is
 * fetched anew, and when a recovery has made the segment one of before, it goes.
 */
static void test_3_8_content_under_a_list_that_cannot_be_read(void **state)
{
	struct store_fixture *fixture = *state;
	char names[16][64];
	struct store_scrubbed found;
	const char *why;

	put_files(fixture);
	store_fixture_segments(fixture, names, 16);
	/* That of the first file: 1 has what a store begins with. */
	heal_fixture_damage(fixture, names[1], "@seal", 5, 20);
	found = scrub(fixture);
	assert_true(found.seal_damaged);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), 0);
	assert_int_equal(heal_fixture_chunks(fixture->store, 2), CHUNKS_ALL);
	/* Until then who asks for it may have what is good of it. */
	assert_int_equal(store_fixture_unit(fixture->store, 1, 0, LEN), 0);
	heal_fixture_begin(fixture);
	for (uint64_t i = 1; i <= FILES; i++) {
		char path[16];

		(void)snprintf(path, sizeof path, "/a/%d", (int)i);
		heal_fixture_learn(fixture->store, path, i, 5);
	}
	assert_int_equal(store_recover_end(fixture->store, 1), 0);
	assert_int_equal(heal_fixture_content(fixture->store, 1, CHUNKS_ALL, LEN), 0);
	fixture->rules.merge_fan = 64; /* only what needs no copying */
	store_fixture_reopen(fixture);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
	assert_true(store_fixture_wait(is_gone, fixture, names[1]));
	assert_int_equal(scrub(fixture).damaged, 0);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 0, LEN), 0);
}

/*
 * The content of an empty file takes no space: its segment goes all the same, and is
 * left.
 */
static void test_3_8_nothing_is_left_in_a_segment_that_goes(void **state)
{
	struct store_fixture *fixture = *state;
	struct store *store = fixture->store;
	const dfs_share empty = store_fixture_share(20, 0, CHUNKS_ALL);
	const dfs_share full = store_fixture_share(1, 4, CHUNKS_ALL);
	static const uint8_t bytes[LEN];
	dfs_unit units[4];
	struct store_batch *batch = store_batch_new(store);
	char names[16][64];

	for (unsigned i = 0; i < 4; i++)
		units[i] = (dfs_unit){i, {LEN, bytes}};
	assert_int_equal(store_batch_content(batch, &empty, NULL, 0), 0);
	assert_int_equal(store_batch_content(batch, &full, units, 4), 0);
	assert_int_equal(store_commit(batch), 0);
	assert_int_equal(store_fixture_segments(fixture, names, 16), 2);
	assert_int_equal(store_fixture_accept(store, "/a/1", 1, 5), 0);
	assert_int_equal(store_fixture_accept(store, "/a/20", 20, 5), 0);
	heal_fixture_damage(fixture, names[1], "@seal", 5, 20);
	assert_true(scrub(fixture).seal_damaged);
	heal_fixture_begin(fixture);
	heal_fixture_learn(store, "/a/1", 1, 5);
	heal_fixture_learn(store, "/a/20", 20, 5);
	assert_int_equal(store_recover_end(store, 1), 0);
	assert_int_equal(store_fixture_numbers(fixture).objects, 2);
	assert_int_equal(heal_fixture_content(store, 1, CHUNKS_ALL, LEN), 0);
	assert_true(store_fixture_wait(is_gone, fixture, names[1]));
	assert_int_equal(store_fixture_numbers(fixture).objects, 1);
	assert_int_equal(heal_fixture_chunks(store, 20), 0);
	assert_int_equal(heal_fixture_chunks(store, 1), CHUNKS_ALL);
}

static void test_mended_content(void **state)
{
	struct store_fixture *fixture = *state;
	uint64_t newest;

	put_files(fixture);
	damage_chunk(fixture, LEN);
	/* Chunks that are good are not taken again, nor is the object's size. */
	assert_int_equal(heal_fixture_content(fixture->store, 1, 4, LEN), 0);
	newest = store_fixture_numbers(fixture).newest_segment;
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), CHUNKS_ALL);
	assert_int_equal(store_fixture_numbers(fixture).newest_segment, newest);
	assert_int_equal(store_fixture_numbers(fixture).objects, FILES);
	expect_mended(fixture, LEN);
}

/* All that the segment has of it is damaged. */
static void test_mended_wholly(void **state)
{
	struct store_fixture *fixture = *state;

	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 1, 5), 0);
	assert_int_equal(heal_fixture_content(fixture->store, 1, 4, LEN), 0);
	heal_fixture_close(fixture);
	heal_fixture_damage_unit(fixture, 2, LEN);
	store_fixture_reopen(fixture);
	assert_int_equal(scrub(fixture).damaged, 1);
	assert_int_equal(heal_fixture_chunks(fixture->store, 1), 0);
	assert_int_equal(heal_fixture_content(fixture->store, 1, CHUNKS_ALL, LEN), 0);
	expect_mended(fixture, LEN);
}

static void mend_by_upload(struct store_fixture *fixture, uint32_t len)
{
	struct store_uploads *uploads = store_uploads_new(fixture->store);
	struct store_batch *batch = store_batch_new(fixture->store);
	dfs_share share = store_fixture_share(1, 4, 4);

	store_uploads_are_repairs(uploads);
	assert_int_equal(store_fixture_upload(uploads, 1, 4, 4, len), 0);
	assert_int_equal(store_batch_upload(batch, uploads, &share), 0);
	assert_int_equal(store_commit(batch), 0);
	store_uploads_free(uploads);
}

static void test_mended_by_uploads(void **state)
{
	struct store_fixture *fixture = *state;

	put_files(fixture);
	damage_chunk(fixture, LEN);
	mend_by_upload(fixture, LEN);
	expect_mended(fixture, LEN);
}

static void test_mended_by_large_uploads(void **state)
{
	struct store_fixture *fixture = *state;

	fixture->rules.upload_in_memory = 1000;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_put(fixture->store, "/a/1", 1, 5, 5000), 0);
	damage_chunk(fixture, 5000);
	mend_by_upload(fixture, 5000);
	expect_mended(fixture, 5000);
}

/* What three accepted is learned again, at the ballot that is known. */
static void test_mended_register(void **state)
{
	struct store_fixture *fixture = *state;
	static const char owner[] = "\0\0\0\5admin";
	struct store_register reg;
	char names[16][64];
	dfs_value value;

	put_files(fixture);
	heal_fixture_close(fixture);
	store_fixture_segments(fixture, names, 16);
	heal_fixture_damage(fixture, names[2], owner, sizeof owner - 1, 5);
	store_fixture_reopen(fixture);
	assert_int_equal(scrub(fixture).damaged, 1);
	assert_int_equal(store_register(fixture->store, "/a/1", 4, &reg), EBADMSG);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 1, 5), 0);
	assert_int_equal(store_fixture_numbers(fixture).damaged_registers, 0);
	assert_int_equal(store_register(fixture->store, "/a/1", 4, &reg), 0);
	assert_true(reg.settled);
	assert_int_equal(store_value(fixture->store, "/a/1", 4, &reg, &value), 0);
	value_free(&value);
	expect_mended(fixture, LEN);
	assert_int_equal(store_value(fixture->store, "/a/1", 4, &reg, &value), 0);
	value_free(&value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_is_wrong, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_steps, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_steps_between_merges, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_every_byte, start, heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_damage_in_each_kind, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(
			test_3_8_content_under_a_list_that_cannot_be_read, start,
			heal_fixture_end),
		cmocka_unit_test_setup_teardown(
			test_3_8_nothing_is_left_in_a_segment_that_goes, start_cleaning,
			heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_mended_content, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_mended_wholly, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_mended_by_uploads, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_mended_by_large_uploads, start,
						heal_fixture_end),
		cmocka_unit_test_setup_teardown(test_mended_register, start,
						heal_fixture_end),
	};

	return cmocka_run_group_tests_name("store_scrub", tests, NULL, NULL);
}
