/* New certificates, and secrets that were lost, for the servers of a cluster. */
#ifndef DFS_CLUSTER_RENEW_H
#define DFS_CLUSTER_RENEW_H

#include "dfs.h"
#include "libdfs.h"
#include "sets.h"
#include <stdbool.h>

/* What became of one server. */
struct cluster_renewed {
	bool certificate; /* a new key and certificate are in its folder */
	bool secret;      /* so is the secret of the others, */
	bool new_secret;  /* or one that no server knows yet */
	bool sign_key; /* and another key to sign with, which cluster.conf names, too */
};

/*
 * Makes a new key and certificate for each of the servers, signed by FOLDER/ca.key, and
 * gives it the secret of another server where its own is missing or of no use, and
 * another key to sign with (server_keys.h) where that is.  Only where all four are to be
 * renewed and none has a secret are they given a new one.  ret
 * has an entry for each server.  After a failure those that are done stay done; no server
 * is left with a certificate that does not fit its key (see
 * server/service/certificate.c).  Where the CA's own certificate ends within five years,
 * it gets a successor first (revocation.h), which *ret_authority says.
 */
struct dfs_result cluster_renew(const char *folder, server_set servers,
				struct cluster_renewed ret[DFS_SERVERS],
				bool *ret_authority);

#endif
