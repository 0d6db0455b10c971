/*
 * A record on its way out: encoded whole, then sent (see record.h, of which it is a
 * part).
 *
 * Zeroed, a struct outgoing is an empty one.
 */
#ifndef DFS_OUTGOING_H
#define DFS_OUTGOING_H

#include "stream.h"
#include <rpc/rpc.h>

struct reference;

struct outgoing {
	XDR xdrs;
	uint8_t *buf; /* begins with the record mark */
	size_t room;
	struct reference *references;
	size_t reference_count, reference_room;
	size_t referenced; /* bytes */
};

/* Begins a record, forgetting one that was not sent. */
XDR *outgoing_begin(struct outgoing *outgoing);

/* Sends it; false when the stream fails. */
bool outgoing_send(struct outgoing *outgoing, struct stream *stream, int64_t deadline_ms);

/* Frees what it holds; it may be used again. */
void outgoing_rest(struct outgoing *outgoing);

#endif
