/*
 * Making batches durable and visible.
 *
 * A thread of the store takes all batches that wait, builds one segment of them in memory
 * and publishes them together.  A batch with a large upload is committed by the thread
 * that asks, so that its long fsync holds nobody up.  Numbers are given in one serial
 * section, to files that are already on the disk: rename, fsync of the folder, publish; a
 * batch that fails has consumed none.
 */
#ifndef DFS_COMMIT_H
#define DFS_COMMIT_H

#include "batch.h"

/* The thread; 0 or an errno. */
int commit_start(struct store *store);
/* Writes what waits and ends it. */
void commit_stop(struct store *store);

/* Adds "@seal" to an image.  0 or an errno. */
int commit_add_seal(struct segment_image *image, const struct seal_head *head,
		    uint32_t count, const struct pack_out *entries);

/* Forgets a file that was sealed in tmp/ and not renamed. */
void commit_unlink_tmp(struct store *store, const char *name);

/*
 * In the serial section: renames a sealed file of tmp/ to its range in seg/, whose folder
 * is then on the disk.  replaces: a file of just this range is there and goes.  On
 * failure nothing has changed; an error of the folder's fsync ends the process, for what
 * is on disk is unknown.
 */
int commit_rename(struct store *store, const char *name, uint64_t lo, uint64_t hi,
		  bool replaces);
void commit_sync_folder(struct store *store);

#endif
