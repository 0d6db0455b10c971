/*
 * Inside the store: its state, of which parts own their state and their lock.
 *
 * Locks.  Whoever holds one takes another only along a line of this table:
 *
 *	serial		lock, compactor.lock, a segment's
 *	census.lock	lock
 *	lock		compactor.lock
 *	compactor.lock	its worker's
 *	a segment's	the cache's (segment.c)
 *	group.lock	none
 *	damage.lock	none
 *
 * serial is held where numbers are given: rename, fsync of seg/, publish.  lock guards
 * the index, the segments and the numbers, and is never held over I/O.
 */
#ifndef DFS_STORE_INTERNAL_H
#define DFS_STORE_INTERNAL_H

#include "census.h"
#include "compactor.h"
#include "damage.h"
#include "folders.h"
#include "group.h"
#include "index.h"
#include "store_record.h"
#include "seal.h"
#include "segment.h"
#include "segment_image.h"
#include "store.h"
#include "uploads.h"
#include "whys.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * LOST: not whole, and nothing is written.  RECOVERING: not whole, commits go on, nothing
 * is dropped.  Changes with the serial lock held.
 */
enum store_phase { STORE_LOST, STORE_RECOVERING, STORE_WHOLE };

struct store {
	struct store_rules rules;
	unsigned server;
	dfs_id cluster;
	struct folders folders;
	struct segment_cache *cache;
	_Atomic enum store_phase phase;
	struct whys whys;
	atomic_bool gone;      /* the folder that was opened, when somebody looked last */
	atomic_int disk_error; /* store_numbers */
	atomic_int told_error; /* of the last commit, which the log has; or 0 */
	atomic_uint generation; /* of batches: recoveries that began */
	struct uploads_total uploads;

	pthread_mutex_t serial;

	pthread_rwlock_t lock; /* of what follows */
	struct index *index;
	struct index_segments segments;   /* by number, without gaps from head.begun on */
	uint64_t newest;                  /* the highest number of a segment */
	struct seal_head head;            /* the highest numbers that are durable */
	dfs_watermark heard[DFS_SERVERS]; /* what head.peers is to be */
	uint64_t changes; /* of registers, content and bindings: moves with each */

	/* Each with its own lock. */
	struct census census;
	struct damage damage;
	struct group group;
	struct compactor compactor;
};

/* As the index knows it. */
struct index_stake store_index_stake(const dfs_id *object,
				     const struct store_stake *stake);

#endif
