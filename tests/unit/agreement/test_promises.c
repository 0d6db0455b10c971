/* Promises: kept until accepted, and given up oldest first. */
#include "promises.h"

#include "ballot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static dfs_ballot at(uint64_t counter)
{
	return (dfs_ballot){.counter = counter};
}

/* What the promises are given is borrowed. */
static dfs_path named(const char *path)
{
	static char room[64];

	(void)snprintf(room, sizeof room, "%s", path);
	return (dfs_path){(u_int)strlen(room), room};
}

static bool set(struct promises *promises, const char *path, uint64_t counter)
{
	const dfs_path name = named(path);
	dfs_ballot ballot = at(counter);

	return promises_set(promises, &name, &ballot);
}

static uint64_t found(const struct promises *promises, const char *path)
{
	const dfs_path name = named(path);
	const dfs_ballot *ballot = promises_find(promises, &name);

	return ballot ? ballot->counter : 0;
}

static uint64_t lowest(const struct promises *promises, const char *path)
{
	const dfs_path name = named(path);

	return promises_lowest(promises, &name);
}

static void test_kept_until_accepted(void **state)
{
	struct promises *promises = promises_new(8, 1000, 3);
	char x[] = "/a/x";
	const dfs_path name = {4, x};
	dfs_ballot lower = at(6), same = at(7);

	(void)state;
	assert_non_null(promises);
	assert_int_equal(lowest(promises, "/a/any"), 3);
	assert_true(set(promises, "/a/x", 5));
	assert_true(set(promises, "/a/x", 7));
	assert_int_equal(found(promises, "/a/x"), 7);
	assert_int_equal(found(promises, "/a/y"), 0);
	promises_accepted(promises, &name, &lower);
	assert_int_equal(found(promises, "/a/x"), 7);
	promises_accepted(promises, &name, &same);
	assert_int_equal(found(promises, "/a/x"), 0);
	assert_int_equal(lowest(promises, "/a/any"), 3);
	promises_free(promises);
}

/* At the limit all are kept; one past it the oldest goes and raises a bound. */
static void test_the_oldest_is_given_up(void **state)
{
	enum { MOST = 4 };
	struct promises *promises = promises_new(MOST, 1000, 0);
	char path[16];

	(void)state;
	for (unsigned i = 0; i < MOST; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		assert_true(set(promises, path, 10 + i));
	}
	assert_int_equal(found(promises, "/a/0"), 10);
	assert_int_equal(lowest(promises, "/a/any"), 0);
	assert_true(set(promises, "/a/new", 30));
	assert_int_equal(found(promises, "/a/0"), 0);
	assert_int_equal(found(promises, "/a/1"), 11);
	assert_int_equal(lowest(promises, "/a/any"), 10);
	promises_free(promises);
	promises_free(NULL);
}

/* Paths of five bytes each: so many bytes are kept, one more is not. */
static void test_the_bytes_are_bounded(void **state)
{
	struct promises *promises = promises_new(100, 15, 0);

	(void)state;
	assert_true(set(promises, "/a/10", 10));
	assert_true(set(promises, "/a/11", 11));
	assert_true(set(promises, "/a/12", 12));
	assert_int_equal(found(promises, "/a/10"), 10);
	assert_true(set(promises, "/a/13", 13));
	assert_int_equal(found(promises, "/a/10"), 0);
	assert_int_equal(found(promises, "/a/11"), 11);
	assert_int_equal(lowest(promises, "/a/any"), 10);
	/* One alone is kept, however long. */
	assert_true(set(promises, "/a/a path longer than all that may be kept", 14));
	assert_int_equal(found(promises, "/a/a path longer than all that may be kept"),
			 14);
	assert_int_equal(lowest(promises, "/a/any"), 13);
	promises_free(promises);
}

/* Who has most gives up first, and is bound alone. */
static void test_2_2_who_asks_for_many_hinders_himself(void **state)
{
	enum { MOST = 8 };
	struct promises *promises = promises_new(MOST, 1000, 3);
	char path[32];

	(void)state;
	assert_true(set(promises, "/b/x", 10));
	assert_true(set(promises, "/shared/x", 11));
	for (unsigned i = 0; i < 100 * MOST; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		assert_true(set(promises, path, 1000 + i));
	}
	assert_int_equal(found(promises, "/b/x"), 10);
	assert_int_equal(found(promises, "/shared/x"), 11);
	assert_int_equal(lowest(promises, "/b/y"), 3);
	assert_int_equal(lowest(promises, "/shared/y"), 3);
	assert_int_equal(lowest(promises, "/@credentials/b"), 3);
	/* Six of his are left; the last that went binds all of his. */
	assert_int_equal(found(promises, "/a/794"), 1794);
	assert_int_equal(found(promises, "/a/793"), 0);
	assert_int_equal(lowest(promises, "/a/y"), 1793);
	assert_int_equal(lowest(promises, "/@credentials/a"), 1793);
	/* That stays when nothing of his is promised any more. */
	for (unsigned i = 794; i < 100 * MOST; i++) {
		(void)snprintf(path, sizeof path, "/a/%u", i);
		const dfs_path name = named(path);
		const dfs_ballot ballot = at(1000 + i);

		promises_accepted(promises, &name, &ballot);
	}
	assert_int_equal(found(promises, "/a/799"), 0);
	assert_int_equal(lowest(promises, "/a/y"), 1793);
	promises_free(promises);
}

/* By the bytes of paths likewise. */
static void test_2_2_who_asks_for_long_ones_hinders_himself(void **state)
{
	struct promises *promises = promises_new(1000, 100, 0);
	char path[64];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof path, "/b/%u", i);
		assert_true(set(promises, path, 10 + i));
	}
	for (unsigned i = 10; i < 90; i++) {
		(void)snprintf(path, sizeof path, "/a/%030u", i);
		assert_true(set(promises, path, 1000 + i));
	}
	assert_int_equal(lowest(promises, "/b/y"), 0);
	assert_int_equal(lowest(promises, "/a/y"), 1087);
	promises_free(promises);
}

/* Where there are too many folders the others share a bound, which is for all paths. */
static void test_more_folders_than_there_are_bounds(void **state)
{
	enum { FOLDERS = 4096 };
	struct promises *promises = promises_new(FOLDERS + 2, 1 << 20, 0);
	char path[32];

	(void)state;
	for (unsigned i = 0; i < FOLDERS; i++) {
		(void)snprintf(path, sizeof path, "/u%u/x", i);
		assert_true(set(promises, path, 100));
	}
	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof path, "/late%u/x", i);
		assert_true(set(promises, path, 10 + i));
	}
	assert_int_equal(found(promises, "/late0/x"), 0);
	assert_int_equal(found(promises, "/late1/x"), 0);
	assert_int_equal(found(promises, "/late2/x"), 12);
	assert_int_equal(lowest(promises, "/u0/y"), 11);
	assert_int_equal(lowest(promises, "/late9/y"), 11);
	promises_free(promises);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_until_accepted),
		cmocka_unit_test(test_the_oldest_is_given_up),
		cmocka_unit_test(test_the_bytes_are_bounded),
		cmocka_unit_test(test_2_2_who_asks_for_many_hinders_himself),
		cmocka_unit_test(test_2_2_who_asks_for_long_ones_hinders_himself),
		cmocka_unit_test(test_more_folders_than_there_are_bounds),
	};

	return cmocka_run_group_tests_name("promises", tests, NULL, NULL);
}
