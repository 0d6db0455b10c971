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

/* One attempt, at one ballot. */
struct peers_attempt {
	struct peers_voters voters;
	dfs_ballot ballot;
	struct round *round;
	const dfs_prepare_args *args; /* the round's */
	dfs_prepare_res own;
	const dfs_prepare_res *prepared[DFS_SERVERS]; /* NULL: no answer */
	/* Of these, what is signed: of who did not sign there is none. */
	struct confirming_promises promises[DFS_SERVERS];
};

/*
 * What servers promised of an open path, and signed: as they told of it.  A word that
 * three others outvote is left out.
 */
struct peers_told peers_attempt_told(const struct finishing *finishing,
				     const struct peers_attempt *attempt, size_t path);

/* A copy, which xdr_free can free; false when out of memory. */
bool peers_attempt_copy_path(const dfs_path *path, dfs_path *ret);

/* Once promised: proposes what follows from that, confirmed, and counts the votes. */
void peers_attempt_accept(struct finishing *finishing,
			  const struct peers_attempt *attempt);

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
