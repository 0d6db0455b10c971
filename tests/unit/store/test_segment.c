/*
 * store/segment and segment_image: what was built is read back; whatever byte of the
 * file is damaged, a read gives the right bytes or none, and ends.
 */
#include "segment.h"
#include "segment_image.h"

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

struct folder {
	char path[128];
	int fd;
};

static int start(void **state)
{
	struct folder *folder = calloc(1, sizeof *folder);
	const char *base = getenv("TMPDIR");

	assert_non_null(folder);
	(void)snprintf(folder->path, sizeof folder->path, "%s/dfs-segment-XXXXXX",
		       base ? base : "/tmp");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY);
	assert_true(folder->fd >= 0);
	*state = folder;
	return 0;
}

static int end(void **state)
{
	struct folder *folder = *state;

	close(folder->fd);
	assert_int_equal(rmdir(folder->path), 0);
	free(folder);
	return 0;
}

/* Unit i of an object, of a length and with bytes that depend on i. */
static uint8_t *make_unit(uint64_t i, size_t most, struct frame_key *key, size_t *ret_len)
{
	dfs_id object = {{5}};
	size_t data_len = (size_t)(i * 7919 % most);
	uint8_t *data = malloc(data_len + 1), *frame;

	assert_non_null(data);
	memset(data, (int)i, data_len);
	frame_key_unit(key, &object, i);
	*ret_len = frame_size(key->len, data_len);
	frame = malloc(*ret_len);
	assert_non_null(frame);
	frame_pack(frame, FRAME_UNIT, key, data, data_len);
	free(data);
	return frame;
}

static void fill(struct segment_image *image, uint64_t from, uint64_t to, size_t most)
{
	struct frame_key key;
	size_t len;

	for (uint64_t i = from; i < to; i++) {
		uint8_t *frame = make_unit(i, most, &key, &len);

		assert_int_equal(segment_image_add(image, &key, frame, len), 0);
		assert_int_equal(segment_image_add(image, &key, frame, len), EEXIST);
		free(frame);
	}
}

/* 0 when it is right; never other bytes. */
static int read_unit(struct segment *segment, uint64_t i, size_t most)
{
	struct frame_key key;
	size_t len, wanted_len;
	uint8_t *wanted = make_unit(i, most, &key, &wanted_len);
	void *record;
	dfs_bytes data;
	int rc = segment_fetch(segment, &key, &record, &len);

	if (rc == 0) {
		if (!frame_unpack(record, len, FRAME_UNIT, &key, &data))
			rc = EBADMSG;
		else if (len != wanted_len || memcmp(record, wanted, len) != 0)
			rc = ERANGE;
		free(record);
	}
	free(wanted);
	return rc;
}

static void check_all(struct folder *folder, uint64_t count, size_t most)
{
	struct segment_cache *cache = segment_cache_new(folder->fd, 1);
	struct segment *segment = segment_new(cache, 3, 7, 0);

	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(read_unit(segment, i, most), 0);
	assert_int_equal(read_unit(segment, count, most), ENOENT);
	segment_unref(segment);
	segment_cache_free(cache);
}

static void publish(struct folder *folder, struct segment_image *image)
{
	char name[SEGMENT_NAME];

	assert_int_equal(renameat(folder->fd, segment_image_file(image), folder->fd,
				  segment_name(3, 7, name)),
			 0);
}

static void drop(struct folder *folder)
{
	char name[SEGMENT_NAME];

	assert_int_equal(unlinkat(folder->fd, segment_name(3, 7, name), 0), 0);
}

static void build(struct folder *folder, struct segment_image *image, uint64_t count,
		  size_t most)
{
	struct stat status;
	char name[SEGMENT_NAME];

	assert_non_null(image);
	fill(image, 0, count, most);
	assert_int_equal(segment_image_seal(image, folder->fd, "new", true), 0);
	publish(folder, image);
	segment_image_free(image);
	assert_int_equal(fstatat(folder->fd, segment_name(3, 7, name), &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
}

static void test_names(void **state)
{
	char name[SEGMENT_NAME];
	uint64_t lo, hi;

	(void)state;
	assert_string_equal(segment_name(1, 20, name),
			    "000000000000001-000000000000020.gdbm");
	assert_true(segment_parse_name(name, &lo, &hi));
	assert_int_equal(lo, 1);
	assert_int_equal(hi, 20);
	assert_false(segment_parse_name("000000000000001-000000000000020.gdb", &lo, &hi));
	assert_false(
		segment_parse_name("000000000000021-000000000000020.gdbm", &lo, &hi));
	assert_false(
		segment_parse_name("000000000000000-000000000000020.gdbm", &lo, &hi));
	assert_false(
		segment_parse_name("00000000000001-0000000000000020.gdbm", &lo, &hi));
	assert_false(segment_parse_name("", &lo, &hi));
}

static void test_in_memory(void **state)
{
	static const struct {
		uint64_t count;
		size_t most;
	} sizes[] = {{0, 1}, {1, 100}, {40, 300}, {3000, 50}, {200, 70000}};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		build(*state, segment_image_in_memory((size_t)sizes[i].count),
		      sizes[i].count, sizes[i].most);
		check_all(*state, sizes[i].count, sizes[i].most);
		drop(*state);
	}
}

static void test_in_file(void **state)
{
	struct folder *folder = *state;
	struct segment_image *image = segment_image_in_file(folder->fd, "upload");

	build(folder, image, 1500, 30000);
	check_all(folder, 1500, 30000);
	drop(folder);
	/* One that is given up leaves nothing. */
	image = segment_image_in_file(folder->fd, "upload");
	assert_non_null(image);
	fill(image, 0, 20, 1000);
	segment_image_free(image);
}

static void test_reads_go_on_after_unlink(void **state)
{
	struct folder *folder = *state;
	struct segment_cache *cache = segment_cache_new(folder->fd, 1);
	struct segment *segment = segment_new(cache, 3, 7, 0);

	build(folder, segment_image_in_memory(40), 40, 300);
	assert_int_equal(segment_retire(segment, true), 0);
	drop(folder);
	for (uint64_t i = 0; i < 40; i++)
		assert_int_equal(read_unit(segment, i, 300), 0);
	segment_unref(segment);
	segment = segment_new(cache, 3, 7, 0);
	assert_int_equal(segment_retire(segment, false), 0);
	assert_int_equal(read_unit(segment, 0, 300), ESTALE);
	segment_unref(segment);
	/* What stays after all is closed and opened again as before. */
	segment = segment_new(cache, 3, 7, 0);
	build(folder, segment_image_in_memory(40), 40, 300);
	assert_int_equal(segment_retire(segment, true), 0);
	segment_keep(segment);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(read_unit(segment, 0, 300), 0);
		segment_close(segment);
	}
	drop(folder);
	segment_unref(segment);
	/* One that is missing without that is damage. */
	segment = segment_new(cache, 3, 7, 0);
	assert_int_equal(read_unit(segment, 0, 300), EBADMSG);
	segment_unref(segment);
	segment_cache_free(cache);
}

static void check_damaged(struct folder *folder, uint64_t count, size_t most)
{
	struct segment_cache *cache = segment_cache_new(folder->fd, 1);
	struct segment *segment = segment_new(cache, 3, 7, 0);

	for (uint64_t i = 0; i < count; i++) {
		int rc = read_unit(segment, i, most);

		assert_true(rc == 0 || rc == EBADMSG || rc == ENOENT);
	}
	segment_unref(segment);
	segment_cache_free(cache);
}

/* Opens the sealed file for writing, as no product does. */
static int open_sealed(struct folder *folder)
{
	char name[SEGMENT_NAME];
	int fd;

	segment_name(3, 7, name);
	assert_int_equal(fchmodat(folder->fd, name, 0600, 0), 0);
	fd = openat(folder->fd, name, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

static void damage_everywhere(struct folder *folder, uint64_t count, size_t most)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	int fd = open_sealed(folder);
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	for (off_t at = 0; at < status.st_size; at++)
		for (size_t i = 0; i < sizeof masks; i++) {
			uint8_t byte, wrong;

			assert_int_equal(pread(fd, &byte, 1, at), 1);
			wrong = byte ^ masks[i];
			assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
			check_damaged(folder, count, most);
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		}
	close(fd);
}

static void test_1_6_any_damaged_byte(void **state)
{
	build(*state, segment_image_in_memory(12), 12, 60);
	damage_everywhere(*state, 12, 60);
	check_all(*state, 12, 60);
	drop(*state);
}

static void test_1_6_cut_file(void **state)
{
	struct folder *folder = *state;
	struct stat status;
	int fd;

	build(folder, segment_image_in_memory(40), 40, 300);
	fd = open_sealed(folder);
	assert_int_equal(fstat(fd, &status), 0);
	for (off_t size = status.st_size - 1; size >= 0; size -= 37) {
		assert_int_equal(ftruncate(fd, size), 0);
		check_damaged(folder, 40, 300);
	}
	close(fd);
	drop(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_in_memory, start, end),
		cmocka_unit_test_setup_teardown(test_in_file, start, end),
		cmocka_unit_test_setup_teardown(test_reads_go_on_after_unlink, start,
						end),
		cmocka_unit_test_setup_teardown(test_1_6_any_damaged_byte, start, end),
		cmocka_unit_test_setup_teardown(test_1_6_cut_file, start, end),
	};

	return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
