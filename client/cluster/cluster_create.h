/*
 * Making a new cluster: a folder with its configuration, certificates, admin and stores.
 */
#ifndef DFS_CLUSTER_CREATE_H
#define DFS_CLUSTER_CREATE_H

#include "cluster.h"
#include "libdfs.h"

struct cluster_plan {
	const char *folder;
	const char *base_port;    /* a number, "auto", or NULL for 10000 */
	const char *const *hosts; /* "N=HOST" or "N=HOST:PORT" */
	size_t host_count;
};

/*
 * Makes DIR/cluster.conf (last), ca.pem, ca.key, admin.password and for each server dfsN/
 * with cert.pem, key.pem, secret and data/, whose store knows the user admin.  Folders
 * may be there already, files may not (code 8).  After a failure what was made is removed
 * again.  On success *ret is what cluster.conf says.
 */
struct dfs_result cluster_create(const struct cluster_plan *plan, struct cluster *ret);

#endif
