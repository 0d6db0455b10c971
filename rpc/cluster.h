/*
 * cluster.conf: which cluster this is and where its four servers are.
 *
 *	[cluster]
 *	id = 32 hex digits
 *	ca = ca.pem
 *	admin = 64 hex digits		; the key that signs its accounts
 *
 *	[dfs1]
 *	address = 127.0.0.1:10001	; or "[::1]:10001"; or else rpcbind is asked
 *	host = 127.0.0.1		; whose rpcbind; 127.0.0.1 unless given
 *	listen = 0.0.0.0:10001		; where the server itself listens, if not there
 *	sign = 64 hex digits		; the key with which it signs (server_keys.h); a
 *	sign = 64 hex digits		; new one comes last, and the others stay; without
 *					; any nothing that it signs counts
 *	... and so on to [dfs4]
 *
 *	[server]
 *	... how servers work: tuning.h
 *
 * A byte order mark (UTF-8), blanks before a line and CR LF at its end mean nothing; a
 * value is one line.  File names in it are relative to the folder it lies in, so that the
 * folder may be moved.  Unknown sections and keys, and doubled ones, are errors: a slip
 * must not pass as a default.
 */
#ifndef DFS_CLUSTER_H
#define DFS_CLUSTER_H

#include "dfs.h"
#include "server_keys.h"
#include "tuning.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct cluster_server {
	char address[280]; /* "host:port", or empty */
	char host[256];    /* for rpcbind, where address is empty */
	char listen[280];  /* for the server alone; or empty */
};

struct cluster {
	char folder[PATH_MAX]; /* absolute, of cluster.conf */
	char ca[PATH_MAX];
	dfs_id id;
	/* Ed25519, public: signs every account (client/session/identity.h) */
	dfs_key admin_key;
	struct cluster_server servers[DFS_SERVERS]; /* [0] is dfs1 */
	struct server_keys sign;
	struct tuning tuning;
};

/* false, and a sentence in why (what is wrong and what to do), when it cannot be used. */
bool cluster_read(const char *file, struct cluster *ret, char *why, size_t why_size);

/* Writes a new file (0644) that cluster_read will take; false, with why, if it exists. */
bool cluster_write(const char *file, const struct cluster *cluster, char *why,
		   size_t why_size);

/*
 * Adds a key, the newest, to those that a server signs with: a line behind the last of
 * them, and nothing else of the file is changed.  false, with why.
 */
bool cluster_add_key(const char *file, unsigned server, const dfs_key *key, char *why,
		     size_t why_size);

/*
 * Which file to read: given if not NULL, else $DFS_CONFIG, else
 * $XDG_CONFIG_HOME/dfs/cluster.conf (~/.config without it), else /etc/dfs/cluster.conf.
 * Of the last two the first that exists and is one's own or root's.  false: none.
 */
bool cluster_find(const char *given, char *ret_file, size_t size);

/*
 * Does any other server have another host than this one, as far as the names tell, and
 * none of this machine alone (localhost, 127.x.x.x, ::1)?
 */
bool cluster_is_spread(const struct cluster *cluster, unsigned server);

/* Splits "host:port" or "[v6]:port"; false when it is neither. */
bool cluster_split_address(const char *address, char *ret_host, size_t size,
			   unsigned short *ret_port);

#endif
