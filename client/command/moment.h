/* Moments, as people write them. */
#ifndef DFS_MOMENT_H
#define DFS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "90s", "10m", "2h", "7d", "2w": that long before now_ns; "2026-01-31", also with
 * " 12:00", " 12:00:05" or a 'T' in place of the space, in local time or, with a 'Z' at
 * its end, in UTC; all in nanoseconds since 1970 UTC.  false when it is something else.
 */
bool moment_parse(const char *text, int64_t now_ns, int64_t *ret_ns);

#endif
