/* Inside the index: its trees and its queue. */
#ifndef DFS_INDEX_INTERNAL_H
#define DFS_INDEX_INTERNAL_H

#include "index.h"

/* RB_GENERATE_STATIC without libbsd's own __unused, which glibc's headers use as a name.
 */
#define INDEX_TREE(name, type, compare)                                                  \
	RB_GENERATE_INTERNAL(name, type, entry, compare, __attribute__((unused)) static)

RB_HEAD(index_registers, index_register);
RB_HEAD(index_objects, index_object);
RB_HEAD(index_bindings, index_binding);
RB_HEAD(index_owners, index_owner);
RB_HEAD(index_stagings, index_staging);

/* The highest number of an owner, and nobody's: what 23 bits hold. */
enum { INDEX_OWNER_NOBODY = (1 << 23) - 1, INDEX_OWNER_LAST = INDEX_OWNER_NOBODY - 1 };

/*
 * A path is in one of two trees, by the kind of its accepted value: what is below a path
 * is then found without stepping over tombstones.
 *
 * Owners stay for as long as the index: there are as many as there are users.
 */
struct index {
	int64_t grace_ms;
	struct index_registers live, dead;
	struct index_objects objects;
	struct index_bindings bindings;
	struct index_object *queue, **queue_end; /* nearly in the order of due_ms */
	struct index_owners owners;
	struct index_owner **owner_at; /* by number */
	uint32_t owner_count, owner_room;
	struct index_stagings stagings;
	uint64_t seed; /* of hashes of paths, so that nobody can aim at one */
	struct index_counts counts;
};

/* Is the segment's range within lo to hi? */
bool index_is_within(const struct index_segment *segment, uint64_t lo, uint64_t hi);

/* The queue has only what nothing refers to. */
void index_objects_prune(struct index *index);
void index_objects_free(struct index *index);

/* The bindings of a path, up to this ballot, are overtaken. */
void index_resolve_bindings(struct index *index, const char *path, size_t len,
			    const dfs_ballot *ballot);
void index_bindings_free(struct index *index);
/* What the staging counts of objects that this register of its path names. */
uint64_t index_staged_for(const struct index *index, const struct index_staging *staging,
			  const struct index_register *reg);
/* Counts again which of the path's bindings no value of the path names. */
void index_recount_bindings(struct index *index, const char *path, size_t len);
/* Does any value of the path name it, the accepted one or one that is overtaken? */
bool index_is_named_ever(const struct index *index, const struct index_object *object,
			 const char *path, size_t len);

uint32_t index_hash_path(const struct index *index, const char *path, size_t len);

/*
 * The number of an owner, who is made if need be; false when out of memory or of numbers.
 */
bool index_number_owner(struct index *index, const char *name, size_t len,
			uint32_t *ret_number);
/* What a path has accepted counts against its owner's quota, or no longer. */
void index_count_owner(struct index *index, const struct index_register *reg);
void index_uncount_owner(struct index *index, const struct index_register *reg);
/* The same of a value that was overtaken, for as long as its path keeps it. */
void index_count_overtaken(struct index *index, const struct index_register *reg);
void index_uncount_overtaken(struct index *index, const struct index_register *reg);
/* What a binding that counts takes at a path of this length, besides its content. */
uint64_t index_cost_bound(size_t path_len);
void index_owners_free(struct index *index);

#endif
