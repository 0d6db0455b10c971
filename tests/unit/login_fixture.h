/* A connection that is logged in, for tools that say single words of the protocol. */
#ifndef DFS_LOGIN_FIXTURE_H
#define DFS_LOGIN_FIXTURE_H

#include "call.h"
#include "cluster.h"
#include "identity.h"

#include <stdbool.h>

/*
 * To this server, as this user, with the session that "client login" left.  NULL, with
 * why, otherwise; ret_identity may be NULL.
 */
struct call *login_fixture_open(const struct cluster *cluster, unsigned server,
				const char *user, struct identity *ret_identity,
				char *why, size_t why_size);

/*
 * The user proposes the value of this path at this ballot: signs it, instead of what its
 * proof was, which is freed.  Three servers have confirmed it, whatever it is: their keys
 * are in the cluster's folder.
 */
bool login_fixture_propose(const struct identity *identity, const char *path,
			   const dfs_ballot *ballot, dfs_value *value);
bool login_fixture_prove(const struct identity *identity, const dfs_path *path,
			 const dfs_ballot *ballot, dfs_value *value);
/* Only that, of a value that has a proof. */
bool login_fixture_confirm(const dfs_path *path, const dfs_ballot *ballot,
			   dfs_value *value);

#endif
