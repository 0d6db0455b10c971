/* The addresses of a new cluster's servers. */
#ifndef DFS_CLUSTER_PORTS_H
#define DFS_CLUSTER_PORTS_H

#include "cluster.h"
#include "libdfs.h"

enum { CLUSTER_PORTS_BASE = 10000 };

/* Free ports, kept for the cluster until they are released. */
struct cluster_ports {
	int fds[DFS_SERVERS]; /* -1: none is held */
	unsigned short ports[DFS_SERVERS];
};

/*
 * text: a number P for P+1..P+4, "auto" for free ones of 127.0.0.1, NULL for the default.
 */
struct dfs_result cluster_ports_take(struct cluster_ports *ports, const char *text);
void cluster_ports_release(struct cluster_ports *ports);

/*
 * Fills in addresses and hosts: 127.0.0.1 and the ports, but for what "N=HOST[:PORT]"
 * says.
 */
struct dfs_result cluster_ports_apply(const struct cluster_ports *ports,
				      const char *const *hosts, size_t count,
				      struct cluster *cluster);

#endif
