/*
 * Certificates that were revoked: an X.509 CRL (RFC 5280, section 5) beside the CA's
 * certificate.
 *
 * What a list says holds for ever: that its nextUpdate has passed, or that by this clock
 * it is from the future, stops nothing, because a cluster that stops when nobody has
 * made a new list in time is the greater harm.  A CA without a list has revoked nothing.
 */
#include "tls.h"

#include "tls_internal.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void tls_list_name(const char *ca_file, char *ret, size_t size)
{
	const char *slash = strrchr(ca_file, '/');

	(void)snprintf(ret, size, "%.*s" TLS_LIST, slash ? (int)(slash - ca_file + 1) : 0,
		       ca_file);
}

/* Did one of the CAs that the store believes sign it? */
static bool is_of_ca(X509_STORE *store, X509_CRL *list)
{
	STACK_OF(X509_OBJECT) *known = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(known); i++) {
		X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i));

		if (ca &&
		    X509_NAME_cmp(X509_get_subject_name(ca), X509_CRL_get_issuer(list)) ==
			    0 &&
		    X509_CRL_verify(list, X509_get0_pubkey(ca)) == 1)
			return true;
	}
	return false;
}

/* The next of the lists of a store from *at on; NULL: no more. */
static X509_CRL *next_list(X509_STORE *store, int *at)
{
	STACK_OF(X509_OBJECT) *known = X509_STORE_get0_objects(store);
	X509_CRL *list = NULL;

	while (!list && *at < sk_X509_OBJECT_num(known))
		list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(known, (*at)++));
	return list;
}

static bool is_on_a_list(X509_STORE *store, X509 *certificate)
{
	X509_REVOKED *entry;
	X509_CRL *list;
	int at = 0;

	while ((list = next_list(store, &at)))
		if (X509_NAME_cmp(X509_CRL_get_issuer(list),
				  X509_get_issuer_name(certificate)) == 0 &&
		    X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
			return true;
	return false;
}

/*
 * What a list that is there says is what counts, not when it was made; and of several
 * every one, of which OpenSSL asks the newest alone.
 */
static int judge(int good, X509_STORE_CTX *check)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(check);

	if (good && certificate &&
	    is_on_a_list(X509_STORE_CTX_get0_store(check), certificate)) {
		X509_STORE_CTX_set_error(check, X509_V_ERR_CERT_REVOKED);
		return 0;
	}
	if (good)
		return 1;
	switch (X509_STORE_CTX_get_error(check)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		X509_STORE_CTX_set_error(check, X509_V_OK);
		return 1;
	default:
		return 0;
	}
}

/* The lists of an open file, which holds one at least. */
static const char *take_lists(X509_STORE *store, FILE *from)
{
	const char *wrong = "it is not a list in PEM form";
	X509_CRL *list;

	while ((list = PEM_read_X509_CRL(from, NULL, NULL, NULL))) {
		if (!is_of_ca(store, list))
			wrong = "another CA than this cluster's has signed it, or it is "
				"damaged";
		else if (X509_STORE_add_crl(store, list) != 1)
			wrong = "out of memory";
		else
			wrong = NULL;
		X509_CRL_free(list);
		if (wrong)
			return wrong;
	}
	/* The end of the file is an error like others; what is half a list is another. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		wrong = "it is damaged";
	ERR_clear_error();
	return wrong;
}

bool tls_read_list(SSL_CTX *context, const char *ca_file, char *why, size_t why_size)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	char file[PATH_MAX + sizeof TLS_LIST];
	const char *wrong;
	FILE *from;

	tls_list_name(ca_file, file, sizeof file);
	from = fopen(file, "re");
	if (!from && errno == ENOENT)
		return true;
	if (!from) {
		int error = errno;

		(void)snprintf(why, why_size,
			       "%s: the list of revoked certificates cannot be read "
			       "(%s); %s",
			       file, strerrordesc_np(error),
			       error == EACCES ? "everybody has to be able to read it: "
						 "chmod 644"
					       : TLS_LIST_REMEDY);
		return false;
	}
	ERR_clear_error();
	wrong = take_lists(store, from);
	(void)fclose(from);
	if (wrong) {
		(void)snprintf(why, why_size,
			       "%s: the list of revoked certificates is of no use: "
			       "%s; " TLS_LIST_REMEDY,
			       file, wrong);
		return false;
	}
	X509_STORE_set_verify_cb(store, judge);
	return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

bool tls_is_revoked(SSL_CTX *context, X509 *certificate)
{
	return is_on_a_list(SSL_CTX_get_cert_store(context), certificate);
}

/* Is a no older than b?  By number (RFC 5280, 5.2.3), where both have one, else by time.
 */
static bool is_as_new(X509_CRL *a, X509_CRL *b)
{
	ASN1_INTEGER *of_a = X509_CRL_get_ext_d2i(a, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *of_b = X509_CRL_get_ext_d2i(b, NID_crl_number, NULL, NULL);
	bool as_new = of_a && of_b ? ASN1_INTEGER_cmp(of_a, of_b) >= 0
				   : ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a),
						       X509_CRL_get0_lastUpdate(b)) >= 0;

	ASN1_INTEGER_free(of_a);
	ASN1_INTEGER_free(of_b);
	return as_new;
}

bool tls_list_is_as_new(SSL_CTX *fresh, SSL_CTX *before)
{
	X509_STORE *before_store = SSL_CTX_get_cert_store(before),
		   *fresh_store = SSL_CTX_get_cert_store(fresh);
	X509_CRL *old, *now;
	int old_at = 0;

	while ((old = next_list(before_store, &old_at))) {
		bool found = false;
		int at = 0;

		while (!found && (now = next_list(fresh_store, &at)))
			found = X509_NAME_cmp(X509_CRL_get_issuer(now),
					      X509_CRL_get_issuer(old)) == 0 &&
				is_as_new(now, old);
		if (!found)
			return false;
	}
	return true;
}
