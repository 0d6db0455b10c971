/*
 * Files that only their owner may read, and the one secret that the four servers share.
 *
 * A secret is 32 random bytes, as 64 hex digits and a newline in dfsN/secret.  Tickets
 * and the salts of users that do not exist are made with it (HMAC-SHA256, RFC 2104).
 */
#ifndef DFS_SECRET_H
#define DFS_SECRET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SECRET_LEN = 32 };

enum { SECRET_REMEDY = PATH_MAX + 300 };

/*
 * The end of a sentence: what to do about a file of a server that is of no use; folder is
 * the cluster's.  Only where the key of the CA is can it be made again.  Returns buf.
 */
const char *secret_renew(const char *folder, char buf[SECRET_REMEDY]);

/* Likewise of a file that this user may not read: whose it has to be. */
const char *secret_chown(const char *file, char buf[SECRET_REMEDY]);

/*
 * Opens a file for reading, unless others than its owner may read or write it.  what it
 * is goes into why ("the private key"), and so does the command that mends it; folder is
 * the cluster's.  NULL, with why.
 */
FILE *secret_open(const char *file, const char *what, const char *folder, char *why,
		  size_t why_size);

/*
 * Reads the secret of a server; false, with why, when it is missing, open to others, or
 * none.
 */
bool secret_read(const char *file, const char *folder, uint8_t ret[SECRET_LEN], char *why,
		 size_t why_size);
/* The same of the key that a server signs with (server_keys.h), dfsN/sign.key. */
bool secret_read_key(const char *file, const char *folder, uint8_t ret[SECRET_LEN],
		     char *why, size_t why_size);

/*
 * The secret that dfsN/secret has replaced, in dfsN/secret.old: one line, 64 hex digits,
 * a blank, and until when (seconds since 1970 UTC) it is the one that is used.  Till then
 * every server can be given the new one, which it takes at once and uses afterwards; for
 * as long again the former one is taken.  A file that is not there: ret_until_ns is 0.
 * Otherwise like secret_read.
 */
bool secret_read_former(const char *file, uint8_t ret[SECRET_LEN], int64_t *ret_until_ns,
			char *why, size_t why_size);
enum { SECRET_FORMER_TEXT = 2 * SECRET_LEN + 24 };
void secret_former_text(const uint8_t secret[SECRET_LEN], int64_t until_ns,
			char text[SECRET_FORMER_TEXT]);

/* Writes a new file of one line, 0600; false, with why, also when it exists. */
bool secret_write(const char *file, const char *line, char *why, size_t why_size);

/*
 * Likewise, in the place of what is there, at once: by FILE.new, which a run that was cut
 * off may have left.
 */
bool secret_replace(const char *file, const char *line, char *why, size_t why_size);

/*
 * The line of the servers' secret, and a new one; false: the system has no random bytes.
 */
enum { SECRET_TEXT = 2 * SECRET_LEN + 1 };
void secret_text(const uint8_t secret[SECRET_LEN], char text[SECRET_TEXT]);
bool secret_make(uint8_t ret[SECRET_LEN]);

/* Overwrites a secret in a way that the compiler does not leave out. */
void secret_wipe(void *secret, size_t len);

#endif
