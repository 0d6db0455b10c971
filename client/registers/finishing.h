/*
 * Finishing by servers: what a client may read and not propose, a server brings to its
 * end (FINISH; doc/AGREEMENT.md 3.4).
 */
#ifndef DFS_FINISHING_H
#define DFS_FINISHING_H

#include "lookup.h"

/* May this user propose whatever value is there again?  Who may not asks a server. */
bool finishing_is_own(const struct dfs *dfs, const char *path);

/*
 * Asks one server after another, until each lookup (at most DFS_BATCH_MAX) has what is
 * agreed or its result says why not.  What a server answers is read again, for it is one
 * server's word; or a second server has to say it, too.
 */
void finishing_run(struct dfs *dfs, struct lookup **lookups, size_t count);

#endif
