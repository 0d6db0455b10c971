/*
 * What one server keeps: registers, bindings, content and a few numbers, in sealed
 * segments.
 *
 * Everything that changes goes through a batch: fill it, commit it, and when store_commit
 * returns 0 it is durable and every reader of this process sees it.  Many threads commit
 * at once; what waits while a commit runs goes together into the next one (group commit).
 *
 * The store does not judge ballots: that is the acceptor's work, and the acceptor lets
 * one message at a time work on a path.  The store does keep the books of what content
 * may go: an object that no accepted value here names, and whose bindings are all
 * overtaken by settled values, is dropped after the grace for readers.
 *
 * Results are 0 or an errno: ENOENT not here, EBADMSG here but damaged, ENOSPC only the
 * reserve is left, EIO the disk failed, ENOMEM, EINVAL, EAGAIN too busy.  All functions
 * may be called from any thread unless they say otherwise.
 */
#ifndef DFS_STORE_H
#define DFS_STORE_H

#include "dfs.h"
#include "sets.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_batch;
struct store_uploads;

/* Rules that tests replace; the product uses store_rules_default. */
struct store_rules {
	bool fsync_segments; /* before the rename */
	bool fsync_folder;   /* before the acknowledgement */
	bool drop_covered;   /* at start, segments that a merged one covers */
	/* What undoes stays in merges that do not begin at the first segment. */
	bool keep_undone;
	bool bury_registers;     /* those from before a recovery are dead */
	bool seal_recovering;    /* a recovery that has not ended is known as such */
	bool raise_floor;        /* in the segment that forgets */
	bool prove;              /* what is stored hashes to its tree */
	bool unbrought;          /* what was given and never was here is known as that */
	int64_t grace_ms;        /* that dropped content stays readable */
	size_t merge_fan;        /* so many segments of one size class are merged */
	uint64_t merge_bytes;    /* a merged segment is not larger */
	uint64_t merge_enough;   /* one of so many bytes is not merged for its size */
	size_t upload_in_memory; /* an upload above this becomes a segment of its own */
	size_t uploads; /* of all connections; where descriptors are few, fewer */
};
extern const struct store_rules store_rules_default;

struct store_options {
	const char *folder; /* the data/ of this server */
	unsigned server;    /* 1..4 */
	dfs_id cluster;
	const struct store_rules *rules; /* NULL: store_rules_default */
	/* store_create: what it begins with; NULL: nothing. */
	const dfs_learn_args *first;
};

/*
 * Creates folder (0700), seg/ and tmp/ in it and the first sealed segment (a new store
 * id, server, cluster, epoch 0), with the first registers in it, settled.  EEXIST when it
 * already holds segments, EINVAL for a register that no store takes or a path that is
 * there twice.
 */
int store_create(const struct store_options *options);

/* Are there segments in the folder of a store? */
bool store_exists(const char *folder);

/*
 * Opens the store, alone: EBUSY when another process has it, EXDEV when it belongs to
 * another server number or cluster, EPROTO when another version of the program wrote it;
 * why says in a sentence what is wrong and what to do.  A store that is empty, gapped or
 * damaged where it may not be opens with 0 and is RECOVERING (store_whole false): then
 * only store_unit, store_numbers and what begins a recovery (store_phase.h) may be used.
 */
int store_open(const struct store_options *options, struct store **ret, char *why,
	       size_t why_size);

/* Writes what waits (settled notes), ends its threads and frees it.  NULL is allowed. */
void store_close(struct store *store);

/* false: RECOVERING; *ret_why is then a sentence that lives as long as the store. */
bool store_whole(struct store *store, const char **ret_why);

/* ---- the numbers kept once ----------------------------------------------------- */

struct store_numbers {
	dfs_id id;
	uint32_t epoch;
	uint32_t born;     /* the epoch in which the store began to vote */
	uint64_t reserved; /* no promise was ever given above this counter */
	dfs_ballot floor;
	uint64_t highest_counter; /* of any accepted ballot of this epoch */
	uint64_t newest_segment;
	uint64_t segments, files, tombstones, objects, stored_bytes, damaged;
	uint64_t unproved;          /* contents that came so and are not proved yet */
	uint64_t damaged_registers; /* now; damaged: records found so since the start */
	int disk_error; /* an errno, of a disk that did not take the last commit; or 0 */
	uint64_t disk_free, disk_size; /* free: without the reserve */
};
void store_get_numbers(struct store *store, struct store_numbers *ret);

/* Is there room for content (above the reserve)? */
bool store_has_room(struct store *store, uint64_t bytes);

/* ---- registers ----------------------------------------------------------------- */

struct store_register {
	dfs_ballot ballot;
	dfs_kind kind;
	uint32_t holders;
	uint64_t digest;  /* of the value: statement_short */
	dfs_id object;    /* of a file; else zero */
	uint64_t size;    /* of a file: bytes */
	bool has_readers; /* others besides the owner of a file: its value says who */
	bool settled;
	bool confirmed; /* accepted through ACCEPT since the start */
	/* Of a file: so many chunks of it, from the first on, have units; */
	unsigned full;
	/*
	 * and of those that the value gives this server, or, where it gives none, of its
	 * own pair (of all, where no holder tells the row): the ones that are not here or
	 * damaged.
	 */
	chunk_set missing;
	/* Of these, the ones that their writer never brought here right. */
	chunk_set unbrought;
};

/* ENOENT: unknown path.  From memory, but EBADMSG once its record was found damaged. */
int store_register(struct store *store, const char *path, size_t len,
		   struct store_register *ret);

/* The value too, read and verified; the caller frees it with value_free. */
int store_value(struct store *store, const char *path, size_t len,
		struct store_register *ret, dfs_value *ret_value);

/* A register that was found, and where. */
struct store_found {
	char path[DFS_PATH_MAX];
	size_t path_len;
	struct store_register reg;
};

/*
 * The first accepted path strictly after the cursor (any bytes, also those of ret->path;
 * NULL: from the beginning), in byte order.  ENOENT at the end, and ret is as it was.
 */
int store_next(struct store *store, const char *after, size_t after_len,
	       struct store_found *ret);

/*
 * Is there a live file on the way to this path (an ancestor of it), or a live file or
 * folder below it?  Then its path is in blocker (DFS_PATH_MAX bytes) and the length is
 * returned; 0 otherwise.
 */
size_t store_blocker(struct store *store, const char *path, size_t len, char *blocker);

/* ---- owners -------------------------------------------------------------------- */

struct store_owner {
	/* Bytes that count against the user's quota, as accepted here; the sum of: */
	uint64_t used;
	uint64_t contents;  /* of his files, and of earlier versions that they keep; */
	uint64_t registers; /* of what is stored of his paths: values, tombstones too; */
	uint64_t staged;    /* of what is staged, beyond what it is to replace */
	uint64_t quota;     /* as his account here says; 0: no limit */
	uint64_t shared;    /* of his files: how many name readers */
};

/* Zeros for somebody of whom nothing is known. */
void store_owner(struct store *store, const char *name, size_t len,
		 struct store_owner *ret);

/*
 * Content that is staged for a path, whoever's: it counts against the quota of the user
 * who brings it, until a value names it.
 */
struct store_stake {
	const char *user; /* NULL: a server, which is refused nothing */
	const dfs_path *path;
	uint64_t size;
};

/*
 * Would it fit, the user's quota now, and that of whose path it is (below /shared/ the
 * user's) once it is accepted?  What of the object is staged for the path already counts
 * once.  Where the path has no file yet there must be room for its register too, of which
 * a client's has at least STORE_FILE_LEAST bytes: what could not be accepted is not
 * brought.
 */
enum { STORE_FILE_LEAST = 512 };
bool store_fits_quota(struct store *store, const dfs_id *object,
		      const struct store_stake *stake);

/* ---- content ------------------------------------------------------------------- */

/* The chunks of the object that are wholly here and not found damaged; 0: unknown. */
chunk_set store_chunks(struct store *store, const dfs_id *object);
/* Of these, those of which every unit has been proved by the tree. */
chunk_set store_proved(struct store *store, const dfs_id *object);

/* How many units the whole object has, as it was stored; 0 for an unknown one. */
uint64_t store_units(struct store *store, const dfs_id *object);

/*
 * One unit, or a piece of its tree (numbered from DFS_FILE_UNITS_MAX on; pieces.h),
 * verified.  The caller frees *ret_record; *ret_data points into it.  ENOENT,
 * ENODATA (its writer never brought it, or other bytes), ENXIO (it is not here, though a
 * value names it), EBADMSG or EIO.  Content that nothing refers to can be read until its
 * grace is over, which each read begins anew (index_read).
 */
int store_unit(struct store *store, const dfs_id *object, uint64_t unit,
	       void **ret_record, dfs_bytes *ret_data);

/* Is the object bound to this path, or named by what it accepted, or was it so last? */
bool store_is_of_path(struct store *store, const dfs_id *object, const char *path,
		      size_t len);

/*
 * Does anything of another path refer to the object, here or not: what it accepted, or a
 * binding?  Then content for it comes from servers alone.  (Also while somebody is at
 * work with it.)
 */
bool store_is_of_others(struct store *store, const dfs_id *object, const char *path,
			size_t len);

/* Is the object bound to exactly this path and ballot, or was it last? */
bool store_is_bound(struct store *store, const dfs_id *object, const char *path,
		    size_t len, const dfs_ballot *ballot);

/* ---- uploads ------------------------------------------------------------------- */

/*
 * The uploads of one connection, which one thread uses; freeing it ends those not bound.
 */
struct store_uploads *store_uploads_new(struct store *store);
void store_uploads_free(struct store_uploads *uploads);

/*
 * Whose they are from now on, and against whose portion they count; those of somebody
 * else end.  Without this they are nobody's: a server's.
 */
void store_uploads_are_of(struct store_uploads *uploads, const char *user);

/*
 * An upload goes by the maker of its content, whose object has no id before all of it is
 * known; the pieces of its tree come as units do.
 * A unit given again with the same bytes is fine, with others EINVAL.  ENOSPC, EIO,
 * ENOMEM; EAGAIN: there are too many uploads on all connections, or of this user.  A
 * connection has at most eight: the ninth ends the one that was used least recently.
 */
int store_upload(struct store_uploads *uploads, const dfs_id *maker,
		 const dfs_unit *unit);

/*
 * What the object is to be, and for whom, which counts until the upload ends: EINVAL when
 * its upload was given another size before, EDQUOT when there is no room for it.  Where
 * there is no upload of it, only whether there would be.
 */
int store_upload_stake(struct store_uploads *uploads, const dfs_id *maker,
		       const struct store_stake *stake);

/*
 * Content that was repaired comes as any other, by store_batch_content or
 * store_batch_upload, and needs no binding where a register names it.  It takes the place
 * of chunks that were found damaged.  These uploads are repairs: they may use half of the
 * reserve of a full disk, and so should their batch (store_batch_is_repair).
 */
void store_uploads_are_repairs(struct store_uploads *uploads);

/* Ends an upload that failed: all of it goes, and its space is free at once. */
void store_upload_end(struct store_uploads *uploads, const dfs_id *maker);

/* ---- batches ------------------------------------------------------------------- */

/* NULL when out of memory. */
struct store_batch *store_batch_new(struct store *store);
void store_batch_free(struct store_batch *batch);

/*
 * What a batch may hold.  Bytes are copied or packed at once, so nothing passed need live
 * on, except an upload, which the batch takes from the connection when it is committed.
 * The errors are ENOMEM and EINVAL.
 */

/* How a value is accepted. */
enum {
	STORE_CONFIRMED = 1, /* through ACCEPT */
	/* EDQUOT where its owner may not have so much; deleting is always possible */
	STORE_WITHIN_QUOTA = 2
};

/*
 * Accepts (ballot, value) for the path.  A value that was learned (how without
 * STORE_CONFIRMED) mends a damaged record of the same ballot.
 */
int store_batch_accept(struct store_batch *batch, const dfs_path *path,
		       const dfs_ballot *ballot, const dfs_value *value, unsigned how);

/*
 * A small file's units, and what they are part of; EINVAL when chunks are not complete,
 * or a unit does not hash to its leaf in share->tree.
 */
int store_batch_content(struct store_batch *batch, const dfs_share *share,
			const dfs_unit *units, size_t count);

/*
 * An upload of this connection; ENOENT when there is none with this id, EINVAL when the
 * units of the chunks that share claims are not all there, or its pieces do not lead to
 * the root (of at most four units: these to their leaves).  Where the object is in the
 * store already (an upload that was repeated), with those chunks, that is 0 and adds
 * nothing.
 */
int store_batch_upload(struct store_batch *batch, struct store_uploads *uploads,
		       const dfs_share *share);

/*
 * Binds the object to (path, ballot); replaces only a lower ballot of the same path.
 * What a user stages counts until a value names it: against him, or against another who
 * has staged the same for this path.  EDQUOT where it does not fit.
 */
int store_batch_stake(struct store_batch *batch, const dfs_id *object,
		      const dfs_ballot *ballot, const struct store_stake *stake);

/* Raises the reservation or the epoch; never lowers either. */
int store_batch_reserve(struct store_batch *batch, uint64_t counter);
int store_batch_epoch(struct store_batch *batch, uint32_t epoch);

/*
 * These use the reserve of a full disk: deletes and votes; content that is repaired half
 * of it.
 */
void store_batch_may_use_reserve(struct store_batch *batch);
void store_batch_is_repair(struct store_batch *batch);

/*
 * Durable and visible, or (ENOSPC, EIO) nothing of it is.  Frees the batch in either
 * case.  An error of the folder's fsync ends the process: what is on disk is then
 * unknown.
 */
int store_commit(struct store_batch *take_batch);

/*
 * The path's accepted ballot is this one and settled: remembered at once, and written
 * with the next commit (or by itself after a second without one).  Ignored for any other
 * ballot.
 */
void store_settled(struct store *store, const char *path, size_t len,
		   const dfs_ballot *ballot);

#endif
