/* Inside finishing: what is still to be finished, and one attempt at it. */
#ifndef DFS_PEERS_ATTEMPT_H
#define DFS_PEERS_ATTEMPT_H

#include "confirming.h"
#include "peers_internal.h"

/* A batch of paths on its way to being finished; what is finished is closed. */
struct finishing {
	struct peers *peers;
	const dfs_paths *paths;
	dfs_looked *items;
	int64_t deadline;
	size_t open[DFS_BATCH_MAX], count; /* numbers of the paths that are left */
	uint64_t counter;                  /* of the last ballot */
	bool refused;                      /* it was, by some server */
	/* What is agreed is proposed too, as this says; or NULL. */
	const struct peers_proposal *proposal;
};

/*
 * Closes the path: with a copy of this, or, when there is no memory for one, with
 * DFS_BUSY.
 */
void peers_attempt_close(struct finishing *finishing, size_t path,
			 const dfs_register *reg);

/*
 * One ballot for all that is open: PREPARE, and ACCEPT of what three have promised on.
 * Those that three have accepted are finished.  false when there can be no three.
 */
bool peers_attempt(struct finishing *finishing);

/* Values that are to be proposed at one ballot, at most DFS_BATCH_MAX. */
struct peers_confirming {
	const dfs_ballot *ballot;
	const struct confirming *items;
	size_t count;
	int64_t deadline;
};

/* Has servers confirm them; those of which three did have three confirmations then. */
void peers_confirm(struct peers *peers, const struct peers_voters *voters,
		   const struct peers_confirming *confirming);

#endif
