/*
 * Making and editing credentials: the register "/@credentials/NAME", by which the servers
 * recognise a user and which keeps his secrets, encrypted.
 *
 * Pure: it asks nobody.  See client/session/keys.h for what is encrypted how.
 */
#ifndef DFS_CREDENTIALS_H
#define DFS_CREDENTIALS_H

#include "keys.h"
#include "libdfs.h"

/* New credentials, without sessions, and room for what they point to. */
struct credentials {
	dfs_credentials record;
	uint8_t keyring[DFS_KEYRING_MAX];
	dfs_session sessions[DFS_SESSIONS_MAX];
};

/*
 * A new password, with a salt of its own, over these secrets; takes a quarter of a
 * second.
 */
bool credentials_make(struct credentials *ret, const char *password, size_t len,
		      const struct keys_ring *ring);

/*
 * How a session is known, and the secrets under its own; keyring has DFS_KEYRING_MAX
 * bytes.
 */
bool credentials_make_session(const struct dfs_pass *pass, const struct keys_ring *ring,
			      uint8_t *keyring, dfs_session *ret);

/*
 * The sessions of a record with one more, in ret (DFS_SESSIONS_MAX); how many.  Those
 * that have ended by now_ns go, and those that added replaces: the one of the id replaced
 * (NULL: none), and every older recovery file where added is one.  Where there is no
 * room, the one that ends first goes; recovery files go last.
 */
u_int credentials_add_session(const dfs_credentials *record, const dfs_session *added,
			      const uint8_t *replaced, int64_t now_ns, dfs_session *ret);

/* The sessions without the one of this id; how many. */
u_int credentials_drop_session(const dfs_credentials *record, const uint8_t *id,
			       dfs_session *ret);

/* Only the recovery files; how many. */
u_int credentials_keep_recovery(const dfs_credentials *record, dfs_session *ret);

#endif
