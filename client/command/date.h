/* Times, as people write them. */
#ifndef DFS_DATE_H
#define DFS_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* What date_parse understands, for messages. */
#define DATE_FORMS "YYYY-MM-DD, with HH:MM or HH:MM:SS behind it, or @SECONDS"

/*
 * "2026-01-31", "2026-01-31 12:00", "2026-01-31T12:00:00.5", each in local time or with Z
 * behind it in UTC; "@1769860800.25": seconds since 1970 UTC, perhaps below 0.
 * Nanoseconds since 1970 UTC; false when it is nothing of these, or too far away.
 */
bool date_parse(const char *text, int64_t *ret_ns);

#endif
