/* client/upkeep/mending: verify's wait, with servers that mend as the test says. */
#include "mending.h"

#include "clock.h"
#include "status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { PATIENCE = 40 };

static const struct mending_rules quick = {
	.patience_ms = PATIENCE, .pause_ms = 1, .reach_ms = 20};

/* Servers that bring back `each` copies of every file between two looks. */
struct servers {
	uint64_t each;
	uint64_t none_after; /* looks; then they do nothing more */
	int wrong;           /* besides, so many of the files have a wrong copy */
	int unreachable;     /* so many looks fail, */
	int apart;           /* or find copies out of reach besides */
	bool ends;           /* somebody wants the end after a look */
	int code;            /* that what is mended ends with */
	size_t looks, mended;
	int64_t last_ms; /* when something was mended last */
};

static void look(void *context, struct dfs_verified *items, size_t count)
{
	struct servers *servers = context;

	servers->looks++;
	for (size_t i = 0; i < count; i++) {
		uint64_t left = items[i].bad_units.mendable;

		assert_true(items[i].bad_units.any);
		if (servers->unreachable > 0) {
			items[i].bad_units.any = false;
			items[i].result.code = DFS_EXIT_FEW;
			continue;
		}
		if (servers->looks <= servers->none_after) {
			left = left > servers->each ? left - servers->each : 0;
			servers->last_ms = clock_now_ms();
		}
		items[i].bad_units.mendable = left;
		items[i].bad_units.any = left > 0 || servers->wrong > 0;
		items[i].result.code =
			items[i].bad_units.any ? DFS_EXIT_DAMAGED : DFS_EXIT_DONE;
		if (servers->apart > 0 && !items[i].bad_units.any) {
			items[i].bad_units.any = true;
			items[i].result.code = DFS_EXIT_FEW;
		}
	}
	servers->unreachable -= servers->unreachable > 0;
	servers->apart -= servers->apart > 0;
}

static void mended(void *context, const struct dfs_verified *item)
{
	struct servers *servers = context;

	assert_int_equal(item->result.code, servers->code);
	servers->mended++;
}

static bool goes_on(void *context, const struct mending *mending)
{
	const struct servers *servers = context;

	assert_int_equal(mending->mended, servers->mended);
	return !servers->ends;
}

/* Waits for so many files of so many copies each; how many are not mended. */
static size_t left_of(struct servers *servers, size_t files, uint64_t copies)
{
	const struct mending_calls calls = {
		.context = servers, .look = look, .mended = mended, .goes_on = goes_on};
	struct mending mending = {.count = 0};
	struct dfs_verified item = {.path = "/anna/file",
				    .bad_units = {.any = true, .mendable = copies},
				    .result = {.code = DFS_EXIT_DAMAGED}};
	size_t left;

	assert_true(mending_wants(&item));
	for (size_t i = 0; i < files; i++)
		assert_true(mending_add(&mending, &item));
	mending_wait(&mending, &quick, &calls);
	left = mending.count;
	assert_int_equal(left + mending.mended, files);
	for (size_t i = 0; i < left; i++)
		assert_int_equal(mending.files[i].code, DFS_EXIT_DAMAGED);
	mending_free(&mending);
	return left;
}

static void test_9_12_all_mended(void **state)
{
	struct servers servers = {.each = 1, .none_after = UINT64_MAX};

	(void)state;
	/* More files than one look takes. */
	assert_int_equal(left_of(&servers, 2 * DFS_VERIFY_MAX + 1, 3), 0);
	assert_int_equal(servers.mended, 2 * DFS_VERIFY_MAX + 1);
	/* None at all: nobody is asked. */
	servers = (struct servers){.each = 1};
	assert_int_equal(left_of(&servers, 0, 1), 0);
	assert_int_equal(servers.looks, 0);
}

/* Patience is counted from the last copy that came back, not from the start. */
static void test_9_12_patience(void **state)
{
	struct servers servers = {.each = 1, .none_after = 3};
	int64_t began = clock_now_ms(), ended;

	(void)state;
	assert_int_equal(left_of(&servers, 2, 5), 2);
	ended = clock_now_ms();
	assert_true(ended - servers.last_ms >= PATIENCE);
	assert_true(servers.last_ms >= began);
	/* As long as something moves, it may take longer than the patience. */
	servers = (struct servers){.each = 1, .none_after = UINT64_MAX};
	began = clock_now_ms();
	assert_int_equal(left_of(&servers, 1, 3 * PATIENCE), 0);
	assert_true(clock_now_ms() - began > PATIENCE);
	assert_int_equal(mending_rules.patience_ms, 30000);
}

/* What is wrong without its server knowing does not become right by waiting. */
static void test_9_12_wrong(void **state)
{
	struct servers servers = {.each = 1, .none_after = UINT64_MAX, .wrong = 1};
	const struct dfs_verified wrong = {.bad_units = {.any = true},
					   .result = {.code = DFS_EXIT_DAMAGED}};

	(void)state;
	assert_false(mending_wants(&wrong));
	assert_int_equal(left_of(&servers, 1, 2), 1);
	assert_int_equal(servers.looks, 2);
}

/* A look that says nothing leaves what was known. */
static void test_9_12_unreachable(void **state)
{
	struct servers servers = {.each = 2, .none_after = UINT64_MAX, .unreachable = 2};

	(void)state;
	assert_int_equal(left_of(&servers, 1, 2), 0);
	assert_int_equal(servers.looks, 3);
}

/* A server that comes back soon is waited for; one that does not is none's damage. */
static void test_9_12_apart(void **state)
{
	struct servers servers = {.each = 2, .none_after = UINT64_MAX, .apart = 3};

	(void)state;
	assert_int_equal(left_of(&servers, 1, 2), 0);
	assert_int_equal(servers.looks, 4);
	servers = (struct servers){.each = 2,
				   .none_after = UINT64_MAX,
				   .apart = INT32_MAX,
				   .code = DFS_EXIT_FEW};
	assert_int_equal(left_of(&servers, 1, 2), 0);
	assert_true(servers.looks > 2);
}

static void test_9_12_end_is_wanted(void **state)
{
	struct servers servers = {.ends = true};

	(void)state;
	assert_int_equal(left_of(&servers, 1, 1), 1);
	assert_int_equal(servers.looks, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_9_12_all_mended),
		cmocka_unit_test(test_9_12_patience),
		cmocka_unit_test(test_9_12_wrong),
		cmocka_unit_test(test_9_12_unreachable),
		cmocka_unit_test(test_9_12_end_is_wanted),
		cmocka_unit_test(test_9_12_apart),
	};

	return cmocka_run_group_tests_name("mending", tests, NULL, NULL);
}
