/*
 * Walking over many registers, or bindings, without holding the store's lock for long.
 */
#ifndef DFS_WALK_H
#define DFS_WALK_H

#include "store_internal.h"

/* Registers, or bindings, that are looked at before others have the lock again. */
enum { WALK_STEP = 4096 };

struct index_walk {
	struct store *store;
	enum index_tree tree;
	const char *to; /* NULL: to the end */
	size_t to_len;
	/* With the lock held (shared); true: stop at this one. */
	bool (*visit)(void *context, struct index_register *reg);
	bool (*visit_binding)(void *context, const struct index_binding *binding);
	void *context;
	/* The cursor: whatever the walk was at last. */
	char path[DFS_PATH_MAX];
	size_t path_len;
	bool after; /* strictly */
};

/* From this path on (NULL: the first); walk_after: strictly after it. */
void walk_from(struct index_walk *walk, const char *path, size_t len);
void walk_after(struct index_walk *walk, const char *path, size_t len);

/* Visits registers until one stops it, where the cursor is then; false: at the end. */
bool walk_registers(struct index_walk *walk);

/*
 * Visits bindings, strictly after the cursor, those of one path without a pause between,
 * until one stops it; false: at the end.
 */
bool walk_bindings(struct index_walk *walk);

#endif
