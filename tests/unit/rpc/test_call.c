/* Calls against servers that do what they should, and against others. */
#include "call.h"

#include "clock.h"
#include "exchange.h"
#include "record.h"
#include "wire_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 20000 };

static struct wire_fixture fixture;

/*
 * ---- a server that follows a script
 * --------------------------------------------------------
 */

enum greeting {
	GREET_WELL,
	GREET_NEVER,
	GREET_WITHOUT_TOKEN, /* as a server without TLS, or somebody who strips it */
	GREET_DENYING,
	GREET_WITH_MORE, /* bytes behind the token */
	GREET_GARBAGE
};

struct script {
	enum greeting greeting;
	const char *certificate;
	/* Answers the n-th call; false: closes. */
	bool (*answer)(struct record *record, uint32_t xid, unsigned n);
	unsigned calls;
};

struct fake {
	const struct script *script;
	int listener;
	pthread_t thread;
	struct cluster cluster;
	SSL_CTX *server_context, *client_context;
};

static bool_t no_value(XDR *xdrs, ...)
{
	(void)xdrs;
	return TRUE;
}

static bool reply(struct record *record, uint32_t xid, enum accept_stat status,
		  xdrproc_t proc, void *where)
{
	struct rpc_msg message;

	memset(&message, 0, sizeof message);
	message.rm_xid = xid;
	message.rm_direction = REPLY;
	message.rm_reply.rp_stat = MSG_ACCEPTED;
	message.acpted_rply.ar_stat = status;
	if (status == SUCCESS) {
		message.acpted_rply.ar_results.proc = proc != NULL ? proc : no_value;
		message.acpted_rply.ar_results.where = where;
	}
	return xdr_replymsg(record_begin(record), &message) &&
	       record_send(record, clock_now_ms() + LONG_MS);
}

static bool receive_call(struct record *record, uint32_t *ret_xid)
{
	return record_receive(record, DFS_RECORD_MAX, clock_now_ms() + LONG_MS) &&
	       xdr_uint32_t(record_input(record), ret_xid);
}

/* Answers the wish for TLS by hand; true when a handshake is to follow. */
static bool greet(const struct fake *fake, struct record *record, int fd)
{
	uint32_t xid;
	uint32_t words[9] = {0, 0, htonl(1), 0, 0, htonl(8), 0, 0, 0};
	size_t len = sizeof words;
	enum greeting greeting = fake->script->greeting;

	if (!receive_call(record, &xid))
		return false;
	words[1] = htonl(xid);
	memcpy(words + 6, "STARTTLS", 8);
	if (greeting == GREET_WITHOUT_TOKEN) {
		memset(words + 5, 0, 8);
		len -= 8;
	} else if (greeting == GREET_DENYING) {
		words[3] = htonl(1); /* MSG_DENIED, */
		words[4] = htonl(1); /* AUTH_ERROR, */
		words[5] = htonl(2); /* AUTH_REJECTEDCRED */
		len = 6 * sizeof words[0];
	} else if (greeting == GREET_GARBAGE) {
		memset(words + 2, 0xee, sizeof words - 8);
	}
	words[0] = htonl(0x80000000U | (uint32_t)(len - 4));
	uint8_t wire[sizeof words + 8] = {0};
	memcpy(wire, words, len);
	if (greeting == GREET_WITH_MORE)
		len += 8;
	if (greeting != GREET_NEVER)
		wire_fixture_write(fd, wire, len);
	return greeting == GREET_WELL;
}

static void *serve(void *arg)
{
	const struct fake *fake = arg;
	int fd = accept(fake->listener, NULL, NULL);
	struct stream *stream = stream_new(fd);
	struct record *record = record_new(stream, NULL);
	char why[WIRE_FIXTURE_WHY];
	uint32_t xid;
	uint8_t byte;

	if (greet(fake, record, fd) &&
	    stream_start_tls(
		    stream, fake->server_context, true, NULL,
		    &(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why})) {
		for (unsigned n = 0; n < fake->script->calls; n++)
			if (!receive_call(record, &xid) ||
			    !fake->script->answer(record, xid, n))
				break;
	}
	/* Until the client has gone. */
	if (fake->script->greeting != GREET_WELL) {
		stream_set_deadline(stream, clock_now_ms() + LONG_MS);
		while (stream_read(stream, &byte, 1) == 1)
			;
	}
	record_free(record);
	stream_close(stream);
	return NULL;
}

static void fake_start(struct fake *fake, const struct script *script)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;

	memset(fake, 0, sizeof *fake);
	fake->script = script;
	fake->server_context = wire_fixture_server(
		&fixture, script->certificate != NULL ? script->certificate : "dfs1");
	fake->client_context = wire_fixture_client(&fixture, "ca.pem");
	fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fake->listener, 5), 0);
	assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&address, &len),
			 0);
	(void)snprintf(fake->cluster.servers[0].address,
		       sizeof fake->cluster.servers[0].address, "127.0.0.1:%u",
		       ntohs(address.sin_port));
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

static void fake_end(struct fake *fake)
{
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	SSL_CTX_free(fake->server_context);
	SSL_CTX_free(fake->client_context);
}

static struct call *fake_open(const struct fake *fake, int64_t ms, char *why)
{
	return call_open(&fake->cluster, 1, fake->client_context,
			 &(struct one_try){clock_now_ms() + ms, why, WIRE_FIXTURE_WHY});
}

/*
 * ---- opening
 * -------------------------------------------------------------------------------
 */

static void open_fails(const struct script *script, int64_t ms, const char *because)
{
	char why[WIRE_FIXTURE_WHY] = "";
	struct fake fake;

	fake_start(&fake, script);
	assert_null(fake_open(&fake, ms, why));
	fake_end(&fake);
	if (strncmp(why, "dfs1: ", 6) != 0 || !strstr(why, because))
		fail_msg("\"%s\" does not say \"%s\"", why, because);
}

static void test_1_9_a_client_never_falls_back(void **state)
{
	(void)state;
	open_fails(&(struct script){.greeting = GREET_WITHOUT_TOKEN}, LONG_MS,
		   "does not offer TLS");
	open_fails(&(struct script){.greeting = GREET_DENYING}, LONG_MS,
		   "does not offer TLS");
	open_fails(&(struct script){.greeting = GREET_GARBAGE}, LONG_MS,
		   "not what was sent");
}

static void test_1_9_bytes_before_the_handshake_are_refused(void **state)
{
	(void)state;
	open_fails(&(struct script){.greeting = GREET_WITH_MORE}, LONG_MS,
		   "bytes before the TLS handshake");
}

static void test_1_9_another_server_is_refused(void **state)
{
	(void)state;
	open_fails(&(struct script){.certificate = "dfs2"}, LONG_MS,
		   "certificate refused");
	open_fails(&(struct script){.certificate = "stranger"}, LONG_MS,
		   "certificate refused");
}

static void test_1_5_a_mute_server_is_given_up_at_the_deadline(void **state)
{
	(void)state;
	open_fails(&(struct script){.greeting = GREET_NEVER}, 100, "no answer in time");
}

static void test_nobody_there(void **state)
{
	struct cluster cluster;
	char why[WIRE_FIXTURE_WHY] = "";
	SSL_CTX *context = wire_fixture_client(&fixture, "ca.pem");

	(void)state;
	memset(&cluster, 0, sizeof cluster);
	strcpy(cluster.servers[1].address, "127.0.0.1:1");
	assert_null(
		call_open(&cluster, 2, context,
			  &(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why}));
	assert_string_equal(why, "dfs2: connection refused");
	strcpy(cluster.servers[1].address, "nowhere");
	assert_null(
		call_open(&cluster, 2, context,
			  &(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why}));
	assert_non_null(strstr(why, "not an address"));
	SSL_CTX_free(context);
}

/*
 * ---- calling
 * -------------------------------------------------------------------------------
 */

static bool settle(struct call *call, dfs_settled_res *res, int64_t ms, char *why)
{
	const dfs_settled_args args = {{0, NULL}};

	why[0] = '\0';
	return call_run(call, DFS_SETTLED, &args, res,
			&(struct one_try){clock_now_ms() + ms, why, WIRE_FIXTURE_WHY});
}

static bool answer_variously(struct record *record, uint32_t xid, unsigned n)
{
	dfs_settled_res busy = {DFS_BUSY}, denied = {DFS_DENIED};
	static const enum accept_stat refusals[] = {PROG_UNAVAIL, PROC_UNAVAIL,
						    GARBAGE_ARGS, SYSTEM_ERR};
	xdrproc_t proc = (xdrproc_t)xdr_dfs_settled_res;

	switch (n) {
	case 0: /* an answer to nobody's call comes first */
		return reply(record, xid + 5, SUCCESS, proc, &busy) &&
		       reply(record, xid, SUCCESS, proc, &denied);
	case 1:
	case 2:
	case 3:
	case 4:
		return reply(record, xid, refusals[n - 1], NULL, NULL);
	case 5: /* too short */
		return reply(record, xid, SUCCESS, NULL, NULL);
	case 6: /* too long */
		return reply(record, xid, SUCCESS, (xdrproc_t)xdr_dfs_status_ok,
			     &(dfs_status_ok){0});
	case 7:
		return reply(record, xid, SUCCESS, proc, &busy);
	default:
		return false;
	}
}

static void test_a_refusal_leaves_the_connection_usable(void **state)
{
	const struct script script = {.answer = answer_variously, .calls = 9};
	static const char *const sentences[] = {
		"another program",  "does not know this procedure", "did not understand",
		"could not answer", "breaks the protocol",          "breaks the protocol",
	};
	char why[WIRE_FIXTURE_WHY];
	dfs_settled_res res;
	struct fake fake;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	assert_true(settle(call, &res, LONG_MS, why));
	assert_int_equal(res.status, DFS_DENIED);
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
		assert_false(settle(call, &res, LONG_MS, why));
		assert_memory_equal(why, "dfs1: ", 6);
		assert_non_null(strstr(why, sentences[i]));
		assert_false(call_is_dead(call));
	}
	assert_true(settle(call, &res, LONG_MS, why));
	assert_int_equal(res.status, DFS_BUSY);
	/* The ninth call is not answered but hung up on. */
	assert_false(settle(call, &res, LONG_MS, why));
	assert_string_equal(why, "dfs1: the connection was closed");
	assert_true(call_is_dead(call));
	assert_false(settle(call, &res, LONG_MS, why));
	call_close(call);
	fake_end(&fake);
}

/* The versions that the server of each call speaks. */
static const struct {
	rpcvers_t low, high;
	const char *sentence;
	bool older;
} versions[] = {
	{1, 1, "dfs1: it speaks an older protocol (1; this program needs 2)", true},
	{3, 5, "dfs1: it speaks a newer protocol (3; this program needs 2)", false},
	/* What no honest server says. */
	{2, 2, "dfs1: it speaks another version of our protocol", false},
	{0, UINT32_MAX, "dfs1: it speaks another version of our protocol", false},
};

static bool answer_version(struct record *record, uint32_t xid, unsigned n)
{
	struct rpc_msg message;

	memset(&message, 0, sizeof message);
	message.rm_xid = xid;
	message.rm_direction = REPLY;
	message.rm_reply.rp_stat = MSG_ACCEPTED;
	message.acpted_rply.ar_stat = PROG_MISMATCH;
	message.acpted_rply.ar_vers.low = versions[n].low;
	message.acpted_rply.ar_vers.high = versions[n].high;
	return xdr_replymsg(record_begin(record), &message) &&
	       record_send(record, clock_now_ms() + LONG_MS);
}

static void test_8_17_another_version_is_named(void **state)
{
	const size_t count = sizeof versions / sizeof versions[0];
	const struct script script = {.answer = answer_version, .calls = (unsigned)count};
	char why[WIRE_FIXTURE_WHY];
	dfs_settled_res res;
	struct fake fake;

	(void)state;
	assert_int_equal(DFS_VERSION, 2);
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	for (size_t i = 0; i < count; i++) {
		assert_false(settle(call, &res, LONG_MS, why));
		assert_string_equal(why, versions[i].sentence);
		assert_int_equal(call_is_older(call), versions[i].older);
	}
	call_close(call);
	fake_end(&fake);
}

/* The same through libtirpc's own interface, as rpcgen's stubs would use it. */
static void test_a_client_of_libtirpc(void **state)
{
	const struct script script = {.answer = answer_variously, .calls = 9};
	static const enum clnt_stat expected[] = {
		RPC_SUCCESS,     RPC_PROGUNAVAIL,   RPC_PROCUNAVAIL,   RPC_CANTDECODEARGS,
		RPC_SYSTEMERROR, RPC_CANTDECODERES, RPC_CANTDECODERES, RPC_SUCCESS,
		RPC_CANTRECV,    RPC_CANTSEND,
	};
	const struct timeval timeout = {LONG_MS / 1000, 0};
	dfs_settled_args args = {{0, NULL}};
	char why[WIRE_FIXTURE_WHY];
	struct fake fake;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	CLIENT *client = call_client(call);

	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		dfs_settled_res res = {DFS_OK};
		struct rpc_err error;

		assert_int_equal(clnt_call(client, DFS_SETTLED,
					   (xdrproc_t)xdr_dfs_settled_args, &args,
					   (xdrproc_t)xdr_dfs_settled_res, &res, timeout),
				 expected[i]);
		clnt_geterr(client, &error);
		assert_int_equal(error.re_status, expected[i]);
		if (i == 0)
			assert_int_equal(res.status, DFS_DENIED);
		assert_true(clnt_freeres(client, (xdrproc_t)xdr_dfs_settled_res, &res));
	}
	clnt_destroy(client);
	fake_end(&fake);
}

/* A byte for each call that a server has received and will not answer. */
static int received[2];

static bool never_answer(struct record *record, uint32_t xid, unsigned n)
{
	(void)xid;
	(void)n;
	assert_int_equal(write(received[1], "x", 1), 1);
	/* Ends when the client hangs up. */
	(void)record_receive(record, DFS_RECORD_MAX, clock_now_ms() + LONG_MS);
	return false;
}

static void test_1_5_no_answer_makes_the_handle_dead(void **state)
{
	const struct script script = {.answer = never_answer, .calls = 1};
	char why[WIRE_FIXTURE_WHY];
	dfs_settled_res res;
	struct fake fake;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	assert_false(settle(call, &res, 100, why));
	assert_string_equal(why, "dfs1: no answer in time");
	assert_true(call_is_dead(call));
	call_close(call);
	fake_end(&fake);
	assert_int_equal(read(received[0], why, 1), 1);
}

static void *cancel_when_received(void *call)
{
	char byte;

	if (read(received[0], &byte, 1) == 1)
		call_cancel(call);
	return NULL;
}

static void test_a_call_is_cancelled_from_another_thread(void **state)
{
	const struct script script = {.answer = never_answer, .calls = 1};
	char why[WIRE_FIXTURE_WHY];
	dfs_settled_res res;
	struct fake fake;
	pthread_t thread;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_received, call), 0);
	int64_t began = clock_now_ms();
	assert_false(settle(call, &res, LONG_MS, why));
	assert_string_equal(why, "dfs1: given up");
	assert_true(clock_now_ms() - began < LONG_MS / 2);
	assert_true(call_is_dead(call));
	assert_false(settle(call, &res, LONG_MS, why));
	pthread_join(thread, NULL);
	call_close(call);
	fake_end(&fake);
}

static uint8_t content[DFS_UNIT_SIZE];

static bool answer_content(struct record *record, uint32_t xid, unsigned n)
{
	dfs_got items[4];
	dfs_get_res res = {.status = DFS_OK, .dfs_get_res_u.items = {4, items}};

	(void)n;
	for (unsigned i = 0; i < 4; i++)
		items[i] = (dfs_got){.status = DFS_OK,
				     .dfs_got_u.data = {DFS_UNIT_SIZE, content}};
	items[2].status = DFS_UNKNOWN;
	return reply(record, xid, SUCCESS, (xdrproc_t)xdr_dfs_get_res, &res);
}

static void test_content_lies_in_the_handle(void **state)
{
	const struct script script = {.answer = answer_content, .calls = 3};
	dfs_want wants[4];
	const dfs_get_args args = {.wants = {4, wants}};
	char why[WIRE_FIXTURE_WHY];
	struct fake fake;

	(void)state;
	memset(wants, 0, sizeof wants);
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i ^ i >> 8);
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	for (int round = 0; round < 3; round++) {
		dfs_get_res res;

		assert_true(call_run(
			call, DFS_GET, &args, &res,
			&(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why}));
		assert_int_equal(res.dfs_get_res_u.items.items_len, 4);
		const dfs_got *items = res.dfs_get_res_u.items.items_val;
		assert_int_equal(items[2].status, DFS_UNKNOWN);
		assert_int_equal(items[3].dfs_got_u.data.len, DFS_UNIT_SIZE);
		assert_memory_equal(items[3].dfs_got_u.data.data, content, DFS_UNIT_SIZE);
		call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	}
	call_close(call);
	fake_end(&fake);
}

struct watched {
	char why[WIRE_FIXTURE_WHY];
	unsigned times;
};

static void note_wrong(void *context, const char *why)
{
	struct watched *watched = context;

	(void)snprintf(watched->why, sizeof watched->why, "%s", why);
	watched->times++;
}

/* Each time there are four answers. */
static void test_8_10_an_answer_that_breaks_a_rule_is_a_failure(void **state)
{
	static const char sentence[] =
		"dfs1 answers wrongly: more answers than questions: left out";
	const struct script script = {.answer = answer_content, .calls = 3};
	dfs_want wants[4] = {{.unit = 0}};
	const dfs_get_args three = {.wants = {3, wants}}, four = {.wants = {4, wants}};
	struct watched watched = {.times = 0};
	char why[WIRE_FIXTURE_WHY];
	struct fake fake;
	dfs_get_res res;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	const struct one_try try = {clock_now_ms() + LONG_MS, why, sizeof why};

	assert_non_null(call);
	assert_false(call_run(call, DFS_GET, &three, &res, &try));
	assert_string_equal(why, sentence);
	call_watch(call, &(struct call_watcher){note_wrong, &watched});
	memset(&res, 1, sizeof res);
	assert_false(call_run(call, DFS_GET, &three, &res, &try));
	assert_int_equal(watched.times, 1);
	assert_string_equal(watched.why, sentence);
	/* Nothing is left to be freed, or to be taken. */
	assert_int_equal(res.dfs_get_res_u.items.items_len, 0);
	assert_null(res.dfs_get_res_u.items.items_val);
	/* The connection is in step. */
	assert_false(call_is_dead(call));
	assert_true(call_run(call, DFS_GET, &four, &res, &try));
	assert_int_equal(watched.times, 1);
	call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	call_close(call);
	fake_end(&fake);
}

static void test_what_cannot_be_encoded_is_not_sent(void **state)
{
	const struct script script = {.answer = answer_content, .calls = 1};
	dfs_unit unit = {.number = 0, .data = {DFS_UNIT_MAX + 1, content}};
	const dfs_put_args args = {.units = {1, &unit}};
	dfs_want wants[4] = {{.unit = 0}};
	const dfs_get_args get_args = {.wants = {4, wants}};
	char why[WIRE_FIXTURE_WHY];
	dfs_put_res res;
	dfs_get_res got;
	struct fake fake;

	(void)state;
	fake_start(&fake, &script);
	struct call *call = fake_open(&fake, LONG_MS, why);
	assert_non_null(call);
	assert_false(
		call_run(call, DFS_PUT, &args, &res,
			 &(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why}));
	assert_non_null(strstr(why, "breaks a limit"));
	assert_false(call_is_dead(call));
	assert_true(
		call_run(call, DFS_GET, &get_args, &got,
			 &(struct one_try){clock_now_ms() + LONG_MS, why, sizeof why}));
	call_free_result((xdrproc_t)xdr_dfs_get_res, &got);
	call_close(call);
	call_close(NULL);
	fake_end(&fake);
}

static int start(void **state)
{
	(void)state;
	wire_fixture_start(&fixture);
	return pipe(received);
}

static int end(void **state)
{
	(void)state;
	wire_fixture_end(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_1_9_a_client_never_falls_back),
		cmocka_unit_test(test_1_9_bytes_before_the_handshake_are_refused),
		cmocka_unit_test(test_1_9_another_server_is_refused),
		cmocka_unit_test(test_1_5_a_mute_server_is_given_up_at_the_deadline),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_a_refusal_leaves_the_connection_usable),
		cmocka_unit_test(test_8_17_another_version_is_named),
		cmocka_unit_test(test_a_client_of_libtirpc),
		cmocka_unit_test(test_1_5_no_answer_makes_the_handle_dead),
		cmocka_unit_test(test_a_call_is_cancelled_from_another_thread),
		cmocka_unit_test(test_content_lies_in_the_handle),
		cmocka_unit_test(test_8_10_an_answer_that_breaks_a_rule_is_a_failure),
		cmocka_unit_test(test_what_cannot_be_encoded_is_not_sent),
	};

	return cmocka_run_group_tests_name("call", tests, start, end);
}
