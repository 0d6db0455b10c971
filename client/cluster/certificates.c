/* The cluster's own certificate authority, by OpenSSL. */
#include "certificates_internal.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DAYS_VALID = 3650,
	DAYS_EARLY = -1,   /* clocks differ */
	SERIAL_BITS = 127, /* positive and at most 20 bytes (RFC 5280, section 4.1.2.2) */
};

struct extension {
	int nid;
	const char *value;
};

/*
 * The purposes of RFC 9289, appendix A, beside the usual ones: OpenSSL's default check
 * refuses a certificate that has only those.
 */
#define SERVER_PURPOSES "serverAuth,clientAuth,1.3.6.1.5.5.7.3.34,1.3.6.1.5.5.7.3.33"

static const struct extension authority_extensions[] = {
	{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	{NID_key_usage, "critical,keyCertSign,cRLSign"},
	{NID_subject_key_identifier, "hash"},
	{NID_undef, NULL}};

static const struct extension server_extensions[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_ext_key_usage, SERVER_PURPOSES},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid"},
	{NID_undef, NULL}};

void certificates_blame(const char *what, char *why, size_t why_size)
{
	char reason[160];

	ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
	ERR_clear_error();
	(void)snprintf(why, why_size, "cannot make %s: %s", what, reason);
}

static bool set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool set =
		number &&
		BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));

	BN_free(number);
	return set;
}

static bool extend(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	bool added = extension && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return added;
}

/* A certificate for key, signed by issuer; by itself when issuer is NULL. */
static X509 *make_certificate(EVP_PKEY *key, const char *name,
			      const struct certificates *issuer,
			      const struct extension *extensions, const char *alternative)
{
	X509 *certificate = X509_new();
	X509V3_CTX context;
	X509_NAME *subject;

	if (!certificate)
		return NULL;
	X509 *signer = issuer ? issuer->certificate : certificate;
	subject = X509_get_subject_name(certificate);
	if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
	    !set_serial(certificate) ||
	    X509_time_adj_ex(X509_getm_notBefore(certificate), DAYS_EARLY, 0, NULL) ==
		    NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(certificate), DAYS_VALID, 0, NULL) ==
		    NULL ||
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
				       (const unsigned char *)name, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(certificate, X509_get_subject_name(signer)) != 1 ||
	    X509_set_pubkey(certificate, key) != 1)
		goto fail;
	X509V3_set_ctx(&context, signer, certificate, NULL, NULL, 0);
	for (; extensions->nid != NID_undef; extensions++)
		if (!extend(certificate, &context, extensions->nid, extensions->value))
			goto fail;
	if (alternative &&
	    !extend(certificate, &context, NID_subject_alt_name, alternative))
		goto fail;
	if (X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256()) == 0)
		goto fail;
	return certificate;
fail:
	X509_free(certificate);
	return NULL;
}

struct certificates *certificates_new(const char *cluster_id, char *why, size_t why_size)
{
	struct certificates *authority = calloc(1, sizeof *authority);
	char name[64];

	if (!authority) {
		(void)snprintf(why, why_size, "out of memory");
		return NULL;
	}
	(void)snprintf(name, sizeof name, "dfs cluster %s", cluster_id);
	authority->key = EVP_EC_gen("P-256");
	if (authority->key)
		authority->certificate = make_certificate(authority->key, name, NULL,
							  authority_extensions, NULL);
	if (!authority->certificate) {
		certificates_blame("the certificate authority", why, why_size);
		certificates_free(authority);
		return NULL;
	}
	return authority;
}

X509 *certificates_next(const struct certificates *authority)
{
	const X509_NAME *name = X509_get_subject_name(authority->certificate);
	X509 *next =
		make_certificate(authority->key, "dfs", NULL, authority_extensions, NULL);

	if (next && X509_set_subject_name(next, name) == 1 &&
	    X509_set_issuer_name(next, name) == 1 &&
	    X509_sign(next, authority->key, EVP_sha256()) != 0)
		return next;
	X509_free(next);
	return NULL;
}

/* The key of the authority: a sentence of its own when it is not on this machine. */
static EVP_PKEY *read_key(const char *file, char *why, size_t why_size)
{
	EVP_PKEY *key = NULL;
	FILE *stream = NULL;

	if (access(file, F_OK) != 0)
		(void)snprintf(
			why, why_size,
			"%s: the key of the cluster's CA is not here (%s); do this "
			"where \"cluster create\" was done, and then copy the "
			"servers' folders to where they run",
			file, strerror(errno));
	else
		stream = secret_open(file, "the key of the cluster's CA", "", why,
				     why_size);
	if (!stream)
		return NULL;
	key = PEM_read_PrivateKey(stream, NULL, NULL, NULL);
	(void)fclose(stream);
	if (!key)
		certificates_blame("a certificate without the CA's key", why, why_size);
	return key;
}

struct certificates *certificates_read(const struct certificate_pair *pair, char *why,
				       size_t why_size)
{
	struct certificates *authority = calloc(1, sizeof *authority);
	FILE *stream = fopen(pair->certificate, "re");

	if (!authority || !stream) {
		(void)snprintf(why, why_size, "cannot open %s: %s", pair->certificate,
			       strerror(errno));
		goto fail;
	}
	authority->key = read_key(pair->key, why, why_size);
	if (!authority->key)
		goto fail;
	authority->certificate = PEM_read_X509(stream, NULL, NULL, NULL);
	if (!authority->certificate ||
	    X509_check_private_key(authority->certificate, authority->key) != 1) {
		ERR_clear_error();
		(void)snprintf(why, why_size,
			       "%s does not belong to %s: are they of one cluster?",
			       pair->key, pair->certificate);
		goto fail;
	}
	(void)fclose(stream);
	return authority;
fail:
	if (stream)
		(void)fclose(stream);
	certificates_free(authority);
	return NULL;
}

void certificates_free(struct certificates *authority)
{
	if (!authority)
		return;
	X509_free(authority->certificate);
	EVP_PKEY_free(authority->key);
	free(authority);
}

/* What is written into one file: either a key or a certificate. */
struct pem {
	const char *file;
	mode_t mode;
	const EVP_PKEY *key; /* NULL: the certificate */
	const X509 *certificate;
};

/* Into a new file with exactly this mode. */
static bool write_pem(const struct pem *pem, char *why, size_t why_size)
{
	int fd = open(pem->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, pem->mode);
	FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool written = false;

	if (!stream) {
		(void)snprintf(why, why_size, "cannot create %s: %s", pem->file,
			       strerror(errno));
		if (fd >= 0) {
			(void)close(fd);
			(void)unlink(pem->file);
		}
		return false;
	}
	errno = EIO;
	if (fchmod(fd, pem->mode) == 0 &&
	    (pem->key ? PEM_write_PrivateKey(stream, pem->key, NULL, NULL, 0, NULL, NULL)
		      : PEM_write_X509(stream, pem->certificate)) == 1)
		written = fflush(stream) == 0 && fsync(fd) == 0;
	if (fclose(stream) != 0)
		written = false;
	if (!written) {
		(void)snprintf(why, why_size, "cannot write %s: %s", pem->file,
			       strerror(errno));
		(void)unlink(pem->file);
	}
	return written;
}

static bool write_both(const struct certificates *made,
		       const struct certificate_pair *pair, char *why, size_t why_size)
{
	const struct pem key = {.file = pair->key, .mode = 0600, .key = made->key};
	const struct pem certificate = {.file = pair->certificate,
					.mode = 0644,
					.certificate = made->certificate};

	if (!write_pem(&key, why, why_size))
		return false;
	if (write_pem(&certificate, why, why_size))
		return true;
	(void)unlink(pair->key);
	return false;
}

bool certificates_write_authority(const struct certificates *authority,
				  const struct certificate_pair *pair, char *why,
				  size_t why_size)
{
	return write_both(authority, pair, why, why_size);
}

bool certificates_write_server(const struct certificates *authority, const char *name,
			       const struct certificate_pair *pair, char *why,
			       size_t why_size)
{
	struct certificates server = {.key = EVP_EC_gen("P-256")};
	char alternative[64];
	bool written = false;

	(void)snprintf(alternative, sizeof alternative, "DNS:%s", name);
	if (server.key)
		server.certificate = make_certificate(server.key, name, authority,
						      server_extensions, alternative);
	if (!server.certificate)
		certificates_blame("a server's certificate", why, why_size);
	else
		written = write_both(&server, pair, why, why_size);
	X509_free(server.certificate);
	EVP_PKEY_free(server.key);
	return written;
}
