/*
 * One TCP connection as a stream of bytes, in the clear and later inside TLS.
 *
 * Every wait ends at the stream's deadline.  After the first failure the stream is dead
 * and every further call fails with the same error.  One thread uses a stream;
 * stream_cancel may be called from others, but not after or beside stream_close.
 */
#ifndef DFS_STREAM_H
#define DFS_STREAM_H

#include "one_try.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/* Takes a connected socket; NULL, and the socket is left alone, when out of memory. */
struct stream *stream_new(int take_fd);

/*
 * Connects to a host (a name or an address, v4 or v6), trying each of its addresses until
 * the deadline.  NULL, with a few words in why ("connection refused").
 */
struct stream *stream_connect(const char *host, unsigned short port,
			      const struct one_try *try);

/* Says good-bye inside TLS without waiting for an answer.  NULL is allowed. */
void stream_close(struct stream *stream);

/* All waits end then, until the next call of this. */
void stream_set_deadline(struct stream *stream, int64_t deadline_ms);

/*
 * Goes on inside TLS (see tls_handshake for the arguments).  A client's fails when bytes
 * in the clear have arrived that nobody has read: they are an injection (RFC 9289, 4.1).
 * A server looks for them, with stream_has_unread, before it answers the wish for TLS.
 */
bool stream_start_tls(struct stream *stream, SSL_CTX *tls, bool server, const char *name,
		      const struct one_try *try);
bool stream_in_tls(const struct stream *stream);
/* A server's stream: waits for the beginning of the handshake (tls_hello_wait). */
bool stream_wait_hello(struct stream *stream, const struct one_try *try);

/* Inside TLS: which server (1..4) the peer is, by its certificate; 0: none of them. */
unsigned stream_peer_server(const struct stream *stream);
/* When the certificate that the peer has shown ends (tls_ends); 0: none. */
int64_t stream_peer_ends(const struct stream *stream);

/*
 * That certificate, which is the stream's; NULL: none.  From any thread, once
 * stream_start_tls has returned.
 */
X509 *stream_peer_certificate(const struct stream *stream);

/* Bytes in the clear that have arrived and were not read. */
bool stream_has_unread(const struct stream *stream);

/*
 * Will nothing more come (the peer has ended its half, at least)?  Can nothing go out any
 * more either, as after stream_cancel?  Both look, and leave the stream as it was.
 */
bool stream_has_ended(const struct stream *stream);
bool stream_is_cut_off(const struct stream *stream);

/* Between 1 and len bytes; 0 is failure, the end of the stream (ECONNRESET) too. */
size_t stream_read(struct stream *stream, void *buf, size_t len);
bool stream_read_all(struct stream *stream, void *buf, size_t len);
bool stream_write(struct stream *stream, const void *bytes, size_t len);

/*
 * Waits until there is something to read (or the stream has ended) or until until_ms.  Of
 * the two results, false is the time-out, and leaves the stream as it was.
 */
bool stream_wait(struct stream *stream, int64_t until_ms);

/*
 * The errno of the first failure, or 0.  ECONNRESET: the peer is gone; ETIMEDOUT; EPROTO:
 * TLS broke; ECANCELED.
 */
int stream_error(const struct stream *stream);

/* Declares the stream dead, e.g. because what arrived makes no sense (EPROTO). */
void stream_fail(struct stream *stream, int error);

/* From any thread: whatever waits on the stream, or will, fails at once. */
void stream_cancel(struct stream *stream);

#endif
