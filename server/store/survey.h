/*
 * Walking over many registers without holding the store's lock for long.
 */
#ifndef DFS_SURVEY_H
#define DFS_SURVEY_H

#include "store_internal.h"

/* Registers, or bindings, that are looked at before others have the lock again. */
enum { SURVEY_STEP = 4096 };

struct survey {
	struct store *store;
	enum index_tree tree;
	const char *to; /* NULL: to the end */
	size_t to_len;
	/* With the lock held (shared); true: stop at this one. */
	bool (*visit)(void *context, struct index_register *reg);
	bool (*visit_binding)(void *context, const struct index_binding *binding);
	void *context;
	/* The cursor: whatever survey_run was at last. */
	char path[DFS_PATH_MAX];
	size_t path_len;
	bool after; /* strictly */
};

/* From this path on (NULL: the first); survey_after: strictly after it. */
void survey_from(struct survey *survey, const char *path, size_t len);
void survey_after(struct survey *survey, const char *path, size_t len);

/* Visits until one stops it, which the cursor is at then; false: at the end. */
bool survey_run(struct survey *survey);

/*
 * The same for bindings, strictly after the cursor; those of one path without a pause
 * between.
 */
bool survey_bindings(struct survey *survey);

/*
 * Of a live file: the chunks that its value gives this server, or where it gives none its
 * own pair, that have units and are not here or damaged.  With the lock held.
 */
unsigned survey_missing(const struct store *store, const struct index_register *reg);

/* Does the path's accepted value name the object that is bound?  With the lock held. */
bool survey_is_named(const struct store *store, const struct index_binding *binding);

/* Copies what a register says; path has DFS_PATH_MAX bytes. */
void survey_tell(const struct store *store, const struct index_register *reg, char *path,
		 size_t *ret_len, struct store_register *ret);

#endif
