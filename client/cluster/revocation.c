/* The list of revoked certificates, and the authority's next certificate, by OpenSSL. */
#include "revocation.h"

#include "certificates_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LIST_DAYS = 3650,
	RENEW_DAYS = 1825, /* half a life: long before anybody is warned */
};

/* ---- a file that takes the place of another -------------------------------------- */

struct replacement {
	const char *file;
	char fresh[PATH_MAX];
	FILE *stream;
};

static bool begin(struct replacement *replacement, const char *file, char *why,
		  size_t why_size)
{
	replacement->file = file;
	(void)snprintf(replacement->fresh, sizeof replacement->fresh, "%s.new", file);
	replacement->stream = fopen(replacement->fresh, "we");
	if (!replacement->stream)
		(void)snprintf(why, why_size, "cannot create %s: %s", replacement->fresh,
			       strerror(errno));
	return replacement->stream;
}

/* Everybody is to read it, whatever the umask. */
static bool finish(struct replacement *replacement, bool good, char *why, size_t why_size)
{
	int fd = fileno(replacement->stream);

	errno = EIO;
	good = good && fflush(replacement->stream) == 0 && fchmod(fd, 0644) == 0 &&
	       fsync(fd) == 0;
	if (fclose(replacement->stream) != 0)
		good = false;
	if (good && rename(replacement->fresh, replacement->file) == 0)
		return true;
	(void)snprintf(why, why_size, "cannot write %s: %s", replacement->file,
		       strerror(errno));
	(void)unlink(replacement->fresh);
	return false;
}

/* ---- the list ------------------------------------------------------------------- */

static bool has_ended(const X509 *certificate)
{
	return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

/*
 * Adds the certificates in a file to ret; false, with why, when it cannot be read to its
 * end or, unless none may be there, has none.
 */
static bool read_certificates(const char *file, bool may_be_missing, STACK_OF(X509) * ret,
			      char *why, size_t why_size)
{
	FILE *stream = fopen(file, "re");
	X509 *certificate;
	bool pushed = true, good = !stream && errno == ENOENT && may_be_missing;

	if (!stream && !good)
		(void)snprintf(why, why_size, "cannot read the certificate %s: %s", file,
			       strerror(errno));
	if (!stream)
		return good;
	ERR_clear_error();
	while (pushed && (certificate = PEM_read_X509(stream, NULL, NULL, NULL))) {
		pushed = sk_X509_push(ret, certificate) > 0;
		good = pushed;
		if (!pushed)
			X509_free(certificate);
	}
	/* The end of the file is an error like others; half a certificate is another. */
	good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (!good)
		(void)snprintf(why, why_size, "cannot read the certificate %s: %s", file,
			       pushed ? "it is none, or damaged" : "out of memory");
	(void)fclose(stream);
	ERR_clear_error();
	return good;
}

/* All that the other list has goes to this one too, and the higher number of the two. */
static bool take_over(X509_CRL *list, X509_CRL *other)
{
	ASN1_INTEGER *of_list = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *of_other = X509_CRL_get_ext_d2i(other, NID_crl_number, NULL, NULL);
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(other);
	bool taken = true;

	if (of_other && (!of_list || ASN1_INTEGER_cmp(of_other, of_list) > 0))
		taken = X509_CRL_add1_ext_i2d(list, NID_crl_number, of_other, 0,
					      X509V3_ADD_REPLACE) == 1;
	for (int i = 0; taken && i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i), *there;

		if (X509_CRL_get0_by_serial(list, &there,
					    X509_REVOKED_get0_serialNumber(entry)) == 1)
			continue;
		entry = X509_REVOKED_dup(entry);
		taken = entry && X509_CRL_add0_revoked(list, entry) == 1;
		if (!taken)
			X509_REVOKED_free(entry);
	}
	ASN1_INTEGER_free(of_list);
	ASN1_INTEGER_free(of_other);
	return taken;
}

/* The lists of an open file, each signed with this key, as one; else NULL. */
static X509_CRL *read_lists(FILE *from, EVP_PKEY *key)
{
	X509_CRL *list = NULL, *next;
	bool good = true;

	ERR_clear_error();
	while (good && (next = PEM_read_X509_CRL(from, NULL, NULL, NULL))) {
		good = X509_CRL_verify(next, key) == 1 &&
		       (!list || take_over(list, next));
		if (list)
			X509_CRL_free(next);
		else
			list = next;
	}
	/* The end of the file is an error like others; half a list is another. */
	if (good && list && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		return list;
	X509_CRL_free(list);
	return NULL;
}

/* The list so far, or an empty one; NULL, with why. */
static X509_CRL *read_list(const struct certificates *authority, const char *file,
			   char *why, size_t why_size)
{
	FILE *stream = fopen(file, "re");
	X509_CRL *list;

	if (!stream && errno == ENOENT) {
		list = X509_CRL_new();
		if (!list)
			(void)snprintf(why, why_size, "out of memory");
		return list;
	}
	list = stream ? read_lists(stream, authority->key) : NULL;
	if (!list)
		(void)snprintf(why, why_size,
			       "%s: not a list of revoked certificates that this "
			       "cluster's CA has signed; copy it from a server, so that "
			       "nothing is forgotten that was revoked",
			       file);
	if (stream)
		(void)fclose(stream);
	ERR_clear_error();
	return list;
}

static bool add_entry(X509_CRL *list, X509 *certificate, ASN1_TIME *now)
{
	X509_REVOKED *entry, *there;
	ASN1_ENUMERATED *reason;
	bool made;

	if (X509_CRL_get0_by_cert(list, &there, certificate) == 1)
		return true;
	entry = X509_REVOKED_new();
	reason = ASN1_ENUMERATED_new();
	made = entry && reason &&
	       ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE) == 1 &&
	       X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate)) ==
		       1 &&
	       X509_REVOKED_set_revocationDate(entry, now) == 1 &&
	       X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1 &&
	       X509_CRL_add0_revoked(list, entry) == 1;
	ASN1_ENUMERATED_free(reason);
	if (!made)
		X509_REVOKED_free(entry);
	return made;
}

/* One more than before (RFC 5280, 5.2.3): no server goes back to an older list. */
static bool count_up(X509_CRL *list)
{
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
	int64_t value = 0;
	bool set = !number || ASN1_INTEGER_get_int64(&value, number) == 1;

	if (!number)
		number = ASN1_INTEGER_new();
	set = set && number && ASN1_INTEGER_set_int64(number, value + 1) == 1 &&
	      X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0,
				    X509V3_ADD_REPLACE) == 1;
	ASN1_INTEGER_free(number);
	return set;
}

/* Whose key has signed it. */
static bool name_key(X509_CRL *list, X509 *authority)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool added;

	if (X509_CRL_get_ext_by_NID(list, NID_authority_key_identifier, -1) >= 0)
		return true;
	X509V3_set_ctx(&context, authority, NULL, NULL, list, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier,
					"keyid");
	added = extension && X509_CRL_add_ext(list, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

/* The first of them whatever its age, for it is the one in use. */
static bool add_entries(X509_CRL *list, const STACK_OF(X509) * revoked, ASN1_TIME *now)
{
	bool added = true;

	for (int i = 0; added && i < sk_X509_num(revoked); i++) {
		X509 *certificate = sk_X509_value(revoked, i);

		if (i == 0 || !has_ended(certificate))
			added = add_entry(list, certificate, now);
	}
	return added;
}

static bool sign_list(X509_CRL *list, const STACK_OF(X509) * revoked,
		      const struct certificates *authority)
{
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	ASN1_TIME *next = X509_time_adj_ex(NULL, LIST_DAYS, 0, NULL);
	bool made = now && next && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
		    X509_CRL_set_issuer_name(
			    list, X509_get_subject_name(authority->certificate)) == 1 &&
		    X509_CRL_set1_lastUpdate(list, now) == 1 &&
		    X509_CRL_set1_nextUpdate(list, next) == 1 &&
		    add_entries(list, revoked, now) && count_up(list) &&
		    name_key(list, authority->certificate) && X509_CRL_sort(list) == 1 &&
		    X509_CRL_sign(list, authority->key, EVP_sha256()) != 0;

	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	return made;
}

static bool has_signed(const struct certificates *authority,
		       const STACK_OF(X509) * certificates)
{
	bool all = true;

	for (int i = 0; all && i < sk_X509_num(certificates); i++)
		all = X509_verify(sk_X509_value(certificates, i), authority->key) == 1;
	return all;
}

bool revocation_add(const struct certificates *authority,
		    const struct revocation_files *files, char *why, size_t why_size)
{
	STACK_OF(X509) *revoked = sk_X509_new_null();
	struct replacement replacement;
	X509_CRL *list = NULL;
	bool done = false;

	if (!revoked)
		(void)snprintf(why, why_size, "out of memory");
	if (revoked &&
	    read_certificates(files->certificate, false, revoked, why, why_size) &&
	    read_certificates(files->replaced, true, revoked, why, why_size))
		list = read_list(authority, files->list, why, why_size);
	if (!list)
		goto end;
	if (!has_signed(authority, revoked))
		(void)snprintf(why, why_size,
			       "%s: this cluster's CA has not signed this certificate, "
			       "or one that it replaced",
			       files->certificate);
	else if (!sign_list(list, revoked, authority))
		certificates_blame("the list of revoked certificates", why, why_size);
	else
		done = begin(&replacement, files->list, why, why_size) &&
		       finish(&replacement,
			      PEM_write_X509_CRL(replacement.stream, list) == 1, why,
			      why_size);
end:
	X509_CRL_free(list);
	sk_X509_pop_free(revoked, X509_free);
	ERR_clear_error();
	return done;
}

static void drop_ended(STACK_OF(X509) * certificates)
{
	for (int i = sk_X509_num(certificates); i-- > 0;)
		if (has_ended(sk_X509_value(certificates, i)))
			X509_free(sk_X509_delete(certificates, i));
}

/* All of them into the file, in place of what is there; none: there is no file then. */
static bool keep_these(const STACK_OF(X509) * kept, const char *file, char *why,
		       size_t why_size)
{
	struct replacement replacement;
	bool good = true;

	if (sk_X509_num(kept) == 0) {
		good = unlink(file) == 0 || errno == ENOENT;
		if (!good)
			(void)snprintf(why, why_size, "cannot remove %s: %s", file,
				       strerror(errno));
		return good;
	}
	if (!begin(&replacement, file, why, why_size))
		return false;
	for (int i = 0; good && i < sk_X509_num(kept); i++)
		good = PEM_write_X509(replacement.stream, sk_X509_value(kept, i)) == 1;
	return finish(&replacement, good, why, why_size);
}

bool revocation_keep(const struct revocation_files *files, char *why, size_t why_size)
{
	STACK_OF(X509) *kept = sk_X509_new_null();
	char unused[PATH_MAX + 100];
	bool good = kept && read_certificates(files->replaced, true, kept, why, why_size);

	if (!kept)
		(void)snprintf(why, why_size, "out of memory");
	int before = good ? sk_X509_num(kept) : 0;
	/* What cannot be read cannot be shown to anybody either. */
	if (!good ||
	    !read_certificates(files->certificate, false, kept, unused, sizeof unused) ||
	    sk_X509_num(kept) == before)
		goto end;
	drop_ended(kept);
	good = keep_these(kept, files->replaced, why, why_size);
end:
	sk_X509_pop_free(kept, X509_free);
	ERR_clear_error();
	return good;
}

/* ---- the authority -------------------------------------------------------------- */

/* Those in the file, to the other, but for what has ended. */
static bool copy_good(FILE *from, FILE *to)
{
	X509 *certificate;
	bool good = true;

	while (good && (certificate = PEM_read_X509(from, NULL, NULL, NULL))) {
		if (!has_ended(certificate))
			good = PEM_write_X509(to, certificate) == 1;
		X509_free(certificate);
	}
	ERR_clear_error();
	return good;
}

bool revocation_renew_authority(const struct certificates *authority, const char *file,
				bool *ret_renewed, char *why, size_t why_size)
{
	time_t soon = time(NULL) + RENEW_DAYS * (time_t)86400;
	struct replacement replacement;
	FILE *before;
	X509 *next;
	bool done = false;

	*ret_renewed = false;
	if (X509_cmp_time(X509_get0_notAfter(authority->certificate), &soon) > 0)
		return true;
	next = certificates_next(authority);
	before = fopen(file, "re");
	if (!next || !before)
		certificates_blame("the CA's next certificate", why, why_size);
	else
		done = begin(&replacement, file, why, why_size) &&
		       finish(&replacement,
			      PEM_write_X509(replacement.stream, next) == 1 &&
				      copy_good(before, replacement.stream),
			      why, why_size);
	if (before)
		(void)fclose(before);
	X509_free(next);
	*ret_renewed = done;
	return done;
}
