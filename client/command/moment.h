/* Moments, as people write them. */
#ifndef DFS_MOMENT_H
#define DFS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* What moment_parse understands, for messages. */
#define MOMENT_FORMS                                                                     \
	"YYYY-MM-DD, with HH:MM or HH:MM:SS behind it, @SECONDS, or an age like 7d"

/*
 * "90s", "10m", "2h", "7d", "2w": that long before now_ns, but not before 1970;
 * "2026-01-31", also with " 12:00", " 12:00:05", " 12:00:05.5" or a 'T' in place of the
 * space, in local time or, with a 'Z' at its end, in UTC; "@1769860800.25": seconds since
 * 1970 UTC, perhaps below 0.  All in nanoseconds since 1970 UTC.  false, with *ret_ns as
 * it was, when it is nothing of these, or too far away.
 */
bool moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns);

#endif
