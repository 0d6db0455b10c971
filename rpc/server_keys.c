/* The keys that servers sign with. */
#include "server_keys.h"

#include "secret.h"
#include "statement.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct server_key {
	unsigned server;
	uint32_t number;
	EVP_PKEY *pair;
	dfs_key public;
};

uint32_t server_keys_present(const struct server_keys *keys, uint32_t server)
{
	/* A key is there before it is counted. */
	return server < 1 || server > DFS_SERVERS
		       ? 0
		       : __atomic_load_n(&keys->count[server - 1], __ATOMIC_ACQUIRE);
}

const dfs_key *server_keys_find(const struct server_keys *keys, uint32_t server,
				uint32_t number)
{
	if (number < 1 || number > server_keys_present(keys, server))
		return NULL;
	return &keys->keys[server - 1][number - 1];
}

bool server_keys_follow(struct server_keys *keys, const struct server_keys *newer)
{
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (newer->count[i] < keys->count[i] ||
		    memcmp(newer->keys[i], keys->keys[i],
			   keys->count[i] * sizeof(dfs_key)) != 0)
			return false;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		uint32_t count = keys->count[i];

		memcpy(&keys->keys[i][count], &newer->keys[i][count],
		       (newer->count[i] - count) * sizeof(dfs_key));
		__atomic_store_n(&keys->count[i], newer->count[i], __ATOMIC_RELEASE);
	}
	return true;
}

struct server_key *server_key_new(unsigned server, uint32_t number, const uint8_t *secret)
{
	struct server_key *key = calloc(1, sizeof *key);
	size_t len = DFS_KEY_LEN;

	if (!key)
		return NULL;
	key->server = server;
	key->number = number;
	key->pair =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, DFS_KEY_LEN);
	if (key->pair && EVP_PKEY_get_raw_public_key(
				 key->pair, (unsigned char *)key->public.bytes, &len))
		return key;
	server_key_free(key);
	return NULL;
}

void server_key_free(struct server_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pair);
	free(key);
}

struct server_key *server_key_read(const char *file, const char *folder, unsigned server,
				   const struct server_keys *keys, char *why,
				   size_t why_size)
{
	uint32_t number = server_keys_present(keys, server);
	const dfs_key *known = server_keys_find(keys, server, number);
	uint8_t secret[SECRET_LEN];
	struct server_key *key;

	if (!secret_read_key(file, folder, secret, why, why_size))
		return NULL;
	key = server_key_new(server, number, secret);
	secret_wipe(secret, sizeof secret);
	if (!key) {
		(void)snprintf(why, why_size, "out of memory");
		return NULL;
	}
	if (known && memcmp(known, &key->public, sizeof *known) == 0)
		return key;
	(void)snprintf(why, why_size,
		       "%s: not the last key that cluster.conf has under sign in "
		       "[dfs%u]: copy both from where the cluster was made",
		       file, server);
	server_key_free(key);
	return NULL;
}

unsigned server_key_server(const struct server_key *key)
{
	return key->server;
}

uint32_t server_key_number(const struct server_key *key)
{
	return key->number;
}

void server_key_public(const struct server_key *key, dfs_key *ret)
{
	*ret = key->public;
}

bool server_key_sign(const struct server_key *key, const dfs_key *statements,
		     size_t count, uint8_t ret[DFS_SIGNATURE_LEN])
{
	uint8_t message[STATEMENT_MESSAGE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len = DFS_SIGNATURE_LEN;
	bool good = context && statement_message(statements, count, message) &&
		    EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) == 1 &&
		    EVP_DigestSign(context, ret, &len, message, sizeof message) == 1;

	EVP_MD_CTX_free(context);
	return good;
}
