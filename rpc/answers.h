/*
 * What a server may answer: one table by procedure.
 *
 * Every answer is checked where it is taken (call_run of call.h), before anybody sees it,
 * by the functions that check arguments on a server: so no caller can forget it, and what
 * is taken may be used for sizes, places in arrays and lines of text.  An answer is not
 * judged more strictly than what servers take from users, or somebody could make honest
 * servers look like liars.
 */
#ifndef DFS_ANSWERS_H
#define DFS_ANSWERS_H

#include "dfs.h"
#include <stddef.h>

/* An answer, and what was asked. */
struct answers_call {
	uint32_t procedure;
	unsigned server;  /* 1..4, that was asked */
	const void *args; /* of the procedure's types (procedures.h); NULL: it has none */
	const void *res;  /* begins with a dfs_status, as all results do */
};

/*
 * NULL when the answer keeps every rule; else a static text that names the one it breaks:
 * the status is one that the procedure can answer; there are answers to what was asked,
 * and no more; values may stand at the path that was asked (value_check_at) and have
 * ballots; pages are in order, below the folder and behind the cursor; masks and numbers
 * that stand for something are in their range; and texts have no control characters.
 */
const char *answers_check(const struct answers_call *call);

/* The sentence for a server that has broken the rule, cut off to fit. */
void answers_why(unsigned server, const char *rule, char *why, size_t size);

#endif
