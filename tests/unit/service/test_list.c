/* LIST: every page of every folder shows what the caller may see, and nothing else. */
#include "procs.h"

#include "heal_fixture.h"
#include "peers.h"
#include "placement.h"
#include "secrets.h"
#include "value.h"
#include "value_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

/* In place of server/agreement/peers.c: a listing is told from what is here. */
bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret)
{
	(void)peers;
	(void)paths;
	(void)deadline_ms;
	(void)ret;
	fail_msg("a listing asked other servers");
	return false;
}

void peers_free_registers(struct peers_register *registers, size_t count)
{
	(void)registers;
	(void)count;
}

void peers_check_lone(struct peers *peers, const dfs_confirm_args *args,
		      dfs_status *statuses)
{
	(void)peers;
	(void)args;
	(void)statuses;
	fail_msg("a listing asked other servers");
}

struct fixture {
	struct store_fixture store;
	struct server_parts server;
};

/* In byte order.  seen_by: everybody (*), or names, each with a blank before it. */
static const struct {
	const char *path, *owner, *reader, *seen_by;
} world[] = {
	{"/@accounts/alice", NULL, NULL, ""},
	{"/@accounts/bob", NULL, NULL, ""},
	{"/@credentials/bob", NULL, NULL, ""},
	{"/alice/a", "alice", NULL, " alice admin"},
	{"/alice/deep/er/x", "alice", NULL, " alice admin"},
	{"/alice/deep/y", "alice", "bob", " alice bob admin"},
	{"/alice/deleted", NULL, NULL, " alice admin"}, /* a tombstone */
	{"/alice/z", "alice", NULL, " alice admin"},
	{"/bob/1", "bob", NULL, " bob admin"},
	{"/bob/2", "bob", "carol", " bob carol admin"},
	{"/bob/gone/1", NULL, NULL, " bob admin"},
	{"/bob/gone/2", NULL, NULL, " bob admin"},
	{"/bob/many/1", "bob", NULL, " bob admin"},
	{"/bob/many/2", "bob", "alice", " bob alice admin"},
	{"/bob/many/3", "bob", "alice", " bob alice admin"},
	{"/bob/x/1", "bob", NULL, " bob admin"},
	{"/carol/only", "carol", NULL, " carol admin"},
	{"/shared/a", "bob", NULL, "*"},
	{"/shared/b/c", "carol", NULL, "*"},
	{"/zoe/private", "zoe", NULL, " zoe admin"},
};
enum { WORLD = sizeof world / sizeof world[0] };

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct store *store;

	assert_non_null(fixture);
	store_fixture_start(&fixture->store);
	fixture->server.store = store = fixture->store.store;
	fixture->server.secrets = &shared;
	fixture->server.acceptor = acceptor_new(store, 2, &acceptor_rules_default);
	assert_non_null(fixture->server.acceptor);
	for (size_t i = 0; i < WORLD; i++) {
		dfs_value value;

		if (world[i].owner)
			value = value_fixture_file(
				&(struct value_fixture_file){.owner = world[i].owner,
							     .reader = world[i].reader,
							     .size = 1000,
							     .object = i + 1,
							     .counter = i + 1});
		else if (strncmp(world[i].path, "/@a", 3) == 0)
			value = value_fixture_account(0, i + 1);
		else if (world[i].path[1] == '@')
			value = value_fixture_credentials(i + 1);
		else
			value = value_fixture_tombstone(i + 1);
		assert_int_equal(value_fixture_accept(store, world[i].path, value, 0), 0);
	}
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

/* ---- what is to be seen ------------------------------------------------------ */

static bool is_seen(size_t i, const char *user)
{
	char name[40];

	if (strcmp(world[i].seen_by, "*") == 0)
		return true;
	(void)snprintf(name, sizeof name, " %s", user);
	return strstr(world[i].seen_by, name) != NULL;
}

/*
 * A line for each entry: its path, with a final '/' for a folder and '-' for a tombstone.
 */
static void expect(const char *user, const char *folder, bool recursive, char *text)
{
	size_t below = strlen(folder), len = 0;
	char done[64] = "";

	text[0] = '\0';
	for (size_t i = 0; i < WORLD; i++) {
		const char *path = world[i].path;
		const char *slash =
			strlen(path) > below ? strchr(path + below, '/') : NULL;
		bool is_file = world[i].owner != NULL;

		if (strncmp(path, folder, below) != 0 || !is_seen(i, user) ||
		    (done[0] != '\0' && strncmp(path, done, strlen(done)) == 0))
			continue;
		if (!recursive && slash && is_file) {
			(void)snprintf(done, sizeof done, "%.*s", (int)(slash - path) + 1,
				       path);
			len += (size_t)sprintf(text + len, "%s\n", done);
		} else {
			len += (size_t)sprintf(text + len, "%s%s\n", path,
					       is_file ? "" : "-");
		}
	}
}

/* ---- what is told ------------------------------------------------------------ */

static void ask(struct fixture *fixture, const char *user, const dfs_list_args *args,
		dfs_list_res *res)
{
	struct caller caller = {.server = &fixture->server};

	(void)snprintf(caller.user, sizeof caller.user, "%s", user);
	memset(res, 0, sizeof *res);
	procs_list(&caller, args, res);
	assert_int_equal(res->status, DFS_OK);
}

static void told(struct fixture *fixture, const char *user, char *folder, bool recursive,
		 bool detail, uint32_t max, char *text)
{
	dfs_list_args args = {.folder = {(u_int)strlen(folder), folder},
			      .recursive = recursive,
			      .detail = detail,
			      .max = max};
	char after[DFS_CURSOR_MAX];
	size_t len = 0;
	bool more = true;

	text[0] = '\0';
	while (more) {
		dfs_list_res res;
		const dfs_list_ok *ok = &res.dfs_list_res_u.ok;

		ask(fixture, user, &args, &res);
		assert_true(ok->entries.entries_len <= max);
		for (u_int i = 0; i < ok->entries.entries_len; i++) {
			const dfs_list_entry *entry = &ok->entries.entries_val[i];

			len += (size_t)sprintf(text + len, "%.*s%s\n",
					       (int)entry->path.dfs_path_len,
					       entry->path.dfs_path_val,
					       entry->kind == DFS_FOLDER      ? "/"
					       : entry->kind == DFS_TOMBSTONE ? "-"
									      : "");
			assert_int_equal(entry->value != NULL,
					 detail && (entry->kind == DFS_FILE ||
						    entry->kind == DFS_ACCOUNT));
		}
		more = ok->more;
		assert_true(!more || ok->next.dfs_cursor_len > 0);
		if (more)
			memcpy(after, ok->next.dfs_cursor_val, ok->next.dfs_cursor_len);
		args.after = (dfs_cursor){ok->next.dfs_cursor_len, after};
		xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
	}
}

static void test_2_2_every_folder_for_everybody(void **state)
{
	static const char *const users[] = {"alice", "bob",  "carol",
					    "zoe",   "dave", "admin"};
	static const char *const folders[] = {"/",       "/alice/",    "/alice/deep/",
					      "/bob/",   "/bob/many/", "/bob/gone/",
					      "/carol/", "/shared/",   "/shared/b/",
					      "/zoe/",   "/nobody/",   "/alice/deep/er/"};
	char want[2048], got[2048], folder[64];

	for (size_t u = 0; u < sizeof users / sizeof users[0]; u++)
		for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++)
			for (unsigned how = 0; how < 4; how++) {
				expect(users[u], folders[f], how & 1, want);
				(void)snprintf(folder, sizeof folder, "%s", folders[f]);
				told(*state, users[u], folder, how & 1, how & 2, 1024,
				     got);
				if (strcmp(got, want) != 0)
					fail_msg("%s sees of %s:\n%sinstead of:\n%s",
						 users[u], folder, got, want);
				told(*state, users[u], folder, how & 1, how & 2, 1, got);
				assert_string_equal(got, want);
				told(*state, users[u], folder, how & 1, how & 2, 3, got);
				assert_string_equal(got, want);
			}
}

static void test_accounts_are_listed_where_they_are_asked_for(void **state)
{
	char folder[] = "/@accounts/", got[256];

	told(*state, "admin", folder, false, true, 1024, got);
	assert_string_equal(got, "/@accounts/alice\n/@accounts/bob\n");
	told(*state, "admin", folder, false, false, 1, got);
	assert_string_equal(got, "/@accounts/alice\n/@accounts/bob\n");
}

/* Much that is not for the caller: pages end without entries, and lead on. */
static void test_a_page_looks_at_so_much_and_no_more(void **state)
{
	enum { FILES = 600 };
	struct fixture *fixture = *state;
	char folder[] = "/eve/", path[32], after[DFS_CURSOR_MAX], got[64];
	dfs_list_args args = {.folder = {5, folder}, .max = 1024};
	unsigned pages = 0;
	bool more = true;

	for (unsigned i = 0; i < FILES; i++) {
		(void)snprintf(path, sizeof path, "/eve/%04u", i);
		assert_int_equal(
			value_fixture_accept(
				fixture->store.store, path,
				value_fixture_file(&(struct value_fixture_file){
					.owner = "eve",
					.reader = i == FILES - 1 ? "alice" : "carol",
					.size = 1000,
					.object = 1000 + i,
					.counter = 1}),
				0),
			0);
	}
	while (more) {
		dfs_list_res res;
		const dfs_list_ok *ok = &res.dfs_list_res_u.ok;

		ask(fixture, "alice", &args, &res);
		more = ok->more;
		assert_int_equal(ok->entries.entries_len, more ? 0 : 1);
		if (more)
			memcpy(after, ok->next.dfs_cursor_val, ok->next.dfs_cursor_len);
		args.after = (dfs_cursor){ok->next.dfs_cursor_len, after};
		xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
		pages++;
	}
	/* A page reads at most 249 values: 33 looks each, of 8192. */
	assert_int_equal(pages, 3);
	told(fixture, "alice", folder, false, false, 1024, got);
	assert_string_equal(got, "/eve/0599\n");
}

/* ---- what is missing --------------------------------------------------------- */

/*
 * A file of /dan/ at this size with these holders, of whose object some chunks are here.
 */
static void add_file(struct fixture *fixture, const char *path, uint64_t object,
		     uint64_t size, uint32_t holders, unsigned here)
{
	struct store *store = fixture->store.store;
	const struct value_fixture_file file = {
		.owner = "dan", .size = size, .object = object, .counter = 5};
	dfs_value value = value_fixture_file(&file);

	value.body.dfs_body_u.manifest.content.holders = holders;
	value.body.dfs_body_u.manifest.content.row = placement_row(holders) % DFS_SERVERS;
	assert_int_equal(value_fixture_accept(store, path, value, 0), 0);
	if (here != 0)
		assert_int_equal(heal_fixture_content(store, object, here, 40), 0);
}

/* Its listing: name, full, missing; of one entry a page as of many. */
static void expect_owing(struct fixture *fixture, char *folder, bool recursive,
			 bool owing, uint32_t max, const char *want)
{
	dfs_list_args args = {.folder = {(u_int)strlen(folder), folder},
			      .recursive = recursive,
			      .owing = owing,
			      .max = max};
	char after[DFS_CURSOR_MAX], got[1024] = "";
	size_t len = 0;
	bool more = true;

	while (more) {
		dfs_list_res res;
		const dfs_list_ok *ok = &res.dfs_list_res_u.ok;

		ask(fixture, "dan", &args, &res);
		for (u_int i = 0; i < ok->entries.entries_len; i++) {
			const dfs_list_entry *entry = &ok->entries.entries_val[i];

			len += (size_t)sprintf(
				got + len, "%.*s %u %x\n", (int)entry->path.dfs_path_len,
				entry->path.dfs_path_val, entry->full, entry->missing);
		}
		more = ok->more;
		if (more)
			memcpy(after, ok->next.dfs_cursor_val, ok->next.dfs_cursor_len);
		args.after = (dfs_cursor){ok->next.dfs_cursor_len, after};
		xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
	}
	assert_string_equal(got, want);
}

/* This is dfs2: of row 0 its pair is 2 and 3 (mask 6). */
static void test_3_1_what_is_missing_is_told(void **state)
{
	struct fixture *fixture = *state;
	char folder[] = "/dan/", none[] = "/dan/full/";

	add_file(fixture, "/dan/all", 101, 1000, 0x9c63, 6);
	add_file(fixture, "/dan/empty", 102, 0, 0x9c63, 0);
	add_file(fixture, "/dan/full/1", 103, 4, 0x9c63, 6);
	add_file(fixture, "/dan/full/2", 104, 4, 0x9c63, 14);
	add_file(fixture, "/dan/half", 105, 1000, 0x9c63, 2);
	add_file(fixture, "/dan/none", 106, 1000, 0x9c63, 0);
	/* Of three bytes the fourth chunk is empty, of one all but the first. */
	add_file(fixture, "/dan/one", 107, 1, 0x9c63, 0);
	add_file(fixture, "/dan/spare", 108, 1000, 0x9cf3, 6);
	add_file(fixture, "/dan/three", 109, 3, 0x9c63, 0);
	/*
	 * Given nothing: by the row, which the others tell; or, if nobody does, all of
	 * it.
	 */
	add_file(fixture, "/dan/up/row0", 110, 1000, 0xfc03, 0);
	add_file(fixture, "/dan/up/row1", 111, 1000, 0xf609, 0);
	add_file(fixture, "/dan/up/rowless", 112, 1000, 0xff0f, 1);
	assert_int_equal(store_fixture_accept(fixture->store.store, "/dan/dead", 0, 5),
			 0);
	expect_owing(fixture, folder, true, true, 1024,
		     "/dan/half 4 4\n/dan/none 4 6\n/dan/spare 4 9\n"
		     "/dan/three 3 6\n/dan/up/row0 4 6\n/dan/up/row1 4 3\n"
		     "/dan/up/rowless 4 e\n");
	expect_owing(fixture, folder, true, true, 1,
		     "/dan/half 4 4\n/dan/none 4 6\n/dan/spare 4 9\n"
		     "/dan/three 3 6\n/dan/up/row0 4 6\n/dan/up/row1 4 3\n"
		     "/dan/up/rowless 4 e\n");
	/* A folder is an entry if something below it is owed. */
	expect_owing(fixture, folder, false, true, 1024,
		     "/dan/half 4 4\n/dan/none 4 6\n/dan/spare 4 9\n"
		     "/dan/three 3 6\n/dan/up 0 0\n");
	expect_owing(fixture, none, true, true, 1024, "");
	expect_owing(fixture, folder, false, false, 1024,
		     "/dan/all 4 0\n/dan/dead 0 0\n/dan/empty 0 0\n/dan/full 0 0\n"
		     "/dan/half 4 4\n/dan/none 4 6\n/dan/one 1 0\n/dan/spare 4 9\n"
		     "/dan/three 3 6\n/dan/up 0 0\n");
}

/* Damaged counts as missing; once it is mended it does not. */
static void test_3_1_what_is_damaged_is_missing(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store.store;
	const dfs_id id = store_fixture_object(101);
	char folder[] = "/dan/";
	dfs_bytes data;
	void *record;

	add_file(fixture, "/dan/a", 101, 1000, 0x9c63, 6);
	heal_fixture_damage_unit(&fixture->store, 2, 40);
	assert_int_equal(store_unit(store, &id, 2, &record, &data), EBADMSG);
	expect_owing(fixture, folder, true, true, 1024, "/dan/a 4 4\n");
	assert_int_equal(heal_fixture_content(store, 101, 6, 40), 0);
	expect_owing(fixture, folder, true, true, 1024, "");
}

/* A page that finds nothing ends all the same, and leads on. */
static void test_a_page_that_finds_nothing_owing_ends(void **state)
{
	enum { FILES = 8192, AT_ONCE = 512 };
	struct fixture *fixture = *state;
	char folder[] = "/dan/", path[32], after[DFS_CURSOR_MAX];
	dfs_list_args args = {
		.folder = {5, folder}, .recursive = true, .owing = true, .max = 1024};
	dfs_list_res res;
	const dfs_list_ok *ok = &res.dfs_list_res_u.ok;

	for (unsigned i = 0; i < FILES; i += AT_ONCE) {
		struct store_batch *batch = store_batch_new(fixture->store.store);

		for (unsigned j = i; j < i + AT_ONCE; j++) {
			const dfs_ballot ballot = store_fixture_ballot(5);
			dfs_value value = value_fixture_file(&(struct value_fixture_file){
				.owner = "dan", .size = 0, .object = j, .counter = 5});

			(void)snprintf(path, sizeof path, "/dan/%06u", j);
			assert_int_equal(store_fixture_batch_value(batch, path, &ballot,
								   &value, 0),
					 0);
			value_free(&value);
		}
		assert_int_equal(store_commit(batch), 0);
	}
	ask(fixture, "dan", &args, &res);
	assert_false(ok->more);
	assert_int_equal(ok->entries.entries_len, 0);
	xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
	/* One more, which is behind what a page looks at. */
	add_file(fixture, "/dan/last", 999999, 1000, 0x9c63, 0);
	ask(fixture, "dan", &args, &res);
	assert_true(ok->more);
	assert_int_equal(ok->entries.entries_len, 0);
	memcpy(after, ok->next.dfs_cursor_val, ok->next.dfs_cursor_len);
	args.after = (dfs_cursor){ok->next.dfs_cursor_len, after};
	xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
	ask(fixture, "dan", &args, &res);
	assert_false(ok->more);
	assert_int_equal(ok->entries.entries_len, 1);
	xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_2_2_every_folder_for_everybody,
						start, end),
		cmocka_unit_test_setup_teardown(
			test_accounts_are_listed_where_they_are_asked_for, start, end),
		cmocka_unit_test_setup_teardown(test_a_page_looks_at_so_much_and_no_more,
						start, end),
		cmocka_unit_test_setup_teardown(test_3_1_what_is_missing_is_told, start,
						end),
		cmocka_unit_test_setup_teardown(test_3_1_what_is_damaged_is_missing,
						start, end),
		cmocka_unit_test_setup_teardown(test_a_page_that_finds_nothing_owing_ends,
						start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
