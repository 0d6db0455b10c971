/*
 * A segment under construction: a gdbm file that is filled with INSERT only, then sealed.
 *
 * In memory for what is committed together, in a file of tmp/ for what is larger.  Either
 * way sealing leaves a whole and durable file in tmp/, which the caller renames into
 * place. One thread at a time.
 */
#ifndef DFS_SEGMENT_IMAGE_H
#define DFS_SEGMENT_IMAGE_H

#include "frame.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment_image;

/* records: about how many there will be.  NULL, with errno. */
struct segment_image *segment_image_in_memory(size_t records);
/* A new file of this name in the folder tmp_fd, which must outlive the image. */
struct segment_image *segment_image_in_file(int tmp_fd, const char *name);

/* Frees it; one in a file that was not sealed is unlinked.  NULL is allowed. */
void segment_image_free(struct segment_image *image);

/* Adds a packed frame of this key.  EEXIST, ENOSPC, EIO, ENOMEM. */
int segment_image_add(struct segment_image *image, const struct frame_key *key,
		      const void *frame, size_t len);
/* A record added before; the caller frees it.  ENOENT, EIO, ENOMEM. */
int segment_image_fetch(struct segment_image *image, const struct frame_key *key,
			void **ret_record, size_t *ret_len);
bool segment_image_has(struct segment_image *image, const struct frame_key *key);

/* Bytes of the file, about. */
uint64_t segment_image_bytes(const struct segment_image *image);

/*
 * Writes all of it to the disk, mode 0400.  name: of the file in tmp_fd for an image in
 * memory; one in a file has its own, segment_image_file.  On failure the file is gone.
 */
int segment_image_seal(struct segment_image *image, int tmp_fd, const char *name,
		       bool fsync_file);
const char *segment_image_file(const struct segment_image *image);

#endif
