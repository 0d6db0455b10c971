/*
 * Lookups: what the servers tell of paths, asked and counted, and nothing else.
 *
 * Nobody's value is finished here; who needs one that the next reader cannot see
 * something older than takes reading.h, which is built on this.
 */
#ifndef DFS_LOOKUP_H
#define DFS_LOOKUP_H

#include "manifest.h"
#include "session.h"

struct lookup {
	const char *path;         /* set by the caller */
	bool leaves_note;         /* likewise: a move that it shows is not finished */
	struct dfs_result result; /* 0 also where there is nothing of that name */
	bool known;               /* there is a value: */
	dfs_value value;          /* freed with lookup_free */
	dfs_ticket ticket; /* for its object: the newest that a server gave; or zero */
	bool unsure;       /* two servers only: may be a write that was never completed */
	/* Of finishing.c: servers that say what is agreed; the newest at this ballot. */
	unsigned finished;
	dfs_ballot finished_at;
};

/*
 * Looks all up (at most DFS_BATCH_MAX): three equal answers, or from two servers alone
 * the newer one.  Code 7 when it may not be read.  What is decided, or has failed, leaves
 * the list; returns how many are left in it, on which the servers disagree.
 */
size_t lookup_agreed(struct dfs *dfs, struct lookup **lookups, size_t count);

/*
 * Looks all up, in batches: the highest of at least two answers, or of one where no more
 * are to be had.  That promises nothing; it is for listings, and for what stands in a
 * file's way.
 */
void lookup_newest(struct dfs *dfs, struct lookup *lookups, size_t count);

void lookup_free(struct lookup *lookup);

/*
 * A round that is to ask this procedure, which takes paths, of these; *ret_args lives as
 * long as it.  NULL when out of memory.
 */
struct round *lookup_round(struct dfs *dfs, uint32_t procedure, struct lookup **lookups,
			   size_t count, const dfs_paths **ret_args);

/* Takes what a server told; false, with the lookup's result, when out of memory. */
bool lookup_take(struct lookup *lookup, const dfs_accepted *accepted);

/* Keeps the ticket if it is for the lookup's object and newer than what it has. */
void lookup_take_ticket(struct lookup *lookup, const dfs_ticket *ticket);

/* The file or link that the value is, or NULL: a folder, a tombstone or nothing. */
const dfs_manifest *lookup_file(const struct lookup *lookup);
/* The folder that it is, or NULL. */
const dfs_folder *lookup_folder(const struct lookup *lookup);
/* Is there anything, and no tombstone? */
bool lookup_live(const struct lookup *lookup);

/* What people see of the value of a file, a link or a folder, without digests. */
void lookup_describe(struct dfs *dfs, const dfs_value *value, struct dfs_file *ret);

#endif
