/*
 * Making batches durable and visible.
 *
 * Numbers are given in one serial section, to files that are already on the disk: rename,
 * fsync of the folder, publish.  A commit that fails has consumed none.
 */
#ifndef DFS_COMMIT_H
#define DFS_COMMIT_H

#include "batch.h"

/*
 * What is made durable together: one segment, or one for each upload of a single batch.
 */
struct commit_job {
	struct store *store;
	struct store_batch *batches; /* linked by next */
	struct store_batch *later;   /* set by commit_run: for the next job */
	struct pack_out notes;       /* entries SEAL_SETTLED */
	uint32_t note_count;
	uint32_t seal_bytes;              /* of the first segment */
	dfs_watermark peers[DFS_SERVERS]; /* that its heads tell */
	size_t segment_count;
	struct segment_image *images[DFS_BATCH_MAX]; /* those of uploads are borrowed */
	bool own_image;                              /* images[0] is freed with the job */
	struct index_segment *segments[DFS_BATCH_MAX];
	char names[DFS_BATCH_MAX][FOLDERS_NAME];
};

/*
 * Fills the first image with all records, seals all images and publishes them.  0, or an
 * errno and nothing of it has happened.  Batches and notes remain the caller's.
 */
int commit_run(struct commit_job *job);

/* Adds "@seal" to an image.  0 or an errno. */
int commit_add_seal(struct segment_image *image, const struct seal_head *head,
		    uint32_t count, const struct pack_out *entries);

/*
 * In the serial section: renames a sealed file of tmp/ to its range in seg/; replaces: a
 * file of just this range is there and goes.  0 or an errno, and nothing has changed.
 */
int commit_rename(struct store *store, const char *name, uint64_t lo, uint64_t hi,
		  bool replaces);

/* An error of it ends the process, for what is on the disk is then unknown. */
void commit_sync_folder(struct store *store);

#endif
