/*
 * The proposer's judgement: what to do about a path, given what the promises told.
 *
 * The rules are doc/AGREEMENT.md 3.2 and 3.3.  Pure: it asks nobody and changes nothing,
 * so that a test can walk through every case.
 */
#ifndef DFS_JUDGE_H
#define DFS_JUDGE_H

#include "proposer.h"
#include "tally.h"

/* What the servers that promised told of one path. */
struct judge_answers {
	const dfs_register *of[DFS_SERVERS];  /* NULL: no promise from this server */
	struct tally_word words[DFS_SERVERS]; /* the same, as it is counted */
	bool blocked;   /* something stands in the way of this name */
	bool populated; /* something is below the folder that is to be made */
};

enum judge_verdict {
	JUDGE_PROPOSE, /* a value of one's own on top of `best` */
	JUDGE_OWN,     /* it has happened: finish `best`, then report success */
	JUDGE_FINISH,  /* finish `best` (or "no such file"), then report `code` */
	JUDGE_REPORT   /* report `code` at once */
};

struct judgement {
	enum judge_verdict verdict;
	int code;                 /* of JUDGE_FINISH and JUDGE_REPORT */
	const char *why;          /* static, for people */
	const dfs_accepted *best; /* the highest accepted value, or NULL */
	bool certain; /* three told of exactly this, or three that there is nothing */
};

/*
 * staged: content of this proposal is bound here and there, so a failure must be finished
 * above that binding before it is reported.
 */
struct judgement judge(const struct proposal *proposal,
		       const struct judge_answers *answers, bool staged);

/* There is something: neither NULL nor a tombstone. */
bool judge_is_live(const dfs_accepted *best);

#endif
