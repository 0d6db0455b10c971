/* What has been made so far, so that after a failure it can be taken away again. */
#ifndef DFS_UNDO_H
#define DFS_UNDO_H

#include <stdbool.h>

struct undo; /* a list; NULL is the empty one */

/* A file, or an empty folder, that was made.  false when out of memory. */
bool undo_note(struct undo **undo, const char *name);

/* A folder that had been empty: what is in it goes, the folder itself stays. */
bool undo_note_content(struct undo **undo, const char *folder);

/* Removes all of it, the newest first, and empties the list. */
void undo_all(struct undo **undo);

/* All is well: empties the list. */
void undo_forget(struct undo **undo);

#endif
