/* Numbers of bytes, as people write them. */
#ifndef DFS_AMOUNT_H
#define DFS_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A whole number and at most one letter: K, M, G or T, for 2^10, 2^20, 2^30 or 2^40.
 * false when it is something else or more than INT64_MAX, which is as far as JSON's
 * readers go.
 */
bool amount_parse(const char *text, uint64_t *ret);

/*
 * "OFFSET:LENGTH", both as above.  Without the first it is 0, without the second there is
 * no end to it; not without both.
 */
bool amount_parse_range(const char *text, uint64_t *ret_offset, uint64_t *ret_length);

#endif
