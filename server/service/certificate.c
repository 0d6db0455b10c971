/*
 * The server's certificate, key and CA.
 *
 * Both contexts are made before either is put in place, and a connection that has begun
 * keeps the one that it began with: OpenSSL counts references.
 */
#include "certificate.h"

#include "clock.h"
#include "secret.h"
#include "tls.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_NS (INT64_C(86400) * 1000000000)

/* For calls to be answered, and to be made to other servers. */
struct contexts {
	SSL_CTX *server, *peer;
};

struct certificate {
	const struct certificate_files *files;
	atomic_uint readings; /* how often it was read; changes under the lock */
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
	char list[PATH_MAX + sizeof TLS_LIST];

	if (!load(certificate->files, &fresh, why, why_size))
		return false;
	/* Only this thread changes it. */
	if (!tls_list_is_as_new(fresh.server, certificate->contexts.server)) {
		tls_list_name(certificate->files->ca, list, sizeof list);
		(void)snprintf(why, why_size,
			       "%s: the list of revoked certificates is gone, or older "
			       "than the one that was read before; copy it from where "
			       "\"cluster revoke\" was done",
			       list);
		free_contexts(&fresh);
		return false;
	}
	pthread_mutex_lock(&certificate->lock);
	old = certificate->contexts;
	certificate->contexts = fresh;
	atomic_fetch_add(&certificate->readings, 1);
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

unsigned certificate_readings(struct certificate *certificate)
{
	return atomic_load(&certificate->readings);
}

bool certificate_has_revoked(struct certificate *certificate, X509 *shown)
{
	SSL_CTX *context = certificate_server(certificate);
	bool revoked = tls_is_revoked(context, shown);

	SSL_CTX_free(context);
	return revoked;
}

int certificate_days_left(struct certificate *certificate, bool of_ca)
{
	SSL_CTX *context = certificate_server(certificate);
	int64_t ends = of_ca ? tls_ca_ends(context)
			     : tls_ends(SSL_CTX_get0_certificate(context));

	SSL_CTX_free(context);
	return ends == 0 ? INT_MAX : (int)((ends - clock_wall_ns()) / DAY_NS);
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
