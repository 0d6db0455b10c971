/*
 * The keys that servers sign with: what they promised, and what they confirm
 * (doc/AGREEMENT.md 1.6).
 *
 * A server has one Ed25519 key of its own, as 64 hex digits in dfsN/sign.key.  The public
 * halves of all that it has had are in cluster.conf, the oldest first, and their numbers
 * count from 1: with the last one it signs, and what it confirmed with another stays
 * proved.  Certificates have nothing to do with it: they end, and proofs do not.
 */
#ifndef DFS_SERVER_KEYS_H
#define DFS_SERVER_KEYS_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of all four. */
struct server_keys {
	uint32_t count[DFS_SERVERS]; /* [0] is dfs1's */
	dfs_key keys[DFS_SERVERS][DFS_SERVER_KEYS_MAX];
};

/* The key of this number; NULL: that server has had none. */
const dfs_key *server_keys_find(const struct server_keys *keys, uint32_t server,
				uint32_t number);
/* The number of the key that it signs with; 0: it has none. */
uint32_t server_keys_present(const struct server_keys *keys, uint32_t server);

/*
 * Takes those that newer has besides; false, and nothing is changed, where it lacks one
 * or has another in its place.  One thread at a time; others may read meanwhile.
 */
bool server_keys_follow(struct server_keys *keys, const struct server_keys *newer);

/* The key of one server, with which it signs.  Any thread may use it. */
struct server_key;

/* NULL when out of memory.  secret has DFS_KEY_LEN bytes. */
struct server_key *server_key_new(unsigned server, uint32_t number,
				  const uint8_t *secret);
/* NULL is allowed. */
void server_key_free(struct server_key *key);

/*
 * Reads the key of a server from its file; NULL, with why, also where it is not the last
 * of those in the configuration.  folder is the cluster's.
 */
struct server_key *server_key_read(const char *file, const char *folder, unsigned server,
				   const struct server_keys *keys, char *why,
				   size_t why_size);

unsigned server_key_server(const struct server_key *key);
uint32_t server_key_number(const struct server_key *key);
void server_key_public(const struct server_key *key, dfs_key *ret);

/*
 * One signature over statements, at most DFS_BATCH_MAX (statement.h); false when out of
 * memory.
 */
bool server_key_sign(const struct server_key *key, const dfs_key *statements,
		     size_t count, uint8_t ret[DFS_SIGNATURE_LEN]);

#endif
