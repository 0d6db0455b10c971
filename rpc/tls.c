/*
 * TLS contexts and handshakes.
 *
 * No tickets and no resumption: connections are long, a resumed session would skip the
 * check of the certificate, and a ticket that nobody reads turns an early close into a
 * reset.
 */
#include "tls.h"

#include "clock.h"
#include "dfs.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* RFC 9289, 5: the one protocol, with its length before it as ALPN has it. */
static const uint8_t alpn[] = "\x06sunrpc";
enum { ALPN_LEN = sizeof alpn - 1 };

__attribute__((format(printf, 3, 4))) static void say(char *why, size_t size,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, size, format, args);
	va_end(args);
}

static const char *ssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason != NULL ? reason : "no reason given";
}

static int alpn_select(SSL *ssl, const uint8_t **ret, uint8_t *ret_len,
		       const uint8_t *offered, unsigned len, void *unused)
{
	(void)ssl;
	(void)unused;
	for (unsigned at = 0; at < len; at += 1U + offered[at]) {
		if (len - at < ALPN_LEN || memcmp(offered + at, alpn, ALPN_LEN) != 0)
			continue;
		*ret = alpn + 1;
		*ret_len = ALPN_LEN - 1;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *context_new(const SSL_METHOD *method, const char *ca_file, char *why,
			    size_t why_size)
{
	SSL_CTX *context;

	/* A thread that outlives main may still be using it. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	context = SSL_CTX_new(method);
	if (context == NULL ||
	    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
		say(why, why_size, "TLS cannot be used: %s", ssl_reason());
		goto fail;
	}
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1); /* one recv for a TLS record, not two */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	errno = 0;
	if (SSL_CTX_load_verify_file(context, ca_file) != 1) {
		const char *reason = errno != 0 ? strerrordesc_np(errno) : ssl_reason();

		say(why, why_size,
		    "%s: the certificate of the cluster's CA cannot be read (%s); copy "
		    "ca.pem from the folder that \"cluster create\" made",
		    ca_file, reason);
		goto fail;
	}
	return context;
fail:
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

SSL_CTX *tls_for_client(const char *ca_file, char *why, size_t why_size)
{
	SSL_CTX *context = context_new(TLS_client_method(), ca_file, why, why_size);

	if (context == NULL)
		return NULL;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_alpn_protos(context, alpn, ALPN_LEN) != 0) { /* 0 is success */
		say(why, why_size, "out of memory");
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

/* Keys with a pass phrase are not for servers that start by themselves: never prompt. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's */
static int no_pass_phrase(char *buf, int size, int writing, void *unused)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)unused;
	return -1;
}

static EVP_PKEY *read_key(const char *file, char *why, size_t why_size)
{
	EVP_PKEY *key = NULL;
	FILE *from = fopen(file, "re");
	struct stat status;

	if (from == NULL || fstat(fileno(from), &status) < 0) {
		say(why, why_size,
		    "%s: the private key cannot be read (%s); copy this server's folder "
		    "from where \"cluster create\" made it",
		    file, strerrordesc_np(errno));
	} else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		say(why, why_size,
		    "%s: others than its owner may read the private key; mend it with: "
		    "chmod 600 '%s'",
		    file, file);
	} else {
		key = PEM_read_PrivateKey(from, NULL, no_pass_phrase, NULL);
		if (key == NULL)
			say(why, why_size,
			    "%s: not a private key in PEM form without a pass phrase",
			    file);
	}
	if (from != NULL)
		(void)fclose(from);
	return key;
}

/* Would our own clients accept it?  Better to know now than at the first handshake. */
static bool check_own(SSL_CTX *context, const char *file, char *why, size_t why_size)
{
	X509 *own = SSL_CTX_get0_certificate(context);
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = NULL;
	bool good = false;

	if (check == NULL || SSL_CTX_get0_chain_certs(context, &chain) != 1 ||
	    X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), own, chain) !=
		    1 ||
	    X509_STORE_CTX_set_default(check, "ssl_server") != 1) {
		say(why, why_size, "out of memory");
	} else if (X509_verify_cert(check) == 1) {
		good = true;
	} else {
		int error = X509_STORE_CTX_get_error(check);

		if (error == X509_V_ERR_CERT_HAS_EXPIRED ||
		    error == X509_V_ERR_CERT_NOT_YET_VALID)
			say(why, why_size,
			    "%s: %s (look at the clock of this machine, or make new "
			    "certificates)",
			    file, X509_verify_cert_error_string(error));
		else
			say(why, why_size,
			    "%s: the cluster's CA does not vouch for this certificate "
			    "(%s)",
			    file, X509_verify_cert_error_string(error));
	}
	X509_STORE_CTX_free(check);
	return good;
}

SSL_CTX *tls_for_server(const char *cert_file, const char *key_file, const char *ca_file,
			char *why, size_t why_size)
{
	SSL_CTX *context = context_new(TLS_server_method(), ca_file, why, why_size);
	EVP_PKEY *key = NULL;
	STACK_OF(X509_NAME) * names;

	if (context == NULL)
		return NULL;
	key = read_key(key_file, why, why_size);
	if (key == NULL)
		goto fail;
	if (SSL_CTX_use_certificate_chain_file(context, cert_file) != 1) {
		say(why, why_size,
		    "%s: the certificate cannot be read (%s); copy this server's folder "
		    "from where \"cluster create\" made it",
		    cert_file, ssl_reason());
		goto fail;
	}
	if (SSL_CTX_use_PrivateKey(context, key) != 1) {
		say(why, why_size, "%s does not belong to the certificate %s", key_file,
		    cert_file);
		goto fail;
	}
	if (!check_own(context, cert_file, why, why_size))
		goto fail;
	names = SSL_load_client_CA_file(ca_file);
	if (names == NULL) {
		say(why, why_size, "%s: %s", ca_file, ssl_reason());
		goto fail;
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_alpn_select_cb(context, alpn_select, NULL);
	/* A certificate is asked for (other servers show one) but not demanded. */
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_num_tickets(context, 0) != 1) {
		say(why, why_size, "TLS cannot be used: %s", ssl_reason());
		goto fail;
	}
	EVP_PKEY_free(key);
	return context;
fail:
	EVP_PKEY_free(key);
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

static bool has_name(X509 *certificate, const char *name)
{
	return X509_check_host(certificate, name, 0,
			       X509_CHECK_FLAG_NO_WILDCARDS |
				       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
			       NULL) == 1;
}

bool tls_has_name(SSL_CTX *context, const char *name)
{
	X509 *own = SSL_CTX_get0_certificate(context);

	return own != NULL && has_name(own, name);
}

unsigned tls_peer_server(const SSL *ssl)
{
	X509 *shown = SSL_get0_peer_certificate(ssl);
	unsigned server = 0, names = 0;
	char name[8];

	/* One that does not verify never gets past the handshake; to be sure: */
	if (shown == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return 0;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		(void)snprintf(name, sizeof name, "dfs%u", s);
		if (!has_name(shown, name))
			continue;
		server = s;
		names++;
	}
	return names == 1 ? server : 0;
}

/* What to wait for; 0 when the handshake has failed, with the reason in why. */
static short handshake_wants(SSL *ssl, int result, char *why, size_t why_size)
{
	int system_error = errno;
	long verified = SSL_get_verify_result(ssl);

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	case SSL_ERROR_SSL:
		if (verified != X509_V_OK)
			say(why, why_size, "certificate refused: %s",
			    X509_verify_cert_error_string(verified));
		else
			say(why, why_size, "TLS handshake failed: %s", ssl_reason());
		return 0;
	default:
		say(why, why_size, "TLS handshake broken off: %s",
		    system_error != 0 ? strerrordesc_np(system_error)
				      : "the connection was closed");
		return 0;
	}
}

static bool wait_for(int fd, short events, int64_t deadline_ms, char *why,
		     size_t why_size)
{
	for (;;) {
		struct pollfd item = {.fd = fd, .events = events};
		int64_t left = deadline_ms - clock_now_ms();

		if (left <= 0) {
			say(why, why_size, "TLS handshake not finished in time");
			return false;
		}
		int ready = poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR) {
			say(why, why_size, "%s", strerrordesc_np(errno));
			return false;
		}
	}
}

static bool set_name(SSL *ssl, const char *name)
{
	char copy[TLSEXT_MAXLEN_host_name + 1]; /* OpenSSL's macro wants it writable */

	if (strlen(name) >= sizeof copy)
		return false;
	(void)strcpy(copy, name);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_WILDCARDS |
				       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, copy) == 1;
}

SSL *tls_handshake(SSL_CTX *context, int fd, bool server, const char *name,
		   int64_t deadline_ms, char *why, size_t why_size)
{
	SSL *ssl = SSL_new(context);
	const uint8_t *chosen;
	unsigned len;

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
	    (name != NULL && !set_name(ssl, name))) {
		say(why, why_size, "out of memory");
		goto fail;
	}
	for (;;) {
		ERR_clear_error();
		errno = 0;
		int result = server ? SSL_accept(ssl) : SSL_connect(ssl);
		if (result == 1)
			break;
		short events = handshake_wants(ssl, result, why, why_size);
		if (events == 0 || !wait_for(fd, events, deadline_ms, why, why_size))
			goto fail;
	}
	/* Without ALPN in the ClientHello the server's callback is never asked. */
	SSL_get0_alpn_selected(ssl, &chosen, &len);
	if (len != ALPN_LEN - 1 || memcmp(chosen, alpn + 1, len) != 0) {
		say(why, why_size, "the peer did not agree on the protocol \"sunrpc\"");
		goto fail;
	}
	return ssl;
fail:
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}
