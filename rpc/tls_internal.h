/* What the files of rpc/tls share. */
#ifndef DFS_TLS_INTERNAL_H
#define DFS_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9289, 5: the one protocol, with its length before it as ALPN has it. */
enum { TLS_ALPN_LEN = 7 };
extern const uint8_t tls_alpn[TLS_ALPN_LEN];

/* What to do about a configuration of OpenSSL with which nothing can work. */
#define TLS_WAY_OUT "allow it there, or start this program with OPENSSL_CONF=/dev/null"

/*
 * Reads the list of revoked certificates that is beside the CA's, if there is one;
 * certificates are then looked up in it.  false, with why, when it is of no use.
 */
bool tls_read_list(SSL_CTX *context, const char *ca_file, char *why, size_t why_size);

/* What to do about such a list. */
#define TLS_LIST_REMEDY "copy " TLS_LIST " from where \"cluster revoke\" was done"

/* Why OpenSSL's last call failed, in its words. */
const char *tls_reason(void);

#endif
