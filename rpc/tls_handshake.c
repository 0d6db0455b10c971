/*
 * TLS handshakes, and whom one has shaken hands with.
 */
#include "tls.h"

#include "clock.h"
#include "dfs.h"
#include "tls_internal.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

	return own && has_name(own, name);
}

unsigned tls_peer_server(const SSL *ssl)
{
	X509 *shown = SSL_get0_peer_certificate(ssl);
	unsigned server = 0, names = 0;
	char name[8];

	/* One that does not verify never gets past the handshake; to be sure: */
	if (!shown || SSL_get_verify_result(ssl) != X509_V_OK)
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

/* Whoever's clock is wrong by a day is to look there, and not at certificates. */
static void refuse_time(long verified, const struct one_try *try)
{
	const time_t now = time(NULL);
	struct tm fields;
	char text[40] = "?";

	if (gmtime_r(&now, &fields))
		(void)strftime(text, sizeof text, "%Y-%m-%d %H:%M", &fields);
	(void)snprintf(try->why, try->why_size,
		       "certificate refused: %s, if the clock of this machine is right: "
		       "it says %s UTC",
		       X509_verify_cert_error_string(verified), text);
}

/* What to wait for; 0 when the handshake has failed, with the reason in why. */
static short handshake_wants(SSL *ssl, int result, const struct one_try *try)
{
	int system_error = errno;
	long verified = SSL_get_verify_result(ssl);

	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	case SSL_ERROR_SSL:
		if (verified == X509_V_ERR_CERT_NOT_YET_VALID ||
		    verified == X509_V_ERR_CERT_HAS_EXPIRED)
			refuse_time(verified, try);
		else if (verified != X509_V_OK)
			(void)snprintf(try->why, try->why_size, "certificate refused: %s",
				       X509_verify_cert_error_string(verified));
		else
			(void)snprintf(try->why, try->why_size,
				       "TLS handshake failed: %s", tls_reason());
		return 0;
	default:
		(void)snprintf(try->why, try->why_size, "TLS handshake broken off: %s",
			       system_error != 0 ? strerrordesc_np(system_error)
						 : "the connection was closed");
		return 0;
	}
}

static bool wait_for(int fd, short events, const struct one_try *try)
{
	for (;;) {
		struct pollfd item = {.fd = fd, .events = events};
		int64_t left = try->deadline_ms - clock_now_ms();

		if (left <= 0) {
			(void)snprintf(try->why, try->why_size,
				       "TLS handshake not finished in time");
			return false;
		}
		int ready = poll(&item, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR) {
			(void)snprintf(try->why, try->why_size, "%s",
				       strerrordesc_np(errno));
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
		   const struct one_try *try)
{
	SSL *ssl = SSL_new(context);
	const uint8_t *chosen;
	unsigned len;

	if (!ssl || SSL_set_fd(ssl, fd) != 1 || (name && !set_name(ssl, name))) {
		(void)snprintf(try->why, try->why_size, "out of memory");
		goto fail;
	}
	for (;;) {
		ERR_clear_error();
		errno = 0;
		int result = server ? SSL_accept(ssl) : SSL_connect(ssl);
		if (result == 1)
			break;
		short events = handshake_wants(ssl, result, try);
		if (events == 0 || !wait_for(fd, events, try))
			goto fail;
	}
	/* Without ALPN in the ClientHello the server's callback is never asked. */
	SSL_get0_alpn_selected(ssl, &chosen, &len);
	if (len != TLS_ALPN_LEN - 1 || memcmp(chosen, tls_alpn + 1, len) != 0) {
		(void)snprintf(try->why, try->why_size,
			       "the peer did not agree on the protocol \"sunrpc\"");
		goto fail;
	}
	return ssl;
fail:
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

/* false when it has failed. */
static bool step(SSL *ssl, bool *ret_done)
{
	int result = SSL_do_handshake(ssl), error = SSL_get_error(ssl, result);

	*ret_done = result == 1;
	return result == 1 || error == SSL_ERROR_WANT_READ ||
	       error == SSL_ERROR_WANT_WRITE;
}

bool tls_agree(SSL_CTX *server, SSL_CTX *client, char *why, size_t why_size)
{
	/* As often as it can be one's turn; a handshake of TLS 1.3 needs three. */
	enum { TURNS = 16 };
	SSL *accepts = SSL_new(server), *connects = SSL_new(client);
	BIO *here, *there;
	bool accepted = false, connected = false, well = true;

	ERR_clear_error();
	if (!accepts || !connects || BIO_new_bio_pair(&here, 0, &there, 0) != 1) {
		(void)snprintf(why, why_size, "out of memory");
		goto end;
	}
	SSL_set_bio(accepts, here, here);
	SSL_set_bio(connects, there, there);
	SSL_set_accept_state(accepts);
	SSL_set_connect_state(connects);
	for (unsigned i = 0; i < TURNS && well && !(accepted && connected); i++)
		well = step(connects, &connected) && step(accepts, &accepted);
	if (!accepted || !connected)
		(void)snprintf(
			why, why_size,
			"TLS does not work with the server's own certificate (%s), "
			"perhaps by OpenSSL's configuration; " TLS_WAY_OUT,
			tls_reason());
end:
	SSL_free(accepts);
	SSL_free(connects);
	ERR_clear_error();
	return accepted && connected;
}
