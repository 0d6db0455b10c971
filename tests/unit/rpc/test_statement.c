/* What users state: each part counts, and one signature covers a batch. */
#include "statement.h"

#include "tree.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char path_text[] = "/ann/a file", other_text[] = "/ann/another", ann[] = "ann",
	    bob[] = "bob", cem[] = "cem";
static const dfs_path path = {sizeof path_text - 1, path_text};
static const dfs_path other_path = {sizeof other_text - 1, other_text};
static const dfs_user owner = {3, ann}, other_user = {3, bob};

static bool same(const dfs_key *a, const dfs_key *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* ---- each part counts ---------------------------------------------------------- */

static dfs_key state_content(const dfs_content *content)
{
	dfs_key key;

	assert_true(statement_of_content(&path, &owner, content, &key));
	return key;
}

static void test_content(void **state)
{
	dfs_key tree[4] = {
		{.bytes = {1}}, {.bytes = {2}}, {.bytes = {3}}, {.bytes = {4}}};
	char sealed[] = "sealed";
	dfs_content content = {.size = 4095,
			       .unit_size = 1024,
			       .row = 1,
			       .modified = 5,
			       .stored = 6,
			       .tree = {4, tree},
			       .sealed = {6, sealed},
			       .writer = {3, cem}};
	dfs_key first = state_content(&content), again;
	struct {
		void *at;
		size_t len;
	} parts[] = {{content.maker.bytes, DFS_ID_LEN},
		     {&content.size, 1},
		     {&content.modified, sizeof content.modified},
		     {&content.stored, sizeof content.stored},
		     {&content.row, sizeof content.row},
		     {tree, sizeof tree},
		     {sealed, 6},
		     {cem, 3}};

	(void)state;
	for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
		for (size_t i = 0; i < parts[p].len; i++) {
			((uint8_t *)parts[p].at)[i] ^= 1;
			again = state_content(&content);
			assert_false(same(&first, &again));
			((uint8_t *)parts[p].at)[i] ^= 1;
		}
	assert_true(statement_of_content(&other_path, &owner, &content, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_content(&path, &other_user, &content, &again));
	assert_false(same(&first, &again));
	/* Who has it is not the writer's to state, nor how he signed. */
	content.holders = 0xffff;
	content.signature.key = 7;
	again = state_content(&content);
	assert_true(same(&first, &again));
	content.tree.tree_len = 3;
	assert_false(statement_of_content(&path, &owner, &content, &again));
}

static bool differs(const dfs_path *at, const dfs_value *value, const dfs_key *from)
{
	dfs_key statement;

	assert_true(statement_of_proposal(at, value, &statement));
	return !same(&statement, from);
}

static void test_proposal(void **state)
{
	dfs_value value = {.number = 3, .body.kind = DFS_TOMBSTONE};
	dfs_proof *proof = &value.proof;
	dfs_key first;

	(void)state;
	proof->ballot = (dfs_ballot){.epoch = 1, .counter = 2};
	proof->digest.bytes[0] = 3;
	assert_true(statement_of_proposal(&path, &value, &first));
	assert_true(differs(&other_path, &value, &first));
	proof->ballot.epoch++;
	assert_true(differs(&path, &value, &first));
	proof->ballot.epoch--;
	proof->ballot.proposer.bytes[15] = 1;
	assert_true(differs(&path, &value, &first));
	proof->ballot.proposer.bytes[15] = 0;
	value.number++;
	assert_true(differs(&path, &value, &first));
	value.number--;
	proof->digest.bytes[31] = 1;
	assert_true(differs(&path, &value, &first));
	proof->digest.bytes[31] = 0;
	assert_false(differs(&path, &value, &first));
}

/* What servers sign: each part of it counts, and none of it passes for another kind. */
static void test_12_2_what_servers_state(void **state)
{
	dfs_ballot ballot = {.epoch = 1, .counter = 2},
		   other = {.epoch = 1, .counter = 3};
	dfs_promise_told told = {.known = TRUE, .ballot = {.counter = 1}}, changed = told;
	dfs_key digest = {.bytes = {3}}, no_digest = {.bytes = {4}}, first, again;

	(void)state;
	assert_true(statement_of_confirmation(&path, &ballot, &digest, &first));
	assert_true(statement_of_confirmation(&other_path, &ballot, &digest, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_confirmation(&path, &other, &digest, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_confirmation(&path, &ballot, &no_digest, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_promise(&path, &ballot, &told, &first));
	assert_false(same(&first, &again));
	assert_true(statement_of_promise(&other_path, &ballot, &told, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_promise(&path, &other, &told, &again));
	assert_false(same(&first, &again));
	changed.known = FALSE;
	assert_true(statement_of_promise(&path, &ballot, &changed, &again));
	assert_false(same(&first, &again));
	changed = told;
	changed.ballot.counter++;
	assert_true(statement_of_promise(&path, &ballot, &changed, &again));
	assert_false(same(&first, &again));
	changed = told;
	changed.digest.bytes[31] = 1;
	assert_true(statement_of_promise(&path, &ballot, &changed, &again));
	assert_false(same(&first, &again));
}

static void test_access(void **state)
{
	dfs_reader readers[2] = {{.user = {3, bob}}, {.user = {3, cem}, .writes = true}};
	dfs_signature signature = {.leaves = 1};
	dfs_access access = {.generation = 4, .readers = {2, readers}};
	dfs_key first, again;

	(void)state;
	assert_true(statement_of_access(&path, &owner, &access, &first));
	access.signature = &signature;
	assert_true(statement_of_access(&path, &owner, &access, &again));
	assert_true(same(&first, &again));
	access.generation++;
	assert_true(statement_of_access(&path, &owner, &access, &again));
	assert_false(same(&first, &again));
	access.generation--;
	readers[0].writes = true;
	assert_true(statement_of_access(&path, &owner, &access, &again));
	assert_false(same(&first, &again));
	readers[0].writes = false;
	readers[1].seal_key.bytes[0] ^= 1;
	assert_true(statement_of_access(&path, &owner, &access, &again));
	assert_false(same(&first, &again));
	readers[1].seal_key.bytes[0] ^= 1;
	access.readers.readers_len = 1;
	assert_true(statement_of_access(&path, &owner, &access, &again));
	assert_false(same(&first, &again));
	assert_true(statement_of_access(&path, &other_user, &access, &again));
	assert_false(same(&first, &again));
}

static void test_account(void **state)
{
	dfs_former_key former = {.number = 1};
	dfs_account account = {.number = 2, .key = 2, .former = {1, &former}};
	dfs_key first, again;

	(void)state;
	assert_true(statement_of_account(&owner, &account, &first));
	account.signature.leaves = 1;
	assert_true(statement_of_account(&owner, &account, &again));
	assert_true(same(&first, &again));
	assert_true(statement_of_account(&other_user, &account, &again));
	assert_false(same(&first, &again));
	account.disabled = true;
	assert_true(statement_of_account(&owner, &account, &again));
	assert_false(same(&first, &again));
	account.disabled = false;
	account.quota = 1;
	assert_true(statement_of_account(&owner, &account, &again));
	assert_false(same(&first, &again));
	account.quota = 0;
	former.sign_key.bytes[3] = 1;
	assert_true(statement_of_account(&owner, &account, &again));
	assert_false(same(&first, &again));
	/* The key of a number. */
	account.sign_key.bytes[0] = 1;
	assert_ptr_equal(statement_key(&account, 2), &account.sign_key);
	assert_ptr_equal(statement_key(&account, 1), &former.sign_key);
	assert_null(statement_key(&account, 0));
	assert_null(statement_key(&account, 3));
}

static void test_digest_leaves_out_the_proof(void **state)
{
	dfs_value value = {.number = 3, .body.kind = DFS_TOMBSTONE};
	dfs_key first, again;

	(void)state;
	assert_true(statement_digest(&value, &first));
	value.proof.ballot.counter = 9;
	value.proof.signer = owner;
	assert_true(statement_digest(&value, &again));
	assert_true(same(&first, &again));
	value.number++;
	assert_true(statement_digest(&value, &again));
	assert_false(same(&first, &again));
	memset(first.bytes, 0, sizeof first.bytes);
	memcpy(first.bytes, "\1\2\3\4\5\6\7\xff", 8);
	assert_true(statement_short(&first) == UINT64_C(0x01020304050607ff));
}

/* ---- batches ------------------------------------------------------------------- */

struct batch {
	EVP_PKEY *pair;
	dfs_key sign_key;
	dfs_key statements[DFS_BATCH_MAX];
	dfs_signature signatures[DFS_BATCH_MAX];
};

static void sign(struct batch *batch, size_t count)
{
	dfs_signature *each[DFS_BATCH_MAX];
	uint8_t message[STATEMENT_MESSAGE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[DFS_SIGNATURE_LEN];
	size_t len = sizeof signature;

	for (size_t i = 0; i < count; i++)
		each[i] = &batch->signatures[i];
	assert_true(statement_batch(batch->statements, count, each, message));
	assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, batch->pair), 1);
	assert_int_equal(
		EVP_DigestSign(context, signature, &len, message, sizeof message), 1);
	for (size_t i = 0; i < count; i++)
		memcpy(batch->signatures[i].signature, signature, sizeof signature);
	EVP_MD_CTX_free(context);
}

static void unsign(struct batch *batch, size_t count)
{
	for (size_t i = 0; i < count; i++)
		xdr_free((xdrproc_t)xdr_dfs_signature, &batch->signatures[i]);
}

static int setup(void **state)
{
	struct batch *batch = calloc(1, sizeof *batch);
	size_t len = DFS_KEY_LEN;

	assert_non_null(batch);
	batch->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	assert_int_equal(
		EVP_PKEY_get_raw_public_key(batch->pair,
					    (unsigned char *)batch->sign_key.bytes, &len),
		1);
	for (size_t i = 0; i < DFS_BATCH_MAX; i++)
		batch->statements[i].bytes[0] = (char)i;
	*state = batch;
	return 0;
}

static int teardown(void **state)
{
	struct batch *batch = *state;

	EVP_PKEY_free(batch->pair);
	free(batch);
	return 0;
}

static void test_each_of_a_batch_is_signed(void **state)
{
	struct batch *batch = *state;
	static const size_t counts[] = {1, 2, 3, 7, 8, 100, 127, 128};

	for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
		size_t count = counts[c];

		sign(batch, count);
		for (size_t i = 0; i < count; i++) {
			dfs_signature *signature = &batch->signatures[i];

			assert_null(statement_check_signature(signature));
			assert_true(signature->path.path_len <= DFS_BATCH_DEPTH);
			assert_true(statement_is_signed(&batch->statements[i], signature,
							&batch->sign_key));
			/* It is for this statement, in this place, alone. */
			assert_false(statement_is_signed(
				&batch->statements[(i + 1) % DFS_BATCH_MAX], signature,
				&batch->sign_key));
			signature->leaves++;
			assert_false(statement_is_signed(&batch->statements[i], signature,
							 &batch->sign_key));
			signature->leaves--;
			signature->leaf ^= 1;
			assert_false(statement_is_signed(&batch->statements[i], signature,
							 &batch->sign_key));
			signature->leaf ^= 1;
		}
		unsign(batch, count);
	}
}

static void test_what_is_changed_is_not_signed(void **state)
{
	struct batch *batch = *state;
	dfs_signature *signature = &batch->signatures[5];
	struct statement_seen *seen = statement_seen_new();

	assert_non_null(seen);
	sign(batch, 11);
	for (unsigned round = 0; round < 2; round++) {
		/* The second time the batch has been seen, which changes nothing. */
		for (size_t i = 0; i < DFS_SIGNATURE_LEN; i++) {
			signature->signature[i] ^= 1;
			assert_false(statement_is_signed_seen(seen, &batch->statements[5],
							      signature,
							      &batch->sign_key));
			signature->signature[i] ^= 1;
		}
		for (u_int i = 0; i < signature->path.path_len; i++) {
			signature->path.path_val[i].bytes[1] ^= 1;
			assert_false(statement_is_signed_seen(seen, &batch->statements[5],
							      signature,
							      &batch->sign_key));
			signature->path.path_val[i].bytes[1] ^= 1;
		}
		batch->sign_key.bytes[0] ^= 1;
		assert_false(statement_is_signed_seen(seen, &batch->statements[5],
						      signature, &batch->sign_key));
		batch->sign_key.bytes[0] ^= 1;
		for (size_t i = 0; i < 11; i++)
			assert_true(statement_is_signed_seen(seen, &batch->statements[i],
							     &batch->signatures[i],
							     &batch->sign_key));
	}
	unsign(batch, 11);
	statement_seen_free(seen);
	statement_seen_free(NULL);
}

static void test_batches_that_are_none(void **state)
{
	struct batch *batch = *state;
	dfs_signature *each[DFS_BATCH_MAX] = {NULL};
	uint8_t message[STATEMENT_MESSAGE];
	dfs_signature signature = {.leaves = DFS_BATCH_MAX + 1};

	assert_false(statement_batch(batch->statements, 0, each, message));
	assert_false(
		statement_batch(batch->statements, DFS_BATCH_MAX + 1, each, message));
	assert_non_null(statement_check_signature(&signature));
	signature.leaves = 0;
	assert_non_null(statement_check_signature(&signature));
	signature.leaves = signature.leaf = 3;
	assert_non_null(statement_check_signature(&signature));
	signature.leaf = 2;
	assert_null(statement_check_signature(&signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_proposal),
		cmocka_unit_test(test_12_2_what_servers_state),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_digest_leaves_out_the_proof),
		cmocka_unit_test_setup_teardown(test_each_of_a_batch_is_signed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_is_changed_is_not_signed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_batches_that_are_none, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
