/*
 * What a server remembers of the store of another, and what that tells the other one when it
 * starts: whether its store is the one that it had.
 *
 * Functions of their arguments alone.
 */
#ifndef DFS_MEMORY_H
#define DFS_MEMORY_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Takes what was told into what is remembered (a zero store id: nothing yet).  Nothing goes down
 * within one store; another store counts only from a higher epoch, as each recovery opens
 * one.  Has anything changed?
 */
bool memory_take(dfs_memory *remembered, const dfs_memory *told);

/* How a store stands against what a peer remembers of it. */
enum memory_verdict {
	MEMORY_FINE,
	MEMORY_OLDER, /* the peer has seen more of it: it was set back, or its end is gone */
	MEMORY_FOREIGN /* the peer knows another one, which is not older */
};

/*
 * born: the epoch in which the store began to vote.  Another store that the peer remembers from a lower
 * one was lost before that, and the peer has not heard of it.
 */
enum memory_verdict memory_judge(const dfs_memory *own, uint32_t born,
				 const dfs_memory *remembered);

/* A sentence for people: why the store may not vote, as dfsN says.  Returns why. */
const char *memory_explain(enum memory_verdict verdict, unsigned server, char *why,
			   size_t size);

#endif
