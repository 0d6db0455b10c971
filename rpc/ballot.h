/* Ballots, versions and ids: comparing, making and writing them. */
#ifndef DFS_BALLOT_H
#define DFS_BALLOT_H

#include "dfs.h"
#include "sets.h"
#include <stdbool.h>
#include <stddef.h>

/* <0, 0, >0 as a is lower than, the same as, or higher than b. */
int ballot_compare(const dfs_ballot *a, const dfs_ballot *b);

/*
 * May something be proposed at it?  Counters begin with 1, and no proposer is zero; only
 * ballot_none and floors may be so.
 */
bool ballot_is_good(const dfs_ballot *ballot);

/* The ballot below all others; a zeroed struct is the same. */
extern const dfs_ballot ballot_none;

/*
 * A server refuses counters that are further than this above what it has seen, so that
 * nobody can use them up (64-bit counters; at 5,000 jumps a second 2^44 jumps take 110
 * years).
 */
#define BALLOT_JUMP (UINT64_C(1) << 20)

/* What a proposer goes by when it chooses the counter of its next ballot. */
struct ballot_choice {
	const dfs_seen *seen; /* of DFS_SERVERS: what each server has told last */
	server_set servers;   /* those to be heard by */
	bool again;           /* the last ballot was refused by some of them */
	bool boldly;          /* go by the epoch that one of them alone is in */
	uint64_t last;        /* counter of the last ballot; 0: none */
	uint64_t jump;        /* BALLOT_JUMP, but in tests */
};

/*
 * The ballot's epoch and counter; the proposer is left alone.
 *
 * The epoch that two of them are in: what one alone says may be a lie.  But it may also
 * be that two have to follow the third, so after a refusal that one's is tried as well,
 * every other time or so (ballot_next).
 *
 * One above all that the servers have seen, so that all will hear it: all but one where
 * there are four, since three are enough, and one may say that it has seen nothing.  But
 * anybody may raise one server's counters to where the others refuse to follow in one
 * jump, and a ballot for which that one counts is then heard by nobody else.  So a server
 * that is out of the others' reach is passed over: what it promised to others is on other
 * paths, or will be learned of by its refusal.
 *
 * After a refusal the others are drawn up towards it, as far as one ballot can.  If that
 * is not enough the next ballot goes above all of them: a server that it is out of reach
 * for asks its peers what they have seen, and follows (acceptor_follow).  Where it
 * cannot, the two take turns.
 *
 * So once nobody raises counters any more three attempts are enough, however far they
 * were raised, and the first of these may have gone by what was no longer true.  Where
 * the servers do not reach each other it takes two more for each jump between the lowest
 * of them and the highest.
 */
void ballot_choose(const struct ballot_choice *choice, dfs_ballot *ret);

/*
 * The next ballot of a proposer, with a proposer id of its own; *counter is that of its
 * last one and becomes that of this one.  false: the system has no random bytes.
 */
bool ballot_next(const dfs_seen seen[DFS_SERVERS], server_set servers, bool again,
		 uint64_t *counter, dfs_ballot *ret);

bool id_equal(const dfs_id *a, const dfs_id *b);
bool id_is_zero(const dfs_id *id);

/* 128 random bits; false when the system has none to give. */
bool id_random(dfs_id *ret);

enum { ID_TEXT = 2 * DFS_ID_LEN + 1, BALLOT_TEXT = 80, VERSION_TEXT = 64 };

/* Hex digits.  Returns text, which has ID_TEXT bytes. */
const char *id_text(const dfs_id *id, char *text);
bool id_parse(const char *text, dfs_id *ret);

/* "EPOCH.COUNTER.PROPOSER".  Returns text, which has BALLOT_TEXT bytes. */
const char *ballot_text(const dfs_ballot *ballot, char *text);
bool ballot_parse(const char *text, dfs_ballot *ret);

/* "NUMBER-OPERATION".  Returns text, which has VERSION_TEXT bytes. */
const char *version_text(const dfs_version *version, char *text);
bool version_parse(const char *text, dfs_version *ret);
bool version_equal(const dfs_version *a, const dfs_version *b);

#endif
