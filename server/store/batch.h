/*
 * Inside a batch: what is to be written, and what becomes visible with it.
 *
 * Everything that could fail for want of memory is made while a batch is filled: records
 * are packed, entries of @seal written, nodes of the index made.
 */
#ifndef DFS_BATCH_H
#define DFS_BATCH_H

#include "space.h"
#include "store_internal.h"

/* What becomes visible once it is durable. */
struct store_op {
	enum seal_type type;
	struct index_register *reg;        /* SEAL_REGISTER */
	struct index_binding *binding;     /* SEAL_BINDING */
	struct index_object *object;       /* SEAL_CONTENT, SEAL_TRIM: held; SEAL_DROP */
	struct index_part *spare;          /* SEAL_CONTENT */
	struct seal_entry content;         /* SEAL_CONTENT */
	struct store_forgotten *forgotten; /* SEAL_FORGET */
	chunk_set chunks;                  /* SEAL_TRIM: that stay */
	unsigned image;                    /* in which of the batch's segments it is */
	uint64_t claimed;                  /* SEAL_REGISTER: of its owner's quota */
};

struct store_upload;

/* A path that is forgotten up to this ballot. */
struct store_forgotten {
	dfs_ballot ballot;
	size_t len;
	char path[];
};

struct store_batch {
	struct store *store;
	unsigned generation;      /* the store's, when it was made */
	struct store_batch *next; /* in the queue */
	struct store_record *records, **records_end;
	size_t record_count;
	uint64_t bytes;          /* of the records */
	struct pack_out entries; /* of @seal, but for the uploads */
	uint32_t entry_count;
	struct store_op *ops;
	size_t op_count, op_room;
	struct store_upload *uploads[DFS_BATCH_MAX]; /* each a segment of its own */
	size_t upload_count;
	uint64_t reserve;
	uint32_t epoch;
	dfs_ballot floor;
	bool votes; /* the end of a recovery */
	enum space_use use;
	bool done;
	int result;
};

/*
 * The record of a register, and in the entry, whose path and ballot are there, what it
 * says.  NULL when out of memory.
 */
struct store_record *batch_register_new(struct seal_entry *entry, const dfs_value *value);

/* The next op, zeroed; NULL when out of memory. */
struct store_op *batch_add_op(struct store_batch *batch, enum seal_type type);
/* Takes back the last one, whose nodes are the caller's. */
void batch_drop_op(struct store_batch *batch);

/* A chain of records. */
void batch_add_records(struct store_batch *batch, struct store_record *take_records);

/* The entry, or nothing of it: false when out of memory. */
bool batch_put_entry(struct pack_out *entries, const struct seal_entry *entry);
bool batch_add_entry(struct store_batch *batch, const struct seal_entry *entry);

/*
 * The object, which is held, keeps only these chunks; before what is added to it after
 * this.  upload: the entry goes into its @seal, if not NULL.  0 or ENOMEM, and the object
 * is released.
 */
int batch_add_trim(struct store_batch *batch, struct index_object *take_object,
		   chunk_set chunks, struct store_upload *upload);

bool batch_has_content(const struct store_batch *batch, const dfs_id *object);

/*
 * Holds the object, and tells what is here of it.  Waits while the compactor drops it:
 * what is added then must come after that.  Chunks that are damaged are not here, yet the
 * object has its number of units.  NULL when out of memory.
 */
struct batch_here {
	bool some; /* of it, damaged or not */
	chunk_set chunks, damaged;
	uint64_t units;
};
struct index_object *batch_hold_object(struct store *store, const dfs_id *id,
				       struct batch_here *ret);
void batch_release_object(struct store *store, struct index_object *object);

#endif
