/*
 * What the store knows without reading: which paths have accepted what, which objects are
 * here and in which segments, what is bound, and what may go.
 *
 * Nodes are made before a commit and put in after it, so that nothing can fail once a
 * batch is durable.  An object has one reference for each register that names it (the
 * accepted one, and those overtaken by values not yet settled), for each binding, and for
 * whoever holds it with index_hold; without references it may be dropped after the grace.
 * An object that is only named, whose content is not here, has a node without chunks.
 *
 * The caller has a lock over all of it: shared for what takes a const index, else
 * exclusive.
 */
#ifndef DFS_INDEX_H
#define DFS_INDEX_H

#include "dfs.h"
#include "seal.h"
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct index;
struct segment;
struct segment_cache;

/* A segment, as the index counts in it. */
struct index_segment {
	TAILQ_ENTRY(index_segment) order; /* the store's list, by number */
	TAILQ_ENTRY(index_segment) change;
	struct index_segments *segments; /* in whose list it is, or NULL */
	bool is_changed;                 /* and among those that have changed */
	struct segment *file;
	uint64_t live;       /* bytes of records that the index points to */
	uint64_t full;       /* what live was, or would have been, when it was sealed */
	uint64_t trimmed;    /* about so much of it was given up by trimming objects */
	uint32_t seal_bytes; /* of its @seal */
	uint32_t unproved;   /* parts of objects in it */
	uint64_t undo;       /* of these, about so many only undo what older ones say */
	bool damaged;        /* found so: not copied, for what is still good in it */
	dfs_id maker;        /* of an upload that it was: index_part's by_maker */
	/*
	 * Not even its @seal can be read, and nothing in it is alive: left as it is,
	 * until a recovery has made it one of before.
	 */
	bool unreadable;
	uint8_t swept; /* merged with nothing alive in it, and not gone by that */
};
/* As the first of all segments, a merge may also leave out what undoes older entries. */
enum { SWEPT = 1, SWEPT_AS_FIRST = 2 };

/* The segments of a store, by number. */
struct index_segments {
	TAILQ_HEAD(index_segment_list, index_segment) list;
	/* Those that are new, lost something, or have another neighbour: merge_pick */
	TAILQ_HEAD(index_segment_changes, index_segment) changed;
	struct index_segment *again; /* from here on they are to count as changed */
	uint64_t count, bytes, undo;
	uint64_t undo_at; /* how much of this there may be before merging looks for it */
	uint64_t looked_at; /* how many there may be before merging looks at all again */
	uint64_t steps;     /* by which merging went from one to another, ever */
};

struct index_register {
	RB_ENTRY(index_register) entry;
	struct index_segment *segment;
	struct index_register *older; /* overtaken, and this is not settled */
	dfs_ballot ballot;
	/* Of the first content: bytes; the number of whom it counts against. */
	uint64_t size : 41, owner : 23;
	uint64_t bytes : 15; /* of the record, as stored */
	uint64_t holders : 16, path_len : 13, object_count : 4;
	uint64_t kind : 3, has_readers : 1, settled : 1, confirmed : 1, damaged : 1;
	/* A bit for each object: what it gives this server never was here. */
	uint64_t unbrought : SEAL_OBJECTS_MAX;
	uint64_t digest; /* of the value: statement_short */
	/*
	 * Then the path; then, of an account, its quota; of what names more contents
	 * than one, the bytes of all but the first.
	 */
	struct index_object *objects[];
};

/*
 * Whoever owns a file or did so once, or has an account, by the number in the registers.
 */
struct index_owner {
	RB_ENTRY(index_owner) entry;
	/* Bytes that count against the quota, of what is accepted now: */
	uint64_t contents;   /* of files, and of earlier versions that are kept; */
	uint64_t registers;  /* of the records of files and tombstones; */
	uint64_t tombstones; /* of these last alone; */
	uint64_t staged;     /* of what is staged, beyond what its paths have */
	uint64_t claimed;    /* and, more than that, of registers about to be accepted */
	/* Besides, each at most as much as the quota once more: */
	uint64_t overtaken; /* of what is kept until a newer value is settled; */
	uint64_t bound;     /* of bindings that count, but for their contents */
	uint64_t quota;     /* 0: no limit */
	uint64_t shared;    /* files that name readers */
	uint32_t number;
	size_t name_len;
	char name[];
};

/*
 * What is staged for one path, by open uploads and by bindings of content that none of
 * the path's values names yet, on the account of one who brought it, whoever's path it
 * is: it counts against his quota as far as it is more than what he himself has of the
 * path, which it is to replace.
 */
struct index_staging {
	RB_ENTRY(index_staging) entry;
	uint64_t bytes;
	uint64_t counted; /* of these, in the owner's staged */
	uint32_t owner;
	uint32_t refs;
	size_t path_len;
	char path[];
};

/*
 * Where some chunks of an object are.  Those found damaged are among chunks; and among
 * those the ones that came so from their writer.
 */
struct index_part {
	struct index_segment *segment;
	struct index_part *more;
	uint64_t bytes : 49, estimated : 1; /* the bytes, since chunks were trimmed */
	uint64_t chunks : 4, damaged : 4;   /* chunks 0: nothing is here */
	uint64_t unbrought : 4;
	uint64_t proved : 1;   /* its units, since they came; or none is to be */
	uint64_t by_maker : 1; /* its records are under its maker's id */
};

/* Did the writer of an object bring this server what a value gives it? */
enum index_unbrought {
	INDEX_BROUGHT,        /* nothing is known against it */
	INDEX_UNBROUGHT,      /* not all of it, or other bytes */
	INDEX_UNBROUGHT_EVER, /* nor anybody else: the peers were asked */
	INDEX_DOUBTED         /* a peer may have had it: what is missing is lost */
};

struct index_object {
	RB_ENTRY(index_object) entry;
	dfs_id id;
	/*
	 * Once it is queued: when it may be dropped, which reading puts off, up to
	 * last_ms.
	 */
	_Atomic int64_t due_ms;
	struct index_object *queued_next;
	struct index_part part;
	uint32_t last_ms;   /* modulo 2^32, which is 49 days */
	uint32_t last_path; /* a hash of the path that was bound to it or named it last */
	uint32_t refs;
	uint32_t units : 24, queued : 1, dropping : 1, named : 1; /* by a value, once */
	uint32_t unbrought : 2; /* enum index_unbrought */
};

struct index_binding {
	RB_ENTRY(index_binding) entry;
	struct index_object *object;
	dfs_ballot ballot;
	/* When it was made, or raised while it did not count; or of the start. */
	int64_t since_ms;
	struct index_staging *staging; /* NULL: it counts against nobody's quota */
	uint64_t size;                 /* of the content, in bytes */
	bool counts;                   /* in the staging: no value names it yet */
	size_t path_len;
	char path[];
};

/* ---- segments */

/* For a file in seg/; NULL when out of memory. */
struct index_segment *index_segment_new(struct segment_cache *cache, uint64_t lo,
					uint64_t hi, uint64_t bytes);
/* One that is in no list.  NULL is allowed. */
void index_segment_free(struct index_segment *segment);

/* So many bytes of it are alive no more. */
void index_segment_lose(struct index_segment *segment, uint64_t bytes);
void index_segment_add_undo(struct index_segment *segment, uint64_t bytes);
/* Merging is to look at it; nothing where it is in no list. */
void index_segment_changed(struct index_segment *segment);
void index_segment_looked_at(struct index_segment *segment);

void index_segments_init(struct index_segments *segments);
/* All of them are to count as changed, bit by bit. */
void index_segments_look_again(struct index_segments *segments);
/* So many at most. */
void index_segments_look_on(struct index_segments *segments, unsigned most);

void index_segments_append(struct index_segments *segments,
			   struct index_segment *segment);
void index_segments_put_before(struct index_segments *segments,
			       struct index_segment *next, struct index_segment *segment);
void index_segments_remove(struct index_segments *segments,
			   struct index_segment *segment);
/* All that are in the list. */
void index_segments_free(struct index_segments *segments);

/* NULL when out of memory. */
struct index *index_new(int64_t grace_ms);
void index_free(struct index *index);

/* ---- registers */

const char *index_path(const struct index_register *reg);
/* Is it of a file or a link? */
bool index_has_content(const struct index_register *reg);

/*
 * From an entry of type SEAL_REGISTER; NULL when out of memory, or of numbers for owners.
 */
struct index_register *index_register_new(struct index *index,
					  const struct seal_entry *entry);
/* What of its objects was not brought is known when there is a register to look at. */
void index_set_unbrought(struct index_register *reg, unsigned unbrought);
/* One that was never put in. */
void index_register_free(struct index *index, struct index_register *reg);

/* Puts it in where its ballot belongs: as the accepted one, below it, or nowhere. */
void index_put_register(struct index *index, struct index_register *take_reg,
			struct index_segment *segment);

struct index_register *index_find_register(const struct index *index, const char *path,
					   size_t len);
/* The first one strictly after the cursor. */
const struct index_register *index_next(const struct index *index, const char *after,
					size_t len);
/* Those of one kind, in order: files, folders and users, or tombstones. */
enum index_tree { INDEX_LIVE, INDEX_DEAD };
/* The first one from this path on, or (after) strictly after it. */
struct index_register *index_first(const struct index *index, enum index_tree tree,
				   const char *path, size_t len, bool after);
struct index_register *index_step(struct index_register *reg);
/* A live file above the path, or anything live below it; NULL when there is none. */
const struct index_register *index_blocker(const struct index *index, const char *path,
					   size_t len);

/*
 * The accepted ballot of the path is settled: what it overtook is forgotten, and its
 * bindings up to this ballot.  false, and nothing is done, when it is another ballot or
 * known already.
 */
bool index_settle(struct index *index, const char *path, size_t len,
		  const dfs_ballot *ballot);

/*
 * The accepted value of the path goes, if it is not above this ballot, with all it
 * overtook.
 */
void index_forget(struct index *index, const char *path, size_t len,
		  const dfs_ballot *ballot);

/* Its record was found damaged; until the path accepts another, or the same again. */
void index_mark_damaged(struct index *index, struct index_register *reg);

/* All registers and bindings go; content stays. */
void index_reset(struct index *index);

/*
 * What the entry says was copied from a segment within lo to hi into another, to: that is
 * where the index finds it from now on.  Nothing happens if it knows something newer.
 */
void index_move_register(struct index *index, const struct seal_entry *entry, uint64_t lo,
			 uint64_t hi, struct index_segment *to);
void index_move_content(struct index *index, const struct seal_entry *entry, uint64_t lo,
			uint64_t hi, struct index_segment *to);

/* Among the overtaken values of the path: the one of this ballot; or NULL. */
const struct index_register *index_find_overtaken(const struct index *index,
						  const char *path, size_t len,
						  const dfs_ballot *ballot);

/* ---- objects */

/* Also one without content; NULL when it is not even named. */
struct index_object *index_find_object(const struct index *index, const dfs_id *id);

/* Finds or makes it, with a reference; NULL when out of memory. */
struct index_object *index_hold(struct index *index, const dfs_id *id);
void index_release(struct index *index, struct index_object *object);

/* The chunks that are here, not known to be damaged and not about to be dropped. */
chunk_set index_chunks(const struct index_object *object);
/* Those that are here, but for all that is known damaged. */
chunk_set index_damaged(const struct index_object *object);
/*
 * Chunks, of all four, that their writer never brought here, or with other bytes; 0 where
 * nothing is known against him.  And those of them that nobody else was brought either.
 */
chunk_set index_unbrought(const struct index_object *object);
chunk_set index_unbrought_ever(const struct index_object *object);
/* Chunks that were brought here right, as far as is known, damaged by now or not. */
chunk_set index_brought(const struct index_object *object);
/* Of those that are here undamaged, those of which all units were proved. */
chunk_set index_proved(const struct index_object *object);
/*
 * All undamaged units of these chunks that this segment has of the object are proved from
 * now on.
 */
void index_prove(struct index *index, struct index_object *object,
		 const struct index_segment *segment, chunk_set chunks);
/* A part with just these chunks was proved before the start; others are left. */
void index_was_proved(struct index *index, struct index_object *object, chunk_set chunks);
/* Under which id the records of a part are in its segment. */
const dfs_id *index_record_id(const struct index_object *object,
			      const struct index_part *part);
/*
 * The part that has this chunk (1..4), if possible undamaged; NULL when it is not here.
 */
struct index_part *index_part(struct index_object *object, unsigned chunk);

/*
 * Content for an object that is held.  spare is a part allocated for the case that others
 * are here already; it is used or freed.  Content that is here in full adds nothing.
 */
void index_put_content(struct index *index, struct index_object *object,
		       const struct seal_entry *entry, struct index_segment *segment,
		       struct index_part *take_spare);

/* All content of a part counts as damaged. */
void index_damage_part(struct index *index, struct index_part *part);

/*
 * All content in the segment counts as damaged: that of the next objects after *cursor
 * (first: all zero), so many at most.  false: these were the last.
 */
bool index_damage_segment(struct index *index, const struct index_segment *segment,
			  dfs_id *cursor, unsigned most);

/*
 * The segment goes, without what was in it: nothing that takes space there.  No object is
 * there any more; likewise so many at most.
 */
bool index_leave_segment(struct index *index, const struct index_segment *segment,
			 dfs_id *cursor, unsigned most);

/* Its content is gone; the object too, unless something refers to it. */
void index_drop_content(struct index *index, struct index_object *object);
/* Its chunks other than these are gone, as if they had never come. */
void index_trim(struct index *index, struct index_object *object, chunk_set chunks);

/*
 * A reader uses the object.  If nothing refers to it, its grace begins anew; but not for
 * ever: it ends at the latest INDEX_GRACES graces after the last reference went.
 */
enum { INDEX_GRACES = 60 };
void index_read(const struct index *index, struct index_object *object);

/*
 * The next object whose grace is over at now_ms and that nothing refers to; NULL when
 * there is none now.  It leaves the queue: the caller drops it, or gives it back with
 * index_again.
 */
struct index_object *index_due(struct index *index, int64_t now_ms);
void index_again(struct index *index, struct index_object *object);
/* When to ask next; INT64_MAX: nothing waits. */
int64_t index_due_ms(const struct index *index);

/* ---- bindings */

/* Is the object bound to the path, named by what it accepted, or was it so last? */
bool index_is_of_path(const struct index *index, const struct index_object *object,
		      const char *path, size_t len);

/*
 * Does anything but this path refer to the object: another's value or binding, or
 * somebody who holds it?
 */
bool index_is_of_others(const struct index *index, const struct index_object *object,
			const char *path, size_t len);

struct index_binding *index_binding_new(struct index *index,
					const struct seal_entry *entry);
void index_binding_free(struct index *index, struct index_binding *binding);

/*
 * Replaces a lower one of the same object and path; goes at once if the path is settled
 * at it.
 */
void index_put_binding(struct index *index, struct index_binding *take_binding);

const struct index_binding *index_find_binding(const struct index *index,
					       const dfs_id *object, const char *path,
					       size_t len);

/* The first one of a path strictly after this one; those of one path are together. */
struct index_binding *index_first_binding(const struct index *index, const char *after,
					  size_t len);
struct index_binding *index_step_binding(struct index_binding *binding);

/* Does the path's accepted value name the object that is bound? */
bool index_is_named(const struct index *index, const struct index_binding *binding);

/*
 * After a start: bindings of objects that are not here say nothing, and objects that got
 * their references after their content need not wait for their grace.
 */
void index_prune(struct index *index);

/* ---- owners */

/*
 * Sets aside what this register, about to be put in, takes of its owner's quota beyond
 * what the path has now and what was staged for it.  false: it would not fit.  What takes
 * no more than there is always fits, and so does the tombstone of a file that is here;
 * other tombstones may, without room in the quota, take INDEX_TOMBSTONES_MOST in sum.
 * What is overtaken and not settled may take as much as the quota once more.
 */
enum { INDEX_TOMBSTONES_MOST = 1 << 20 };
bool index_claim(struct index *index, const struct index_register *reg,
		 uint64_t *ret_claimed);
void index_unclaim(struct index *index, const struct index_register *reg,
		   uint64_t claimed);

/* Content that is to be staged for a path, and who brings it. */
struct index_stake {
	const char *path, *owner;
	size_t path_len, owner_len; /* owner_len 0: nobody's */
	const dfs_id *object;
	uint64_t size;
};

/*
 * What is staged already stays on the account of who brought it first, as long as it
 * counts there: then that is the stake's owner.  Who binds it once more is not charged
 * for it, and nobody by what others repeat.
 */
void index_charge(const struct index *index, struct index_stake *stake);

/*
 * Would it fit the quota of whom it is charged to, and, once a value names it, of whose
 * path it is?  What the object has staged for the path is in it.
 */
bool index_fits_quota(const struct index *index, const struct index_stake *stake);

/*
 * Holds the staging of this path and owner, and adds the bytes to it; NULL when out of
 * memory, or of numbers for owners.
 */
struct index_staging *index_stage(struct index *index, const struct index_stake *stake,
				  uint64_t bytes);
/* NULL is allowed. */
void index_unstage(struct index *index, struct index_staging *staging, uint64_t bytes);
/* What the path has accepted has changed, and with it what of the staged counts. */
void index_restage(struct index *index, const char *path, size_t len);

/* NULL: there is nothing of them. */
const struct index_owner *index_find_owner(const struct index *index, const char *name,
					   size_t len);

/* ---- counts */

struct index_counts {
	uint64_t files, tombstones, folders, users, objects, bindings;
	uint64_t unproved;        /* parts of objects */
	uint64_t damaged;         /* registers whose records are */
	uint32_t epoch;           /* the highest of any accepted ballot */
	uint64_t highest_counter; /* in that epoch */
};
void index_count(const struct index *index, struct index_counts *ret);

#endif
