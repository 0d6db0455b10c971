/* Inside finishing: what is still to be finished, and one attempt at it. */
#ifndef DFS_PEERS_ATTEMPT_H
#define DFS_PEERS_ATTEMPT_H

#include "peers_internal.h"

/* The paths that are not finished yet: which of those that were asked for. */
struct finishing {
	struct peers *peers;
	const dfs_paths *paths;
	dfs_looked *items;
	int64_t deadline;
	size_t open[DFS_BATCH_MAX], count;
	uint64_t counter; /* of the last ballot */
	bool refused;     /* it was, by some server */
	unsigned *
		/* what is agreed is proposed too: who accepted it, as masks; or NULL */
		anew;
	const struct peers_change *change; /* of what is proposed anew; or NULL */
	bool overtakes; /* where there is nothing, a tombstone is proposed */
};

/*
 * The path is finished: with a copy of this, or, when there is no memory for one, not at
 * all.
 */
void peers_attempt_settle(struct finishing *finishing, size_t path,
			  const dfs_register *reg);

/*
 * One ballot for all that is open: PREPARE, and ACCEPT of what three have promised on.
 * Those that three have accepted are finished.  false when there can be no three.
 */
bool peers_attempt(struct finishing *finishing);

#endif
