/*
 * RPC records on a stream.
 *
 * Memory for input: up to RECORD_SMALL bytes per connection are free; only when so many
 * of a record have really arrived is the rest reserved, in one piece and with nothing
 * held while waiting.  So connections that wait for memory never wait for one another.
 */
#include "record.h"

#include "dfs.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MARK = 4,            /* bytes of the mark before each fragment */
	FIRST = 4096,        /* of a buffer */
	BY_REFERENCE = 4096, /* shorter runs are copied */
	WRITE_SIZE = 16384   /* of content in one TLS record */
};
static const uint32_t last_fragment = 0x80000000U;

/* A run of bytes that goes out after the first `at` bytes of the buffer. */
struct reference {
	size_t at;
	const char *bytes;
	size_t len;
};

struct record {
	struct stream *stream;
	struct record_budget budget;

	uint8_t *in;
	size_t in_room, in_len;
	size_t reserved; /* 0, or at least in_room - RECORD_SMALL */
	XDR input;

	uint8_t *out; /* begins with the mark */
	size_t out_room;
	struct reference *references;
	size_t reference_count, reference_room;
	size_t referenced; /* bytes */
	XDR output;
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

	if (record == NULL)
		return NULL;
	record->stream = stream;
	record->budget = budget != NULL ? *budget : unlimited;
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
	free(record->out);
	free(record->references);
	record->out = NULL;
	record->references = NULL;
	record->out_room = record->reference_room = record->reference_count = 0;
}

void record_free(struct record *record)
{
	if (record == NULL)
		return;
	record_rest(record);
	free(record);
}

/* ---- receiving ----------------------------------------------------------------- */

static bool resize_input(struct record *record, size_t room)
{
	uint8_t *in = realloc(record->in, room);

	if (in == NULL) {
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
		/* Empty fragments that are not the last are only a way to keep us busy.
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

/* ---- encoding ------------------------------------------------------------------ */

/* A position is counted without the referenced bytes: it is for the buffer alone. */
static bool_t put_copied(struct record *record, const char *bytes, size_t len)
{
	size_t used = record->output.x_handy;

	if (used + record->referenced + len > MARK + DFS_RECORD_MAX)
		return FALSE;
	if (used + len > record->out_room) {
		size_t room = 2 * (used + len);

		if (room < FIRST)
			room = FIRST;
		if (room > MARK + DFS_RECORD_MAX)
			room = MARK + DFS_RECORD_MAX;

		uint8_t *out = realloc(record->out, room);
		if (out == NULL)
			return FALSE;
		record->out = out;
		record->out_room = room;
	}
	memcpy(record->out + used, bytes, len);
	record->output.x_handy = (u_int)(used + len);
	return TRUE;
}

static bool_t put_reference(struct record *record, const char *bytes, size_t len)
{
	size_t used = record->output.x_handy;

	if (used + record->referenced + len > MARK + DFS_RECORD_MAX)
		return FALSE;
	if (record->reference_count == record->reference_room) {
		size_t room = record->reference_room > 0 ? 2 * record->reference_room : 8;
		struct reference *grown =
			reallocarray(record->references, room, sizeof *grown);

		if (grown == NULL)
			return FALSE;
		record->references = grown;
		record->reference_room = room;
	}
	record->references[record->reference_count++] =
		(struct reference){.at = used, .bytes = bytes, .len = len};
	record->referenced += len;
	return TRUE;
}

static bool_t put_bytes(XDR *xdrs, const char *bytes, u_int len)
{
	struct record *record = xdrs->x_private;

	return len >= BY_REFERENCE ? put_reference(record, bytes, len)
				   : put_copied(record, bytes, len);
}

static bool_t put_long(XDR *xdrs, const long *number)
{
	uint32_t wire = htonl((uint32_t)*number);

	return put_copied(xdrs->x_private, (const char *)&wire, sizeof wire);
}

static bool_t get_long(XDR *xdrs, long *number)
{
	(void)xdrs;
	(void)number;
	return FALSE;
}

static bool_t get_bytes(XDR *xdrs, char *bytes, u_int len)
{
	(void)xdrs;
	(void)bytes;
	(void)len;
	return FALSE;
}

static u_int get_position(XDR *xdrs)
{
	return xdrs->x_handy;
}

static bool_t set_position(XDR *xdrs, u_int position)
{
	(void)xdrs;
	(void)position;
	return FALSE;
}

/* Generated code and libtirpc fall back on x_putlong when this gives nothing. */
static int32_t *no_inline(XDR *xdrs, u_int len)
{
	(void)xdrs;
	(void)len;
	return NULL;
}

static void destroy_nothing(XDR *xdrs)
{
	(void)xdrs;
}

static const struct xdr_ops output_ops = {
	.x_getlong = get_long,
	.x_putlong = put_long,
	.x_getbytes = get_bytes,
	.x_putbytes = put_bytes,
	.x_getpostn = get_position,
	.x_setpostn = set_position,
	.x_inline = no_inline,
	.x_destroy = destroy_nothing,
};

XDR *record_begin(struct record *record)
{
	record->reference_count = 0;
	record->referenced = 0;
	record->output = (XDR){.x_op = XDR_ENCODE,
			       .x_ops = &output_ops,
			       .x_private = record,
			       .x_handy = MARK};
	return &record->output;
}

/* ---- sending ------------------------------------------------------------------- */

/* Gathers short runs into full TLS records; long ones go out from where they lie. */
struct gather {
	struct stream *stream;
	size_t used;
	uint8_t bytes[WRITE_SIZE];
};

static bool gather_flush(struct gather *gather)
{
	size_t used = gather->used;

	gather->used = 0;
	return used == 0 || stream_write(gather->stream, gather->bytes, used);
}

static bool gather_put(struct gather *gather, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		size_t now = WRITE_SIZE - gather->used;

		if (gather->used == 0 && len >= WRITE_SIZE) {
			now = len - len % WRITE_SIZE;
			if (!stream_write(gather->stream, from, now))
				return false;
		} else {
			if (now > len)
				now = len;
			memcpy(gather->bytes + gather->used, from, now);
			gather->used += now;
			if (gather->used == WRITE_SIZE && !gather_flush(gather))
				return false;
		}
		from += now;
		len -= now;
	}
	return true;
}

bool record_send(struct record *record, int64_t deadline_ms)
{
	struct gather gather = {.stream = record->stream};
	size_t used = record->output.x_handy, at = 0;
	bool sent = false;
	uint32_t mark =
		htonl((uint32_t)(used - MARK + record->referenced) | last_fragment);

	if (record->out == NULL) /* nothing was encoded */
		return false;
	memcpy(record->out, &mark, sizeof mark);
	stream_set_deadline(record->stream, deadline_ms);
	for (size_t i = 0; i < record->reference_count; i++) {
		const struct reference *reference = &record->references[i];

		if (!gather_put(&gather, record->out + at, reference->at - at) ||
		    !gather_put(&gather, reference->bytes, reference->len))
			goto done;
		at = reference->at;
	}
	sent = gather_put(&gather, record->out + at, used - at) && gather_flush(&gather);
done:
	if (record->out_room > RECORD_SMALL) {
		free(record->out);
		record->out = NULL;
		record->out_room = 0;
	}
	return sent;
}
