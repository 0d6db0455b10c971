/*
 * The file that "login" leaves behind: a session's id and secret, no password.
 *
 * It lies at $XDG_RUNTIME_DIR/dfs/CLUSTER/USER, without that variable below
 * /run/user/UID, and where there is none, below $HOME/.local/state; folders 0700, the
 * file 0600.  Folders of somebody else are passed over, whatever the variables say; for
 * the home, the one of the machine's list of users is taken then.
 *
 *	[session]
 *	user = NAME
 *	id = 32 hex digits
 *	secret = 64 hex digits
 *	ends = nanoseconds since 1970 UTC
 */
#ifndef DFS_SESSION_FILE_H
#define DFS_SESSION_FILE_H

#include "dfs.h"
#include "libdfs.h"

/*
 * Code 4 when the user has none, with a reason when somebody else has left one there; 7
 * when others may read it, with the command that mends it, or when it belongs to somebody
 * else; 1 when it is damaged.
 */
struct dfs_result session_file_read(const dfs_id *cluster, const char *user,
				    struct dfs_pass *ret);

/* In the place of the one before, as a whole or not at all. */
struct dfs_result session_file_write(const dfs_id *cluster, const char *user,
				     const struct dfs_pass *pass);

/* Code 4 when there is none. */
struct dfs_result session_file_remove(const dfs_id *cluster, const char *user);

/*
 * Who is it, where nobody says so: whose session is the newest that has not ended, or
 * the newest of all where all have; but after session_file_stay, and until the next
 * session is written, that user.  ret_user has DFS_USER_MAX + 1 bytes; false: nobody.
 */
bool session_file_newest(const dfs_id *cluster, char *ret_user);
/* Whose session is the newest that has not ended? */
bool session_file_any(const dfs_id *cluster, char *ret_user);

/* This user's session is over, and another's is not to take its place. */
void session_file_stay(const dfs_id *cluster, const char *user);

/* Calls user with the name of each whose session has not ended, in no order. */
void session_file_each(const dfs_id *cluster,
		       void (*user)(void *context, const char *name), void *context);

#endif
