/*
 * Merging: a run of neighbouring segments becomes one that covers their range and has
 * what of them still counts.
 *
 * What a later value has overtaken, what was forgotten, and content that was dropped or
 * trimmed is left out of any merge.  The entries that say so stay, unless the run begins
 * at the first segment: what they undo may stand in an older one.  Inputs are unlinked
 * only when the output is on the disk.
 *
 * Of segments from before a recovery only content counts.  They are merged with each
 * other, never with those that count; of a run in which nothing is left no output is
 * made.
 */
#ifndef DFS_MERGE_H
#define DFS_MERGE_H

#include "index.h"

struct store;
struct store_rules;

/* The first segment of a run, and how many there are; 0: nothing is worth merging. */
struct merge_run {
	struct index_segment *first;
	size_t count;
};

/*
 * From what has changed since it was asked last.  begun: segments below this number are
 * from before a recovery.  With the lock of the segments held, also against readers:
 * where a lot has changed it looks at some of it, and *ret_more is true.  A run that
 * was picked is so again, after others, until its segments are gone.
 */
struct merge_run merge_pick(struct index_segments *segments,
			    const struct store_rules *rules, uint64_t begun,
			    bool *ret_more);

/* Merges one run, if there is one.  The compactor's thread only.  0 or an errno. */
int merge_step(struct store *store, bool *ret_more);

/* Replaces the segment by one without this object, whose content is then dropped. */
int merge_rewrite(struct store *store, struct index_segment *segment,
		  struct index_object *dropping);

#endif
