/*
 * What cluster.conf may say about how servers work, in its section [server]:
 *
 *	[server]
 *	scrub_share = 10	; percent of the time that the scrub may take: 1 to 100
 *	scrub_round = 30d	; in which everything is read once: 1s to 365d
 *	abandoned_after = 1h	; uploads that nobody goes on with end: 1s to 365d
 *	tombstones_after = 1m	; what tells of a deleted file goes: 1s to 365d
 *	keep_readable = 60s	; replaced content, for who is reading it: 1s to 1h
 *	third_donor = 60s	; who lost his disk waits so long for a third server to
 *				; recover from, before he trusts two: 1s to 1h
 *	log_level = info	; error, warn, info or debug
 *
 * The section and each of its keys may be missing; above are the values that they have
 * then.
 */
#ifndef DFS_TUNING_H
#define DFS_TUNING_H

#include "log.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tuning {
	int64_t scrub_share; /* percent */
	int64_t scrub_round_ms;
	int64_t abandoned_after_ms;
	int64_t tombstones_after_ms;
	int64_t keep_readable_ms;
	int64_t third_donor_ms;
	enum log_level log_level;
	unsigned given; /* which keys were, as a mask */
};

void tuning_set_defaults(struct tuning *ret);

/*
 * One key of the section.  false, with what is wrong in why (TUNING_WHY bytes): no such
 * key, given twice, or not a value that it may have.
 */
enum { TUNING_WHY = 128 };
bool tuning_take(struct tuning *tuning, const char *name, const char *value, char *why);

/*
 * "90s", "15m", "1h", "30d": a whole number and its unit; false unless within the bounds.
 */
bool tuning_span(const char *text, int64_t min_ms, int64_t max_ms, int64_t *ret_ms);

#endif
