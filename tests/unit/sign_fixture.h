/*
 * Users who sign, for tests: each has keys that are made of his name and of the key's
 * number.  "admin" signs accounts with his first key.
 */
#ifndef DFS_SIGN_FIXTURE_H
#define DFS_SIGN_FIXTURE_H

#include "dfs.h"
#include "server_keys.h"

dfs_key sign_fixture_key(const char *user, uint32_t number);

/* What the signature held before is not freed. */
void sign_fixture_sign(const char *user, uint32_t number, const dfs_key *statement,
		       dfs_signature *ret);

/* Number and key as they are in it; former keys are all those below the present one. */
void sign_fixture_account(const char *user, dfs_account *account);

/*
 * Each signs a value at a path, which is as it is to be but for this signature: the
 * content as its writer, the readers as the owner, the whole as who proposes it at the
 * ballot.  What was there is freed.
 */
void sign_fixture_content(const char *path, dfs_value *value, uint32_t key);
void sign_fixture_access(const char *path, const char *owner, uint32_t key,
			 dfs_access *access);
void sign_fixture_prove(const char *path, const dfs_ballot *ballot, const char *signer,
			uint32_t key, dfs_value *value);

/* Servers have one key each.  The caller frees the one that signs. */
const struct server_keys *sign_fixture_servers(void);
struct server_key *sign_fixture_server_key(unsigned server);

/* dfs1, dfs2 and dfs3 confirm the value for this ballot, instead of what was there. */
void sign_fixture_confirm(const char *path, const dfs_ballot *ballot, dfs_value *value);

/* What this server signs when it promises the ballot; freed by XDR. */
void sign_fixture_promise(const char *path, const dfs_ballot *ballot, unsigned server,
			  const dfs_promise_told *told, dfs_signed_promise *ret);

#endif
