/*
 * Who was permitted and is not any more: between the judgement of a call and the moment
 * when it has its path for itself, the owner takes the caller off the list.
 */
#include "procs.h"

#include "peers.h"
#include "permit.h"
#include "placement.h"
#include "secrets.h"
#include "store_fixture.h"
#include "value.h"
#include "value_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

/* In place of server/agreement/peers.c: what is accepted here permits. */
bool peers_read(struct peers *peers, const dfs_paths *paths, int64_t deadline_ms,
		struct peers_register *ret)
{
	(void)peers;
	(void)paths;
	(void)deadline_ms;
	(void)ret;
	fail_msg("other servers were asked");
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
	fail_msg("other servers were asked");
}

/* ---- the fixture ------------------------------------------------------------- */

enum { SERVER = 2, PAIR = 6, SHARED = 5, UNSHARED = 7, LATER = 9, SIZE = 1000 };

static char name[] = "/ann/file";
static const dfs_path path = {sizeof name - 1, name};

struct fixture {
	struct store_fixture store;
	struct server_parts server;
	struct caller bob;
};

static void accept_file(struct fixture *fixture, const char *writer, uint64_t counter)
{
	assert_int_equal(
		value_fixture_accept(fixture->store.store, name,
				     value_fixture_file(&(struct value_fixture_file){
					     .owner = "ann",
					     .writer = writer,
					     .size = SIZE,
					     .object = 1,
					     .counter = counter}),
				     0),
		0);
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct acceptor_rules rules = acceptor_rules_default;

	assert_non_null(fixture);
	rules.prove = false; /* who may change the path is the question, not who signs */
	store_fixture_start(&fixture->store);
	fixture->server.number = SERVER;
	fixture->server.store = fixture->store.store;
	fixture->server.secrets = &shared;
	fixture->server.acceptor = acceptor_new(fixture->store.store, SERVER, &rules);
	assert_int_equal(acceptor_vote(fixture->server.acceptor), 0);
	fixture->bob.server = &fixture->server;
	fixture->bob.uploads = store_uploads_new(fixture->store.store);
	strcpy(fixture->bob.user, "bob");
	accept_file(fixture, "bob", SHARED);
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	store_uploads_free(fixture->bob.uploads);
	caller_release(&fixture->bob);
	acceptor_free(fixture->server.acceptor);
	store_fixture_end(&fixture->store);
	free(fixture);
	return 0;
}

/* The dispatcher judges, and then somebody else is faster. */
static struct caller *judged_too_early(struct fixture *fixture)
{
	const struct permit_demand demand = {PERMIT_WRITE, &path, NULL};

	permit_judge(&fixture->bob, &demand, 1, fixture->bob.permitted);
	assert_int_equal(fixture->bob.permitted[0], DFS_OK);
	accept_file(fixture, NULL, UNSHARED);
	return &fixture->bob;
}

static void expect_untouched(struct fixture *fixture)
{
	struct store_register reg;

	assert_int_equal(
		store_register(fixture->store.store, name, sizeof name - 1, &reg), 0);
	assert_int_equal(reg.ballot.counter, UNSHARED);
	assert_int_equal(reg.kind, DFS_FILE);
	assert_false(reg.settled);
}

/* ---- each call that changes a path ------------------------------------------- */

static void test_8_8_prepare_after_the_unshare(void **state)
{
	struct fixture *fixture = *state;
	dfs_prepare_item item = {.path = path, .size = SIZE};
	dfs_prepare_args args = {
		store_fixture_id(1), store_fixture_ballot(LATER), FALSE, {1, &item}};
	dfs_prepare_res res = {0};

	procs_prepare(judged_too_early(fixture), &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_prepare_res_u.ok.items.items_val[0].status, DFS_DENIED);
	xdr_free((xdrproc_t)xdr_dfs_prepare_res, &res);
	expect_untouched(fixture);
}

static void accept_tombstone(struct fixture *fixture,
			     void (*proc)(struct caller *, const dfs_accept_args *,
					  dfs_accept_res *))
{
	dfs_proposal item = {.path = path, .value = value_fixture_tombstone(LATER)};
	dfs_id operation = item.value.operation;
	dfs_accept_args args = {store_fixture_ballot(LATER), {1, &item}};
	dfs_accept_res res = {0};

	item.value.recent.recent_len = 1;
	item.value.recent.recent_val = &operation;
	proc(judged_too_early(fixture), &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_accept_res_u.ok.items.items_val[0], DFS_DENIED);
	xdr_free((xdrproc_t)xdr_dfs_accept_res, &res);
	expect_untouched(fixture);
}

static void test_8_8_accept_after_the_unshare(void **state)
{
	accept_tombstone(*state, procs_accept);
}

static void test_8_8_delete_after_the_unshare(void **state)
{
	accept_tombstone(*state, procs_delete);
}

static void test_8_8_bind_after_the_unshare(void **state)
{
	struct fixture *fixture = *state;
	const dfs_id maker = store_fixture_maker(2), object = store_fixture_object(2);
	dfs_bind_item item = {.path = path,
			      .share = store_fixture_share(2, 4, PAIR),
			      .token = store_fixture_token(2)};
	dfs_bind_args args = {
		store_fixture_id(1), store_fixture_ballot(LATER), {1, &item}};
	const struct store_stake stake = {"bob", &path, SIZE};
	dfs_bind_res res = {0};

	assert_int_equal(store_fixture_upload(fixture->bob.uploads, 2, 4, PAIR, 250), 0);
	assert_int_equal(store_upload_stake(fixture->bob.uploads, &maker, &stake), 0);
	procs_bind(judged_too_early(fixture), &args, &res);
	assert_int_equal(res.status, DFS_OK);
	assert_int_equal(res.dfs_bind_res_u.items.items_val[0], DFS_DENIED);
	xdr_free((xdrproc_t)xdr_dfs_bind_res, &res);
	assert_int_equal(store_chunks(fixture->store.store, &object), 0);
	expect_untouched(fixture);
}

/* He would say that the unshare has three, while it has one: what it replaced may go. */
static void test_8_8_settled_after_the_unshare(void **state)
{
	struct fixture *fixture = *state;
	dfs_settled_item item = {.path = path, .ballot = store_fixture_ballot(UNSHARED)};
	dfs_settled_args args = {{1, &item}};
	dfs_settled_res res = {0};

	procs_settled(judged_too_early(fixture), &args, &res);
	assert_int_equal(res.status, DFS_DENIED);
	expect_untouched(fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
	const struct CMUnitTest tests[] = {
		TEST(test_8_8_prepare_after_the_unshare),
		TEST(test_8_8_accept_after_the_unshare),
		TEST(test_8_8_delete_after_the_unshare),
		TEST(test_8_8_bind_after_the_unshare),
		TEST(test_8_8_settled_after_the_unshare),
	};

	return cmocka_run_group_tests_name("raced", tests, NULL, NULL);
}
