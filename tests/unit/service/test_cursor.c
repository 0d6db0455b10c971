/* LIST: where a page ends tells nothing of what the caller may not see. */
#include "procs.h"

#include "peers.h"
#include "secrets.h"
#include "store_fixture.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

enum { SERVER = 2 };

struct fixture {
	struct store_fixture store;
	struct server_parts server;
};

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	store_fixture_start(&fixture->store);
	fixture->server.number = SERVER;
	fixture->server.store = fixture->store.store;
	fixture->server.acceptor =
		acceptor_new(fixture->store.store, SERVER, &acceptor_rules_default);
	assert_non_null(fixture->server.acceptor);
	memset(&shared, 0, sizeof shared);
	memset(shared.newest, 3, sizeof shared.newest);
	fixture->server.secrets = &shared;
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	acceptor_free(fixture->server.acceptor);
	store_fixture_end(&fixture->store);
	free(fixture);
	return 0;
}

/* A file of eve's, which one more may read. */
static void add_file(struct fixture *fixture, const char *folder, const char *name,
		     const char *reader)
{
	char path[DFS_PATH_MAX + 1];

	(void)snprintf(path, sizeof path, "%s%s", folder, name);
	assert_int_equal(value_fixture_accept(
				 fixture->store.store, path,
				 value_fixture_file(&(struct value_fixture_file){
					 .owner = "eve", .reader = reader, .counter = 1}),
				 0),
			 0);
}

/* One page for alice, of at most max entries; the cursor is copied, and its length. */
static dfs_status page(struct fixture *fixture, const dfs_list_args *args,
		       u_int *ret_entries, char after[DFS_CURSOR_MAX], u_int *ret_len)
{
	struct caller caller = {.server = &fixture->server, .user = "alice"};
	const dfs_list_ok *ok;
	dfs_list_res res = {0};
	dfs_status status;

	procs_list(&caller, args, &res);
	status = res.status;
	*ret_len = *ret_entries = 0;
	if (status == DFS_OK) {
		ok = &res.dfs_list_res_u.ok;
		*ret_entries = ok->entries.entries_len;
		*ret_len = ok->next.dfs_cursor_len;
		assert_int_equal(ok->more, *ret_len > 0);
		if (ok->more)
			memcpy(after, ok->next.dfs_cursor_val, *ret_len);
	}
	xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
	return status;
}

/* Hidden names of two bytes and of two hundred: the answers are alike. */
static void test_8_5_cursors_tell_nothing_of_what_is_hidden(void **state)
{
	enum { HIDDEN = 300, LONG = 200 };
	struct fixture *fixture = *state;
	char folders[2][16] = {"/eve/long/", "/eve/short/"}, name[LONG + 1];
	char after[2][DFS_CURSOR_MAX], again[DFS_CURSOR_MAX];

	for (unsigned i = 0; i < HIDDEN; i++) {
		memset(name, 'a', LONG);
		(void)snprintf(name + LONG - 4, 5, "%04u", i);
		add_file(fixture, folders[0], name, "carol");
		add_file(fixture, folders[1], name + LONG - 8, "carol");
	}
	add_file(fixture, folders[0], "z", "alice");
	add_file(fixture, folders[1], "z", "alice");
	for (unsigned f = 0; f < 2; f++) {
		dfs_list_args args = {.folder = {(u_int)strlen(folders[f]), folders[f]},
				      .max = 1};
		u_int entries, len;

		assert_int_equal(page(fixture, &args, &entries, after[f], &len), DFS_OK);
		assert_int_equal(entries, 0);
		assert_int_equal(len, DFS_CURSOR_MAX);
		assert_null(memmem(after[f], len, "aaaa", 4));
		/* The same page has another cursor the next time. */
		assert_int_equal(page(fixture, &args, &entries, again, &len), DFS_OK);
		assert_memory_not_equal(again, after[f], len);
		args.after = (dfs_cursor){len, after[f]};
		assert_int_equal(page(fixture, &args, &entries, again, &len), DFS_OK);
		assert_int_equal(entries, 1);
		assert_int_equal(len, 0);
	}
}

static void fill(struct fixture *fixture, const char *folder)
{
	add_file(fixture, folder, "1", NULL);
	add_file(fixture, folder, "2", "alice");
	add_file(fixture, folder, "3", "alice");
	add_file(fixture, folder, "4", "carol");
	add_file(fixture, folder, "5", NULL);
}

/* After the last entry that is to be seen there is no more, whatever else is there. */
static void test_8_5_what_is_hidden_is_no_more(void **state)
{
	char folder[] = "/eve/many/", after[DFS_CURSOR_MAX];
	const dfs_list_args one = {.folder = {10, folder}, .max = 1};
	const dfs_list_args two = {.folder = {10, folder}, .max = 2};
	u_int entries, len;

	fill(*state, folder);
	assert_int_equal(page(*state, &one, &entries, after, &len), DFS_OK);
	assert_int_equal(entries, 1);
	assert_int_equal(len, DFS_CURSOR_MAX);
	assert_int_equal(page(*state, &two, &entries, after, &len), DFS_OK);
	assert_int_equal(entries, 2);
	assert_int_equal(len, 0);
}

/* Nobody chooses where a page begins: he could find out how much lies before it. */
static void test_8_5_a_cursor_is_good_for_its_listing_alone(void **state)
{
	struct fixture *fixture = *state;
	char folder[] = "/eve/many/", other[] = "/eve/", after[DFS_CURSOR_MAX];
	char place[] = "/eve/many/2", ignored[DFS_CURSOR_MAX];
	dfs_list_args args = {.folder = {10, folder}, .max = 1};
	u_int entries, len;

	fill(fixture, folder);
	assert_int_equal(page(fixture, &args, &entries, after, &len), DFS_OK);
	args.after = (dfs_cursor){len, after};
	assert_int_equal(page(fixture, &args, &entries, ignored, &len), DFS_OK);
	assert_int_equal(entries, 1);
	const dfs_list_args good = args;

	/* A place in the clear, and a cursor that was cut, */
	args.after = (dfs_cursor){sizeof place - 1, place};
	assert_int_equal(page(fixture, &args, &entries, ignored, &len), DFS_INVALID);
	args.after = (dfs_cursor){DFS_CURSOR_MAX - 1, after};
	assert_int_equal(page(fixture, &args, &entries, ignored, &len), DFS_INVALID);
	/* of another folder, other flags, another server, another user, */
	args = good;
	args.folder = (dfs_path){5, other};
	assert_int_equal(page(fixture, &args, &entries, ignored, &len), DFS_INVALID);
	for (unsigned flag = 0; flag < 3; flag++) {
		args = good;
		args.recursive = flag == 0;
		args.detail = flag == 1;
		args.owing = flag == 2;
		assert_int_equal(page(fixture, &args, &entries, ignored, &len),
				 DFS_INVALID);
	}
	fixture->server.number = SERVER + 1;
	assert_int_equal(page(fixture, &good, &entries, ignored, &len), DFS_INVALID);
	fixture->server.number = SERVER;
	struct caller clare = {.server = &fixture->server, .user = "clare"};
	dfs_list_res res = {0};

	procs_list(&clare, &good, &res);
	assert_int_equal(res.status, DFS_INVALID);
	/* and with any byte changed. */
	for (unsigned at = 0; at < DFS_CURSOR_MAX; at++) {
		after[at] ^= 1;
		assert_int_equal(page(fixture, &good, &entries, ignored, &len),
				 DFS_INVALID);
		after[at] ^= 1;
	}
	assert_int_equal(page(fixture, &good, &entries, ignored, &len), DFS_OK);
}

/* The longest path there is leads on. */
static void test_8_5_cursors_have_room_for_every_place(void **state)
{
	struct fixture *fixture = *state;
	char path[DFS_PATH_MAX + 1] = "/eve", folder[] = "/eve/", after[DFS_CURSOR_MAX];
	dfs_list_args args = {.folder = {5, folder}, .recursive = true, .max = 1};
	u_int entries, len;

	for (size_t i = 4; i < DFS_PATH_MAX; i++)
		path[i] = i % 200 == 4 ? '/' : 'p';
	for (char last = 'p'; last <= 'r'; last++) {
		path[DFS_PATH_MAX - 1] = last;
		add_file(fixture, path, "", "alice");
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(page(fixture, &args, &entries, after, &len), DFS_OK);
		assert_int_equal(entries, 1);
		assert_int_equal(len, i < 2 ? DFS_CURSOR_MAX : 0);
		args.after = (dfs_cursor){len, after};
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		TEST(test_8_5_cursors_tell_nothing_of_what_is_hidden),
		TEST(test_8_5_what_is_hidden_is_no_more),
		TEST(test_8_5_a_cursor_is_good_for_its_listing_alone),
		TEST(test_8_5_cursors_have_room_for_every_place),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
