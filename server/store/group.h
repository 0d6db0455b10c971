/*
 * Group commit.
 *
 * A thread of the store takes all batches that wait, builds one segment of them in memory
 * and publishes them together.  A batch with a large upload is committed by the thread
 * that asks, so that its long fsync holds nobody up.
 */
#ifndef DFS_GROUP_H
#define DFS_GROUP_H

struct store;

/* The thread; 0 or an errno. */
int group_start(struct store *store);
/* Writes what waits and ends it. */
void group_stop(struct store *store);

/*
 * What is remembered of peers has changed: written with the next commit, or in a second.
 */
void group_remember(struct store *store);

#endif
