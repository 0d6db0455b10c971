/*
 * Records: bounds on what comes in, memory only for what has come, no copies going out.
 */
#include "record.h"

#include "clock.h"
#include "dfs.h"
#include "wire_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 20000, MAX = DFS_RECORD_MAX };

/* Counts what is asked of it. */
struct purse {
	bool generous;
	unsigned asked;
	size_t held, most;
};

static bool purse_reserve(void *arg, size_t bytes, int64_t deadline_ms)
{
	struct purse *purse = arg;

	(void)deadline_ms;
	purse->asked++;
	if (!purse->generous)
		return false;
	purse->held += bytes;
	if (purse->held > purse->most)
		purse->most = purse->held;
	return true;
}

static void purse_release(void *arg, size_t bytes)
{
	struct purse *purse = arg;

	assert_true(bytes <= purse->held);
	purse->held -= bytes;
}

/* A record on one end of a connection whose other end is a plain socket. */
struct bench {
	struct purse purse;
	struct stream *stream;
	struct record *record;
	int peer;
};

static void bench_start(struct bench *bench, bool generous)
{
	const struct record_budget budget = {purse_reserve, purse_release, &bench->purse};
	int ends[2];

	memset(bench, 0, sizeof *bench);
	bench->purse.generous = generous;
	wire_fixture_pair(ends);
	bench->stream = stream_new(ends[0]);
	bench->peer = ends[1];
	bench->record = record_new(bench->stream, &budget);
	assert_non_null(bench->record);
}

static void bench_end(struct bench *bench)
{
	record_free(bench->record);
	assert_int_equal(bench->purse.held, 0);
	stream_close(bench->stream);
	close(bench->peer);
}

static void send_mark(struct bench *bench, uint32_t len, bool last)
{
	uint32_t mark = htonl(len | (last ? 0x80000000U : 0));

	wire_fixture_write(bench->peer, &mark, sizeof mark);
}

static bool receive(struct bench *bench, size_t max)
{
	return record_receive(bench->record, max, clock_now_ms() + LONG_MS);
}

static void test_fragments_are_put_together(void **state)
{
	struct bench bench;
	uint32_t number;

	(void)state;
	bench_start(&bench, false);
	send_mark(&bench, 3, false);
	wire_fixture_write(bench.peer, "\0\0\0", 3);
	send_mark(&bench, 1, false);
	wire_fixture_write(bench.peer, "\7", 1);
	send_mark(&bench, 4, true);
	wire_fixture_write(bench.peer, "\0\0\1\0", 4);
	assert_true(receive(&bench, 8));
	assert_int_equal(record_received(bench.record), 8);
	assert_true(xdr_uint32_t(record_input(bench.record), &number));
	assert_int_equal(number, 7);
	assert_false(record_used_up(bench.record));
	assert_true(xdr_uint32_t(record_input(bench.record), &number));
	assert_int_equal(number, 256);
	assert_true(record_used_up(bench.record));
	assert_false(xdr_uint32_t(record_input(bench.record), &number));
	/* An empty record is one, and has nothing in it. */
	send_mark(&bench, 0, true);
	assert_true(receive(&bench, 8));
	assert_true(record_used_up(bench.record));
	assert_int_equal(bench.purse.asked, 0);
	bench_end(&bench);
}

static void test_too_much_is_refused(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, true);
	send_mark(&bench, 9, true);
	assert_false(receive(&bench, 8));
	assert_int_equal(stream_error(bench.stream), EMSGSIZE);
	bench_end(&bench);

	bench_start(&bench, true);
	send_mark(&bench, 4, false);
	wire_fixture_write(bench.peer, "1234", 4);
	send_mark(&bench, 5, true);
	assert_false(receive(&bench, 8));
	assert_int_equal(stream_error(bench.stream), EMSGSIZE);
	bench_end(&bench);

	bench_start(&bench, true);
	send_mark(&bench, 0, false);
	assert_false(receive(&bench, 8));
	assert_int_equal(stream_error(bench.stream), EMSGSIZE);
	bench_end(&bench);
}

static void test_a_header_alone_reserves_nothing(void **state)
{
	static const uint8_t bytes[RECORD_SMALL];
	struct bench bench;

	(void)state;
	bench_start(&bench, true);
	send_mark(&bench, MAX, true);
	wire_fixture_write(bench.peer, bytes, RECORD_SMALL - 1);
	assert_false(record_receive(bench.record, MAX, clock_now_ms() + 200));
	assert_int_equal(stream_error(bench.stream), ETIMEDOUT);
	assert_int_equal(bench.purse.asked, 0);
	bench_end(&bench);

	/* One byte more, and memory is asked for: here in vain. */
	bench_start(&bench, false);
	send_mark(&bench, MAX, true);
	wire_fixture_write(bench.peer, bytes, RECORD_SMALL);
	assert_false(receive(&bench, MAX));
	assert_int_equal(stream_error(bench.stream), ENOBUFS);
	assert_int_equal(bench.purse.asked, 1);
	bench_end(&bench);
}

struct writer {
	struct bench *bench;
	size_t len;
};

static void *write_record(void *arg)
{
	struct writer *writer = arg;
	uint8_t *bytes = calloc(1, writer->len);

	assert_non_null(bytes);
	bytes[writer->len - 1] = 42;
	send_mark(writer->bench, (uint32_t)writer->len, true);
	wire_fixture_write(writer->bench->peer, bytes, writer->len);
	free(bytes);
	return NULL;
}

static void receive_written(struct bench *bench, size_t len)
{
	struct writer writer = {bench, len};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_record, &writer), 0);
	assert_true(receive(bench, MAX));
	pthread_join(thread, NULL);
	assert_int_equal(record_received(bench->record), len);
}

static void test_memory_is_reserved_once_and_given_back(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench, true);
	receive_written(&bench, RECORD_SMALL);
	assert_int_equal(bench.purse.asked, 0);
	receive_written(&bench, 1000000);
	assert_int_equal(bench.purse.asked, 1);
	assert_int_equal(bench.purse.held, 1000000);
	/* What is there is used again; more is asked for only with nothing in hand. */
	receive_written(&bench, 500000);
	assert_int_equal(bench.purse.asked, 1);
	receive_written(&bench, MAX);
	assert_int_equal(bench.purse.asked, 2);
	assert_int_equal(bench.purse.most, MAX);
	record_rest(bench.record);
	assert_int_equal(bench.purse.held, 0);
	receive_written(&bench, 100);
	bench_end(&bench);
}

static void *dribble(void *arg)
{
	struct bench *bench = arg;

	/* A byte now and then, until the other end has had enough. */
	for (int i = 0; i < 10000; i++) {
		struct timespec pause = {.tv_nsec = 5000000};

		wire_fixture_write(bench->peer, "x", 1);
		nanosleep(&pause, NULL);
		if (recv(bench->peer, &pause, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			break;
	}
	return NULL;
}

static void test_the_deadline_is_absolute(void **state)
{
	struct bench bench;
	pthread_t thread;

	(void)state;
	bench_start(&bench, true);
	send_mark(&bench, 100000, true);
	assert_int_equal(pthread_create(&thread, NULL, dribble, &bench), 0);
	assert_false(record_receive(bench.record, MAX, clock_now_ms() + 100));
	assert_int_equal(stream_error(bench.stream), ETIMEDOUT);
	stream_cancel(bench.stream);
	pthread_join(thread, NULL);
	bench_end(&bench);
}

/* Two ends, both of ours. */
static void *send_it(void *arg)
{
	struct record *record = arg;
	bool sent = record_send(record, clock_now_ms() + LONG_MS);

	return sent ? record : NULL;
}

static void test_units_arrive_as_they_were_sent(void **state)
{
	static uint8_t content[DFS_UNIT_MAX];
	const uint32_t lengths[] = {0, 1, 5, 4095, 4096, 4097, 16384, 262144, 262143, 3};
	enum { UNITS = sizeof lengths / sizeof lengths[0] };
	dfs_unit units[UNITS];
	dfs_put_args put = {.units = {UNITS, units}}, got;
	struct stream *ends[2];
	struct record *records[2];
	pthread_t thread;
	void *sent;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i * 7 + i / 251);
	for (uint32_t i = 0; i < UNITS; i++)
		units[i] = (dfs_unit){.number = i, .data = {lengths[i], content + i}};
	wire_fixture_pair(fds);
	for (int i = 0; i < 2; i++) {
		ends[i] = stream_new(fds[i]);
		records[i] = record_new(ends[i], NULL);
	}
	assert_true(xdr_dfs_put_args(record_begin(records[0]), &put));
	assert_int_equal(pthread_create(&thread, NULL, send_it, records[0]), 0);
	assert_true(record_receive(records[1], MAX, clock_now_ms() + LONG_MS));
	pthread_join(thread, &sent);
	assert_non_null(sent);

	memset(&got, 0, sizeof got);
	assert_true(xdr_dfs_put_args(record_input(records[1]), &got));
	assert_true(record_used_up(records[1]));
	assert_int_equal(got.units.units_len, UNITS);
	for (uint32_t i = 0; i < UNITS; i++) {
		const dfs_unit *unit = &got.units.units_val[i];

		assert_int_equal(unit->number, i);
		assert_int_equal(unit->data.len, lengths[i]);
		if (lengths[i] > 0)
			assert_memory_equal(unit->data.data, content + i, lengths[i]);
	}
	/* In place: behind one unit the next one follows in the same memory. */
	assert_ptr_equal(got.units.units_val[8].data.data,
			 got.units.units_val[7].data.data + 262144 + 12);
	xdr_free((xdrproc_t)xdr_dfs_put_args, &got);
	for (int i = 0; i < 2; i++) {
		record_free(records[i]);
		stream_close(ends[i]);
	}
}

static void test_what_is_too_long_is_not_encoded(void **state)
{
	static uint8_t content[DFS_UNIT_MAX];
	struct bench bench;
	dfs_bytes bytes = {DFS_UNIT_MAX, content};
	XDR *xdrs;

	(void)state;
	bench_start(&bench, true);
	xdrs = record_begin(bench.record);
	for (int i = 0; i < DFS_RECORD_MAX / (DFS_UNIT_MAX + 4); i++)
		assert_true(xdr_dfs_bytes(xdrs, &bytes));
	assert_false(xdr_dfs_bytes(xdrs, &bytes));
	bytes.len++;
	assert_false(xdr_dfs_bytes(record_begin(bench.record), &bytes));
	/* The next record is none the worse for it. */
	bytes.len = 4;
	assert_true(xdr_dfs_bytes(record_begin(bench.record), &bytes));
	assert_true(record_send(bench.record, clock_now_ms() + LONG_MS));
	uint8_t wire[12];
	assert_int_equal(read(bench.peer, wire, sizeof wire), sizeof wire);
	assert_memory_equal(wire, "\x80\0\0\x08\0\0\0\x04\0\0\0\0", sizeof wire);
	bench_end(&bench);
}

static void test_units_beyond_the_record_are_refused(void **state)
{
	struct bench bench;
	dfs_bytes bytes = {0, NULL};

	(void)state;
	bench_start(&bench, true);
	send_mark(&bench, 8, true);
	wire_fixture_write(bench.peer, "\0\0\0\5abcd", 8);
	assert_true(receive(&bench, MAX));
	assert_false(xdr_dfs_bytes(record_input(bench.record), &bytes));
	send_mark(&bench, 8, true);
	wire_fixture_write(bench.peer,
			   "\xff\xff\xff\xff"
			   "abcd",
			   8);
	assert_true(receive(&bench, MAX));
	assert_false(xdr_dfs_bytes(record_input(bench.record), &bytes));
	bench_end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragments_are_put_together),
		cmocka_unit_test(test_too_much_is_refused),
		cmocka_unit_test(test_a_header_alone_reserves_nothing),
		cmocka_unit_test(test_memory_is_reserved_once_and_given_back),
		cmocka_unit_test(test_the_deadline_is_absolute),
		cmocka_unit_test(test_units_arrive_as_they_were_sent),
		cmocka_unit_test(test_what_is_too_long_is_not_encoded),
		cmocka_unit_test(test_units_beyond_the_record_are_refused),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
