/*
 * Where fetched files land: below one local folder.
 *
 * A file is written under no name, or a temporary one in its own folder, and gets its
 * name when it is whole and on disk.  Names below the folder come from the servers: they
 * are checked, and symbolic links are never followed on the way, so nothing is ever
 * written outside.
 */
#ifndef DFS_LOCAL_TARGET_H
#define DFS_LOCAL_TARGET_H

#include "libdfs.h"
#include <stdbool.h>
#include <stddef.h>

struct landing;

/*
 * What landing_begin returns besides 0 and exit codes: this very content is there
 * already.
 */
enum { LANDING_EQUAL = 1000 };

/* folder is used once a file begins; with make, it is then made if it is missing.  force:
 * replace different files.  NULL when out of memory. */
struct landing *landing_new(const char *folder, bool make, bool force);

/*
 * A new file at relative, whose folders are made as needed.  0, LANDING_EQUAL, or an exit
 * code, with why.  One that was begun before and not finished is thrown away.
 */
int landing_begin(struct landing *landing, const char *relative,
		  const struct dfs_file *file, char why[DFS_WHY]);

/* 0, or an exit code, with why. */
int landing_write(struct landing *landing, const void *bytes, size_t len,
		  char why[DFS_WHY]);

/*
 * The file is whole: it gets the time of the original and its name.  0, or an exit code.
 */
int landing_finish(struct landing *landing, char why[DFS_WHY]);

/* Throws away what was begun; harmless when nothing was. */
void landing_abandon(struct landing *landing);

/* The end, with the last folder synced; 0, or an exit code, with why.  NULL allowed. */
int landing_free(struct landing *landing, char why[DFS_WHY]);

#endif
