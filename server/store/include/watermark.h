/*
 * What a server remembers of the store of another, and what that tells the other one when
 * it starts: whether its store is the one that it had.
 *
 * Functions of their arguments alone.
 */
#ifndef DFS_WATERMARK_H
#define DFS_WATERMARK_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Takes what was told into what is remembered (a zero store id: nothing yet).  Nothing
 * goes down within one store; another store counts only from a higher epoch, as each
 * recovery opens one.  Has anything changed?
 */
bool watermark_take(dfs_watermark *remembered, const dfs_watermark *told);

/* How a store stands against what a peer remembers of it. */
enum watermark_verdict {
	WATERMARK_FINE,
	/* the peer has seen more of it: it was set back, or its end is gone */
	WATERMARK_OLDER,
	WATERMARK_FOREIGN /* the peer knows another one, which is not older */
};

/*
 * born: the epoch in which the store began to vote.  Another store that the peer
 * remembers from a lower one was lost before that, and the peer has not heard of it.
 */
enum watermark_verdict watermark_judge(const dfs_watermark *own, uint32_t born,
				       const dfs_watermark *remembered);

/* A sentence for people: why the store may not vote, as dfsN says.  Returns why. */
const char *watermark_explain(enum watermark_verdict verdict, unsigned server, char *why,
			      size_t size);

#endif
