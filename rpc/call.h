/*
 * The calling side of our transport: a CLIENT of libtirpc whose calls go over one TCP
 * connection inside TLS (RFC 9289: probe, STARTTLS, handshake; never in the clear).
 *
 * One call at a time per handle.  After any failure of the connection the handle is dead
 * and is to be freed.  Another thread may end a call under way with call_cancel, but not
 * beside or after call_close: whoever closes sees to that.
 */
#ifndef DFS_CALL_H
#define DFS_CALL_H

#include "cluster.h"
#include "dfs.h"
#include "one_try.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;

/*
 * Connects to a server (1..4) of the cluster: to its address, or, where the configuration
 * has none, to the one that rpcbind on its host names.  NULL, with a sentence in why
 * ("dfs2: connection refused"), when that has not succeeded by then.
 */
struct call *call_open(const struct cluster *cluster, unsigned server, SSL_CTX *tls,
		       const struct one_try *try);

/* NULL is allowed. */
void call_close(struct call *call);

/*
 * Whom to tell, on the thread that calls, of an answer that breaks a rule (answers.h),
 * before that call fails; why names the server and the rule.
 */
struct call_watcher {
	void (*wrong)(void *context, const char *why);
	void *context;
};
void call_watch(struct call *call, const struct call_watcher *watcher);

/*
 * One call of a procedure of dfs.x, with its own types (see procedures.h), e.g.
 * call_run(c, DFS_GET, &get_args, &get_res, &try); args is NULL where it takes none.  res
 * is zeroed first.  On success the caller frees what res points to with call_free_result
 * before the next call on this handle; runs of dfs_bytes in it lie in the handle's buffer
 * and are gone with that.  On failure there is nothing to free.  An answer that breaks a
 * rule is a failure like others: what call_run gives keeps all of answers.h.
 */
bool call_run(struct call *call, uint32_t number, const void *args, void *res,
	      const struct one_try *try);

/*
 * The same connection as libtirpc knows it, for clnt_call() and the stubs that rpcgen
 * writes: their time-out counts from the call on, and what they decode into is to be
 * zeroed before.  Borrowed; clnt_destroy() is call_close().
 */
CLIENT *call_client(struct call *call);

void call_free_result(xdrproc_t decode, void *res);

/* Which of the cluster it is, 1..4. */
unsigned call_server(const struct call *call);

/* When the certificate ends that the server has shown (tls_ends). */
int64_t call_peer_ends(const struct call *call);

/* That certificate, which is the call's; from any thread. */
X509 *call_peer_certificate(const struct call *call);

/*
 * Is the connection gone or out of step?  (A reply that only refuses leaves it usable.)
 */
bool call_is_dead(const struct call *call);

/* Was the last call refused because the server speaks an older protocol only? */
bool call_is_older(const struct call *call);

/* Between calls: is it dead, or has the server hung up (or said what nobody asked)? */
bool call_was_closed(const struct call *call);

/* From any thread: makes a call under way, and all later ones, fail at once. */
void call_cancel(struct call *call);

#endif
