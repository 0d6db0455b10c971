/*
 * Encoding a record and sending it.
 *
 * What is short is copied into a buffer; of what is long only the place is noted, and
 * between which bytes of the buffer it belongs.  Sending joins the two again.
 */
#include "outgoing.h"

#include "dfs.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
	MARK = 4,            /* bytes of the mark before the record */
	FIRST = 4096,        /* of the buffer */
	KEPT = 65536,        /* a larger buffer is not kept for the next record */
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

/* A position is counted without the referenced bytes: it is for the buffer alone. */
static bool_t put_copied(struct outgoing *outgoing, const char *bytes, size_t len)
{
	size_t used = outgoing->xdrs.x_handy;

	if (used + outgoing->referenced + len > MARK + DFS_RECORD_MAX)
		return FALSE;
	if (used + len > outgoing->room) {
		size_t room = 2 * (used + len);

		if (room < FIRST)
			room = FIRST;
		if (room > MARK + DFS_RECORD_MAX)
			room = MARK + DFS_RECORD_MAX;

		uint8_t *out = realloc(outgoing->buf, room);
		if (!out)
			return FALSE;
		outgoing->buf = out;
		outgoing->room = room;
	}
	memcpy(outgoing->buf + used, bytes, len);
	outgoing->xdrs.x_handy = (u_int)(used + len);
	return TRUE;
}

static bool_t put_reference(struct outgoing *outgoing, const char *bytes, size_t len)
{
	size_t used = outgoing->xdrs.x_handy;

	if (used + outgoing->referenced + len > MARK + DFS_RECORD_MAX)
		return FALSE;
	if (outgoing->reference_count == outgoing->reference_room) {
		size_t room =
			outgoing->reference_room > 0 ? 2 * outgoing->reference_room : 8;
		struct reference *grown =
			reallocarray(outgoing->references, room, sizeof *grown);

		if (!grown)
			return FALSE;
		outgoing->references = grown;
		outgoing->reference_room = room;
	}
	outgoing->references[outgoing->reference_count++] =
		(struct reference){.at = used, .bytes = bytes, .len = len};
	outgoing->referenced += len;
	return TRUE;
}

static bool_t put_bytes(XDR *xdrs, const char *bytes, u_int len)
{
	struct outgoing *outgoing = xdrs->x_private;

	return len >= BY_REFERENCE ? put_reference(outgoing, bytes, len)
				   : put_copied(outgoing, bytes, len);
}

static bool_t put_long(XDR *xdrs, const long *number)
{
	uint32_t wire = htonl((uint32_t)*number);

	return put_copied(xdrs->x_private, (const char *)&wire, sizeof wire);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the types are libtirpc's */
static bool_t get_long(XDR *xdrs, long *number)
{
	(void)xdrs;
	(void)number;
	return FALSE;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): likewise */
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

XDR *outgoing_begin(struct outgoing *outgoing)
{
	outgoing->reference_count = 0;
	outgoing->referenced = 0;
	outgoing->xdrs = (XDR){.x_op = XDR_ENCODE,
			       .x_ops = &output_ops,
			       .x_private = outgoing,
			       .x_handy = MARK};
	return &outgoing->xdrs;
}

/* ---- sending ------------------------------------------------------------------- */

/* Gathers short runs into full TLS records; long ones go out from where they lie. */
struct outgoing_message {
	struct stream *stream;
	size_t used;
	uint8_t bytes[WRITE_SIZE];
};

static bool gather_flush(struct outgoing_message *gather)
{
	size_t used = gather->used;

	gather->used = 0;
	return used == 0 || stream_write(gather->stream, gather->bytes, used);
}

static bool gather_put(struct outgoing_message *gather, const void *bytes, size_t len)
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

bool outgoing_send(struct outgoing *outgoing, struct stream *stream, int64_t deadline_ms)
{
	struct outgoing_message gather = {.stream = stream};
	size_t used = outgoing->xdrs.x_handy, at = 0;
	bool sent = false;
	uint32_t mark =
		htonl((uint32_t)(used - MARK + outgoing->referenced) | last_fragment);

	if (!outgoing->buf) /* nothing was encoded */
		return false;
	memcpy(outgoing->buf, &mark, sizeof mark);
	stream_set_deadline(stream, deadline_ms);
	for (size_t i = 0; i < outgoing->reference_count; i++) {
		const struct reference *reference = &outgoing->references[i];

		if (!gather_put(&gather, outgoing->buf + at, reference->at - at) ||
		    !gather_put(&gather, reference->bytes, reference->len))
			goto done;
		at = reference->at;
	}
	sent = gather_put(&gather, outgoing->buf + at, used - at) &&
	       gather_flush(&gather);
done:
	if (outgoing->room > KEPT) {
		free(outgoing->buf);
		outgoing->buf = NULL;
		outgoing->room = 0;
	}
	return sent;
}

void outgoing_rest(struct outgoing *outgoing)
{
	free(outgoing->buf);
	free(outgoing->references);
	memset(outgoing, 0, sizeof *outgoing);
}
