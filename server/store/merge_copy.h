/* Inside a merge: what of its inputs still counts, copied into its output. */
#ifndef DFS_MERGE_COPY_H
#define DFS_MERGE_COPY_H

#include "batch.h"
#include "merge.h"

struct merge {
	struct store *store;
	struct merge_run run;
	uint64_t lo, hi;
	uint64_t begun;  /* the first segment that counts: a run is below it, or is not */
	bool from_first; /* nothing older is there: what undoes it is left out */
	struct index_object *dropping; /* left out, then dropped; or NULL */
	bool left_out; /* of some input nothing was copied, for it cannot be read */
	struct segment_image *image;
	struct pack_out entries; /* of the output's @seal */
	uint32_t entry_count;
	uint64_t undo;                /* of these: index_segment */
	struct index_segment *output; /* before it is in the list */
	char name[FOLDERS_NAME];      /* in tmp/ */
};

/* All inputs, verified.  0, or an errno; EBADMSG and EIO mark the input as damaged. */
int merge_copy_inputs(struct merge *merge);

/* The entries of the output, one by one. */
struct seal_reader merge_copy_entries(const struct merge *merge);

/*
 * Reads back what was built: the inputs go, so nothing may rest on hope.  0 or an errno.
 */
int merge_copy_verify(struct merge *merge);

#endif
