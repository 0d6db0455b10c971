/*
 * The recovery file that "key export" writes: a text, for its user alone (0600).
 *
 *	[recovery]
 *	user = NAME
 *	cluster = 32 hex digits
 *	session = 32 hex digits
 *	secret = 64 hex digits		; of the session
 *	key1 = 64 hex digits		; the user's secrets, the current one first
 *	... up to key4
 */
#ifndef DFS_RECOVERY_FILE_H
#define DFS_RECOVERY_FILE_H

#include "libdfs.h"

/* A new file; code 8 when there is one of that name, 1 when it cannot be written. */
struct dfs_result recovery_file_write(const char *name,
				      const struct dfs_recovery *recovery);

/*
 * Code 7, with the command that mends it, when others may read it; 1 when it cannot be
 * read, 2 when it is no recovery file.
 */
struct dfs_result recovery_file_read(const char *name, struct dfs_recovery *ret);

#endif
