/* What the cluster's authority signs later: the list of revoked certificates, and its
 * own next certificate. */
#ifndef DFS_REVOCATION_H
#define DFS_REVOCATION_H

#include "certificates.h"

/* Where a server's certificate is, those that it had before, and the list. */
struct revocation_files {
	const char *certificate, *replaced, *list;
};
#define REVOCATION_REPLACED "replaced.pem" /* in the server's folder */

/*
 * Puts a server's certificate, and of those that it had before all that have not ended,
 * on the list (an X.509 CRL, RFC 5280), which is made where there is none, and of several
 * in the file one: nothing is ever taken off it, its number grows by one, and the new one
 * takes the old one's place at once (0644).  false, with why.
 */
bool revocation_add(const struct certificates *authority,
		    const struct revocation_files *files, char *why, size_t why_size);

/*
 * Before another certificate takes its place: keeps this one among those that the server
 * had before, without what has ended.  One that is not there, or is none, is no loss.
 * false, with why.
 */
bool revocation_keep(const struct revocation_files *files, char *why, size_t why_size);

/*
 * Where the authority's certificate ends within five years: a new one, for the same key
 * and name, is put before those in the file that have not ended.  So whatever was signed
 * is good under either, and whoever has only one of them goes on until that ends.  false,
 * with why; *ret_renewed says whether there was anything to do.
 */
bool revocation_renew_authority(const struct certificates *authority, const char *file,
				bool *ret_renewed, char *why, size_t why_size);

#endif
