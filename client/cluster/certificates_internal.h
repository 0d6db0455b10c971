/* What the files that sign share: the authority in memory. */
#ifndef DFS_CERTIFICATES_INTERNAL_H
#define DFS_CERTIFICATES_INTERNAL_H

#include "certificates.h"
#include <openssl/x509.h>

/* Also used for the key and the certificate of a server while they are made. */
struct certificates {
	EVP_PKEY *key;
	X509 *certificate;
};

/* Says what could not be made, and what OpenSSL says of it. */
void certificates_blame(const char *what, char *why, size_t why_size);

/*
 * The authority's next certificate: the same name and key, and ten years from now on.
 * NULL when OpenSSL fails.
 */
X509 *certificates_next(const struct certificates *authority);

#endif
