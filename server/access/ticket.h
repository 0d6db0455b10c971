/*
 * Tickets: a server's word that a user may read an object, which each of the four takes.
 *
 * HMAC-SHA256 (RFC 2104) under the secret that the four share, over
 * "dfs ticket", the length of the user's name as one byte, the name, the object's id and
 * the end of the ticket (64 bits, the highest byte first), cut to 16 bytes.
 */
#ifndef DFS_TICKET_H
#define DFS_TICKET_H

#include "dfs.h"
#include <stdbool.h>

enum { TICKET_HOURS = 12 };

/*
 * now_ns: wall clock, nanoseconds since 1970 UTC.  Zero (which opens nothing) if OpenSSL
 * fails.
 */
dfs_ticket ticket_make(const uint8_t secret[32], const char *user, const dfs_id *object,
		       int64_t now_ns);
bool ticket_is_good(const uint8_t secret[32], const char *user, const dfs_ticket *ticket,
		    int64_t now_ns);

#endif
