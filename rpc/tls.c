/*
 * TLS contexts.
 *
 * No tickets and no resumption: connections are long, a resumed session would skip the
 * check of the certificate, and a ticket that nobody reads turns an early close into a
 * reset.
 *
 * No certificate of the CA in a handshake: who verifies has it, believes in no other, and
 * would only parse it again each time.  What stands in a server's own file behind its
 * certificate is sent.
 */
#include "tls.h"

#include "secret.h"
#include "tls_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const uint8_t tls_alpn[TLS_ALPN_LEN] = {6, 's', 'u', 'n', 'r', 'p', 'c'};

__attribute__((format(printf, 3, 4))) static void say(char *why, size_t size,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, size, format, args);
	va_end(args);
}

const char *tls_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "no reason given";
}

/* Of certificates that a caller shows: a server's own is 1 KiB, and OpenSSL takes 100. */
enum { CERTIFICATES_MAX = 16384 };

static int alpn_select(SSL *ssl, const uint8_t **ret, uint8_t *ret_len,
		       const uint8_t *offered, unsigned len, void *unused)
{
	(void)ssl;
	(void)unused;
	for (unsigned at = 0; at < len; at += 1U + offered[at]) {
		if (len - at < TLS_ALPN_LEN ||
		    memcmp(offered + at, tls_alpn, TLS_ALPN_LEN) != 0)
			continue;
		*ret = tls_alpn + 1;
		*ret_len = TLS_ALPN_LEN - 1;
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/*
 * What OpenSSL's configuration (OPENSSL_CONF) has switched off it would not tell before
 * the first handshake, and then in words that do not lead there.
 */
static bool has_tls_1_3(SSL_CTX *context, char *why, size_t why_size)
{
	long most = SSL_CTX_get_max_proto_version(context); /* 0: no limit */
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
	bool cipher = false;

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		if (strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(ciphers, i)),
			   "TLSv1.3") == 0)
			cipher = true;
	if (cipher && (most == 0 || most >= TLS1_3_VERSION) &&
	    (SSL_CTX_get_options(context) & SSL_OP_NO_TLSv1_3) == 0)
		return true;
	char *file = CONF_get1_default_config_file();

	say(why, why_size,
	    "OpenSSL's configuration switches TLS 1.3 off (MaxProtocol, Protocol or "
	    "Ciphersuites in %s), and nothing else is spoken here; " TLS_WAY_OUT,
	    file ? file : "openssl.cnf");
	OPENSSL_free(file);
	return false;
}

/* Of opening a file: 0, or an errno.  access() asks for what the real user may. */
static int error_of(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static SSL_CTX *context_new(const SSL_METHOD *method, const char *ca_file, char *why,
			    size_t why_size)
{
	SSL_CTX *context;

	/* A thread that outlives main may still be using it. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	context = SSL_CTX_new(method);
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
		say(why, why_size, "TLS cannot be used: %s", tls_reason());
		goto fail;
	}
	if (!has_tls_1_3(context, why, why_size))
		goto fail;
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS |
					  SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_read_ahead(context, 1); /* one recv for a TLS record, not two */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	errno = 0;
	if (SSL_CTX_load_verify_file(context, ca_file) != 1) {
		const char *reason = errno != 0 ? strerrordesc_np(errno) : tls_reason();

		say(why, why_size,
		    "%s: the certificate of the cluster's CA cannot be read (%s); %s",
		    ca_file, reason,
		    error_of(ca_file) == EACCES
			    ? "everybody has to be able to read it: chmod 644"
			    : "copy ca.pem from the folder that \"cluster create\" made");
		goto fail;
	}
	if (!tls_read_list(context, ca_file, why, why_size))
		goto fail;
	return context;
fail:
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

SSL_CTX *tls_for_client(const char *ca_file, char *why, size_t why_size)
{
	SSL_CTX *context = context_new(TLS_client_method(), ca_file, why, why_size);

	if (!context)
		return NULL;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_alpn_protos(context, tls_alpn, TLS_ALPN_LEN) !=
	    0) { /* 0 is success */
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

static EVP_PKEY *read_key(const struct tls_own *own, char *why, size_t why_size)
{
	FILE *from = secret_open(own->key, "the private key", own->folder, why, why_size);
	char remedy[SECRET_REMEDY];
	EVP_PKEY *key;

	if (!from)
		return NULL;
	key = PEM_read_PrivateKey(from, NULL, no_pass_phrase, NULL);
	if (!key)
		say(why, why_size,
		    "%s: not a private key in PEM form without a pass phrase; %s",
		    own->key, secret_renew(own->folder, remedy));
	(void)fclose(from);
	return key;
}

/* Would our own clients accept it?  Better to know now than at the first handshake. */
static bool check_own(SSL_CTX *context, const struct tls_own *files, char *why,
		      size_t why_size)
{
	X509 *own = SSL_CTX_get0_certificate(context);
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = NULL;
	char remedy[SECRET_REMEDY];
	bool good = false;

	if (!check || SSL_CTX_get0_chain_certs(context, &chain) != 1 ||
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
			    "%s: %s; unless the clock of this machine is wrong, %s",
			    files->cert, X509_verify_cert_error_string(error),
			    secret_renew(files->folder, remedy));
		else
			say(why, why_size,
			    "%s: the cluster's CA does not vouch for this certificate "
			    "(%s); %s",
			    files->cert, X509_verify_cert_error_string(error),
			    secret_renew(files->folder, remedy));
	}
	X509_STORE_CTX_free(check);
	return good;
}

/* Certificate and key, which must fit each other and the CA. */
static bool use_own(SSL_CTX *context, const struct tls_own *own, char *why,
		    size_t why_size)
{
	EVP_PKEY *key = read_key(own, why, why_size);
	char remedy[SECRET_REMEDY];
	bool good = false;
	int error;

	if (!key)
		return false;
	error = error_of(own->cert);
	if (error != 0)
		say(why, why_size, "%s: the certificate cannot be read (%s); %s",
		    own->cert, strerrordesc_np(error),
		    error == EACCES ? secret_chown(own->cert, remedy)
				    : secret_renew(own->folder, remedy));
	else if (SSL_CTX_use_certificate_chain_file(context, own->cert) != 1)
		say(why, why_size, "%s: the certificate cannot be read (%s); %s",
		    own->cert, tls_reason(), secret_renew(own->folder, remedy));
	else if (SSL_CTX_use_PrivateKey(context, key) != 1)
		say(why, why_size, "%s does not belong to the certificate %s; %s",
		    own->key, own->cert, secret_renew(own->folder, remedy));
	else
		good = check_own(context, own, why, why_size);
	EVP_PKEY_free(key);
	return good;
}

SSL_CTX *tls_for_server(const struct tls_own *own, char *why, size_t why_size)
{
	SSL_CTX *context = context_new(TLS_server_method(), own->ca, why, why_size);
	STACK_OF(X509_NAME) * names;

	if (!context)
		return NULL;
	if (!use_own(context, own, why, why_size))
		goto fail;
	names = SSL_load_client_CA_file(own->ca);
	if (!names) {
		say(why, why_size, "%s: %s", own->ca, tls_reason());
		goto fail;
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_alpn_select_cb(context, alpn_select, NULL);
	/* A certificate is asked for (other servers show one) but not demanded. */
	SSL_CTX_set_max_cert_list(context, CERTIFICATES_MAX);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_num_tickets(context, 0) != 1) {
		say(why, why_size, "TLS cannot be used: %s", tls_reason());
		goto fail;
	}
	return context;
fail:
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

SSL_CTX *tls_for_peer(const struct tls_own *own, char *why, size_t why_size)
{
	SSL_CTX *context = tls_for_client(own->ca, why, why_size);

	if (!context || use_own(context, own, why, why_size))
		return context;
	SSL_CTX_free(context);
	ERR_clear_error();
	return NULL;
}

int64_t tls_ends(const X509 *certificate)
{
	struct tm end;

	if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
		return 0;
	return (int64_t)timegm(&end) * 1000000000;
}

int64_t tls_ca_ends(SSL_CTX *context)
{
	STACK_OF(X509_OBJECT) *known =
		X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
	int64_t last = 0;

	for (int i = 0; i < sk_X509_OBJECT_num(known); i++) {
		int64_t ends =
			tls_ends(X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i)));

		if (ends > last)
			last = ends;
	}
	return last;
}
