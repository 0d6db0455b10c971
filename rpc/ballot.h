/* Ballots, versions and ids: comparing, making and writing them. */
#ifndef DFS_BALLOT_H
#define DFS_BALLOT_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>

/* <0, 0, >0 as a is lower than, the same as, or higher than b. */
int ballot_compare(const dfs_ballot *a, const dfs_ballot *b);

/* The ballot below all others; a zeroed struct is the same. */
extern const dfs_ballot ballot_none;

/*
 * A server refuses counters that are further than this above what it has seen, so that
 * nobody can use them up (protocol: 64-bit counters, jumps of at most 2^32).
 */
#define BALLOT_JUMP (UINT64_C(1) << 32)

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
