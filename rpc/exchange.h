/*
 * One RPC call and its reply on a stream: headers, xids and what a reply's header may
 * say.
 *
 * Sentences in why (one_try.h) do not name the server; callers put it before them.
 */
#ifndef DFS_EXCHANGE_H
#define DFS_EXCHANGE_H

#include "stream.h"
#include <rpc/rpc.h>

struct exchange;

/* The credential flavor that asks for TLS (RFC 9289), and the answer to it. */
enum { EXCHANGE_AUTH_TLS = 7, EXCHANGE_STARTTLS_LEN = 8 };
#define EXCHANGE_STARTTLS "STARTTLS"

struct exchange_call {
	uint32_t program, version, procedure;
	xdrproc_t encode; /* NULL: no arguments */
	const void *args;
	xdrproc_t decode; /* NULL: no result */
	void *res;        /* zeroed first */
	size_t res_size;  /* 0: res was zeroed by the caller */
	size_t reply_max; /* bytes of the largest reply taken */
};

/* Takes the stream, also on failure: NULL when out of memory (or take_stream is NULL). */
struct exchange *exchange_new(struct stream *take_stream);
void exchange_free(struct exchange *exchange);
struct stream *exchange_stream(struct exchange *exchange);

/* See call_run of call.h, which is this on a connection of ours. */
bool exchange_run(struct exchange *exchange, const struct exchange_call *call,
		  const struct one_try *try);

/* XDR takes what it encodes without const, but only reads it. */
void *exchange_unconst(const void *pointer);

/* How the last call ended, in libtirpc's terms. */
struct rpc_err exchange_error(const struct exchange *exchange);

/* Asks the other side to go on inside TLS; true when it said STARTTLS. */
bool exchange_ask_tls(struct exchange *exchange, uint32_t program, uint32_t version,
		      const struct one_try *try);

#endif
