/*
 * Every state in which a power cut can leave a store's folder.
 *
 * While it records, this notes what reaches the disk: the bytes of each file that is renamed into
 * seg/, the unlinks, the fsyncs, and what the test says of what it was told.  Afterwards, for each
 * moment, every state that the disk may then be in is built and opened: of what happened in the
 * folder since its last fsync any part may be there, and a file that was not fsynced may be
 * empty, cut off, or whole.
 *
 * It replaces fsync, renameat2 and unlinkat in the whole program.
 */
#ifndef DFS_DISK_H
#define DFS_DISK_H

#include "store_fixture.h"

/* What the test noted: a word of its own, and two numbers. */
struct disk_note {
	unsigned what;
	unsigned number;
	uint64_t counter;
};

/* From now on; what is in the folder is on the disk. */
void disk_record(struct store_fixture *fixture);
/* Any thread. */
void disk_note(unsigned what, unsigned number, uint64_t counter);
/* Closes the store, too. */
void disk_stop(struct store_fixture *fixture);

/* The notes made before a moment, by number from 0; NULL: no more. */
const struct disk_note *disk_noted(size_t moment, size_t number);

/*
 * Opens each state of each moment under the rules, without merges or drops, and asks whether it is
 * right, by what was noted before.
 */
struct disk_states {
	unsigned states, wrong;
	size_t events;
};
struct disk_states disk_walk(const struct store_rules *rules,
			     bool (*is_right)(struct store *store, size_t moment));

/* Removes what was kept of the files. */
void disk_forget(void);

#endif
