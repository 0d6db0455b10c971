/*
 * The server's certificate, key and CA.
 *
 * Both contexts are made before either is put in place, and a connection that has begun
 * keeps the one that it began with: OpenSSL counts references.
 */
#include "certificate.h"

#include "secret.h"
#include "tls.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* For calls to be answered, and to be made to other servers. */
struct contexts {
	SSL_CTX *server, *peer;
};

struct certificate {
	const struct certificate_files *files;
	pthread_mutex_t lock; /* of what follows */
	struct contexts contexts;
};

/* Both, or neither and why. */
static bool load_with(const struct certificate_files *files, const char *key,
		      struct contexts *ret, char *why, size_t why_size)
{
	const struct tls_own own = {.cert = files->cert,
				    .key = key,
				    .ca = files->ca,
				    .folder = files->folder};
	SSL_CTX *server = tls_for_server(&own, why, why_size), *peer = NULL;
	char remedy[SECRET_REMEDY];

	if (!server)
		return false;
	if (!tls_has_name(server, files->name)) {
		(void)snprintf(why, why_size, "%s is not the certificate of %s; %s",
			       files->cert, files->name,
			       secret_renew(files->folder, remedy));
		goto fail;
	}
	peer = tls_for_peer(&own, why, why_size);
	if (!peer || !tls_agree(server, peer, why, why_size))
		goto fail;
	*ret = (struct contexts){.server = server, .peer = peer};
	return true;
fail:
	SSL_CTX_free(peer);
	SSL_CTX_free(server);
	return false;
}

/*
 * A renewal that was cut off between its two renames has put the certificate in its place
 * and left the new key beside it.
 */
static bool load(const struct certificate_files *files, struct contexts *ret, char *why,
		 size_t why_size)
{
	char unused[256];

	return load_with(files, files->key, ret, why, why_size) ||
	       load_with(files, files->new_key, ret, unused, sizeof unused);
}

static void free_contexts(const struct contexts *contexts)
{
	SSL_CTX_free(contexts->server);
	SSL_CTX_free(contexts->peer);
}

struct certificate *certificate_load(const struct certificate_files *files, char *why,
				     size_t why_size)
{
	struct certificate *certificate = calloc(1, sizeof *certificate);

	if (!certificate) {
		(void)snprintf(why, why_size, "out of memory");
		return NULL;
	}
	certificate->files = files;
	if (!load(files, &certificate->contexts, why, why_size)) {
		free(certificate);
		return NULL;
	}
	pthread_mutex_init(&certificate->lock, NULL);
	return certificate;
}

void certificate_free(struct certificate *certificate)
{
	if (!certificate)
		return;
	free_contexts(&certificate->contexts);
	pthread_mutex_destroy(&certificate->lock);
	free(certificate);
}

bool certificate_reload(struct certificate *certificate, char *why, size_t why_size)
{
	struct contexts fresh, old;

	if (!load(certificate->files, &fresh, why, why_size))
		return false;
	pthread_mutex_lock(&certificate->lock);
	old = certificate->contexts;
	certificate->contexts = fresh;
	pthread_mutex_unlock(&certificate->lock);
	free_contexts(&old);
	return true;
}

/* One more reference to the context that is there now. */
static SSL_CTX *refer(struct certificate *certificate, SSL_CTX *const *which)
{
	pthread_mutex_lock(&certificate->lock);
	SSL_CTX *context = *which;

	(void)SSL_CTX_up_ref(context);
	pthread_mutex_unlock(&certificate->lock);
	return context;
}

SSL_CTX *certificate_server(struct certificate *certificate)
{
	return refer(certificate, &certificate->contexts.server);
}

SSL_CTX *certificate_peer(struct certificate *certificate)
{
	return refer(certificate, &certificate->contexts.peer);
}

int certificate_days_left(struct certificate *certificate, bool of_ca)
{
	SSL_CTX *context = certificate_server(certificate);
	X509 *own = SSL_CTX_get0_certificate(context);
	STACK_OF(X509_OBJECT) *known =
		X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
	int days = INT_MAX, seconds;

	if (!of_ca) {
		if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(own)) != 1)
			days = INT_MAX;
	}
	for (int i = 0; of_ca && i < sk_X509_OBJECT_num(known); i++) {
		const X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i));
		int left;

		if (ca &&
		    ASN1_TIME_diff(&left, &seconds, NULL, X509_get0_notAfter(ca)) == 1 &&
		    left < days)
			days = left;
	}
	SSL_CTX_free(context);
	return days;
}

void certificate_describe(struct certificate *certificate, char serial[CERTIFICATE_TEXT],
			  char until[CERTIFICATE_TEXT])
{
	SSL_CTX *context = certificate_server(certificate);
	const X509 *own = SSL_CTX_get0_certificate(context);
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(own), NULL);
	char *digits = number ? BN_bn2hex(number) : NULL;
	struct tm end;

	(void)snprintf(serial, CERTIFICATE_TEXT, "%s", digits ? digits : "");
	until[0] = '\0';
	if (ASN1_TIME_to_tm(X509_get0_notAfter(own), &end) == 1)
		(void)strftime(until, CERTIFICATE_TEXT, "%Y-%m-%dT%H:%M:%SZ", &end);
	OPENSSL_free(digits);
	BN_free(number);
	SSL_CTX_free(context);
}
