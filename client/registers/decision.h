/*
 * What a turn proposes once enough servers have promised: the judgement on what they
 * told, and what else stands in the way (a file of that name, too few holders, a value
 * that may not be made).
 */
#ifndef DFS_DECISION_H
#define DFS_DECISION_H

#include "attempt.h"

/* Sets the turn's judgement and value; false when the attempt is to be repeated. */
bool decision_make(struct attempt *attempt, struct turn *turn);

/*
 * Have the servers said that they will not take this, now or later?  Then *ret says why.
 */
bool decision_is_final(const struct dfs *dfs, const struct turn *turn,
		       struct dfs_result *ret);

#endif
