/*
 * Moves that were begun: files that came to their path and may still be at their old one
 * (doc/AGREEMENT.md 4.2).
 *
 * What such a path has carries a note of the old path, until the file is gone there.
 * Whoever meets the note, and may write both, does what is left to do.
 */
#ifndef DFS_MOVES_H
#define DFS_MOVES_H

#include "lookup.h"

/* What is left of one move: its new path has this value, settled, with the note. */
struct moves_step {
	const char *path;
	const dfs_value *value;
	const dfs_ticket *ticket; /* for its content */
	const dfs_note *note;     /* the value's */
	const dfs_value *old;     /* what the mover read at the old path; others: NULL */
	struct dfs_result result; /* of moves_leave */
	bool undone;              /* there is no note to take away any more */
};

/*
 * Takes the files from their old paths, where they are unchanged; at most DFS_BATCH_MAX.
 * Each result: 0, it is gone, by this move; 4 or 8, somebody else has deleted or changed
 * it first, and with `old` that is certain; 7, it may not be; 11, it may be or not.
 */
void moves_leave(struct dfs *dfs, struct moves_step *steps, size_t count);

/* Has it certainly not happened, and never will?  Then its result is 4, 7 or 8. */
bool moves_is_off(const struct moves_step *step);

/*
 * Takes the notes away of those that are done or off; what fails is left to others.
 */
void moves_clear(struct dfs *dfs, const struct moves_step *steps, size_t count);

/* May this user write what was read, by what is known of it? */
bool moves_may_write(const struct dfs *dfs, const struct lookup *lookup);

/*
 * Of paths that were read: finishes the moves whose notes they carry, as far as this user
 * may, but for those with leaves_note.  What was read stays as it is, note and all.
 */
void moves_finish(struct dfs *dfs, struct lookup *lookups, size_t count);

#endif
