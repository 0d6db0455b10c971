/* Dropping content that nothing refers to, once its grace is over. */
#ifndef DFS_DROP_H
#define DFS_DROP_H

#include <stdbool.h>

struct store;

/*
 * Drops some of what is due, durably: by entries in a commit, and where an object is
 * alone in a large segment by putting an empty one in its place.  *ret_more when there
 * may be more at once.  The compactor's thread only.  0 or an errno.
 */
int drop_step(struct store *store, bool *ret_more);

#endif
