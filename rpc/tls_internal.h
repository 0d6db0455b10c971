/* What the files of rpc/tls share. */
#ifndef DFS_TLS_INTERNAL_H
#define DFS_TLS_INTERNAL_H

#include <stdint.h>

/* RFC 9289, 5: the one protocol, with its length before it as ALPN has it. */
enum { TLS_ALPN_LEN = 7 };
extern const uint8_t tls_alpn[TLS_ALPN_LEN];

/* What to do about a configuration of OpenSSL with which nothing can work. */
#define TLS_WAY_OUT "allow it there, or start this program with OPENSSL_CONF=/dev/null"

/* Why OpenSSL's last call failed, in its words. */
const char *tls_reason(void);

#endif
