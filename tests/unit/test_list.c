/* LIST: every page of every folder shows what the caller may see, and nothing else. */
#include "procs.h"

#include "peers.h"
#include "store_fixture.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* In place of server/peers.c: a listing is told from what is here. */
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

struct fixture {
	struct store_fixture store;
	struct procs_server server;
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

/* ---- what is to be seen -------------------------------------------------------------- */

static bool is_seen(size_t i, const char *user)
{
	char name[40];

	if (strcmp(world[i].seen_by, "*") == 0)
		return true;
	snprintf(name, sizeof name, " %s", user);
	return strstr(world[i].seen_by, name) != NULL;
}

/* A line for each entry: its path, with a final '/' for a folder and '-' for a tombstone. */
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
			snprintf(done, sizeof done, "%.*s", (int)(slash - path) + 1,
				 path);
			len += (size_t)sprintf(text + len, "%s\n", done);
		} else {
			len += (size_t)sprintf(text + len, "%s%s\n", path,
					       is_file ? "" : "-");
		}
	}
}

/* ---- what is told -------------------------------------------------------------------- */

static void ask(struct fixture *fixture, const char *user, const dfs_list_args *args,
		dfs_list_res *res)
{
	struct caller caller = {.server = &fixture->server};

	snprintf(caller.user, sizeof caller.user, "%s", user);
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
	char after[DFS_PATH_MAX];
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
		assert_true(!more || ok->next.dfs_path_len > 0);
		if (more)
			memcpy(after, ok->next.dfs_path_val, ok->next.dfs_path_len);
		args.after = (dfs_path){ok->next.dfs_path_len, after};
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
				snprintf(folder, sizeof folder, "%s", folders[f]);
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
	char folder[] = "/eve/", path[32], after[64], got[64];
	dfs_list_args args = {.folder = {5, folder}, .max = 1024};
	unsigned pages = 0;
	bool more = true;

	for (unsigned i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "/eve/%04u", i);
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
			memcpy(after, ok->next.dfs_path_val, ok->next.dfs_path_len);
		args.after = (dfs_path){ok->next.dfs_path_len, after};
		xdr_free((xdrproc_t)xdr_dfs_list_res, &res);
		pages++;
	}
	/* A page reads at most 249 values: 33 looks each, of 8192. */
	assert_int_equal(pages, 3);
	told(fixture, "alice", folder, false, false, 1024, got);
	assert_string_equal(got, "/eve/0599\n");
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
