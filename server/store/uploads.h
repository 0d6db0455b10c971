/*
 * Content that arrives unit by unit on one connection: in memory while it is small, then
 * in a file of its own in tmp/.
 */
#ifndef DFS_UPLOADS_H
#define DFS_UPLOADS_H

#include "pack.h"
#include "store.h"
#include "unit_set.h"
#include "sets.h"
#include <stdatomic.h>

struct segment_image;
struct store_record;

/* Of all connections of a store. */
struct uploads_total {
	atomic_uint_fast64_t count;
	atomic_uint_fast64_t memory; /* bytes of records */
	atomic_uint_fast64_t notes;  /* bytes that say which units are there */
};

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
	struct index_staging *staging; /* where the size counts; NULL: nowhere */
	uint64_t memory;               /* counted in the total's */
	int failed;                    /* the errno that ended it */
	struct pack_out entries;       /* of its own @seal, once it is in a batch */
	uint32_t entry_count;
};

/* NULL when there is none with this id. */
struct store_upload *uploads_find(struct store_uploads *uploads, const dfs_id *object);

/* Which chunks of the share are all there; 0 when units are there that it has not. */
chunk_set uploads_chunks(const struct store_upload *upload, const dfs_share *share);

/* Takes it away from the connection. */
void uploads_take(struct store_uploads *uploads, struct store_upload *upload);

/* Its content counts as staged no more: something else stands for it, or nothing. */
void uploads_unstake(struct store *store, struct store_upload *upload);

/* NULL is allowed. */
void uploads_free_one(struct store *store, struct store_upload *upload);

#endif
