/*
 * TLS 1.3 with ALPN "sunrpc" (RFC 9289), and the certificates of a cluster's own CA.
 *
 * Everything fails closed: a missing or group-readable key, a certificate that does not
 * fit its key or has expired, an unreadable CA are errors here, with a sentence that says
 * what to do.
 *
 * A file crl.pem beside the CA's certificate is the list of the certificates that it has
 * revoked (X.509 CRL, one or several).  Whoever reads the CA reads it too, and believes
 * none of these; a list that is damaged, or signed by another CA, is an error likewise.
 */
#ifndef DFS_TLS_H
#define DFS_TLS_H

#include "one_try.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For calls to servers; the caller frees it with SSL_CTX_free.  NULL, with why. */
SSL_CTX *tls_for_client(const char *ca_file, char *why, size_t why_size);

/*
 * What a server shows, and whom it believes: files, and for messages the cluster's
 * folder.
 */
struct tls_own {
	const char *cert, *key, *ca, *folder;
};

/*
 * For the calls that a server answers; and for those that it makes to other servers, to
 * which it shows the same certificate.  NULL, with why.
 */
SSL_CTX *tls_for_server(const struct tls_own *own, char *why, size_t why_size);
SSL_CTX *tls_for_peer(const struct tls_own *own, char *why, size_t why_size);

/*
 * A handshake of the two with each other, in memory: what OpenSSL's configuration
 * (groups, signatures, security level) forbids is known before anybody calls.  false,
 * with why.
 */
bool tls_agree(SSL_CTX *server, SSL_CTX *client, char *why, size_t why_size);

/* The name of the list beside the CA's certificate in ca_file. */
#define TLS_LIST "crl.pem"
void tls_list_name(const char *ca_file, char *ret, size_t size);

/* By what this context has read, was the certificate revoked? */
bool tls_is_revoked(SSL_CTX *context, X509 *certificate);

/* Are the lists that fresh has read no older than those of before, and none missing? */
bool tls_list_is_as_new(SSL_CTX *fresh, SSL_CTX *before);

/*
 * When a certificate ends, or the last of the CAs that a context believes: one that was
 * renewed stands beside its successor.  Nanoseconds since 1970 UTC, 0: not known.  So
 * long before that people are told.
 */
enum { TLS_WARN_DAYS = 60 };
int64_t tls_ends(const X509 *certificate);
int64_t tls_ca_ends(SSL_CTX *context);

/* Does the context's own certificate carry this DNS name, as its clients will demand? */
bool tls_has_name(SSL_CTX *context, const char *name);

/*
 * After a handshake: which server (1..4) the peer's certificate names as its DNS name,
 * which is none other's; 0 when it showed none, or one that names no server or several.
 */
unsigned tls_peer_server(const SSL *ssl);

/*
 * Before a server's handshake: waits until all of the first message is in the socket, and
 * leaves it there.  false, with why, when it is none of at most TLS_HELLO_MAX bytes in a
 * record of its own, or not there by the deadline.
 */
enum { TLS_HELLO_MAX = 4096 };
bool tls_hello_wait(int fd, const struct one_try *try);

/*
 * A new handshake on a connected, non-blocking socket; the name, if any, is what the
 * peer's certificate must carry as a DNS name (never a wildcard, never the CN).  Waits
 * until the deadline.  NULL, with why, when it fails or the peer agreed on another ALPN
 * or on none.
 */
SSL *tls_handshake(SSL_CTX *context, int fd, bool server, const char *name,
		   const struct one_try *try);

#endif
