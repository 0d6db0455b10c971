/* Reading registers: what the four servers say of a path, made into one answer. */
#ifndef DFS_READER_H
#define DFS_READER_H

#include "manifest.h"
#include "session.h"

/* Why, when servers say so; and when they do not even know who calls any more. */
#define READER_DENIED "is not yours to read"
#define READER_NOBODY "the servers do not take this log-in any more: log in again"

struct reading {
	const char *path;         /* set by the caller */
	struct dfs_result result; /* 0 also where there is nothing of that name */
	bool known;               /* there is a value: */
	dfs_value value;          /* freed with reader_free */
	dfs_ticket ticket; /* for its object: the newest that a server gave; or zero */
	bool unsure;       /* two servers only: may be a write that was never completed */
};

/*
 * Reads all, in batches: three equal answers, or what is left after finishing (by a
 * server, where it is another's to write); from two servers alone the newer answer.  Code
 * 7 when it may not be read.  finish false: the highest of at least two answers does, or
 * of one where no more are to be had (for what promises nothing: listings, and what
 * stands in a file's way).
 */
void reader_read(struct dfs *dfs, struct reading *readings, size_t count, bool finish);
void reader_free(struct reading *reading);

/* Keeps the ticket if it is for the reading's object and newer than what it has. */
void reader_take_ticket(struct reading *reading, const dfs_ticket *ticket);

/* The file that the value is, or NULL: a tombstone or nothing. */
const dfs_manifest *reader_file(const struct reading *reading);

/* What people see of it, without digests. */
void reader_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret);

#endif
