/*
 * What a program has OpenSSL do with public and private keys, and for its calls, counted.
 *
 * For a program that is started with this library in LD_PRELOAD.  Each of these calls
 * adds its word, as a line, to the file that DFS_COUNTED names: "private" for a private
 * key that is made from its bytes, "ed25519" for a signature that is verified with such a
 * key, "certificate" for one that is parsed, from a file or a handshake; and besides,
 * "sent" for each piece that is sent through TLS.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void count(const char *line)
{
	const char *name = getenv("DFS_COUNTED");
	int fd = name ? open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		abort(); /* a count that is too low would be believed */
	close(fd);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): words */

EVP_PKEY *EVP_PKEY_new_raw_private_key(int type, ENGINE *engine,
				       const unsigned char *bytes, size_t len)
{
	EVP_PKEY *(*next)(int, ENGINE *, const unsigned char *, size_t);

	*(void **)&next = dlsym(RTLD_NEXT, "EVP_PKEY_new_raw_private_key");
	count("private\n");
	return next(type, engine, bytes, len);
}

int EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t len,
		     const unsigned char *bytes, size_t bytes_len)
{
	int (*next)(EVP_MD_CTX *, const unsigned char *, size_t, const unsigned char *,
		    size_t);
	EVP_PKEY_CTX *with = EVP_MD_CTX_get_pkey_ctx(context);

	*(void **)&next = dlsym(RTLD_NEXT, "EVP_DigestVerify");
	if (EVP_PKEY_is_a(EVP_PKEY_CTX_get0_pkey(with), "ED25519"))
		count("ed25519\n");
	return next(context, signature, len, bytes, bytes_len);
}

X509 *d2i_X509(X509 **ret, const unsigned char **bytes, long len)
{
	X509 *(*next)(X509 **, const unsigned char **, long);

	*(void **)&next = dlsym(RTLD_NEXT, "d2i_X509");
	count("certificate\n");
	return next(ret, bytes, len);
}

int SSL_write_ex(SSL *tls, const void *bytes, size_t len, size_t *ret_len)
{
	int (*next)(SSL *, const void *, size_t, size_t *);

	*(void **)&next = dlsym(RTLD_NEXT, "SSL_write_ex");
	count("sent\n");
	return next(tls, bytes, len, ret_len);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
