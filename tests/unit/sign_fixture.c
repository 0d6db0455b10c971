/* Users who sign, for tests. */
#include "sign_fixture.h"

#include "confirming.h"
#include "path.h"
#include "statement.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void make_seed(const char *user, uint32_t number, unsigned char seed[32])
{
	char text[64];

	(void)snprintf(text, sizeof text, "%s %u", user, number);
	assert_int_equal(EVP_Digest(text, strlen(text), seed, NULL, EVP_sha256(), NULL),
			 1);
}

static EVP_PKEY *pair_of(const char *user, uint32_t number)
{
	unsigned char seed[32];
	EVP_PKEY *pair;

	make_seed(user, number, seed);
	pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
	assert_non_null(pair);
	return pair;
}

dfs_key sign_fixture_key(const char *user, uint32_t number)
{
	EVP_PKEY *pair = pair_of(user, number);
	size_t len = DFS_KEY_LEN;
	dfs_key key;

	assert_int_equal(
		EVP_PKEY_get_raw_public_key(pair, (unsigned char *)key.bytes, &len), 1);
	EVP_PKEY_free(pair);
	return key;
}

void sign_fixture_sign(const char *user, uint32_t number, const dfs_key *statement,
		       dfs_signature *ret)
{
	EVP_PKEY *pair = pair_of(user, number);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t message[STATEMENT_MESSAGE];
	size_t len = DFS_SIGNATURE_LEN;

	assert_true(statement_batch(statement, 1, &ret, message));
	ret->key = number;
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, pair), 1);
	assert_int_equal(EVP_DigestSign(context, (unsigned char *)ret->signature, &len,
					message, sizeof message),
			 1);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pair);
}

static dfs_user name_of(const char *user)
{
	const dfs_path name = path_borrow(user);

	return (dfs_user){name.dfs_path_len, name.dfs_path_val};
}

void sign_fixture_account(const char *user, dfs_account *account)
{
	const dfs_user name = name_of(user);
	u_int former = account->key - 1;
	dfs_key statement;

	xdr_free((xdrproc_t)xdr_dfs_signature, &account->signature);
	memset(&account->signature, 0, sizeof account->signature);
	free(account->former.former_val);
	account->sign_key = sign_fixture_key(user, account->key);
	account->former.former_len = former;
	account->former.former_val = calloc(former + 1, sizeof(dfs_former_key));
	assert_non_null(account->former.former_val);
	for (u_int i = 0; i < former; i++)
		account->former.former_val[i] =
			(dfs_former_key){account->key - 1 - i,
					 sign_fixture_key(user, account->key - 1 - i)};
	assert_true(statement_of_account(&name, account, &statement));
	sign_fixture_sign("admin", 1, &statement, &account->signature);
}

void sign_fixture_content(const char *path, dfs_value *value, uint32_t key)
{
	dfs_manifest *manifest = &value->body.dfs_body_u.manifest;
	dfs_content *content = &manifest->content;
	const dfs_path name = path_borrow(path);
	char writer[DFS_USER_MAX + 1];
	dfs_key statement;

	(void)snprintf(writer, sizeof writer, "%.*s", (int)content->writer.dfs_user_len,
		       content->writer.dfs_user_val);
	xdr_free((xdrproc_t)xdr_dfs_signature, &content->signature);
	assert_true(statement_of_content(&name, &manifest->owner, content, &statement));
	sign_fixture_sign(writer, key, &statement, &content->signature);
}

void sign_fixture_access(const char *path, const char *owner, uint32_t key,
			 dfs_access *access)
{
	const dfs_path name = path_borrow(path);
	const dfs_user user = name_of(owner);
	dfs_key statement;

	if (access->signature)
		xdr_free((xdrproc_t)xdr_dfs_signature, access->signature);
	else
		access->signature = calloc(1, sizeof *access->signature);
	assert_non_null(access->signature);
	assert_true(statement_of_access(&name, &user, access, &statement));
	sign_fixture_sign(owner, key, &statement, access->signature);
}

void sign_fixture_prove(const char *path, const dfs_ballot *ballot, const char *signer,
			uint32_t key, dfs_value *value)
{
	const dfs_path name = path_borrow(path);
	dfs_proof *proof = &value->proof;
	dfs_key statement;

	xdr_free((xdrproc_t)xdr_dfs_proof, proof);
	memset(proof, 0, sizeof *proof);
	proof->ballot = *ballot;
	proof->signer.dfs_user_val = strdup(signer);
	proof->signer.dfs_user_len = (u_int)strlen(signer);
	assert_non_null(proof->signer.dfs_user_val);
	assert_true(statement_digest(value, &proof->digest));
	assert_true(statement_of_proposal(&name, value, &statement));
	sign_fixture_sign(signer, key, &statement, &proof->signature);
}

/* ---- servers ------------------------------------------------------------------- */

static const char *server_name(unsigned server)
{
	static const char *const names[] = {"dfs1", "dfs2", "dfs3", "dfs4"};

	return names[server - 1];
}

struct server_key *sign_fixture_server_key(unsigned server)
{
	unsigned char seed[32];
	struct server_key *key;

	make_seed(server_name(server), 1, seed);
	key = server_key_new(server, 1, seed);
	assert_non_null(key);
	return key;
}

const struct server_keys *sign_fixture_servers(void)
{
	static struct server_keys keys;

	for (unsigned s = 1; s <= DFS_SERVERS && keys.count[s - 1] == 0; s++) {
		keys.keys[s - 1][0] = sign_fixture_key(server_name(s), 1);
		keys.count[s - 1] = 1;
	}
	return &keys;
}

void sign_fixture_confirm(const char *path, const dfs_ballot *ballot, dfs_value *value)
{
	const dfs_path name = path_borrow(path);
	dfs_proof *proof = &value->proof;
	dfs_key digest, statement;

	assert_true(statement_digest(value, &digest));
	assert_true(statement_of_confirmation(&name, ballot, &digest, &statement));
	confirming_clear(value);
	proof->confirmations.confirmations_val =
		calloc(DFS_CONFIRMATIONS_MAX, sizeof(dfs_confirmation));
	assert_non_null(proof->confirmations.confirmations_val);
	proof->confirmations.confirmations_len = DFS_CONFIRMATIONS_MAX;
	for (unsigned s = 1; s <= DFS_CONFIRMATIONS_MAX; s++) {
		dfs_confirmation *to = &proof->confirmations.confirmations_val[s - 1];
		dfs_signature signature = {0};

		sign_fixture_sign(server_name(s), 1, &statement, &signature);
		*to = (dfs_confirmation){
			.server = s, .key = 1, .leaves = 1, .path = {0, NULL}};
		memcpy(to->signature, signature.signature, sizeof to->signature);
		xdr_free((xdrproc_t)xdr_dfs_signature, (char *)&signature);
	}
}

void sign_fixture_promise(const char *path, const dfs_ballot *ballot, unsigned server,
			  const dfs_promise_told *told, dfs_signed_promise *ret)
{
	const dfs_path name = path_borrow(path);
	dfs_key statement;

	*ret = (dfs_signed_promise){.server = server, .told = *told};
	assert_true(statement_of_promise(&name, ballot, told, &statement));
	sign_fixture_sign(server_name(server), 1, &statement, &ret->signature);
}
