/* A server's listing that goes on without entries: how long it is believed. */
#include "listing.h"

#include "links.h"
#include "round.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The page without an entry, of so many in a row, that ends it. */
enum { TOO_MANY = 16384 };

/* dfs1 has so many empty pages, then a file; dfs2 has the file at once. */
static struct {
	unsigned empty;
	server_set asked;
	unsigned pages[DFS_SERVERS];
	unsigned left_out;
} world;

struct round *__wrap_round_new(struct links *links, uint32_t procedure, void *take_owner,
			       void (*free_owner)(void *));
void __wrap_round_ask(struct round *round, unsigned server, const void *args,
		      int64_t deadline_ms);
void __wrap_round_wait(struct round *round, unsigned needed, int64_t patience_ms);
void *__wrap_round_take(struct round *round, unsigned server);
void __wrap_round_free(struct round *round);
void __wrap_links_leave_out(struct links *links, unsigned server, const char *wrong);

/* The round is but what it was given to free. */
struct round *__wrap_round_new(struct links *links, uint32_t procedure, void *take_owner,
			       void (*free_owner)(void *))
{
	(void)links;
	assert_int_equal(procedure, DFS_LIST);
	assert_ptr_equal(free_owner, free);
	world.asked = 0;
	return take_owner;
}

void __wrap_round_ask(struct round *round, unsigned server, const void *args,
		      int64_t deadline_ms)
{
	(void)round;
	(void)args;
	(void)deadline_ms;
	world.asked = set_with(world.asked, server);
}

void __wrap_round_wait(struct round *round, unsigned needed, int64_t patience_ms)
{
	(void)round;
	(void)needed;
	(void)patience_ms;
}

void *__wrap_round_take(struct round *round, unsigned server)
{
	static const char path[] = "/ann/file";
	dfs_list_res *res = calloc(1, sizeof *res);
	dfs_list_ok *ok = &res->dfs_list_res_u.ok;

	(void)round;
	assert_true(set_has(world.asked, server));
	if (server == 1 && world.pages[0]++ < world.empty) {
		ok->more = TRUE;
		return res;
	}
	ok->entries.entries_val = calloc(1, sizeof *ok->entries.entries_val);
	ok->entries.entries_len = 1;
	ok->entries.entries_val[0].path =
		(dfs_path){sizeof path - 1, strndup(path, sizeof path)};
	ok->entries.entries_val[0].kind = DFS_FILE;
	return res;
}

void __wrap_round_free(struct round *round)
{
	free(round);
}

void __wrap_links_leave_out(struct links *links, unsigned server, const char *wrong)
{
	(void)links;
	assert_non_null(strstr(wrong, "does not end"));
	world.left_out = server;
}

/* Who told of the one file that there is. */
static server_set tellers(unsigned empty)
{
	struct dfs dfs = {.user = "ann"};
	struct dfs_result result = {0};
	struct listing_entry entry;
	struct listing *listing = listing_new_owing(&dfs, set_of(1) | set_of(2), &result);

	memset(&world, 0, sizeof world);
	world.empty = empty;
	assert_non_null(listing);
	assert_true(listing_next(listing, &entry, &result));
	assert_string_equal(entry.path, "/ann/file");
	listing_free(listing);
	return entry.from;
}

static void test_8_10_a_listing_without_entries_ends(void **state)
{
	(void)state;
	assert_int_equal(tellers(TOO_MANY - 1), set_of(1) | set_of(2));
	assert_int_equal(world.left_out, 0);
	assert_int_equal(world.pages[0], TOO_MANY);
	assert_int_equal(tellers(TOO_MANY), set_of(2));
	assert_int_equal(world.left_out, 1);
	assert_int_equal(world.pages[0], TOO_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_8_10_a_listing_without_entries_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
