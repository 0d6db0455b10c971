/*
 * Clients come first: whoever works in the background steps aside while users call, for a
 * moment at most, so that it gets on under any load.
 *
 * One note for the process.  From any thread.
 */
#ifndef DFS_FOREGROUND_H
#define DFS_FOREGROUND_H

#include <stdint.h>

/* A user calls, or has been answered. */
void foreground_note(void);

enum {
	FOREGROUND_QUIET_MS = 5, /* so long without a note, and users are not at work */
	FOREGROUND_MOST_MS =
		10 /* what is lost to them by each piece of work, of a megabyte or so */
};

/* Before a piece of work: waits until they are not, or for so long. */
void foreground_wait(int64_t most_ms);

#endif
