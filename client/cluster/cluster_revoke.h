/* The end of a server whose folder was stolen. */
#ifndef DFS_CLUSTER_REVOKE_H
#define DFS_CLUSTER_REVOKE_H

#include "libdfs.h"

/* The other servers have an hour to learn the new secret before one uses it. */
enum { CLUSTER_REVOKE_SECONDS = 3600 };

/*
 * Puts the certificate in FOLDER/dfsN (1..4) on the list FOLDER/crl.pem, gives that
 * server another key to sign with (server_keys.h), and all four folders a new secret,
 * beside the former one (secret.h).  After a failure it may be done again.
 */
struct dfs_result cluster_revoke(const char *folder, unsigned server);

#endif
