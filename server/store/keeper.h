/*
 * The keeper: one thread of the store that drops what nothing refers to any more, once
 * its grace is over, and merges segments.
 */
#ifndef DFS_KEEPER_H
#define DFS_KEEPER_H

struct store;

/* 0 or an errno. */
int keeper_start(struct store *store);
/* Ends it after the step that it is at. */
void keeper_stop(struct store *store);

/* Something has changed: it looks again soon. */
void keeper_wake(struct store *store);

#endif
