/* A store that is lost, damaged and mended. */
#include "heal_fixture.h"

#include "object.h"
#include "placement.h"
#include "store_phase.h"
#include "value.h"
#include "value_fixture.h"

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

int heal_fixture_start(void **state, size_t fan, int64_t grace_ms)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	fixture->rules.merge_fan = fan;
	fixture->rules.grace_ms = grace_ms;
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

int heal_fixture_end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

void heal_fixture_close(struct store_fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

/* ---- recovering -------------------------------------------------------------------- */

uint64_t heal_fixture_begin(struct store_fixture *fixture)
{
	struct store_numbers numbers;

	store_condemn(fixture->store, "Its peers remember another one.");
	assert_int_equal(store_recover_begin(fixture->store, 0), 0);
	store_get_numbers(fixture->store, &numbers);
	return numbers.newest_segment;
}

dfs_ballot heal_fixture_ballot(uint64_t counter)
{
	dfs_ballot ballot = store_fixture_ballot(counter);

	ballot.epoch = 1;
	return ballot;
}

void heal_fixture_learn(struct store *store, const char *path, uint64_t object,
			uint64_t counter)
{
	const struct value_fixture_file file = {
		.owner = "a", .size = 1000, .object = object, .counter = counter};
	dfs_value value = object == 0 ? value_fixture_tombstone(counter)
				      : value_fixture_file(&file);
	struct store_batch *batch = store_batch_new(store);
	dfs_ballot ballot = heal_fixture_ballot(counter);

	assert_non_null(batch);
	assert_int_equal(store_fixture_batch_value(batch, path, &ballot, &value, 0), 0);
	value_free(&value);
	assert_int_equal(store_commit(batch), 0);
	store_settled(store, path, strlen(path), &ballot);
}

/* ---- content ----------------------------------------------------------------------- */

int heal_fixture_content(struct store *store, uint64_t object, unsigned chunks,
			 uint32_t len)
{
	struct store_batch *batch = store_batch_new(store);
	dfs_content content = {0};
	dfs_share share;
	uint8_t *bytes = malloc(4 * (size_t)len + 1);
	dfs_unit units[4];
	size_t count = 0;
	int rc;

	assert_non_null(batch);
	assert_non_null(bytes);
	store_fixture_content(object, &content);
	share = object_share(&content, chunks);
	for (unsigned unit = 0; unit < 4; unit++) {
		memset(bytes + unit * (size_t)len, (int)unit + 1, len);
		if (chunks & 1U << unit)
			units[count++] =
				(dfs_unit){.number = unit,
					   .data = {len, bytes + unit * (size_t)len}};
	}
	rc = store_batch_content(batch, &share, units, count);
	free(bytes);
	if (rc == 0)
		return store_commit(batch);
	store_batch_free(batch);
	return rc;
}

void heal_fixture_file(struct store *store, const char *path, uint64_t object,
		       uint64_t counter, unsigned given)
{
	const struct value_fixture_file file = {
		.owner = "a", .size = 1000, .object = object, .counter = counter};
	dfs_value value = value_fixture_file(&file);
	uint32_t *holders = &value.body.dfs_body_u.manifest.content.holders;

	*holders &= ~(uint32_t)0xf0;
	*holders = placement_hold(*holders, 2, given);
	assert_int_equal(value_fixture_accept(store, path, value, 0), 0);
	store_fixture_settle(store, path, counter);
}

unsigned heal_fixture_chunks(struct store *store, uint64_t object)
{
	dfs_id id = store_fixture_object(object);

	return store_chunks(store, &id);
}

/* ---- merging ----------------------------------------------------------------------- */

static bool few_segments(struct store_fixture *fixture, void *context)
{
	struct store_numbers numbers;

	store_get_numbers(fixture->store, &numbers);
	return numbers.segments <= *(uint64_t *)context;
}

void heal_fixture_wait_segments(struct store_fixture *fixture, uint64_t most)
{
	assert_true(store_fixture_wait(few_segments, fixture, &most));
}

void heal_fixture_fill(struct store_fixture *fixture, unsigned count, uint64_t counter)
{
	char path[32];

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(path, sizeof path, "/fill/%u", i);
		assert_int_equal(store_fixture_accept(fixture->store, path, 0, counter),
				 0);
	}
}

/* ---- damage ------------------------------------------------------------------------ */

/* false: the pattern is not there. */
static bool damage(struct store_fixture *fixture, const char *segment,
		   const void *pattern, size_t len, size_t at)
{
	char name[128], path[PATH_MAX];
	struct stat status;
	uint8_t *bytes, *found;
	int fd;

	(void)snprintf(name, sizeof name, "seg/%.64s", segment);
	store_fixture_file(fixture, name, path);
	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	bytes = malloc((size_t)status.st_size);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)status.st_size, 0), status.st_size);
	found = memmem(bytes, (size_t)status.st_size, pattern, len);
	if (found) {
		found[at] ^= 0x10;
		assert_int_equal(pwrite(fd, bytes, (size_t)status.st_size, 0),
				 status.st_size);
	}
	close(fd);
	free(bytes);
	return found != NULL;
}

void heal_fixture_damage(struct store_fixture *fixture, const char *segment,
			 const void *pattern, size_t len, size_t at)
{
	assert_true(damage(fixture, segment, pattern, len, at));
}

void heal_fixture_damage_unit(struct store_fixture *fixture, unsigned unit, uint32_t len)
{
	static char names[256][64];
	size_t count = store_fixture_segments(fixture, names, 256);
	uint8_t *pattern = malloc(len);
	bool found = false;

	assert_non_null(pattern);
	memset(pattern, (int)unit + 1, len);
	for (size_t i = 0; i < count && !found; i++)
		found = damage(fixture, names[i], pattern, len, len / 2);
	free(pattern);
	assert_true(found);
}
