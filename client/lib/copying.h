/* A batch of contents that the servers have, stated at other paths. */
#ifndef DFS_COPYING_H
#define DFS_COPYING_H

#include "lookup.h"
#include "proposer.h"

/* One file on its way to another path. */
struct copying {
	/* ---- set by the caller */
	const char *from, *to;
	bool create; /* only where there is nothing */
	bool moves;  /* what comes to `to` carries a note of `from` */
	/*
	 * Of a file of a tree: the operation that brings the tree.  Each file has one of
	 * its own that follows from it, the same again when it is begun anew; its note is
	 * not stored, for the tree's folder carries one.  Else NULL.
	 */
	const dfs_id *tree;
	dfs_id operation;         /* or zero: a new one */
	struct lookup *from_here; /* what `from` has, read by the caller */
	/* ---- set by copying_run */
	struct dfs_result result;
	bool refused_there;       /* it failed at `to` */
	struct proposal proposal; /* with the result's value; else zero */
	dfs_note note;            /* of a move */
};

/*
 * Copies all, at most DFS_BATCH_MAX and each to another path.  What fails because the
 * content has gone meanwhile is read again, and copied as it is now.  To be ended with
 * copying_free.
 */
void copying_run(struct dfs *dfs, struct copying *of, size_t count);
void copying_free(struct copying *of, size_t count);

#endif
