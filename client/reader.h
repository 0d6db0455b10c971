/* Reading registers: what the four servers say of a path, made into one answer. */
#ifndef DFS_READER_H
#define DFS_READER_H

#include "session.h"

struct reading {
	const char *path;         /* set by the caller */
	struct dfs_result result; /* 0 also where there is nothing of that name */
	bool known;               /* there is a value: */
	dfs_value value;          /* freed with reader_free */
	bool unsure; /* two servers only: may be a write that was never completed */
};

/*
 * Reads all, in batches: three equal answers, or what is left after finishing; from two
 * servers alone the newer answer.  finish false: the highest
 * of at least two answers does, or of one where no more are to be had (for what promises
 * nothing: listings, and what stands in a file's way).
 */
void reader_read(struct dfs *dfs, struct reading *readings, size_t count, bool finish);
void reader_free(struct reading *reading);

/* The file that the value is, or NULL: a tombstone or nothing. */
const dfs_manifest *reader_file(const struct reading *reading);

/* What people see of it. */
void reader_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret);

#endif
