/* What was found damaged: known until it is replaced, and logged by name, once. */
#ifndef DFS_DAMAGE_H
#define DFS_DAMAGE_H

#include "dfs.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct segment;
struct store;

enum { DAMAGE_REMEMBERED = 64 };

/* Of a store.  Its lock is taken alone. */
struct damage {
	pthread_mutex_t lock; /* of what follows */
	uint64_t hashes[DAMAGE_REMEMBERED];
	uint64_t count; /* of records found damaged since the start */
};

void damage_init(struct damage *damage);
void damage_free(struct damage *damage);
uint64_t damage_count(struct damage *damage);

/*
 * A record of the segment could not be read: a register's, a unit's, some record's
 * (damage_mark_segment), or its @seal (damage_mark_list), without which all content in it
 * counts as damaged.  Logged, and known until it is replaced.  false: what is here is not
 * there any more.
 */
bool damage_mark_register(struct store *store, struct segment *file, const char *path,
			  size_t len, const dfs_ballot *ballot);
bool damage_mark_unit(struct store *store, struct segment *file, const dfs_id *object,
		      uint64_t unit);
bool damage_mark_segment(struct store *store, struct segment *file);
/*
 * A unit that reads well, so that it is as it was written here, is not what its tree
 * says.  Where the part that it is in was never proved its writer brought it so: known
 * until it is replaced, and logged, but no damage.  false, and nothing is done, where it
 * was proved, or is not there any more.
 */
bool damage_mark_unbrought(struct store *store, struct segment *file,
			   const dfs_id *object, uint64_t unit);
bool damage_mark_list(struct store *store, struct segment *file);

#endif
