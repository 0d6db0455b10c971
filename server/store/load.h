/*
 * The start: the only way in which a store is opened, after a clean end or any other.
 *
 * Segments that a merged one covers are set aside; every @seal is read and the index
 * built from them; from the number on with which the store, or its last recovery, began
 * they must tile their range without a gap.  Whatever is wrong beyond the content makes
 * the store RECOVERING, and nothing in it is changed then.
 */
#ifndef DFS_LOAD_H
#define DFS_LOAD_H

#include "store_internal.h"

/*
 * Fills index, segments, numbers and the phase.  why: a sentence for a store that is not
 * whole (with 0), or belongs to another server or cluster (EXDEV) or to another version
 * of the program (EPROTO); unchanged otherwise.  EIO, ENOMEM.
 */
int load_store(struct store *store, char *why, size_t why_size);

#endif
