/*
 * The cluster's own certificate authority and the certificates of its servers.
 *
 * Keys are EC P-256.  A server is known by the DNS name dfsN in subjectAltName (RFC 9289,
 * section 5.2), never by an address or the CN, so that it may move to another machine.
 * Its certificate serves for both ends of a connection, because servers also call each
 * other.
 */
#ifndef DFS_CERTIFICATES_H
#define DFS_CERTIFICATES_H

#include <stdbool.h>
#include <stddef.h>

struct certificates; /* an authority with its key, in memory */

/* Where a certificate and its key are, or are to be. */
struct certificate_pair {
	const char *certificate, *key;
};

/*
 * A new authority, valid for ten years, whose CN carries the cluster's id.  NULL, with
 * why.
 */
struct certificates *certificates_new(const char *cluster_id, char *why, size_t why_size);

/*
 * The authority of a cluster that is there.  NULL, with why, when its files cannot be
 * read, do not belong together, or when others than its owner may read the key.
 */
struct certificates *certificates_read(const struct certificate_pair *pair, char *why,
				       size_t why_size);
void certificates_free(struct certificates *authority);

/*
 * Writes new files, certificate 0644 and key 0600; false, with why, also when one of them
 * exists.  What was written before a failure is removed again.
 */
bool certificates_write_authority(const struct certificates *authority,
				  const struct certificate_pair *pair, char *why,
				  size_t why_size);

/*
 * Makes a key and a certificate for the server with this name ("dfs1"), and writes them
 * into new files, as certificates_write_authority does.
 */
bool certificates_write_server(const struct certificates *authority, const char *name,
			       const struct certificate_pair *pair, char *why,
			       size_t why_size);

#endif
