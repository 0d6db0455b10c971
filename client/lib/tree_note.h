/*
 * Trees on their way to another folder (doc/AGREEMENT.md 4.4).
 *
 * The folder that a tree comes to is made first, and carries a note of the old one until
 * all is there: so who begins it anew goes on with it.  A tree that is moved has a note
 * of the new folder at the old one, so that it has one mover.
 */
#ifndef DFS_TREE_NOTE_H
#define DFS_TREE_NOTE_H

#include "proposer.h"

struct tree_note {
	struct dfs *dfs;
	const char *from, *to; /* folders, without a '/' at the end */
	bool moves;
	/* ---- set by tree_note_begin */
	bool refused_there; /* what failed is the new folder */
	bool noted;         /* the new folder carries the note */
	bool ended;         /* all has come before: only the notes are left */
	bool bare;          /* the old folder was there because of what is below it */
	dfs_note there;     /* it, with the operation of the whole */
	dfs_note here;      /* the old folder's */
	dfs_version made;   /* of the new folder, if it was made now; else zero */
};

/*
 * Decides whether it may be, and puts the notes where they belong.  Into a folder that is
 * there already a tree is only copied, without a note.  What is below the old folder is
 * to be looked at afterwards: of a move it is this mover's then.
 */
struct dfs_result tree_note_begin(struct tree_note *note);

/* Nothing came of it: what was made for it goes again. */
void tree_note_undo(struct tree_note *note);

/* It is all there, or what is left cannot come: the notes go. */
void tree_note_end(struct tree_note *note);

/* Does the folder `to` carry a note of `from`? */
bool tree_note_goes_on(struct dfs *dfs, const char *from, const char *to);

#endif
