/*
 * What this server shows to others and whom it believes: certificate, key and CA, as they
 * were read last.  They may be read again while connections use them.
 *
 * All functions but the first and last may be called from any thread.
 */
#ifndef DFS_CERTIFICATE_H
#define DFS_CERTIFICATE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct certificate;

/* Where they are, and whose they should be.  Texts and struct outlive what is loaded. */
struct certificate_files {
	const char *name; /* "dfs1" */
	const char *cert, *key;
	const char *new_key; /* beside the key while a renewal is under way */
	const char *ca;
	const char *folder; /* the cluster's, for the command that mends it */
};

/*
 * NULL, with a sentence in why that ends in the command that mends it, when one of them
 * is missing, does not fit the others, has expired, is another server's, or when others
 * may read the key.
 */
struct certificate *certificate_load(const struct certificate_files *files, char *why,
				     size_t why_size);
void certificate_free(struct certificate *certificate);

/*
 * Reads all of it again; false, with why, when it is of no use, and what was there stays.
 * A list of revoked certificates that is older than the one before, or gone, is of none.
 * One thread at a time.
 */
bool certificate_reload(struct certificate *certificate, char *why, size_t why_size);

/*
 * For calls to be answered; to be made to other servers.  The caller frees its reference.
 */
SSL_CTX *certificate_server(struct certificate *certificate);
SSL_CTX *certificate_peer(struct certificate *certificate);

/*
 * How often it was read again: when that has changed, who was believed before may be
 * revoked.
 */
unsigned certificate_readings(struct certificate *certificate);
bool certificate_has_revoked(struct certificate *certificate, X509 *shown);

/* Whole days until the server's own, or the CA's, ends; INT_MAX where nobody knows. */
int certificate_days_left(struct certificate *certificate, bool of_ca);

enum { CERTIFICATE_TEXT = 64 };

/* For the log: serial number in hex digits, and when it ends, "2026-01-31T12:00:00Z". */
void certificate_describe(struct certificate *certificate, char serial[CERTIFICATE_TEXT],
			  char until[CERTIFICATE_TEXT]);

#endif
