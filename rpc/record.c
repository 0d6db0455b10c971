/*
 * RPC records on a stream.
 *
 * Memory for input: up to RECORD_SMALL bytes per connection are free; only when so many
 * of a record have really arrived is the rest reserved, in one piece and with nothing
 * held while waiting.  So connections that wait for memory never wait for one another.
 */
#include "record.h"

#include "outgoing.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 4096 }; /* bytes of a buffer */
static const uint32_t last_fragment = 0x80000000U;

struct record {
	struct stream *stream;
	struct record_budget budget;

	uint8_t *in;
	size_t in_room, in_len;
	size_t reserved; /* 0, or at least in_room - RECORD_SMALL */
	XDR input;

	struct outgoing outgoing;
};

static bool grant_all(void *arg, size_t bytes, int64_t deadline_ms)
{
	(void)arg;
	(void)bytes;
	(void)deadline_ms;
	return true;
}

static void take_back(void *arg, size_t bytes)
{
	(void)arg;
	(void)bytes;
}

struct record *record_new(struct stream *stream, const struct record_budget *budget)
{
	static const struct record_budget unlimited = {grant_all, take_back, NULL};
	struct record *record = calloc(1, sizeof *record);

	if (!record)
		return NULL;
	record->stream = stream;
	record->budget = budget ? *budget : unlimited;
	return record;
}

static void drop_input(struct record *record)
{
	free(record->in);
	record->in = NULL;
	record->in_room = record->in_len = 0;
	if (record->reserved > 0)
		record->budget.release(record->budget.arg, record->reserved);
	record->reserved = 0;
}

void record_rest(struct record *record)
{
	drop_input(record);
	outgoing_rest(&record->outgoing);
}

void record_free(struct record *record)
{
	if (!record)
		return;
	record_rest(record);
	free(record);
}

/* ---- receiving ----------------------------------------------------------------- */

static bool resize_input(struct record *record, size_t room)
{
	uint8_t *in = realloc(record->in, room);

	if (!in) {
		stream_fail(record->stream, ENOMEM);
		return false;
	}
	record->in = in;
	record->in_room = room;
	return true;
}

/* Makes sure of budget for a record of most bytes, of which RECORD_SMALL have arrived. */
static bool reserve(struct record *record, size_t most, int64_t deadline_ms)
{
	if (most <= record->reserved)
		return true;
	if (record->reserved > 0) {
		if (!resize_input(record, RECORD_SMALL))
			return false;
		record->budget.release(record->budget.arg, record->reserved);
		record->reserved = 0;
	}
	if (!record->budget.reserve(record->budget.arg, most, deadline_ms)) {
		stream_fail(record->stream, ENOBUFS);
		return false;
	}
	record->reserved = most;
	return true;
}

/*
 * Receives a fragment of len bytes behind what there is.  most is what the whole record
 * may still come to.
 */
static bool receive_fragment(struct record *record, size_t len, size_t most,
			     int64_t deadline_ms)
{
	while (len > 0) {
		if (record->in_len == RECORD_SMALL && !reserve(record, most, deadline_ms))
			return false;
		if (record->in_len == record->in_room) {
			size_t room = record->in_room > 0 ? 2 * record->in_room : FIRST;

			if (room > most)
				room = most;
			if (record->in_len < RECORD_SMALL && room > RECORD_SMALL)
				room = RECORD_SMALL;
			if (!resize_input(record, room))
				return false;
		}
		size_t want = record->in_room - record->in_len;
		if (want > len)
			want = len;
		if (record->in_len < RECORD_SMALL && want > RECORD_SMALL - record->in_len)
			want = RECORD_SMALL - record->in_len;
		size_t got =
			stream_read(record->stream, record->in + record->in_len, want);
		if (got == 0)
			return false;
		record->in_len += got;
		len -= got;
	}
	return true;
}

bool record_receive(struct record *record, size_t max, int64_t deadline_ms)
{
	bool last = false;

	record->in_len = 0;
	stream_set_deadline(record->stream, deadline_ms);
	while (!last) {
		uint32_t mark;

		if (!stream_read_all(record->stream, &mark, sizeof mark))
			return false;
		mark = ntohl(mark);
		last = (mark & last_fragment) != 0;
		size_t len = mark & ~last_fragment;
		/*
		 * Empty fragments that are not the last are only a way to keep us busy.
		 */
		if (len > max - record->in_len || (len == 0 && !last)) {
			stream_fail(record->stream, EMSGSIZE);
			return false;
		}
		size_t most = last ? record->in_len + len : max;
		if (!receive_fragment(record, len, most, deadline_ms))
			return false;
	}
	memset(&record->input, 0, sizeof record->input);
	xdrmem_create(&record->input, (char *)record->in, (u_int)record->in_len,
		      XDR_DECODE);
	return true;
}

XDR *record_input(struct record *record)
{
	return &record->input;
}

bool record_used_up(struct record *record)
{
	return xdr_getpos(&record->input) == record->in_len;
}

size_t record_received(const struct record *record)
{
	return record->in_len;
}

/* ---- sending ------------------------------------------------------------------- */

XDR *record_begin(struct record *record)
{
	return outgoing_begin(&record->outgoing);
}

bool record_send(struct record *record, int64_t deadline_ms)
{
	return outgoing_send(&record->outgoing, record->stream, deadline_ms);
}
