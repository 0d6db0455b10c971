/*
 * Files of which verify found copies that servers bring back by themselves: looked at
 * again and again until they have, or until nothing has been mended for too long.
 */
#ifndef DFS_MENDING_H
#define DFS_MENDING_H

#include "libdfs_upkeep.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mending_rules {
	int64_t patience_ms; /* the end when nothing has been mended for so long */
	int64_t pause_ms;    /* between two looks; as long as the last one, at least */
	/* For so long also for copies out of reach: a server may be just coming back. */
	int64_t reach_ms;
};

/* The product's; a test has others. */
extern const struct mending_rules mending_rules;

struct mending_file {
	char *path;
	struct dfs_bad_units bad; /* as they were found last */
	int code;                 /* what the file would end with now */
	int64_t mended_ms;        /* when all in reach was good; 0: it is not yet */
};

/* Starts as zeros. */
struct mending {
	size_t count, room;
	struct mending_file *files; /* that are not mended yet, */
	size_t mended;              /* besides so many that are */
};

struct mending_calls {
	void *context;
	/* Looks again at their bad_units; at most DFS_VERIFY_MAX. */
	void (*look)(void *context, struct dfs_verified *items, size_t count);
	/* No copy of the file is damaged or missing any more: this is how it ended. */
	void (*mended)(void *context, const struct dfs_verified *item);
	/* After each look at all; false: somebody wants the end. */
	bool (*goes_on)(void *context, const struct mending *mending);
};

/* Do the servers mend what was found of this file? */
bool mending_wants(const struct dfs_verified *item);

/* One more file; false when out of memory. */
bool mending_add(struct mending *mending, const struct dfs_verified *item);

/* What is in files afterwards was not mended. */
void mending_wait(struct mending *mending, const struct mending_rules *rules,
		  const struct mending_calls *calls);

void mending_free(struct mending *mending);

#endif
