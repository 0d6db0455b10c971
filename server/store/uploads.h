/*
 * Content that arrives unit by unit on one connection: in memory while it is small, then
 * in a file of its own in tmp/.
 */
#ifndef DFS_UPLOADS_H
#define DFS_UPLOADS_H

#include "pack.h"
#include "portions.h"
#include "store.h"
#include "unit_set.h"
#include "sets.h"
#include <pthread.h>

struct segment_image;
struct store_record;

/* Of all connections of a store: what users have portions of. */
struct uploads_total {
	pthread_mutex_t lock; /* of all; nothing else is taken below it */
	struct portions count;
	struct portions memory; /* bytes of records */
	struct portions notes;  /* bytes that say which units are there */
};

void uploads_init(struct uploads_total *total, uint64_t most);
void uploads_destroy(struct uploads_total *total);

struct store_upload {
	struct store_upload *next; /* of one connection */
	dfs_id maker; /* whose content it is: its object is not known before its end */
	char user[DFS_USER_MAX + 1];                 /* whose it is; nobody's: "" */
	struct store_record *records, **records_end; /* while it is small */
	struct segment_image *image;                 /* then */
	struct unit_set have;                        /* which units */
	uint64_t end;                                /* above the highest unit */
	uint64_t pieces; /* of its tree; in have from PIECES_FIRST on */
	uint64_t chunk_units[DFS_SERVERS];
	uint64_t bytes; /* of the records */
	uint64_t size;  /* of the whole content, once has_size */
	bool has_size;
	struct index_staging *staging; /* where the size counts; NULL: nowhere */
	uint64_t memory;               /* that it has of the total's */
	int failed;                    /* the errno that ended it */
	struct pack_out entries;       /* of its own @seal, once it is in a batch */
	uint32_t entry_count;
};

/* NULL when there is none with this id. */
struct store_upload *uploads_find(struct store_uploads *uploads, const dfs_id *maker);

/*
 * Which of these chunks, of a content of so many units, are all there, with its pieces;
 * 0 when units are there that it has not.
 */
chunk_set uploads_chunks(const struct store_upload *upload, uint64_t units,
			 chunk_set chunks);

/* Came this with store_uploads_are_repairs: proved, unit by unit? */
bool uploads_are_proved(const struct store_uploads *uploads);

/*
 * The data of one of its records; the caller frees *ret_record, and *ret_data points into
 * it.
 */
int uploads_fetch(const struct store_upload *upload, uint64_t number, void **ret_record,
		  dfs_bytes *ret_data);
/* Adds a record under its maker's id; 0 or an errno. */
int uploads_add(struct store_upload *upload, uint64_t number, const void *data,
		size_t len);
/* Those in memory are under this id from now on; ENOMEM, with some of them renamed. */
int uploads_rename(struct store_upload *upload, const dfs_id *object);

/* Takes it away from the connection. */
void uploads_take(struct store_uploads *uploads, struct store_upload *upload);

/* Its content counts as staged no more: something else stands for it, or nothing. */
void uploads_unstake(struct store *store, struct store_upload *upload);

/* NULL is allowed. */
void uploads_free_one(struct store *store, struct store_upload *upload);

#endif
