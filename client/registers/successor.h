/*
 * The value that an operation puts in the place of the best one seen.
 *
 * All are made of the turn's judgement and leave their value in the turn.
 */
#ifndef DFS_SUCCESSOR_H
#define DFS_SUCCESSOR_H

#include "attempt.h"

enum successor_end {
	SUCCESSOR_MADE,
	SUCCESSOR_REFUSED, /* may not be: result says why */
	/* not in this attempt: out of memory, or its content is not bound yet */
	SUCCESSOR_AGAIN
};

/*
 * Of the proposal's kind: a file with the content that was staged, a tombstone or a
 * change.
 */
enum successor_end successor_make(const struct attempt *attempt, struct turn *turn,
				  struct dfs_result *result);

/* Is it the same object? */
bool successor_is_same(const dfs_content *a, const dfs_content *b);

/*
 * What to finish: the best value as it is, or "nothing there".  That is an operation of
 * its own: under the proposal's id it would pass for the proposal's success.
 */
enum successor_end successor_finish(const struct attempt *attempt, struct turn *turn);

#endif
