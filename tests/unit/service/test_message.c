/* One RPC message: what a call takes, and when. */
#include "message.h"

#include "accounts.h"
#include "clock.h"
#include "secrets.h"
#include "wire_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_MS = 20000, SHORT_MS = 20, HEAD = 6 };

/* A connection inside TLS, at whose server no memory for an answer is to be had. */
struct fixture {
	struct wire_fixture wire;
	SSL_CTX *contexts[2];
	struct stream *streams[2];
	struct record *records[2];
	struct secrets secrets;
	struct server_parts server;
	struct admission *admission;
	struct caller caller;
	struct message_channel channel;
};

static bool shake_hands(struct fixture *fixture, bool server)
{
	char why[WIRE_FIXTURE_WHY];

	return stream_start_tls(
		fixture->streams[!server], fixture->contexts[!server], server,
		server ? NULL : "dfs1",
		&(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why});
}

static void *shake_hands_as_server(void *fixture)
{
	return shake_hands(fixture, true) ? fixture : NULL;
}

static void begin_tls(struct fixture *fixture)
{
	pthread_t thread;
	void *done;
	int ends[2];

	wire_fixture_start(&fixture->wire);
	fixture->contexts[0] = wire_fixture_server(&fixture->wire, "dfs1");
	fixture->contexts[1] = wire_fixture_client(&fixture->wire, "ca.pem");
	wire_fixture_pair(ends);
	for (unsigned i = 0; i < 2; i++) {
		fixture->streams[i] = stream_new(ends[i]);
		assert_non_null(fixture->streams[i]);
		fixture->records[i] = record_new(fixture->streams[i], NULL);
		assert_non_null(fixture->records[i]);
	}
	assert_int_equal(pthread_create(&thread, NULL, shake_hands_as_server, fixture),
			 0);
	assert_true(shake_hands(fixture, false));
	pthread_join(thread, &done);
	assert_non_null(done);
}

static int start(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct admission_limits limits = admission_limits_default;
	const struct sockaddr_in from = {.sin_family = AF_INET};

	assert_non_null(fixture);
	begin_tls(fixture);
	limits.bytes[ADMISSION_ANSWERS] = 1;
	fixture->admission = admission_new(&limits);
	fixture->server.number = 1;
	fixture->server.accounts = accounts_new(
		&(struct accounts_options){.server = 1,
					   .secrets = &fixture->secrets,
					   .rules = &accounts_rules_default});
	fixture->caller.server = &fixture->server;
	fixture->caller.seat =
		admission_enter(fixture->admission, (const struct sockaddr *)&from, -1);
	assert_true(fixture->server.accounts && fixture->caller.seat);
	fixture->channel = (struct message_channel){.caller = &fixture->caller,
						    .seat = fixture->caller.seat,
						    .stream = fixture->streams[0],
						    .record = fixture->records[0],
						    .answer_ms = SHORT_MS};
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	admission_leave(fixture->caller.seat);
	admission_free(fixture->admission);
	accounts_free(fixture->server.accounts);
	for (unsigned i = 0; i < 2; i++) {
		record_free(fixture->records[i]);
		stream_close(fixture->streams[i]);
		SSL_CTX_free(fixture->contexts[i]);
	}
	wire_fixture_end(&fixture->wire);
	free(fixture);
	return 0;
}

/* The status that a call without arguments is answered with. */
static dfs_status call_status(struct fixture *fixture, uint32_t procedure)
{
	const uint32_t words[] = {
		1, CALL, RPC_MSG_VERSION, DFS_PROGRAM, DFS_VERSION, procedure, 0, 0,
		0, 0};
	XDR *xdrs = record_begin(fixture->records[1]);
	uint32_t head[HEAD];
	dfs_status status = DFS_OK;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		uint32_t word = words[i];

		assert_true(xdr_uint32_t(xdrs, &word));
	}
	assert_true(record_send(fixture->records[1], clock_now_ms() + LONG_MS));
	assert_true(record_receive(fixture->records[0], DFS_RECORD_MAX,
				   clock_now_ms() + LONG_MS));
	assert_int_equal(message_answer(&fixture->channel), MESSAGE_GO_ON);
	assert_true(record_receive(fixture->records[1], DFS_RECORD_MAX,
				   clock_now_ms() + LONG_MS));
	xdrs = record_input(fixture->records[1]);
	for (size_t i = 0; i < HEAD; i++)
		assert_true(xdr_uint32_t(xdrs, &head[i]));
	assert_true(xdr_dfs_status(xdrs, &status));
	return status;
}

static void test_12_11_who_is_denied_waits_for_no_memory(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(call_status(fixture, DFS_STATUS), DFS_DENIED);
	/* Else it would show nothing: who is permitted has to wait for it. */
	(void)snprintf(fixture->caller.user, sizeof fixture->caller.user, "bob");
	fixture->caller.looked_ms = clock_now_ms();
	assert_int_equal(call_status(fixture, DFS_STATUS), DFS_BUSY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_12_11_who_is_denied_waits_for_no_memory, start, end),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
