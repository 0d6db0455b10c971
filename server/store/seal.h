/*
 * The record "@seal" of a segment: which store it belongs to, the numbers kept once, and
 * a list of what the segment holds and says.  A start reads these and nothing else.
 *
 * The numbers only grow, so the maximum over all segments is what holds (of those from
 * begun on).  The list is in the order in which things happened; entries are packed one
 * by one, so that those of several batches can be laid end to end.
 */
#ifndef DFS_SEAL_H
#define DFS_SEAL_H

#include "dfs.h"
#include "pack.h"
#include "sets.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A start holds one of them in memory, twice while it is read. */
enum { SEAL_MAX = 8 << 20, SEAL_ENTRIES_MAX = SEAL_MAX - 256 };

/* Of a store's segments, their registers' values included. */
enum { SEAL_VERSION = 4 };

struct seal_head {
	dfs_id store;
	dfs_id cluster;
	uint32_t server;
	uint32_t epoch;
	uint64_t reserved;
	dfs_ballot floor;
	/* No promise is given at or below it; zero: it has not been agreed on. */
	dfs_ballot bar;
	/*
	 * The first segment that counts: of those below, from before a recovery, only
	 * content does.  Until the store votes, the recovery is under way.
	 */
	uint64_t begun;
	bool votes;
	uint32_t born;                    /* the epoch in which it began to vote */
	dfs_watermark peers[DFS_SERVERS]; /* what is remembered; a zero id: nothing */
};

enum seal_type {
	SEAL_REGISTER = 'r', /* path, ballot, kind and what follows it, objects, bytes */
	SEAL_BINDING = 'b',  /* objects[0], path, ballot, size, owner */
	SEAL_CONTENT = 'u',  /* objects, size, chunks, bytes, and how it is there */
	SEAL_DROP = 'd',     /* objects[0]: its content in earlier segments is gone */
	SEAL_SETTLED = 's',  /* path, ballot */
	SEAL_FORGET = 'f',   /* path, ballot: up to this one it is gone */
	SEAL_TRIM = 't'      /* objects[0], chunks: no others of earlier segments count */
};

/* An accepted value names its content and at most so many earlier ones. */
enum { SEAL_OBJECTS_MAX = 1 + DFS_EARLIER_MAX };

/* Unpacked, path, owner and tree point into the record. */
struct seal_entry {
	enum seal_type type;
	const char *path;
	size_t path_len;
	dfs_ballot ballot;
	dfs_kind kind;
	bool settled;
	bool has_readers; /* others besides the owner: whom, is in the value */
	uint32_t holders;
	/*
	 * Of content, here, bound or the first that a value names; of an account: the
	 * quota.
	 */
	uint64_t size;
	uint64_t earlier_size; /* of all other contents that a value names */
	/*
	 * Whose quota it counts against; of a binding: who brought what it binds; of an
	 * account: whose it is; none: length 0
	 */
	const char *owner;
	size_t owner_len;
	unsigned object_count;
	dfs_id objects[SEAL_OBJECTS_MAX];
	uint64_t units;
	chunk_set chunks;
	/*
	 * Of content, whose maker is objects[1] and whose units follow from its size: its
	 * units were proved; and its records are under the id of its maker: an upload had
	 * no other when it began.
	 */
	bool proved, by_maker;
	const dfs_key *tree; /* of content of up to four units: their leaves */
	uint64_t digest;     /* of a value: statement_short */
	uint64_t bytes;      /* of the records, as stored */
};

/* Whose quota a register counts against, where its path says so; else as it was. */
void seal_find_owner(struct seal_entry *entry);

/* out->failed when out of memory. */
void seal_put_entry(struct pack_out *out, const struct seal_entry *entry);

/*
 * About so many bytes an entry takes that only undoes older ones, and that goes when
 * there are none; 0 for others.
 */
uint64_t seal_undo_bytes(enum seal_type type, size_t path_len);

/* The whole record, of entries packed before. */
void seal_put(struct pack_out *out, const struct seal_head *head, uint32_t count,
	      const struct pack_out *entries);

struct seal_reader {
	struct pack_in in;
	uint32_t count; /* entries still to come */
};

/* The version of the program's format that wrote it; 0 for what is too short to say. */
uint32_t seal_version(dfs_bytes record);

/* false when the record is not one of ours. */
bool seal_open(dfs_bytes record, struct seal_head *ret, struct seal_reader *reader);

enum seal_step { SEAL_ENTRY, SEAL_END, SEAL_BROKEN };

/* The next entry; the end only when every byte was used. */
enum seal_step seal_next(struct seal_reader *reader, struct seal_entry *ret);

#endif
