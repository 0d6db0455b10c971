/*
 * Inside the start: one segment's @seal, taken into the index and the numbers.
 *
 * Segments come in their order.  The first whose head says that it begins with a higher
 * number than those before is of a recovery: registers and bindings found so far are dead
 * then.
 */
#ifndef DFS_LOAD_SEAL_H
#define DFS_LOAD_SEAL_H

#include "store_internal.h"

/* A start, and what it found wrong. */
struct load {
	struct store *store;
	bool wrong;
	uint64_t wrong_at; /* of the highest segment that is */
	char *why;         /* a sentence, of why_size bytes */
	size_t why_size;
};

/* The segment of this number is not as it should be, which matters if it counts. */
void load_note(struct load *load, uint64_t at, const char *why);

/*
 * 0, also for one that cannot be read, which is noted; EXDEV when it belongs to another
 * server or cluster, EPROTO to another version, with the sentence in why; ENOMEM.
 */
int load_seal(struct load *load, struct index_segment *segment);

#endif
