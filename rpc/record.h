/*
 * RPC records (RFC 5531, 11) on a stream, and the XDR streams to read and write them.
 *
 * A record is received whole, within a cap, into a buffer that grows with the bytes that
 * have arrived and never with those that a header announces.  A record to send is encoded
 * whole before its first byte goes out, so that what cannot be encoded is never half
 * sent; runs of 4 KiB and more are not copied but sent from where they lie.
 */
#ifndef DFS_RECORD_H
#define DFS_RECORD_H

#include "stream.h"
#include <rpc/rpc.h>

struct record;

/*
 * Who grants memory.  Called before the buffer of received records outgrows RECORD_SMALL,
 * with all that the record may come to need, and once more when that is given back.
 */
enum { RECORD_SMALL = 65536 };
struct record_budget {
	bool (*reserve)(void *arg, size_t bytes, int64_t deadline_ms);
	void (*release)(void *arg, size_t bytes);
	void *arg;
};

/*
 * The stream outlives the record; budget may be NULL and is copied.  NULL: out of memory.
 */
struct record *record_new(struct stream *stream, const struct record_budget *budget);
void record_free(struct record *record);

/* Gives buffers back while the connection idles; what was received is gone. */
void record_rest(struct record *record);

/*
 * Receives the next record of at most max bytes.  On failure the stream is dead: EMSGSIZE
 * (above max, or empty fragments), ENOMEM, ENOBUFS (no budget in time) or the stream's
 * own.
 */
bool record_receive(struct record *record, size_t max, int64_t deadline_ms);

/* Decodes what was received; valid until the next record_receive or record_rest. */
XDR *record_input(struct record *record);
/* Has all of it been decoded? */
bool record_used_up(struct record *record);
size_t record_received(const struct record *record);

/* Begins a record, forgetting one that was not sent. */
XDR *record_begin(struct record *record);
/* Sends it; what was encoded by reference must still lie where it lay. */
bool record_send(struct record *record, int64_t deadline_ms);

#endif
