/*
 * One attempt of the proposer: the calls that several paths share under one ballot.
 *
 * The arguments of a call may be needed after the attempt is over (by a server that is
 * slow), so each call gets a copy of its own of all that it sends.
 */
#ifndef DFS_ATTEMPT_H
#define DFS_ATTEMPT_H

#include "judge.h"
#include "proposer.h"

/* One path in an attempt. */
struct turn {
	struct proposal *proposal;
	unsigned staged[DFS_SERVERS];   /* chunks that are durable there, bound to this
					   ballot */
	unsigned promised;              /* servers that did; mask */
	unsigned refused;               /* servers that heard of a higher ballot */
	unsigned full;                  /* servers without room for it; mask */
	struct judge_answers answers;   /* into the round of promises */
	dfs_path blockers[DFS_SERVERS]; /* likewise; empty ones have length 0 */
	struct judgement judgement;
	char why[DFS_WHY]; /* for a judgement that names servers, or is somebody else's */
	bool proposes;     /* `value` is to be accepted */
	dfs_value value;
	unsigned accepted;  /* servers that said yes; mask */
	unsigned invalid;   /* servers that call the request invalid; mask */
	unsigned denied;    /* servers that say that it is not ours to make; mask */
	unsigned nobody;    /* of these, because they do not know who calls any more */
	unsigned unchecked; /* servers that cannot tell whether it is; mask */
	unsigned failing;   /* servers whose disk failed; mask */
	unsigned refusing; /* servers that have answered ACCEPT otherwise than with yes */
	bool begins; /* it is this ACCEPT that may make the operation happen first */
};

struct attempt {
	struct dfs *dfs;
	dfs_ballot ballot;
	unsigned servers; /* that vote; mask */
	struct turn *turns;
	size_t count;
	struct round *promises; /* keeps what turns point into */
};

/* Binds uploads to the ballot (BIND); servers that fail lose their share of `uploaded`.
 */
void attempt_bind(struct attempt *attempt);

/* PREPARE to all, with small contents; then once more for spares that are owed. */
void attempt_prepare(struct attempt *attempt);

/* ACCEPT for all turns that propose. */
void attempt_accept(struct attempt *attempt);

/* Is any of its content durable, bound to this ballot? */
bool attempt_has_staged(const struct turn *turn);

/* What a server says instead of an answer: of a path, or of a whole call. */
void attempt_note(struct turn *turn, unsigned server, dfs_status status);
void attempt_note_call(struct turn *turn, unsigned server, dfs_status status);

/* Ends the attempt; the turns and their values are freed. */
void attempt_free(struct attempt *attempt);

/* The chunks that a server is to be given of a row when only those in the mask are there.
 */
unsigned attempt_plan(unsigned row, unsigned server, unsigned servers);

#endif
