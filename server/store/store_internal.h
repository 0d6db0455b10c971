/*
 * Inside the store: its state, and what its files share.
 *
 *	store.c		opening and closing (store_create.c: creating; store_read.c: reading)
 *	store_batch.c	filling batches (store_content.c: with content; batch.c)
 *	uploads.c	content that arrives unit by unit
 *	commit.c	making batches durable (group.c: together)
 *	recover.c	the start (recover_seal.c: one segment)
 *	store_phase.c	a store that is lost begins again
 *	store_amend.c	forgetting, trimming, floors; what is remembered of peers
 *	store_survey.c	what is missing, damaged, too much (store_digest.c: comparing; survey.c)
 *	store_census.c	counting
 *	store_scrub.c	reading everything again
 *	keeper.c	the thread that drops (clean.c) and merges (merge.c, merge_pick.c)
 *	space.c		the disk and its reserve
 *
 * Locks, in the order in which they are taken:
 *	serial		the one place where numbers are given: rename, fsync of seg/,
 * publish lock            index, segments and numbers; never held over I/O queue_lock
 * batches that wait, notes that wait keeper_lock      when the keeper is to look again No
 * other two are held together.
 */
#ifndef DFS_STORE_INTERNAL_H
#define DFS_STORE_INTERNAL_H

#include "index.h"
#include "seal.h"
#include "segment.h"
#include "segment_image.h"
#include "store_heal.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

struct store_batch;

/*
 * LOST: not whole, and nothing is written.  RECOVERING: not whole, commits go on, nothing
 * is dropped.  Changes with the serial lock held.
 */
enum store_phase { STORE_LOST, STORE_RECOVERING, STORE_WHOLE };

/*
 * Why it is not whole.  All of them live as long as the store: who was told one may read
 * on.
 */
struct store_why {
	struct store_why *older;
	char text[256];
};

/* Damaged records that are remembered, so that each is logged once. */
enum { STORE_DAMAGE = 64 };

struct store {
	struct store_rules rules;
	unsigned server;
	dfs_id cluster;
	int folder_fd, seg_fd, tmp_fd, lock_fd;
	struct segment_cache *cache;
	bool made_folder; /* at this start: it was gone */
	_Atomic enum store_phase phase;
	_Atomic(struct store_why *) why;
	atomic_int disk_error;  /* store_numbers */
	atomic_uint generation; /* of batches: recoveries that began */
	atomic_uint_fast64_t tmp_names;
	atomic_uint_fast64_t upload_count, upload_memory, upload_notes; /* uploads.c */

	pthread_mutex_t serial;

	pthread_rwlock_t lock; /* of what follows */
	struct index *index;
	struct index_segments segments; /* by number, without gaps from head.begun on */
	uint64_t segment_count, stored_bytes, newest;
	struct seal_head head;            /* the highest numbers that are durable */
	dfs_watermark heard[DFS_SERVERS]; /* what head.peers is to be */
	uint64_t changes; /* of registers, content and bindings: moves with each */

	pthread_mutex_t census_lock; /* of what follows; above the lock */
	struct store_census census;
	uint64_t census_changes;
	int64_t census_ms, census_took_ms;

	pthread_mutex_t damage_lock; /* of what follows; taken alone */
	uint64_t damage[STORE_DAMAGE], damaged;

	pthread_mutex_t queue_lock; /* of what follows */
	pthread_cond_t queue_more, queue_done;
	struct store_batch *queue, **queue_end;
	struct pack_out notes; /* entries SEAL_SETTLED, not yet written */
	uint32_t note_count;
	int64_t notes_due_ms;
	bool watermark_waits; /* to be written, by notes_due_ms */
	bool stopping;
	pthread_t committer;

	pthread_mutex_t keeper_lock; /* of what follows */
	pthread_cond_t keeper_more, keeper_dropped;
	bool keeper_look, keeper_stopping;
	pthread_t keeper;
	bool committer_runs, keeper_runs;
};

/* ---- the phase ----------------------------------------------------------------- */

/*
 * For store_whole; what is told when there is no memory for it is a sentence of our own.
 */
void store_set_why(struct store *store, const char *text);
void store_free_whys(struct store *store);

/* ---- segments ------------------------------------------------------------------ */

/* A node for a file in seg/; NULL when out of memory. */
struct index_segment *store_segment_new(struct store *store, uint64_t lo, uint64_t hi,
					uint64_t bytes);
void store_segment_free(struct index_segment *segment);

/* A name in tmp/ that nobody uses. */
enum { STORE_TMP_NAME = 24 };
void store_tmp_name(struct store *store, char *ret);

/*
 * Reads and verifies one record of the segment, which the caller holds a reference of.
 * EBADMSG also when gdbm does not know what the index says is there.
 */
int store_fetch(struct segment *file, enum frame_type type, const struct frame_key *key,
		void **ret_record, dfs_bytes *ret_data);

/* What the index says of a register. */
void store_describe(const struct store *store, const struct index_register *reg,
		    struct store_register *ret);

/*
 * The value of a register's record in the segment: EBADMSG unless it is of this ballot.
 */
int store_read_value(struct segment *file, const char *path, size_t len,
		     const dfs_ballot *ballot, dfs_value *ret);

/*
 * A record of the segment could not be read: a register's, a unit's, some record's
 * (store_mark_segment), or its @seal (store_mark_list), without which all content in it
 * counts as damaged.  Logged, and known until it is replaced.  false: what is here is not
 * there any more.
 */
bool store_mark_register(struct store *store, struct segment *file, const char *path,
			 size_t len, const dfs_ballot *ballot);
bool store_mark_unit(struct store *store, struct segment *file, const dfs_id *object,
		     uint64_t unit);
bool store_mark_segment(struct store *store, struct segment *file);
bool store_mark_list(struct store *store, struct segment *file);

/* Logs and counts a damaged record; the segment is left as it is from now on. */
void store_note_damage(struct store *store, const struct segment *file, const char *what,
		       const char *path, size_t path_len);

/* A listing of the folder, from its beginning; the caller closes it.  0 or an errno. */
int store_list_folder(int folder_fd, DIR **ret_dir);

#endif
