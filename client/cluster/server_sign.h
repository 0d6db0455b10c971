/* A new key for a server to sign with, in the place of one that was lost or stolen. */
#ifndef DFS_SERVER_SIGN_H
#define DFS_SERVER_SIGN_H

#include "cluster.h"
#include "libdfs.h"

/* Is the key in the server's folder the last of those in cluster.conf? */
bool server_sign_is_there(const struct cluster *cluster, unsigned server);

/*
 * Makes one: it is the last in cluster.conf then, whose former keys stay, and in the
 * server's folder.  false, with why (DFS_WHY bytes).
 */
bool server_sign_renew(const struct cluster *cluster, unsigned server, char *why);

#endif
