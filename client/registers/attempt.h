/*
 * One attempt of the proposer: the calls that several paths share under one ballot.
 *
 * The arguments of a call may be needed after the attempt is over (by a server that is
 * slow), so each call gets a copy of its own of all that it sends.
 */
#ifndef DFS_ATTEMPT_H
#define DFS_ATTEMPT_H

#include "confirming.h"
#include "judge.h"
#include "proposer.h"

/* One path in an attempt. */
struct turn {
	struct proposal *proposal;
	chunk_set staged[DFS_SERVERS];  /* durable there, bound to this ballot */
	server_set promised;            /* that did */
	struct refusals refusals;       /* of others, of this path */
	struct judge_answers answers;   /* into the round of promises */
	dfs_path blockers[DFS_SERVERS]; /* likewise; empty ones have length 0 */
	struct judgement judgement;
	char why[DFS_WHY]; /* for a judgement that names servers, or is somebody else's */
	bool proposes;     /* `value` is to be accepted */
	dfs_value value;
	server_set accepted; /* servers that said yes */
	server_set refusing; /* servers that have answered ACCEPT otherwise */
	bool begins; /* it is this ACCEPT that may make the operation happen first */
};

struct attempt {
	struct dfs *dfs;
	dfs_ballot ballot;
	server_set servers; /* that vote */
	struct turn *turns;
	size_t count;
	struct round *promises; /* keeps what turns point into */
	/* Of that, what servers signed; of each turn. */
	struct confirming_promises signed_by[DFS_SERVERS];
};

/*
 * Binds uploads to the ballot (BIND); servers that fail lose their share of `uploaded`.
 */
void attempt_bind(struct attempt *attempt);

/* PREPARE to all, with small contents; then once more for spares that are owed. */
void attempt_prepare(struct attempt *attempt);

/*
 * Does what is proposed here have to be confirmed by three servers?  Not what an owner
 * says of his own files.
 */
bool attempt_is_confirmed(const struct dfs *dfs, const char *path);

/*
 * The server that tells of what the turn builds on, with a proof that is one: who lies
 * may tell it with another.  Of nothing, any that promised.  0: none.
 */
unsigned attempt_find_proved(struct dfs *dfs, const struct turn *turn);

/* CONFIRM for the turns that propose and need it, and ACCEPT for all that propose. */
void attempt_accept(struct attempt *attempt);

/* Is any of its content durable, bound to this ballot? */
bool attempt_has_staged(const struct turn *turn);

/* Ends the attempt; the turns and their values are freed. */
void attempt_free(struct attempt *attempt);

/* The chunks that a server is to be given of a row when only these servers are there. */
chunk_set attempt_plan(unsigned row, unsigned server, server_set servers);

/*
 * What a server should have of a content that is copied: what it was given, or, if it was
 * away then, its pair, which it may have fetched meanwhile.
 */
chunk_set attempt_copied(const struct proposal *proposal, unsigned server);

#endif
