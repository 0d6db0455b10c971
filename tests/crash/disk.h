/*
 * Every state in which a power cut can leave a store's folder.
 *
 * While it records, this notes what reaches the disk: the bytes of each file that is
 * renamed into seg/, the unlinks, the fsyncs, and what the test says of what it was told.
 * Afterwards, for each moment, every state that the disk may then be in is built and
 * opened: of what happened in the folder since its last fsync any part may be there, and
 * a file that was not fsynced may be empty, cut off, or whole.
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

/* What happens on a disk, and what must be so whenever the power goes. */
struct disk_play {
	/* Starts the store, under rules that are given, and does what is done before. */
	void (*begin)(struct store_fixture *fixture);
	void (*script)(struct store_fixture *fixture);
	bool (*is_right)(struct store *store, size_t moment);
};

/* From a script, in any thread. */
void disk_note(unsigned what, unsigned number, uint64_t counter);
/* The notes made before a moment, by number from 0; NULL: no more. */
const struct disk_note *disk_noted(size_t moment, size_t number);

/*
 * cmocka tests.  The play is recorded; then each state of each moment is opened under the
 * same rules, without merges or drops, and asked whether it is right: all are, or, when
 * one of the rules is broken, some are not, without which the first proves nothing.
 *
 * merge_bytes is the limit of a merged segment: with a small one the first segments soon
 * are too large to be merged again, with a large one every merge begins at the first.
 */
void disk_expect_right(const struct disk_play *play, uint64_t merge_bytes);
void disk_expect_wrong(const struct disk_play *play, const struct store_rules *broken,
		       uint64_t merge_bytes);

#endif
