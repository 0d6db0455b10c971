/* One register changed on top of what it has; for accounts and credentials. */
#ifndef DFS_CHANGE_H
#define DFS_CHANGE_H

#include "session.h"

struct change {
	const char *path;
	/*
	 * Makes of draft what the register is to have.  It is what the register has now,
	 * a tombstone where there is nothing; what it points to is not to be freed or
	 * written to, and what is put into it stays the caller's.  May be called several
	 * times, each time on what is there then.  false: result says why not.
	 */
	bool (*edit)(void *context, dfs_body *draft, struct dfs_result *result);
	void *context;
};

/* Done when three servers have accepted it.  After dfs_login. */
struct dfs_result change_run(struct dfs *dfs, const struct change *change);

/* Nothing is there any more; code 4 when nothing was. */
struct dfs_result change_delete(struct dfs *dfs, const char *path);

/* A copy of its own, allocated as XDR does; false when out of memory. */
bool change_copy_body(const dfs_body *body, dfs_body *ret);

enum { CHANGE_PATH = 64 };
/* "/@accounts/NAME" and "/@credentials/NAME"; path has CHANGE_PATH bytes. */
const char *change_account_path(const char *user, char *path);
const char *change_credentials_path(const char *user, char *path);

#endif
