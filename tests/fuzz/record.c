/*
 * Records on a stream, against a second reading of RFC 5531, 11.
 *
 * The first byte says how much memory there is and how long a record may be.  Then come
 * pieces: 0x80 and more is a run of zeros, of 64 bytes for each; less is so many bytes as
 * they are.
 */
#include "fuzz.h"

#include "clock.h"
#include "record.h"
#include "stream_fixture.h"

#include <errno.h>
#include <unistd.h>

/* What record_receive is to make of what arrives. */
struct expected {
	const uint8_t *at;
	size_t left;
	uint8_t record[STREAM_FIXTURE_MAX];
	size_t len;
};

static bool expect(struct expected *expected, size_t max)
{
	bool last = false;

	expected->len = 0;
	while (!last) {
		const uint8_t *at = expected->at;
		size_t len;

		if (expected->left < 4)
			return false;
		last = at[0] & 0x80;
		len = (size_t)(at[0] & 0x7f) << 24 | (size_t)at[1] << 16 |
		      (size_t)at[2] << 8 | at[3];
		expected->at += 4;
		expected->left -= 4;
		if (len > expected->left || len > max - expected->len ||
		    (len == 0 && !last))
			return false;
		memcpy(expected->record + expected->len, expected->at, len);
		expected->at += len;
		expected->left -= len;
		expected->len += len;
	}
	return true;
}

struct budget {
	size_t left, held;
};

static bool reserve(void *arg, size_t bytes, int64_t deadline_ms)
{
	struct budget *budget = arg;

	(void)deadline_ms;
	FUZZ_MUST(budget->held == 0);
	if (bytes > budget->left)
		return false;
	budget->left -= bytes;
	budget->held = bytes;
	return true;
}

static void release(void *arg, size_t bytes)
{
	struct budget *budget = arg;

	FUZZ_MUST(bytes == budget->held);
	budget->left += bytes;
	budget->held = 0;
}

static size_t unfold(struct fuzz_input *input, uint8_t *ret)
{
	size_t len = 0;

	while (input->left > 0) {
		uint8_t kind = fuzz_byte(input);
		size_t piece = kind & 0x80 ? 64 * (size_t)(kind & 0x7f) : kind;
		const uint8_t *from = NULL;

		if (!(kind & 0x80))
			from = fuzz_bytes(input, piece, &piece);
		if (piece > STREAM_FIXTURE_MAX - len)
			break;
		if (from)
			memcpy(ret + len, from, piece);
		else
			memset(ret + len, 0, piece);
		len += piece;
	}
	return len;
}

static void receive_all(struct record *record, struct stream *stream,
			struct expected *expected, size_t max, bool plenty)
{
	int64_t deadline_ms = clock_now_ms() + 60000;

	while (record_receive(record, max, deadline_ms)) {
		XDR *xdrs = record_input(record);
		char *all;

		FUZZ_MUST(expect(expected, max));
		FUZZ_MUST(record_received(record) == expected->len);
		if (expected->len % 4 == 0 && expected->len > 0) {
			all = (char *)XDR_INLINE(xdrs, (u_int)expected->len);
			FUZZ_MUST(all && record_used_up(record));
			FUZZ_MUST(memcmp(all, expected->record, expected->len) == 0);
		}
		fuzz_took();
	}
	FUZZ_MUST(stream_error(stream) == ECONNRESET ||
		  stream_error(stream) == EMSGSIZE ||
		  (!plenty && stream_error(stream) == ENOBUFS));
	FUZZ_MUST(stream_error(stream) == ENOBUFS || !expect(expected, max));
	FUZZ_MUST(!record_receive(record, max, deadline_ms));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t wire[STREAM_FIXTURE_MAX];
	static struct expected expected;
	struct fuzz_input input = {bytes, len};
	uint8_t how = fuzz_byte(&input);
	size_t max = how & 1 ? 1024 : STREAM_FIXTURE_MAX, wire_len = unfold(&input, wire);
	struct budget budget = {.left = how & 2 ? STREAM_FIXTURE_MAX : 70000};
	const size_t given = budget.left;
	const struct record_budget borrowed = {reserve, release, &budget};
	struct record *record;
	struct stream *stream;
	int peer;

	stream = stream_fixture_open(wire, wire_len, &peer);
	record = record_new(stream, &borrowed);
	FUZZ_MUST(record);
	expected.at = wire;
	expected.left = wire_len;
	receive_all(record, stream, &expected, max, how & 2);
	record_free(record);
	FUZZ_MUST(budget.left == given && budget.held == 0);
	stream_close(stream);
	(void)close(peer);
	return 0;
}
