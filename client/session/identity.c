/* Who the client is, and the accounts of others. */
#include "identity.h"

#include "authority.h"
#include "path.h"
#include "result.h"
#include "statement.h"
#include "status.h"
#include "value.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static const char shared_purpose[] = "shared";

bool identity_sign(struct keys_pair *pair, uint32_t key, const dfs_key *statements,
		   size_t count, dfs_signature *const *ret_signatures)
{
	uint8_t message[STATEMENT_MESSAGE], signature[DFS_SIGNATURE_LEN];
	bool made = statement_batch(statements, count, ret_signatures, message);
	bool good = made && keys_sign(pair, message, sizeof message, signature);

	for (size_t i = 0; made && i < count; i++) {
		if (good) {
			ret_signatures[i]->key = key;
			memcpy(ret_signatures[i]->signature, signature, sizeof signature);
		} else {
			xdr_free((xdrproc_t)xdr_dfs_signature, ret_signatures[i]);
			memset(ret_signatures[i], 0, sizeof *ret_signatures[i]);
		}
	}
	return good;
}

/* XDR takes names without const, and only reads them. */
static dfs_user name_of(const char *user, char room[DFS_USER_MAX + 1])
{
	(void)snprintf(room, DFS_USER_MAX + 1, "%s", user);
	return (dfs_user){(u_int)strlen(room), room};
}

bool identity_sign_account(struct keys_pair *admin, const char *user,
			   dfs_account *account)
{
	char room[DFS_USER_MAX + 1];
	const dfs_user name = name_of(user, room);
	dfs_signature *signature = &account->signature;
	dfs_key statement;

	return !path_check_user(user, strlen(user)) &&
	       statement_of_account(&name, account, &statement) &&
	       identity_sign(admin, 1, &statement, 1, &signature);
}

bool identity_account_is_genuine(const uint8_t admin_key[KEYS_LEN], const char *user,
				 const dfs_account *account)
{
	char room[DFS_USER_MAX + 1];
	const dfs_user name = name_of(user, room);
	dfs_key key;

	memcpy(key.bytes, admin_key, sizeof key.bytes);
	return !path_check_user(user, strlen(user)) &&
	       authority_account_is_genuine(&key, &name, account);
}

bool identity_account_is_same(const dfs_account *a, const dfs_account *b)
{
	const dfs_user nobody = {0};
	dfs_key one, other;

	return statement_of_account(&nobody, a, &one) &&
	       statement_of_account(&nobody, b, &other) &&
	       memcmp(&one, &other, sizeof one) == 0 &&
	       memcmp(a->signature.signature, b->signature.signature,
		      sizeof a->signature.signature) == 0;
}

bool identity_make_account(const struct identity *admin, const char *user,
			   const uint8_t secret[KEYS_LEN], dfs_account *ret)
{
	memset(ret, 0, sizeof *ret);
	return keys_public(secret, &ret->seal_key, &ret->sign_key) &&
	       keys_wrap(admin->shared, &ret->seal_key, shared_purpose,
			 (struct keys_bytes){user, strlen(user)}, &ret->shared);
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

/* Both keys of a pair come from one secret, so that one tells which it is. */
static bool is_pair_of(const dfs_account *account, struct keys_pair *pair)
{
	const dfs_key *seal = keys_pair_seal_key(pair);

	return seal && CRYPTO_memcmp(seal, &account->seal_key, sizeof *seal) == 0;
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
	if (!value_copy_account(&answer->account, &ret->account))
		result = result_of(DFS_EXIT_OTHER, "out of memory");
	else if (!identity_account_is_genuine(admin_key, user, &answer->account))
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
	value_free_account(&identity->account);
	secret_wipe(identity, sizeof *identity);
}
