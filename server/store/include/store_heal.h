/*
 * What healing asks of a store, beyond store.h: to begin again after a loss, to remember
 * peers, to forget and to trim, to be compared, and to say what is missing or damaged.
 *
 * Results, threads and ownership are as in store.h.  What walks over registers holds the
 * store's lock for some thousand of them at a time: if they change meanwhile the result
 * is that of some moment in between.
 */
#ifndef DFS_STORE_HEAL_H
#define DFS_STORE_HEAL_H

#include "store.h"

/* ---- a lost store begins again -------------------------------------------------- */

/*
 * The store is not whole any more: its peers know that it is old or another one.  Nothing
 * is written into it from now on (commits fail with EIO) until store_recover_begin; what
 * is here can be read.  why: a sentence for people, which is copied.
 */
void store_condemn(struct store *store, const char *why);

/*
 * Begins a recovery, also in a folder that is empty or has gaps.  Durably: the store has
 * a new id, and registers, bindings, floor, reservation and epoch in what was there are
 * dead for ever; its content counts, and what is remembered of peers.  The first segment
 * that counts gets a number above all that are there and above at_least.  Then batches
 * may be committed, though the store is not whole; nothing is dropped.  It may be called
 * again, to begin anew.
 *
 * EINVAL: the store is whole (store_condemn it first); ERANGE: no such number.
 */
int store_recover_begin(struct store *store, uint64_t at_least);

/*
 * Everything that the recovery had to learn is committed: the store is whole, durably,
 * and votes in this epoch, which its head has from now on.  EINVAL: no recovery is under
 * way, or the epoch is 0 or below the store's.  After an error it is still RECOVERING.
 */
int store_recover_end(struct store *store, uint32_t epoch);

/* ---- peers ---------------------------------------------------------------------- */

/*
 * What a server (1..4) told of its store is taken into what is remembered of it
 * (watermark_take: nothing goes down within one store).  It travels in the next segment,
 * or in one of its own after a second without; so who has nothing new to tell should not.
 */
void store_remember(struct store *store, unsigned server, const dfs_watermark *told);

/* What is remembered of a server (1..4); false: nothing. */
bool store_watermark(struct store *store, unsigned server, dfs_watermark *ret);

/* ---- batches -------------------------------------------------------------------- */

/* Raises the floor; never lowers it. */
int store_batch_floor(struct store_batch *batch, const dfs_ballot *floor);

/*
 * The path's register goes, if its accepted ballot is then not above this one, with all
 * that it overtook; the floor is raised with it, in the same segment.  EINVAL: the floor
 * is below the ballot, so that a late LEARN would bring it back.
 */
int store_batch_forget(struct store_batch *batch, const char *path, size_t len,
		       const dfs_ballot *ballot, const dfs_ballot *floor);

/*
 * Content that was repaired comes as any other, by store_batch_content or
 * store_batch_upload, and needs no binding where a register names it.  It takes the place
 * of chunks that were found damaged.  These uploads are repairs: they may use half of the
 * reserve of a full disk, and so should their batch (store_batch_is_repair).
 */
void store_uploads_are_repairs(struct store_uploads *uploads);

/*
 * A value that was learned (store_batch_accept without STORE_CONFIRMED) mends a damaged
 * record of the same ballot.
 */

/*
 * The object keeps only these of its chunks (not 0), durably; their space comes back by
 * merging.  At once and without a grace: the other holders have them.  The caller has the
 * object to itself, so that nobody relies on what goes.  0 also where nothing had to go.
 */
int store_trim(struct store *store, const dfs_id *object, unsigned chunks);
/* The same, with what else is in the batch. */
int store_batch_trim(struct store_batch *batch, const dfs_id *object, unsigned chunks);

/* ---- comparing ------------------------------------------------------------------ */

/*
 * The paths from "from" (NULL: the first) to before "to" (NULL: the end), in byte order.
 */
struct store_range {
	const char *from, *to;
	size_t from_len, to_len;
	bool tombstones; /* count too */
};

/*
 * How many registers there are, and the sum, modulo 2^128, of the XXH3-128 (seed 0,
 * canonical form) of each one's path followed by its ballot: epoch (4 bytes, big endian),
 * counter (8), proposer (16).  So stores that accepted the same have the same digest, in
 * whatever order.
 */
struct store_digest {
	uint64_t registers;
	dfs_id digest; /* big endian */
};
void store_digest(struct store *store, const struct store_range *range,
		  struct store_digest *ret);

/* As store_next, within the range; after NULL: its first. */
int store_next_in(struct store *store, const struct store_range *range, const char *after,
		  size_t after_len, char *path, size_t *ret_len,
		  struct store_register *ret);

/* ---- what is to be done --------------------------------------------------------- */

/*
 * The first after the cursor (as store_next): a register whose record was found damaged
 * (its ballot is that of @seal), a tombstone, and one that is not known to be settled.
 */
int store_next_damaged(struct store *store, const char *after, size_t after_len,
		       char *path, size_t *ret_len, struct store_register *ret);
int store_next_tombstone(struct store *store, const char *after, size_t after_len,
			 char *path, size_t *ret_len, struct store_register *ret);
int store_next_unsettled(struct store *store, const char *after, size_t after_len,
			 char *path, size_t *ret_len, struct store_register *ret);

struct store_owed_content {
	dfs_id object;
	uint64_t size;    /* bytes of the content */
	unsigned given;   /* the chunks that the manifest gives this server; 0: none */
	unsigned missing; /* of those, or of its own pair: not here, or damaged */
};

/* The contents that a path owes this server: the current one, earlier ones. */
struct store_owed {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot;
	size_t count;
	struct store_owed_content contents[1 + DFS_EARLIER_MAX];
};

/*
 * The first file after the cursor whose manifest gives this server chunks that are not
 * here or damaged; where it gives it none, its own pair counts (by the row).  Chunks
 * without units are never missing.  Values are read only of files that give this server
 * nothing, or have earlier versions of which less than a pair is here.  ENOENT at the
 * end.
 */
int store_next_owed(struct store *store, const char *after, size_t after_len,
		    struct store_owed *ret);

/*
 * Chunks of an object that are here beyond what the one settled value that names it
 * gives.
 */
struct store_surplus {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot;
	dfs_id object;
	unsigned given, here; /* given is not 0, and all of it is here */
};

/*
 * The first after the cursor; ENOENT at the end.  An object that more than one register
 * or binding refers to has none: what the others need of it is not known from memory.
 */
int store_next_surplus(struct store *store, const char *after, size_t after_len,
		       struct store_surplus *ret);
/* That of one path, to be asked again once the object is the caller's; ENOENT: none. */
int store_surplus(struct store *store, const char *path, size_t len,
		  struct store_surplus *ret);

/* A file whose settled value says of holders what could be said better. */
struct store_misheld {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_id object;
};

/*
 * The first after the cursor, as store_next, where this server's own pair is here and the
 * value gives it nothing, or gives all four chunks to its opposite; or where it gives all
 * four to this server, and to the opposite its own pair.  Current contents only, from
 * memory.
 */
int store_next_misheld(struct store *store, const char *after, size_t after_len,
		       struct store_misheld *ret);

/* Content that was staged for a path, which has not come to a value since. */
struct store_abandoned {
	char path[DFS_PATH_MAX];
	size_t path_len;
	dfs_ballot ballot; /* the highest of such bindings of the path */
	dfs_id object;
};

/*
 * The first path after the cursor with a binding that is at least older_than_ms old
 * (since it was made, or since the start), for an object that the path's accepted value
 * does not name.  ENOENT at the end.
 */
int store_next_abandoned(struct store *store, int64_t older_than_ms, const char *after,
			 size_t after_len, struct store_abandoned *ret);

/* ---- counting ------------------------------------------------------------------- */

/* From memory alone; the current contents of files count, not earlier versions. */
struct store_census {
	int64_t counted; /* when; nanoseconds since 1970 UTC */
	/*
	 * Live files by what the servers were given of them.  At most DFS_KEPT_MAX: what
	 * is beyond is told together, as having only what all of it has.
	 */
	dfs_kept *kept;
	uint32_t kept_len;
	uint64_t
		/* of which it does not have what it should (struct store_register), */
		owed_files;
	uint64_t owed_bytes; /* and about what has to be fetched for them */
	uint64_t spares; /* objects of which more is here than the settled value gives */
	uint64_t unsettled; /* registers not known to be settled */
	/*
	 * Paths with content that was staged and that their value does not name: uploads
	 * that came to nothing, and those that are under way.
	 */
	uint64_t abandoned;
};

/*
 * Counts again if anything has changed; but what took long is not repeated before ten
 * times as long has passed: then it tells what was counted last.  ENOMEM.
 */
int store_census(struct store *store, struct store_census *ret);
void store_census_free(struct store_census *census); /* what it has, not itself */

/* ---- scrubbing ------------------------------------------------------------------ */

/* Where a scrub is; all zero: at the beginning.  Small enough to keep in a file. */
struct store_scrub_position {
	uint64_t lo, hi; /* the segment's range */
	uint64_t record; /* the entries of its @seal that are done */
	uint64_t unit;   /* of the entry that is next */
};

struct store_scrubbed {
	uint64_t bytes, records; /* read in this step, lists of segments too */
	uint64_t damaged;        /* of these; marked as on reading, and logged by name */
	bool seal_damaged; /* the list of a segment: the next start will not be whole */
	bool end;          /* of the round: the position is at the beginning again */
};

/*
 * Reads and verifies all that is stored, in the order of segments.  What merges have
 * moved was verified by them.  One thread at a time; the store outlives it.  NULL when
 * out of memory.
 */
struct store_scrub;
struct store_scrub *store_scrub_new(struct store *store,
				    const struct store_scrub_position *from);
void store_scrub_free(struct store_scrub *scrub);

/*
 * The next records, until so many bytes were read (at least one, and the list that it
 * stands in). 0, or an errno, such as ENOMEM or EMFILE, after which it goes on where it
 * was.
 */
int store_scrub_step(struct store_scrub *scrub, uint64_t bytes,
		     struct store_scrubbed *ret);
void store_scrub_position(const struct store_scrub *scrub,
			  struct store_scrub_position *ret);

#endif
