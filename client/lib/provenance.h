/* Opening a manifest: its key, and whether what it says is from who may write it. */
#ifndef DFS_PROVENANCE_H
#define DFS_PROVENANCE_H

#include "manifest.h"
#include "session.h"

/*
 * Opens the manifest of a file.  false, with result: code 7 when its key is not wrapped
 * for this user, 9 when it does not open, or is not from who may write it.  A warning
 * where it cannot be proved any more that another user wrote what says so.
 */
bool provenance_open(struct dfs *dfs, const char *path, const dfs_manifest *manifest,
		     struct manifest_secret *ret, struct dfs_result *result);

#endif
