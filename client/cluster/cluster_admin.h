/*
 * The first user of a new cluster: "admin", who makes all others.
 *
 * His two registers are made here and written into each store before the servers first
 * start, because without a user nobody could make one.
 */
#ifndef DFS_CLUSTER_ADMIN_H
#define DFS_CLUSTER_ADMIN_H

#include "keys.h"
#include "server_keys.h"

enum { CLUSTER_ADMIN_PASSWORD = 24 }; /* with its NUL */

struct cluster_admin {
	/*
	 * 100 random bits: five characters of [0-9a-z] without i, l, o and u, four times
	 */
	char password[CLUSTER_ADMIN_PASSWORD];
	dfs_key sign_key;   /* the cluster's admin key, that signs every account */
	uint8_t *registers; /* dfs_learn_args in XDR: what "dfsN --create-store" reads */
	size_t registers_len;
};

/*
 * A random password, the secrets of admin and of /shared/, and the registers that hold
 * them, which the servers' keys confirm.  false when out of memory or random bytes.  End
 * with cluster_admin_free either way.
 */
bool cluster_admin_make(const struct server_key *const servers[DFS_SERVERS],
			struct cluster_admin *ret);
/* Also wipes the password. */
void cluster_admin_free(struct cluster_admin *admin);

#endif
