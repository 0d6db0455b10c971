/*
 * For attacks: many calls that each keep a path, and an object, for as long as a disk
 * takes.
 */
#ifndef DFS_FLOOD_H
#define DFS_FLOOD_H

#include "attack.h"

struct flood_place {
	unsigned server;
	const char *user, *path; /* whose calls, for a small file at this path */
	const dfs_id *object;    /* as which content is brought; NULL: ever new ones */
	dfs_ballot ballot;       /* filled in by flood_start: one for all of them */
};

/*
 * On so many connections, until flood_end, the content is brought with PREPARE again and
 * again.  Broken where that cannot begin.
 */
struct flood *flood_start(const struct flood_place *place, unsigned connections);
/* How many contents were staged so far. */
unsigned flood_staged(struct flood *flood);
void flood_end(struct flood *flood);

#endif
