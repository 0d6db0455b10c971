/*
 * Who the client is, and the accounts of others.
 *
 * An account's signature is made over "dfs account", the user's name with its length
 * before it, both public keys and the wrapped key of /shared/: whoever could put another
 * key of /shared/ in its place would read what the user stores there.
 */
#include "identity.h"

#include "path.h"
#include "result.h"
#include "status.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static const char shared_purpose[] = "shared";

/* What is signed of an account. */
struct account_statement {
	uint8_t bytes[256];
	size_t len;
};

static void add(struct account_statement *statement, const void *bytes, size_t len)
{
	memcpy(statement->bytes + statement->len, bytes, len);
	statement->len += len;
}

/* The name is at most DFS_USER_MAX bytes long. */
static struct account_statement state_account(const char *user,
					      const dfs_account *account)
{
	struct account_statement statement = {.len = 0};
	uint8_t user_len = (uint8_t)strlen(user);

	_Static_assert(sizeof statement.bytes >=
			       11 + 1 + DFS_USER_MAX + 2 * KEYS_LEN + sizeof(dfs_wrapped),
		       "room for all that is signed");
	add(&statement, "dfs account", 11);
	add(&statement, &user_len, 1);
	add(&statement, user, user_len);
	add(&statement, account->seal_key.bytes, KEYS_LEN);
	add(&statement, account->sign_key.bytes, KEYS_LEN);
	add(&statement, account->shared.ephemeral.bytes, KEYS_LEN);
	add(&statement, account->shared.box, sizeof account->shared.box);
	return statement;
}

bool identity_sign_account(const struct keys_pair *admin, const char *user,
			   dfs_account *account)
{
	struct account_statement statement;

	if (path_check_user(user, strlen(user)))
		return false;
	statement = state_account(user, account);
	return keys_sign(admin, statement.bytes, statement.len,
			 (uint8_t *)account->signature);
}

bool identity_account_is_genuine(const uint8_t admin_key[KEYS_LEN], const char *user,
				 const dfs_account *account)
{
	struct account_statement statement;

	if (path_check_user(user, strlen(user)))
		return false;
	statement = state_account(user, account);
	return keys_verify(admin_key, statement.bytes, statement.len,
			   (const uint8_t *)account->signature);
}

bool identity_account_is_same(const dfs_account *a, const dfs_account *b)
{
	return a->disabled == b->disabled && a->quota == b->quota &&
	       memcmp(&a->seal_key, &b->seal_key, sizeof a->seal_key) == 0 &&
	       memcmp(&a->sign_key, &b->sign_key, sizeof a->sign_key) == 0 &&
	       memcmp(&a->shared, &b->shared, sizeof a->shared) == 0 &&
	       memcmp(a->signature, b->signature, sizeof a->signature) == 0;
}

bool identity_make_account(const struct identity *admin, const char *user,
			   const uint8_t secret[KEYS_LEN], dfs_account *ret)
{
	memset(ret, 0, sizeof *ret);
	return keys_public(secret, &ret->seal_key, &ret->sign_key) &&
	       keys_wrap(admin->shared, &ret->seal_key, shared_purpose,
			 (struct keys_bytes){user, strlen(user)}, &ret->shared) &&
	       identity_sign_account(admin->pairs[0], user, ret);
}

static bool make_ring_pairs(struct identity *identity)
{
	bool good = true;

	for (size_t i = 0; good && i < identity->ring.count; i++) {
		identity->pairs[i] = keys_pair_new(identity->ring.secrets[i]);
		good = identity->pairs[i];
	}
	return good;
}

static bool make_shared_pair(struct identity *identity)
{
	identity->shared_pair = keys_pair_new(identity->shared);
	return identity->shared_pair;
}

bool identity_make_pairs(struct identity *identity)
{
	return make_ring_pairs(identity) && make_shared_pair(identity);
}

static bool is_pair_of(const dfs_account *account, const struct keys_pair *pair)
{
	return CRYPTO_memcmp(keys_pair_seal_key(pair), &account->seal_key,
			     sizeof account->seal_key) == 0 &&
	       CRYPTO_memcmp(keys_pair_sign_key(pair), &account->sign_key,
			     sizeof account->sign_key) == 0;
}

/* The pairs of the secrets; and the account says whose these are. */
static struct dfs_result take_ring(struct identity *identity)
{
	if (!make_ring_pairs(identity))
		return result_of(DFS_EXIT_OTHER, "out of memory");
	if (!is_pair_of(&identity->account, identity->pairs[0]))
		return result_of(DFS_EXIT_DAMAGED,
				 "the keyring that the servers keep for %s is not that "
				 "of the account: tell admin",
				 identity->user);
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

static struct dfs_result take_shared(struct identity *identity)
{
	if (!keys_unwrap(&identity->account.shared, identity->pairs[0], shared_purpose,
			 (struct keys_bytes){identity->user, strlen(identity->user)},
			 identity->shared))
		return result_of(DFS_EXIT_DAMAGED,
				 "the key of /shared/ in the account of %s does not "
				 "open: tell admin",
				 identity->user);
	if (!make_shared_pair(identity))
		return result_of(DFS_EXIT_OTHER, "out of memory");
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

struct dfs_result identity_fill(struct identity *ret, const char *user,
				const uint8_t admin_key[KEYS_LEN],
				const dfs_identity *answer,
				const uint8_t master[KEYS_MASTER])
{
	struct dfs_result result;

	memset(ret, 0, sizeof *ret);
	if (path_check_user(user, strlen(user)))
		return result_of(DFS_EXIT_USAGE, "this is no user name");
	(void)snprintf(ret->user, sizeof ret->user, "%s", user);
	memcpy(ret->admin_key, admin_key, KEYS_LEN);
	ret->account = answer->account;
	if (!identity_account_is_genuine(admin_key, user, &answer->account))
		result = result_of(DFS_EXIT_DAMAGED,
				   "the account of %s is not signed by the admin whose "
				   "key is in cluster.conf (admin = ...): is this file "
				   "the one that admin gave you?",
				   user);
	else if (!keys_unlock_ring((const uint8_t *)answer->keyring.keyring_val,
				   answer->keyring.keyring_len, master, &ret->ring))
		result = result_of(DFS_EXIT_DAMAGED,
				   "the keyring that the servers keep for %s does not "
				   "open with what they take as a log-in: tell admin",
				   user);
	else
		result = take_ring(ret);
	if (result.code == DFS_EXIT_DONE)
		result = take_shared(ret);
	if (result.code != DFS_EXIT_DONE)
		identity_wipe(ret);
	return result;
}

void identity_wipe(struct identity *identity)
{
	for (size_t i = 0; i < KEYS_SECRETS_MAX; i++)
		keys_pair_free(identity->pairs[i]);
	keys_pair_free(identity->shared_pair);
	secret_wipe(identity, sizeof *identity);
}
