/*
 * The start: the only way in which a store is opened, after a clean end or any other.
 *
 * Segments that a merged one covers are set aside; the rest must tile 1 to the newest
 * without a gap; every @seal is read and the index built from them.  Whatever is wrong
 * beyond the content makes the store RECOVERING, and nothing in it is changed then.
 */
#ifndef DFS_RECOVER_H
#define DFS_RECOVER_H

#include "store_internal.h"

/*
 * Fills index, segments and numbers, and whole and why.  EXDEV when the store belongs to
 * another server or cluster, with the sentence in store->why; EIO, ENOMEM.
 */
int recover_read(struct store *store);

#endif
