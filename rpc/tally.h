/*
 * What the servers told of one path, counted: the newest of it, and how many tell exactly
 * that.
 *
 * Pure.  Whoever reads counts this way, and differs only in what it then makes of the
 * numbers; tests/unit/rpc/test_tally.c names each caller's rule.
 */
#ifndef DFS_TALLY_H
#define DFS_TALLY_H

#include "dfs.h"
#include "sets.h"

#include <stdbool.h>

/* One server's word. */
struct tally_word {
	bool told; /* it is an answer: it votes on this path, or may soon */
	const dfs_ballot *ballot; /* of what it has accepted; NULL: nothing */
	dfs_key digest;           /* of that value: one is known by both */
	bool live;                /* that is neither nothing nor a tombstone */
	bool damaged;             /* it names the ballot, and cannot read the value */
};

struct tally {
	unsigned answers;
	unsigned none;   /* of these, that there is nothing, and say that alike */
	unsigned newest; /* the server (1..4) whose word is the newest; 0: nobody's */
	unsigned equal;  /* servers that name exactly its ballot; 0 where it has none */
};

/* What a register tells; NULL: nothing, which is also told when memory is short. */
struct tally_word tally_word(const dfs_register *reg);

/*
 * The newest is the word with the highest ballot (of two values at one, which only their
 * proposer can make, the one with the higher digest), whatever three agree on: the first
 * of those that can read the value, where there is one.  Words without a ballot are below
 * all others.
 *
 * unsure: some of the servers that told do not vote yet.  Then nothing is agreed, and no
 * number is above two.
 */
struct tally tally_highest(const struct tally_word told[DFS_SERVERS], bool unsure);

/*
 * What three tell alike is the newest, even if the fourth has something newer.  To know
 * nothing is alike, and so is the same tombstone; but not one and the other, for one that
 * lies could be the third of two that no three have accepted.  Where no three are alike,
 * or unsure: the highest of all.  equal: how many are alike, nothing or that ballot.
 */
struct tally tally_alike(const struct tally_word told[DFS_SERVERS], bool unsure);

/*
 * The servers whose values have to be proved before they count: of two that tell the
 * same one is honest, and where three tell alike only what is above that changes a thing.
 */
server_set tally_doubtful(const struct tally_word told[DFS_SERVERS], bool unsure);

/*
 * The server (1..4) that alone tells of something, where two or three others, and all
 * that told, know nothing and have floors not below its ballot; 0: there is none.
 * *ret_against: how many these are.  By three it is outvoted: three have not accepted
 * it, or have forgotten it as a tombstone.  By two it is doubtful (doc/AGREEMENT.md 3.6).
 */
unsigned tally_lone(const dfs_register *const told[DFS_SERVERS], unsigned *ret_against);

#endif
