/* store/uploads: what users have open, in memory and noted, is shared out among them. */
#include "pieces.h"
#include "store_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int start(void **state)
{
	struct store_fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_rules(fixture);
	store_fixture_start(fixture);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	store_fixture_end(*state);
	free(*state);
	return 0;
}

static int give_unit(struct store_uploads *uploads, uint64_t object, uint64_t number)
{
	const dfs_id id = store_fixture_maker(object);
	const dfs_unit unit = {number, {1, (const uint8_t *)"x"}};

	return store_upload(uploads, &id, &unit);
}

/* Of six uploads one user has three, on however many connections, and others go on. */
static void test_8_6_uploads_are_shared_out(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *greedy[2], *modest, *server;

	fixture->rules.uploads = 6;
	store_fixture_reopen(fixture);
	for (unsigned i = 0; i < 2; i++) {
		greedy[i] = store_uploads_new(fixture->store);
		store_uploads_are_of(greedy[i], "greedy");
	}
	modest = store_uploads_new(fixture->store);
	store_uploads_are_of(modest, "modest");
	server = store_uploads_new(fixture->store);
	for (uint64_t object = 1; object <= 3; object++)
		assert_int_equal(give_unit(greedy[object % 2], object, 0), 0);
	assert_int_equal(give_unit(greedy[0], 4, 0), EAGAIN);
	assert_int_equal(give_unit(greedy[1], 4, 0), EAGAIN);
	assert_int_equal(give_unit(modest, 5, 0), 0);
	/* Servers repair as long as there is anything left. */
	assert_int_equal(give_unit(server, 6, 0), 0);
	assert_int_equal(give_unit(server, 7, 0), 0);
	/* What is given up, or becomes somebody else's, is free again. */
	assert_int_equal(give_unit(modest, 8, 0), EAGAIN);
	store_uploads_are_of(greedy[1], "other");
	assert_int_equal(give_unit(greedy[1], 9, 0), 0);
	store_uploads_free(greedy[0]);
	store_uploads_free(greedy[1]);
	assert_int_equal(give_unit(modest, 8, 0), 0);
	store_uploads_free(modest);
	store_uploads_free(server);
}

/* How many uploads have gone to a file. */
static unsigned spilled(const struct store_fixture *fixture)
{
	char path[PATH_MAX];
	DIR *folder = opendir(store_fixture_file(fixture, "tmp", path));
	unsigned count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

/* Above half of the memory a user's uploads go to files; those of others stay there. */
static void test_8_6_memory_of_uploads_is_shared_out(void **state)
{
	enum { UNITS = 4, LEN = 250000 };
	struct store_fixture *fixture = *state;
	struct store_uploads *greedy = store_uploads_new(fixture->store);
	struct store_uploads *modest = store_uploads_new(fixture->store);

	store_uploads_are_of(greedy, "greedy");
	store_uploads_are_of(modest, "modest");
	for (uint64_t object = 1; object <= 4; object++)
		assert_int_equal(store_fixture_upload(greedy, object, UNITS, 15, LEN), 0);
	assert_int_equal(spilled(fixture), 0);
	assert_int_equal(store_fixture_upload(greedy, 5, UNITS, 15, LEN), 0);
	assert_int_equal(spilled(fixture), 1);
	assert_int_equal(store_fixture_upload(modest, 6, UNITS, 15, LEN), 0);
	assert_int_equal(spilled(fixture), 1);
	store_uploads_free(greedy);
	store_uploads_free(modest);
}

/* So many uploads of units far from one another, which cost the most; 0 or an errno. */
static int scatter(struct store_uploads *uploads, uint64_t first, unsigned count)
{
	enum { FAR = 4096 };
	int rc = 0;

	for (uint64_t object = first; object < first + count && rc == 0; object++)
		for (uint64_t unit = 0; unit < DFS_FILE_UNITS_MAX && rc == 0; unit += FAR)
			rc = give_unit(uploads, object, unit);
	return rc;
}

static void test_8_6_notes_of_uploads_are_shared_out(void **state)
{
	enum { CONNECTIONS = 16 };
	struct store_fixture *fixture = *state;
	struct store_uploads *greedy[CONNECTIONS], *modest;
	int rc = 0;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		greedy[i] = store_uploads_new(fixture->store);
		store_uploads_are_of(greedy[i], "greedy");
	}
	for (unsigned i = 0; i < CONNECTIONS && rc == 0; i++)
		rc = scatter(greedy[i], 1 + 8 * i, 8);
	assert_int_equal(rc, EAGAIN);
	modest = store_uploads_new(fixture->store);
	store_uploads_are_of(modest, "modest");
	assert_int_equal(scatter(modest, 1000, 4), 0);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		store_uploads_free(greedy[i]);
	store_uploads_free(modest);
}

/* What a record can be numbered: tops of pieces servers make themselves. */
static void test_the_last_number_that_can_be_brought(void **state)
{
	struct store_fixture *fixture = *state;
	struct store_uploads *uploads = store_uploads_new(fixture->store);

	assert_int_equal(give_unit(uploads, 1, PIECES_TOPS - 1), 0);
	assert_int_equal(give_unit(uploads, 2, PIECES_TOPS), EINVAL);
	store_uploads_free(uploads);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		TEST(test_8_6_uploads_are_shared_out),
		TEST(test_8_6_memory_of_uploads_is_shared_out),
		TEST(test_8_6_notes_of_uploads_are_shared_out),
		TEST(test_the_last_number_that_can_be_brought),
	};

	return cmocka_run_group_tests_name("uploads", tests, NULL, NULL);
}
