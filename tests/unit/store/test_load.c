/* store/load: what a start makes of a folder, and what damage does to it. */
#include "store_fixture.h"

#include "ballot.h"
#include "batch.h"
#include "placement.h"
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { FILES = 6, LEN = 40 };

/*
 * Six small files, not merged: segments 1 (empty), then stage, accept, stage, accept, ...
 */
static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);
	char path[32];

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.merge_fan = 0;
	store_fixture_start(fixture);
	for (unsigned i = 1; i <= FILES; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		assert_int_equal(store_fixture_stage(fixture->store, path, i, 5, LEN), 0);
		assert_int_equal(store_fixture_accept(fixture->store, path, i, 5), 0);
	}
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

static void close_store(struct store_fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

static const char *segment_path(struct store_fixture *fixture, unsigned number, char *buf)
{
	char name[64];

	(void)snprintf(name, sizeof name, "seg/%015u-%015u.gdbm", number, number);
	return store_fixture_file(fixture, name, buf);
}

static void expect_recovering(struct store_fixture *fixture, const char *word)
{
	const char *why = "";

	store_fixture_reopen(fixture);
	assert_false(store_whole(fixture->store, &why));
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
	assert_int_equal(store_fixture_accept(fixture->store, "/new", 0, 9), EIO);
}

/* How many units of all files can be read; each is right, or is said to be damaged. */
static unsigned good_units(struct store_fixture *fixture)
{
	unsigned good = 0;

	for (unsigned i = 1; i <= FILES; i++)
		for (unsigned unit = 0; unit < 4; unit++) {
			int rc = store_fixture_unit(fixture->store, i, unit, LEN);

			assert_true(rc == 0 || rc == EBADMSG || rc == ENOENT ||
				    rc == ENXIO);
			good += rc == 0;
		}
	return good;
}

/* The same for values. */
static unsigned good_values(struct store_fixture *fixture)
{
	unsigned good = 0;

	for (unsigned i = 1; i <= FILES; i++) {
		struct store_register reg;
		dfs_value value;
		char path[32];
		int rc;

		(void)snprintf(path, sizeof path, "/a/%u", i);
		rc = store_value(fixture->store, path, strlen(path), &reg, &value);
		assert_true(rc == 0 || rc == EBADMSG || rc == ENOENT);
		if (rc == 0) {
			dfs_id id = store_fixture_maker(i);

			assert_true(id_equal(
				&value.body.dfs_body_u.manifest.content.maker, &id));
			value_free(&value);
			good++;
		}
		if (rc == EBADMSG)
			assert_int_equal(
				store_register(fixture->store, path, strlen(path), &reg),
				EBADMSG);
	}
	return good;
}

/* Leaves in the store one segment, as a program of that version writes it. */
static void write_as(struct store_fixture *fixture, unsigned version)
{
	struct seal_head head = {.server = fixture->options.server,
				 .cluster = fixture->options.cluster,
				 .store = store_fixture_id(1)};
	struct segment_image *image = segment_image_in_memory(1);
	struct pack_out none = {0}, seal = {0};
	struct store_record *record;
	struct frame_key key;
	char folder[PATH_MAX];
	int fd;

	seal_put(&seal, &head, 0, &none);
	assert_int_equal(seal.bytes[3], SEAL_VERSION);
	seal.bytes[3] = (uint8_t)version;
	frame_key_seal(&key);
	record = store_record_new(FRAME_SEAL, &key, seal.bytes, seal.len);
	assert_int_equal(segment_image_add(image, &key, record->frame, record->len), 0);
	fd = open(store_fixture_file(fixture, "seg", folder), O_RDONLY | O_DIRECTORY);
	assert_int_equal(segment_image_seal(image, fd,
					    "000000000000001-000000000000001.gdbm", true),
			 0);
	close(fd);
	segment_image_free(image);
	store_record_free_all(record);
	pack_free(&seal);
}

/* Nothing of the store of another version is guessed at. */
static void test_8_17_another_version_is_told(void **state)
{
	struct store_fixture *fixture = *state;
	static const char *const words[] = {
		"older version of this program, and is left as it is: carry the files "
		"over: \"get -r\" with the older programs, \"put -r\" with these",
		"newer version of this program: run that one."};
	const unsigned versions[] = {SEAL_VERSION - 1, SEAL_VERSION + 1};
	struct store *store = NULL;
	char path[PATH_MAX];

	close_store(fixture);
	for (unsigned i = 1; i <= 1 + 2 * FILES; i++)
		assert_int_equal(unlink(segment_path(fixture, i, path)), 0);
	for (unsigned i = 0; i < 2; i++) {
		write_as(fixture, versions[i]);
		assert_int_equal(store_open(&fixture->options, &store, fixture->why,
					    sizeof fixture->why),
				 EPROTO);
		assert_non_null(strstr(fixture->why, words[i]));
		assert_int_equal(unlink(segment_path(fixture, 1, path)), 0);
	}
}

static void test_1_6_segment_removed(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	char path[PATH_MAX];
	const char *why;

	close_store(fixture);
	assert_int_equal(unlink(segment_path(fixture, 4, path)), 0);
	expect_recovering(fixture, "Segments 4 to 4 are missing");
	/* Segment 4 had the content of the second file. */
	assert_int_equal(good_units(fixture), 4 * (FILES - 1));
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.newest_segment, 1 + 2 * FILES);
	/* The newest one only peers can miss. */
	close_store(fixture);
	store_fixture_end(fixture);
	start(state);
	free(fixture);
	fixture = *state;
	close_store(fixture);
	assert_int_equal(unlink(segment_path(fixture, 1 + 2 * FILES, path)), 0);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
}

static void test_1_6_folder_emptied(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	struct stat status;
	char path[PATH_MAX];

	close_store(fixture);
	for (unsigned i = 1; i <= 1 + 2 * FILES; i++)
		assert_int_equal(unlink(segment_path(fixture, i, path)), 0);
	expect_recovering(fixture, "empty");
	store_get_numbers(fixture->store, &numbers);
	assert_true(id_is_zero(&numbers.id));
	assert_int_equal(good_units(fixture), 0);
	/* And with the folders gone, too. */
	close_store(fixture);
	assert_int_equal(rmdir(store_fixture_file(fixture, "seg", path)), 0);
	assert_int_equal(rmdir(store_fixture_file(fixture, "tmp", path)), 0);
	expect_recovering(fixture, "empty");
	/* And with the store's own. */
	close_store(fixture);
	assert_int_equal(unlink(store_fixture_file(fixture, "lock", path)), 0);
	assert_int_equal(rmdir(store_fixture_file(fixture, "seg", path)), 0);
	assert_int_equal(rmdir(store_fixture_file(fixture, "tmp", path)), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
	expect_recovering(fixture, "folder was gone");
	assert_int_equal(stat(fixture->folder, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	close_store(fixture);
	expect_recovering(fixture, "segments are gone");
}

static void test_first_segments_removed(void **state)
{
	struct store_fixture *fixture = *state;
	char path[PATH_MAX];

	close_store(fixture);
	assert_int_equal(unlink(segment_path(fixture, 1, path)), 0);
	expect_recovering(fixture, "Segments 1 to 1 are missing");
	assert_int_equal(good_units(fixture), 4 * FILES);
}

static void test_segment_of_another_store(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_fixture other = {.options.rules = &fixture->rules};
	char path[PATH_MAX], other_path[PATH_MAX];

	store_fixture_start(&other);
	assert_int_equal(store_fixture_accept(other.store, "/b/x", 0, 7), 0);
	close_store(fixture);
	close_store(&other);
	segment_path(fixture, 1 + 2 * FILES, path);
	assert_int_equal(unlink(path), 0);
	segment_path(&other, 2, other_path);
	assert_int_equal(rename(other_path, path), 0);
	expect_recovering(fixture, "another store");
	store_fixture_end(&other);
}

static void test_tmp_and_foreign_files(void **state)
{
	struct store_fixture *fixture = *state;
	char path[PATH_MAX];
	struct stat status;
	const char *why;

	close_store(fixture);
	assert_int_equal(
		close(open(store_fixture_file(fixture, "tmp/0000000000000001", path),
			   O_CREAT | O_WRONLY, 0600)),
		0);
	assert_int_equal(close(open(store_fixture_file(fixture, "seg/notes.txt", path),
				    O_CREAT | O_WRONLY, 0600)),
			 0);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	assert_int_equal(
		stat(store_fixture_file(fixture, "tmp/0000000000000001", path), &status),
		-1);
	assert_int_equal(good_units(fixture), 4 * FILES);
}

/* Gives a segment a copy that says to cover a range. */
static void copy_as(struct store_fixture *fixture, unsigned number, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	segment_path(fixture, number, from);
	assert_int_equal(link(from, store_fixture_file(fixture, name, to)), 0);
}

static void test_overlap(void **state)
{
	struct store_fixture *fixture = *state;

	close_store(fixture);
	copy_as(fixture, 4, "seg/000000000000004-000000000000005.gdbm");
	copy_as(fixture, 5, "seg/000000000000005-000000000000006.gdbm");
	expect_recovering(fixture, "overlaps");
}

static void test_covered_segments_go(void **state)
{
	struct store_fixture *fixture = *state;
	char path[PATH_MAX];
	struct stat status;
	const char *why;

	/* As if a merge of 12 and 13 had left out all but what 13 has, and then died. */
	close_store(fixture);
	copy_as(fixture, 13, "seg/000000000000012-000000000000013.gdbm");
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	assert_int_equal(good_values(fixture), FILES);
	assert_int_equal(good_units(fixture), 4 * (FILES - 1));
	assert_int_equal(stat(segment_path(fixture, 12, path), &status), -1);
	assert_int_equal(stat(segment_path(fixture, 13, path), &status), -1);
}

static void test_broken_rule_covered_segments_stay(void **state)
{
	struct store_fixture *fixture = *state;

	close_store(fixture);
	fixture->rules.drop_covered = false;
	copy_as(fixture, 13, "seg/000000000000012-000000000000013.gdbm");
	store_fixture_reopen(fixture);
	/* What the merge had left out is back. */
	assert_int_equal(good_units(fixture), 4 * FILES);
}

/* Overwrites the bytes of a segment that are equal to the pattern's first occurrence. */
static void damage_pattern(struct store_fixture *fixture, unsigned number,
			   const void *pattern, size_t len, size_t at)
{
	char path[PATH_MAX];
	struct stat status;
	uint8_t *bytes, *found;
	int fd;

	segment_path(fixture, number, path);
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	bytes = malloc((size_t)status.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)status.st_size, 0), status.st_size);
	found = memmem(bytes, (size_t)status.st_size, pattern, len);
	assert_non_null(found);
	found[at] ^= 0x10;
	assert_int_equal(pwrite(fd, bytes, (size_t)status.st_size, 0), status.st_size);
	close(fd);
	free(bytes);
}

static void test_1_6_damaged_unit(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	uint8_t pattern[LEN];
	const char *why;

	close_store(fixture);
	memset(pattern, 3, sizeof pattern);
	damage_pattern(fixture, 2, pattern, sizeof pattern, 7);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	assert_int_equal(store_fixture_unit(fixture->store, 1, 2, LEN), EBADMSG);
	assert_int_equal(store_fixture_unit(fixture->store, 1, 2, LEN), EBADMSG);
	assert_int_equal(good_units(fixture), 4 * FILES - 1);
	store_get_numbers(fixture->store, &numbers);
	assert_true(numbers.damaged >= 1);
	/* The vote goes on. */
	assert_int_equal(good_values(fixture), FILES);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 0, 6), 0);
}

static void test_1_6_damaged_register(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_numbers numbers;
	struct store_register reg;
	static const char pattern[] = "\0\0\0\5admin";
	struct store_found at;
	const char *why;

	close_store(fixture);
	damage_pattern(fixture, 3, pattern, sizeof pattern - 1, 5);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	/* Not read yet, it is not known to be damaged. */
	assert_int_equal(store_register(fixture->store, "/a/1", 4, &reg), 0);
	assert_int_equal(good_values(fixture), FILES - 1);
	assert_int_equal(store_register(fixture->store, "/a/1", 4, &reg), EBADMSG);
	store_get_numbers(fixture->store, &numbers);
	assert_int_equal(numbers.damaged, 1);
	/* It is listed with the ballot of @seal, and a newer value mends it. */
	assert_int_equal(store_next(fixture->store, NULL, 0, &at), 0);
	assert_int_equal(at.reg.ballot.counter, 5);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/1", 0, 6), 0);
	assert_int_equal(store_register(fixture->store, "/a/1", 4, &reg), 0);
	assert_int_equal(reg.ballot.counter, 6);
}

/* Any byte of a segment: a start ends, and nothing wrong is ever returned. */
static void damage_each_byte(struct store_fixture *fixture, unsigned number,
			     unsigned step)
{
	char path[PATH_MAX];
	struct stat status;
	int fd;

	close_store(fixture);
	segment_path(fixture, number, path);
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	for (off_t at = number; at < status.st_size; at += step) {
		uint8_t byte, wrong;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		wrong = byte ^ (uint8_t)(1U << at % 8);
		assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
		store_fixture_reopen(fixture);
		assert_true(good_units(fixture) >= 4 * (FILES - 1));
		assert_true(good_values(fixture) >= FILES - 1);
		close_store(fixture);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	store_fixture_reopen(fixture);
	assert_int_equal(good_units(fixture), 4 * FILES);
	assert_int_equal(good_values(fixture), FILES);
}

static void test_1_6_any_byte_of_content(void **state)
{
	damage_each_byte(*state, 6, 3);
}

static void test_1_6_any_byte_of_register(void **state)
{
	damage_each_byte(*state, 7, 3);
}

/* A segment with damage in it is not merged: what is still good in it stays. */
static bool is_merged(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments <= 5;
}

static bool is_one(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	(void)context;
	store_get_numbers(fixture->store, &numbers);
	return numbers.segments == 1;
}

static void test_damage_survives_merging(void **state)
{
	struct store_fixture *fixture = *state;
	uint8_t pattern[LEN];

	close_store(fixture);
	memset(pattern, 3, sizeof pattern);
	damage_pattern(fixture, 6, pattern, sizeof pattern, 7);
	fixture->rules.merge_fan = 2;
	store_fixture_reopen(fixture);
	assert_true(store_fixture_wait(is_merged, fixture, NULL));
	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_fixture_unit(fixture->store, 3, 2, LEN), EBADMSG);
		assert_int_equal(good_units(fixture), 4 * FILES - 1);
		assert_int_equal(good_values(fixture), FILES);
		store_fixture_reopen(fixture);
	}
}

/* Once nothing in it is alive, a damaged segment goes like others. */
static void test_damage_goes_with_its_content(void **state)
{
	struct store_fixture *fixture = *state;
	uint8_t pattern[LEN];
	char path[32];

	close_store(fixture);
	memset(pattern, 3, sizeof pattern);
	damage_pattern(fixture, 6, pattern, sizeof pattern, 7);
	fixture->rules.grace_ms = 1;
	store_fixture_reopen(fixture);
	assert_int_equal(store_fixture_unit(fixture->store, 3, 2, LEN), EBADMSG);
	assert_int_equal(store_fixture_accept(fixture->store, "/a/3", 0, 6), 0);
	store_fixture_settle(fixture->store, "/a/3", 6);
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof path, "/b/%u", i);
		assert_int_equal(store_fixture_accept(fixture->store, path, 0, 6), 0);
	}
	fixture->rules.merge_fan = 2;
	store_fixture_reopen(fixture);
	assert_true(store_fixture_wait(is_one, fixture, NULL));
	assert_int_equal(good_units(fixture), 4 * (FILES - 1));
}

/* Segments by the hundred; descriptors for a few dozen of them. */
static void test_9_25_a_start_needs_few_descriptors(void **state)
{
	struct store_fixture *fixture = *state;
	struct rlimit limit, few;
	const char *why;
	char path[32];

	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(path, sizeof path, "/b/%u", i);
		assert_int_equal(store_fixture_accept(fixture->store, path, 0, 5), 0);
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = 48;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	store_fixture_reopen(fixture);
	assert_true(store_whole(fixture->store, &why));
	assert_true(store_fixture_numbers(fixture).segments > 300);
	for (unsigned i = 1; i <= FILES; i++)
		assert_int_equal(store_fixture_unit(fixture->store, i, 0, LEN), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_9_25_a_start_needs_few_descriptors,
						start, end),
		cmocka_unit_test_setup_teardown(test_8_17_another_version_is_told, start,
						end),
		cmocka_unit_test_setup_teardown(test_1_6_segment_removed, start, end),
		cmocka_unit_test_setup_teardown(test_1_6_folder_emptied, start, end),
		cmocka_unit_test_setup_teardown(test_first_segments_removed, start, end),
		cmocka_unit_test_setup_teardown(test_segment_of_another_store, start,
						end),
		cmocka_unit_test_setup_teardown(test_tmp_and_foreign_files, start, end),
		cmocka_unit_test_setup_teardown(test_overlap, start, end),
		cmocka_unit_test_setup_teardown(test_covered_segments_go, start, end),
		cmocka_unit_test_setup_teardown(test_broken_rule_covered_segments_stay,
						start, end),
		cmocka_unit_test_setup_teardown(test_1_6_damaged_unit, start, end),
		cmocka_unit_test_setup_teardown(test_1_6_damaged_register, start, end),
		cmocka_unit_test_setup_teardown(test_1_6_any_byte_of_content, start, end),
		cmocka_unit_test_setup_teardown(test_1_6_any_byte_of_register, start,
						end),
		cmocka_unit_test_setup_teardown(test_damage_survives_merging, start, end),
		cmocka_unit_test_setup_teardown(test_damage_goes_with_its_content, start,
						end),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
