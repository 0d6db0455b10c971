/*
 * Content that arrives unit by unit on one connection: in memory while it is small, then
 * in a file of its own in tmp/.
 */
#ifndef DFS_UPLOADS_H
#define DFS_UPLOADS_H

#include "store_internal.h"
#include "unit_set.h"

struct store_record;

struct store_upload {
	struct store_upload *next; /* of one connection */
	dfs_id object;
	struct store_record *records, **records_end; /* while it is small */
	struct segment_image *image;                 /* then */
	struct unit_set have;                        /* which units */
	uint64_t end;                                /* above the highest unit */
	uint64_t chunk_units[DFS_SERVERS];
	uint64_t bytes; /* of the records */
	uint64_t size;  /* of the whole content, once has_size */
	bool has_size;
	uint64_t memory;         /* counted in the store's upload_memory */
	int failed;              /* the errno that ended it */
	struct pack_out entries; /* of its own @seal, once it is in a batch */
	uint32_t entry_count;
};

/* NULL when there is none with this id. */
struct store_upload *uploads_find(struct store_uploads *uploads, const dfs_id *object);

/* Which of the chunks of this share are all there; 0 when units are there that it has
 * not. */
unsigned uploads_chunks(const struct store_upload *upload, const dfs_share *share);

/* Takes it away from the connection. */
void uploads_take(struct store_uploads *uploads, struct store_upload *upload);

/* NULL is allowed. */
void uploads_free_one(struct store *store, struct store_upload *upload);

#endif
