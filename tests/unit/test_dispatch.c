/* The table of procedures: complete, and obeyed. */
#include "dispatch.h"

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

static const uint32_t served[] = {DFS_HELLO,   DFS_PUT,     DFS_BIND,   DFS_GET,
				  DFS_LOOKUP,  DFS_PREPARE, DFS_ACCEPT, DFS_DELETE,
				  DFS_SETTLED, DFS_LIST,    DFS_STATUS};
static const uint32_t later[] = {DFS_LOGIN,  DFS_FINISH, DFS_LEARN,
				 DFS_FORGET, DFS_FENCE,  DFS_DIGEST};
enum { SERVED = sizeof served / sizeof served[0] };

static void test_1_9_every_procedure_has_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVED; i++) {
		const struct dispatch_row *row = dispatch_find(served[i]);

		assert_non_null(row);
		assert_int_equal(row->procedure, served[i]);
		assert_non_null(row->handler);
		assert_true(row->args_size <= DISPATCH_ROOM);
		assert_true(row->res_size <= DISPATCH_ROOM);
	}
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		assert_null(dispatch_find(later[i]));
	assert_null(dispatch_find(0));
	assert_null(dispatch_find(14));
	assert_null(dispatch_find(UINT32_MAX));
}

static void test_what_changes_something_is_for_users_of_voting_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < SERVED; i++) {
		const struct dispatch_row *row = dispatch_find(served[i]);
		bool always = row->procedure == DFS_HELLO ||
			      row->procedure == DFS_STATUS || row->procedure == DFS_GET;

		assert_int_equal(row->while_recovering, always);
		if (row->writes) {
			assert_int_equal(row->access, DISPATCH_USER);
			assert_false(row->while_recovering);
		}
	}
}

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
	dispatch_run(&call, caller);
	dfs_status status = dispatch_status(&call);
	/* An error is nothing but its status: the result must encode. */
	char wire[1024];
	xdrmem_create(&xdrs, wire, sizeof wire, XDR_ENCODE);
	assert_true(call.row->res(&xdrs, call.res));
	if (status != DFS_OK)
		assert_int_equal(xdr_getpos(&xdrs), 4);
	dispatch_free(&call, caller);
	return status;
}

static void test_1_6_a_recovering_server_answers_what_it_may(void **state)
{
	struct store_fixture fixture = {.store = NULL};
	struct procs_server server = {.number = 2, .connections = no_connections};
	struct caller caller = {.server = &server};
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

		snprintf(name, sizeof name, "seg/%s", names[i]);
		assert_int_equal(unlink(store_fixture_file(&fixture, name, file)), 0);
	}
	store_fixture_reopen(&fixture);
	assert_false(store_whole(fixture.store, &why));
	server.store = fixture.store;
	server.acceptor = acceptor_new(fixture.store, 2, &acceptor_rules_default);
	assert_non_null(server.acceptor);

	strcpy(caller.user, "tester");
	for (size_t i = 0; i < SERVED; i++)
		if (!dispatch_find(served[i])->while_recovering)
			assert_int_equal(run(&caller, served[i]), DFS_RECOVERING);
	assert_int_equal(run(&caller, DFS_STATUS), DFS_OK);
	assert_int_equal(run(&caller, DFS_GET), DFS_OK);
	/* Who has not said HELLO hears of nothing else. */
	caller.user[0] = '\0';
	for (size_t i = 0; i < SERVED; i++)
		if (dispatch_find(served[i])->access == DISPATCH_USER)
			assert_int_equal(run(&caller, served[i]), DFS_DENIED);
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
		cmocka_unit_test(
			test_what_changes_something_is_for_users_of_voting_servers),
		cmocka_unit_test(test_1_6_a_recovering_server_answers_what_it_may),
		cmocka_unit_test(test_what_was_half_decoded_is_freed),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
