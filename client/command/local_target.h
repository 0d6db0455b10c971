/*
 * Where fetched files are written: below one local folder.
 *
 * A file is written under no name, or a temporary one in its own folder, and gets its
 * name when it is whole and on disk.  Names below the folder come from the servers: they
 * are checked, and symbolic links are never followed on the way, so nothing is ever
 * written outside.
 *
 * What a file system refuses and a content can do without (its time, its mode, proof that
 * a name is on disk) is a warning.  A file that is replaced leaves its mode to the new
 * one.
 */
#ifndef DFS_LOCAL_TARGET_H
#define DFS_LOCAL_TARGET_H

#include "libdfs.h"
#include <stdbool.h>
#include <stddef.h>

struct local_target;

/*
 * What local_target_begin returns besides 0 and exit codes: this very content is there
 * already.
 */
enum { LOCAL_TARGET_EQUAL = 1000 };

/*
 * folder is used once a file begins; with make, it is then made if it is missing.  force:
 * replace different files.  NULL when out of memory.
 */
struct local_target *local_target_new(const char *folder, bool make, bool force);

/*
 * A new file or link at relative, whose folders are made as needed.  0, an exit code, or
 * LOCAL_TARGET_EQUAL, with why.  One that was begun before and not finished is thrown
 * away.
 */
int local_target_begin(struct local_target *target, const char *relative,
		       const struct dfs_file *file, char why[DFS_WHY]);

/* 0, or an exit code, with why. */
int local_target_write(struct local_target *target, const void *bytes, size_t len,
		       char why[DFS_WHY]);

/*
 * The file is whole: it gets the time of the original and its name.  0, or an exit code.
 */
int local_target_finish(struct local_target *target, char why[DFS_WHY]);

/* Throws away what was begun; harmless when nothing was. */
void local_target_abandon(struct local_target *target);

/* After the last file: what was begun is thrown away, the last folder synced. */
void local_target_end(struct local_target *target);

/*
 * A folder at relative, made if it is missing, and those on the way; once all files are
 * finished, its time.  0, or an exit code, with why.
 */
int local_target_folder(struct local_target *target, const char *relative,
			char why[DFS_WHY]);
int local_target_folder_time(struct local_target *target, const char *relative,
			     int64_t modified_ns, char why[DFS_WHY]);

/* What nobody has been told yet and is no failure; false: there is nothing. */
bool local_target_warning(struct local_target *target, char ret[DFS_WHY]);

/* With local_target_end; NULL allowed. */
void local_target_free(struct local_target *target);

#endif
