/* The table of procedures: complete, and obeyed. */
#include "dispatch.h"

#include "accounts.h"
#include "clock.h"
#include "dispatch_demands.h"
#include "secrets.h"
#include "store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the one server here. */
static struct secrets shared;

/* What the table is to say of each procedure: a second opinion. */
static const struct {
	uint32_t procedure;
	enum dispatch_access access;
	bool per_item, writes, while_recovering;
} served[] = {
	{DFS_HELLO, DISPATCH_ANYONE, false, false, true},
	{DFS_LOGIN, DISPATCH_ANYONE, false, false, true},
	{DFS_PUT, DISPATCH_USER, false, true, false},
	{DFS_BIND, DISPATCH_USER, true, true, false},
	{DFS_GET, DISPATCH_USER_OR_PEER, false, false, true},
	{DFS_PIECE, DISPATCH_USER_OR_PEER, false, false, true},
	{DFS_LOOKUP, DISPATCH_USER_OR_PEER, true, false, false},
	{DFS_PREPARE, DISPATCH_USER_OR_PEER, true, true, false},
	{DFS_CONFIRM, DISPATCH_USER_OR_PEER, true, true, false},
	{DFS_ACCEPT, DISPATCH_USER_OR_PEER, true, true, false},
	{DFS_DELETE, DISPATCH_USER_OR_PEER, true, true, false},
	{DFS_FINISH, DISPATCH_USER_OR_PEER, true, true, false},
	{DFS_SETTLED, DISPATCH_USER, true, true, false},
	{DFS_LIST, DISPATCH_USER, false, false, false},
	{DFS_STATUS, DISPATCH_USER, false, false, true},
	{DFS_HEAL, DISPATCH_USER, false, false, true},
	{DFS_LEARN, DISPATCH_PEER, false, true, false},
	{DFS_FORGET, DISPATCH_PEER, false, true, false},
	{DFS_FENCE, DISPATCH_PEER, false, true, false},
	{DFS_DIGEST, DISPATCH_PEER, false, false, false},
	{DFS_RECALL, DISPATCH_PEER, false, true, true},
};
enum { SERVED = sizeof served / sizeof served[0] };
static void test_1_9_every_procedure_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVED; i++) {
		const struct dispatch_row *row = dispatch_find(served[i].procedure);
		const struct procedure *types = procedures_find(served[i].procedure);

		assert_non_null(row);
		assert_int_equal(row->procedure, served[i].procedure);
		assert_non_null(row->handler);
		assert_non_null(row->demands);
		assert_non_null(types);
		assert_true(types->args_size <= DISPATCH_ROOM);
		assert_true(types->result_size <= DISPATCH_ROOM);
	}
	assert_null(dispatch_find(0));
	assert_null(dispatch_find(17));
	assert_null(dispatch_find(UINT32_MAX));
}

static void test_2_2_who_may_call_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVED; i++) {
		const struct dispatch_row *row = dispatch_find(served[i].procedure);

		assert_int_equal(row->access, served[i].access);
		assert_int_equal(row->per_item, served[i].per_item);
		assert_int_equal(row->writes, served[i].writes);
		assert_int_equal(row->while_recovering, served[i].while_recovering);
	}
}

/* ---- demands ----------------------------------------------------------------- */

static void test_2_2_what_arguments_demand(void **state)
{
	char name[] = "/bob/x", other[] = "/bob/y";
	dfs_path path[2] = {{6, name}, {6, other}};
	struct permit_demand demands[DFS_BATCH_MAX];
	dfs_paths paths = {.paths = {2, path}};
	dfs_put_args put = {.path = path[0]};
	dfs_bind_item bound[2] = {{.path = path[0]}, {.path = path[1]}};
	dfs_bind_args bind = {.items = {2, bound}};
	dfs_prepare_item prepared[3] = {
		{.path = path[0]},
		{.path = path[0], .stage.kind = DFS_STAGE_CONTENT},
		{.path = path[1], .stage.kind = DFS_STAGE_BINDING}};
	dfs_prepare_args prepare = {.items = {3, prepared}};
	dfs_proposal proposed[4] = {{.path = path[0]},
				    {.path = path[0]},
				    {.path = path[1]},
				    {.path = path[1]}};
	dfs_accept_args accept = {.items = {4, proposed}};
	dfs_confirm_item confirmed[2] = {{.path = path[0]}, {.path = path[1]}};
	dfs_confirm_args confirm = {.items = {2, confirmed}};
	dfs_settled_item noted[1] = {{.path = path[1]}};
	dfs_settled_args settled = {{1, noted}};
	dfs_list_args list = {.folder = path[0]};
	static const dfs_kind kinds[] = {DFS_TOMBSTONE, DFS_FILE, DFS_ACCOUNT,
					 DFS_CREDENTIALS};

	(void)state;
	assert_int_equal(dispatch_demands_nothing(&list, demands), 0);
	assert_int_equal(dispatch_demands_paths(&paths, demands), 2);
	assert_int_equal(demands[1].right, PERMIT_READ);
	assert_ptr_equal(demands[1].path, &path[1]);
	assert_int_equal(dispatch_demands_put(&put, demands), 1);
	assert_int_equal(demands[0].right, PERMIT_WRITE);
	assert_ptr_equal(demands[0].path, &put.path);
	assert_int_equal(dispatch_demands_bind(&bind, demands), 2);
	assert_int_equal(demands[1].right, PERMIT_WRITE);
	assert_ptr_equal(demands[1].path, &bound[1].path);
	assert_int_equal(dispatch_demands_prepare(&prepare, demands), 3);
	assert_int_equal(demands[0].right, PERMIT_DELETE);
	assert_int_equal(demands[1].right, PERMIT_WRITE);
	assert_int_equal(demands[2].right, PERMIT_WRITE);
	assert_ptr_equal(demands[2].path, &prepared[2].path);
	assert_false(demands[0].votes_at || demands[2].votes_at);
	for (size_t i = 0; i < 4; i++)
		proposed[i].value.body.kind = kinds[i];
	assert_int_equal(dispatch_demands_accept(&accept, demands), 4);
	assert_int_equal(demands[0].right, PERMIT_DELETE);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(demands[i].right, PERMIT_WRITE);
	assert_true(demands[0].votes_at && demands[3].votes_at);
	assert_ptr_equal(demands[3].path, &proposed[3].path);
	confirmed[0].value.body.kind = DFS_TOMBSTONE;
	confirmed[1].value.body.kind = DFS_FILE;
	assert_int_equal(dispatch_demands_confirm(&confirm, demands), 2);
	assert_int_equal(demands[0].right, PERMIT_DELETE);
	assert_int_equal(demands[1].right, PERMIT_WRITE);
	assert_ptr_equal(demands[1].path, &confirmed[1].path);
	assert_int_equal(dispatch_demands_settled(&settled, demands), 1);
	assert_int_equal(demands[0].right, PERMIT_DELETE);
	assert_ptr_equal(demands[0].path, &noted[0].path);
	assert_int_equal(dispatch_demands_list(&list, demands), 1);
	assert_int_equal(demands[0].right, PERMIT_LIST);
	assert_ptr_equal(demands[0].path, &list.folder);
}

/* ---- running ----------------------------------------------------------------- */

static unsigned no_connections(void)
{
	return 0;
}

/* Runs the procedure with arguments of zeros; the status. */
static dfs_status run(struct caller *caller, uint32_t procedure)
{
	static char zeros[1024];
	struct dispatch_call call;
	XDR xdrs;

	xdrmem_create(&xdrs, zeros, sizeof zeros, XDR_DECODE);
	assert_true(dispatch_decode(&call, dispatch_find(procedure), &xdrs));
	if (dispatch_judge(&call, caller))
		dispatch_run(&call, caller);
	dfs_status status = dispatch_status(&call);
	/* An error is nothing but its status: the result must encode. */
	char wire[1024];
	xdrmem_create(&xdrs, wire, sizeof wire, XDR_ENCODE);
	assert_true(call.types->result(&xdrs, call.res));
	if (status != DFS_OK)
		assert_int_equal(xdr_getpos(&xdrs), 4);
	dispatch_free(&call, caller);
	return status;
}

/* As after a log-in that is fresh, so that nobody is asked again. */
static void log_in(struct caller *caller)
{
	strcpy(caller->user, "tester");
	caller->looked_ms = clock_now_ms();
}

static void test_1_6_a_recovering_server_answers_what_it_may(void **state)
{
	struct store_fixture fixture = {.store = NULL};
	struct server_parts server = {
		.number = 2, .secrets = &shared, .connections = no_connections};
	struct caller caller = {.server = &server}, peer = caller;
	char file[PATH_MAX];
	const char *why;
	char names[8][64];

	(void)state;
	store_fixture_start(&fixture);
	store_close(fixture.store);
	fixture.store = NULL;
	size_t count = store_fixture_segments(&fixture, names, 8);
	for (size_t i = 0; i < count; i++) {
		char name[80];

		(void)snprintf(name, sizeof name, "seg/%s", names[i]);
		assert_int_equal(unlink(store_fixture_file(&fixture, name, file)), 0);
	}
	store_fixture_reopen(&fixture);
	assert_false(store_whole(fixture.store, &why));
	server.store = fixture.store;
	server.acceptor = acceptor_new(fixture.store, 2, &acceptor_rules_default);
	assert_non_null(server.acceptor);
	server.accounts = accounts_new(&(struct accounts_options){
		.server = 2, .secrets = &shared, .rules = &accounts_rules_default});
	assert_non_null(server.accounts);

	log_in(&caller);
	peer.peer = 3;
	for (size_t i = 0; i < SERVED; i++)
		if (!served[i].while_recovering)
			assert_int_equal(
				run(served[i].access == DISPATCH_PEER ? &peer : &caller,
				    served[i].procedure),
				DFS_RECOVERING);
	assert_int_equal(run(&caller, DFS_STATUS), DFS_OK);
	assert_int_equal(run(&caller, DFS_GET), DFS_OK);
	assert_int_equal(run(&caller, DFS_HELLO), DFS_OK);
	accounts_free(server.accounts);
	acceptor_free(server.acceptor);
	store_fixture_end(&fixture);
}

/*
 * Who is nobody, a user or a server hears of what is for him, and is denied everything
 * else.
 */
static void test_2_2_the_rest_is_denied(void **state)
{
	struct store_fixture fixture = {.store = NULL};
	struct server_parts server = {
		.number = 2, .secrets = &shared, .connections = no_connections};
	struct caller nobody = {.server = &server}, user = nobody, peer = nobody;

	(void)state;
	store_fixture_start(&fixture);
	server.store = fixture.store;
	server.acceptor = acceptor_new(fixture.store, 2, &acceptor_rules_default);
	server.accounts = accounts_new(&(struct accounts_options){
		.server = 2, .secrets = &shared, .rules = &accounts_rules_default});
	log_in(&user);
	peer.peer = 3;
	for (size_t i = 0; i < SERVED; i++) {
		uint32_t procedure = served[i].procedure;
		enum dispatch_access access = served[i].access;

		assert_int_equal(run(&nobody, procedure) == DFS_DENIED,
				 access != DISPATCH_ANYONE);
		/* A piece is for who has a ticket. */
		assert_int_equal(run(&user, procedure) == DFS_DENIED,
				 access == DISPATCH_PEER || procedure == DFS_PIECE);
		assert_int_equal(run(&peer, procedure) == DFS_DENIED,
				 access == DISPATCH_USER);
	}
	accounts_free(server.accounts);
	acceptor_free(server.acceptor);
	store_fixture_end(&fixture);
}

static void test_what_was_half_decoded_is_freed(void **state)
{
	/* LIST with a folder of 8 bytes and an "after" that is not there. */
	static char wire[12] = "\0\0\0\10/tester/";
	struct dispatch_call call;
	XDR xdrs;

	(void)state;
	xdrmem_create(&xdrs, wire, sizeof wire, XDR_DECODE);
	assert_false(dispatch_decode(&call, dispatch_find(DFS_LIST), &xdrs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_9_every_procedure_has_its_row),
		cmocka_unit_test(test_2_2_who_may_call_what),
		cmocka_unit_test(test_2_2_what_arguments_demand),
		cmocka_unit_test(test_1_6_a_recovering_server_answers_what_it_may),
		cmocka_unit_test(test_2_2_the_rest_is_denied),
		cmocka_unit_test(test_what_was_half_decoded_is_freed),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
