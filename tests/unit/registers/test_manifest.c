/* Manifests: they open for their readers, and only as they were made. */
#include "manifest.h"

#include "ballot.h"
#include "status.h"
#include "successor.h"
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "/ann/a file";

/*
 * ann, who owns the file; bob and cem, who may read it, bob also write; dan, who may not.
 */
struct world {
	struct identity admin, ann, bob, cem, dan;
	dfs_manifest manifest;
	dfs_reader readers[DFS_READERS_MAX];
	struct manifest_secret secret;
};

static dfs_user user(const char *name)
{
	return (dfs_user){(u_int)strlen(name), strdup(name)};
}

/* The identity after a log-in; its secret is new. */
static void become(struct world *world, const char *name, struct identity *ret)
{
	struct keys_ring ring = {.count = 1};
	uint8_t master[KEYS_MASTER], locked[DFS_KEYRING_MAX], admin_key[KEYS_LEN];
	dfs_identity answer;
	dfs_key seal, sign;
	size_t len;

	assert_true(keys_random(ring.secrets[0], KEYS_LEN));
	assert_true(keys_random(master, sizeof master));
	assert_true(identity_make_account(&world->admin, name, ring.secrets[0],
					  &answer.account));
	answer.account.number = answer.account.key = 1;
	assert_true(identity_sign_account(world->admin.pairs[0], name, &answer.account));
	assert_true(keys_lock_ring(&ring, master, locked, &len));
	answer.keyring.keyring_val = (char *)locked;
	answer.keyring.keyring_len = (u_int)len;
	assert_true(keys_public(world->admin.ring.secrets[0], &seal, &sign));
	memcpy(admin_key, sign.bytes, sizeof admin_key);
	assert_int_equal(identity_fill(ret, name, admin_key, &answer, master).code,
			 DFS_EXIT_DONE);
	xdr_free((xdrproc_t)xdr_dfs_account, &answer.account);
}

/* Another secret, of somebody's first, behind the one that the ring has. */
static void remember(struct identity *identity, const struct identity *whose)
{
	identity->ring.count = 2;
	memcpy(identity->ring.secrets[1], whose->ring.secrets[0], KEYS_LEN);
	identity->pairs[1] = keys_pair_new(identity->ring.secrets[1]);
	assert_non_null(identity->pairs[1]);
}

static void add_reader(struct world *world, const struct identity *who, bool writes)
{
	dfs_access *access = &world->manifest.access;
	dfs_reader *reader = &access->readers.readers_val[access->readers.readers_len++];

	reader->user = user(who->user);
	reader->writes = writes;
	reader->seal_key = who->account.seal_key;
}

/* bob stores the content; ann lets others read it. */
static void seal(struct world *world, const char *at)
{
	dfs_manifest *manifest = &world->manifest;
	dfs_content *content = &manifest->content;
	const struct manifest_stated stated = {
		.path = at, .owner = "ann", .content = content};
	uint8_t *sealed = malloc(MANIFEST_SEALED_LEN);

	assert_non_null(sealed);
	content->sealed.sealed_val = (char *)sealed;
	content->sealed.sealed_len = MANIFEST_SEALED_LEN;
	assert_true(manifest_seal(content, &world->secret, sealed));
	assert_true(manifest_sign_contents(&world->bob, &stated, 1));
	assert_true(manifest_wrap(&world->ann, at, manifest, &world->ann.account.seal_key,
				  world->secret.key));
	assert_true(manifest_sign_access(&world->ann, at, manifest));
}

static void unseal(dfs_manifest *manifest)
{
	free(manifest->keys.keys_val);
	free(manifest->content.sealed.sealed_val);
	free(manifest->content.signature.path.path_val);
	free(manifest->access.signature->path.path_val);
	free(manifest->access.signature);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	dfs_manifest *manifest = &world->manifest;

	*state = world;
	world->admin.ring.count = 1;
	assert_true(keys_random(world->admin.ring.secrets[0], KEYS_LEN));
	assert_true(keys_random(world->admin.shared, KEYS_LEN));
	assert_true(identity_make_pairs(&world->admin));
	become(world, "ann", &world->ann);
	become(world, "bob", &world->bob);
	become(world, "cem", &world->cem);
	become(world, "dan", &world->dan);
	manifest->owner = user("ann");
	manifest->content.writer = user("bob");
	manifest->access.readers.readers_val =
		calloc(DFS_READERS_MAX, sizeof(dfs_reader));
	add_reader(world, &world->bob, true);
	add_reader(world, &world->cem, false);
	assert_true(id_random(&manifest->content.maker));
	manifest->content.size = 5;
	manifest->content.modified = 1;
	manifest->content.stored = 2;
	manifest->content.row = 3;
	manifest->content.unit_size = 2;
	manifest->content.tree.tree_len = 3;
	manifest->content.tree.tree_val = calloc(3, sizeof(dfs_key));
	assert_true(keys_random(manifest->content.tree.tree_val, 3 * sizeof(dfs_key)));
	assert_true(keys_random(&world->secret, sizeof world->secret));
	seal(world, path);
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	xdr_free((xdrproc_t)xdr_dfs_manifest, &world->manifest);
	identity_wipe(&world->admin);
	identity_wipe(&world->ann);
	identity_wipe(&world->bob);
	identity_wipe(&world->cem);
	identity_wipe(&world->dan);
	free(world);
	return 0;
}

static enum manifest_end opens(const struct world *world, const struct identity *identity)
{
	struct manifest_secret secret;
	enum manifest_end end = manifest_open(identity, path, &world->manifest, &secret);

	if (end == MANIFEST_OPEN)
		assert_memory_equal(&secret, &world->secret, sizeof secret);
	return end;
}

static void test_owner_and_readers_open_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(world->manifest.content.sealed.sealed_len, MANIFEST_SEALED_LEN);
	assert_int_equal(world->manifest.keys.keys_len, 3);
	assert_int_equal(opens(world, &world->ann), MANIFEST_OPEN);
	assert_int_equal(opens(world, &world->bob), MANIFEST_OPEN);
	assert_int_equal(opens(world, &world->cem), MANIFEST_OPEN);
	assert_int_equal(opens(world, &world->dan), MANIFEST_NOT_FOR_US);
}

/* Who is given another's name has not got his secrets. */
static void test_names_open_nothing(void **state)
{
	struct world *world = *state;

	memcpy(world->dan.user, "bob", 4);
	assert_int_equal(opens(world, &world->dan), MANIFEST_NO_KEY);
	memcpy(world->dan.user, "ann", 4);
	assert_int_equal(opens(world, &world->dan), MANIFEST_NO_KEY);
}

/* A keyring with the old secret behind the new one. */
static void test_older_secrets_open_older_files(void **state)
{
	struct world *world = *state;
	struct identity new;

	become(world, "bob", &new);
	assert_int_equal(opens(world, &new), MANIFEST_NO_KEY);
	remember(&new, &world->bob);
	assert_int_equal(opens(world, &new), MANIFEST_OPEN);
	identity_wipe(&new);
}

static void test_shared_opens_for_everyone(void **state)
{
	struct world *world = *state;
	struct manifest_secret secret;
	static const char at[] = "/shared/a file";
	dfs_manifest manifest = world->manifest;

	memset(&manifest.access, 0, sizeof manifest.access);
	assert_true(manifest_wrap(&world->ann, at, &manifest, NULL, world->secret.key));
	assert_int_equal(manifest.keys.keys_len, 1);
	assert_int_equal(manifest_open(&world->dan, at, &manifest, &secret),
			 MANIFEST_OPEN);
	assert_memory_equal(&secret, &world->secret, sizeof secret);
	/* Below /ann/ it is for her alone. */
	assert_int_equal(manifest_open(&world->dan, path, &manifest, &secret),
			 MANIFEST_NOT_FOR_US);
	free(manifest.keys.keys_val);
}

/* The digest is bound to what the content is: a manifest of another is refused. */
static void test_edited_manifests_do_not_open(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	dfs_content *content = &manifest->content;
	const struct {
		void *at;
		size_t len;
	} fields[] = {
		{manifest->owner.dfs_user_val, 3},
		{&content->maker, sizeof content->maker},
		{&content->size, 1},
		{content->tree.tree_val, 3 * sizeof content->tree.tree_val[0]},
		{content->sealed.sealed_val, MANIFEST_SEALED_LEN},
		{&manifest->keys.keys_val[0], sizeof manifest->keys.keys_val[0]},
	};

	for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
		uint8_t *bytes = fields[f].at;

		for (size_t i = 0; i < fields[f].len; i++) {
			bytes[i] ^= 1;
			assert_int_not_equal(opens(world, &world->ann), MANIFEST_OPEN);
			bytes[i] ^= 1;
			assert_int_equal(opens(world, &world->ann), MANIFEST_OPEN);
		}
	}
	content->sealed.sealed_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	content->sealed.sealed_len++;
	content->tree.tree_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	content->tree.tree_len++;
	manifest->keys.keys_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	manifest->keys.keys_len++;
	manifest->access.readers.readers_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	manifest->access.readers.readers_len++;
	/* What is the servers' own may change, and what a signature is for. */
	content->holders ^= 0xff;
	content->stored++;
	assert_int_equal(opens(world, &world->ann), MANIFEST_OPEN);
}

static void test_list_of_readers_is_the_owners(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	dfs_reader *readers = manifest->access.readers.readers_val;
	dfs_signature *signature = manifest->access.signature;
	const dfs_account *ann = &world->ann.account;

	assert_non_null(signature);
	assert_true(manifest_access_is_genuine(path, manifest, ann));
	assert_false(manifest_access_is_genuine(path, manifest, &world->bob.account));
	/* It is for this path alone. */
	assert_false(manifest_access_is_genuine("/ann/another", manifest, ann));
	readers[1].user.dfs_user_val[0] ^= 1;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	readers[1].user.dfs_user_val[0] ^= 1;
	readers[1].writes = true;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	readers[1].writes = false;
	readers[1].seal_key = world->dan.account.seal_key;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	readers[1].seal_key = world->cem.account.seal_key;
	manifest->access.generation++;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	manifest->access.generation--;
	signature->signature[0] ^= 1;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	signature->signature[0] ^= 1;
	signature->key++;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	signature->key--;
	manifest->access.signature = NULL;
	assert_false(manifest_access_is_genuine(path, manifest, ann));
	manifest->access.signature = signature;
	/* The content is none of its business. */
	manifest->content.size++;
	assert_true(manifest_access_is_genuine(path, manifest, ann));
}

/* A key that ann had proves what she signed with it. */
static void test_former_keys_prove_older_lists(void **state)
{
	struct world *world = *state;
	dfs_former_key former = {world->ann.account.key, world->ann.account.sign_key};
	dfs_account renewed = world->dan.account;

	renewed.key = world->ann.account.key + 1;
	assert_false(manifest_access_is_genuine(path, &world->manifest, &renewed));
	renewed.former.former_val = &former;
	renewed.former.former_len = 1;
	assert_true(manifest_access_is_genuine(path, &world->manifest, &renewed));
}

/* What this identity puts in the place of ann's file: bob's second content of it. */
static dfs_manifest put_again(const struct world *world, const struct identity *who,
			      dfs_value *ret_value)
{
	struct dfs dfs = {.identity = who};
	struct attempt attempt = {.dfs = &dfs};
	struct proposal proposal = {.path = path,
				    .kind = PROPOSAL_FILE,
				    .owner = "ann",
				    .owner_account = &world->ann.account,
				    .content = world->manifest.content};
	dfs_accepted best = {.value.body = {.kind = DFS_FILE}};
	struct turn turn = {.proposal = &proposal, .judgement = {.best = &best}};
	struct dfs_result result = {0};

	best.value.body.dfs_body_u.manifest = world->manifest;
	memcpy(dfs.user, who->user, sizeof dfs.user);
	assert_int_equal(successor_make(&attempt, &turn, &result), SUCCESSOR_MADE);
	*ret_value = turn.value;
	return turn.value.body.dfs_body_u.manifest;
}

/* Servers take a list that they have not seen with the owner's present key alone. */
static void test_8_9_an_owners_put_signs_her_list_with_the_key_that_she_has(void **state)
{
	struct world *world = *state;
	dfs_former_key former = {world->ann.account.key, world->ann.account.sign_key};
	dfs_account *account = &world->ann.account;
	dfs_manifest put;
	dfs_value value;

	put = put_again(world, &world->ann, &value);
	assert_int_equal(put.access.signature->key, former.number);
	value_free(&value);
	account->key++;
	account->former.former_val = &former;
	account->former.former_len = 1;
	put = put_again(world, &world->ann, &value);
	assert_int_equal(put.access.signature->key, account->key);
	assert_int_equal(put.access.readers.readers_len, 2);
	assert_true(manifest_access_is_genuine(path, &put, account));
	value_free(&value);
	/* A writer leaves it as it is. */
	put = put_again(world, &world->bob, &value);
	assert_int_equal(put.access.signature->key, former.number);
	assert_true(manifest_access_is_genuine(path, &put, account));
	value_free(&value);
	account->former.former_len = 0;
	account->former.former_val = NULL;
}

static void test_no_readers_need_no_signature(void **state)
{
	struct world *world = *state;
	dfs_manifest manifest = {.owner = world->manifest.owner};

	assert_true(manifest_sign_access(&world->ann, path, &manifest));
	assert_null(manifest.access.signature);
	assert_true(manifest_access_is_genuine(path, &manifest, &world->ann.account));
}

/* The longest of everything fits, and so does its value on the wire. */
static void test_sixteen_readers_at_the_longest_path(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	char longest[DFS_PATH_MAX + 2];
	struct manifest_secret secret;

	memset(longest, 'x', sizeof longest);
	longest[DFS_PATH_MAX] = '\0';
	while (manifest->access.readers.readers_len < DFS_READERS_MAX)
		add_reader(world, &world->dan, false);
	unseal(manifest);
	seal(world, longest);
	assert_int_equal(manifest->keys.keys_len, DFS_KEYS_MAX);
	assert_int_equal(manifest_open(&world->ann, longest, manifest, &secret),
			 MANIFEST_OPEN);
	assert_int_equal(manifest_open(&world->dan, longest, manifest, &secret),
			 MANIFEST_OPEN);
	assert_true(manifest_access_is_genuine(longest, manifest, &world->ann.account));
	longest[DFS_PATH_MAX] = 'x';
	longest[DFS_PATH_MAX + 1] = '\0';
	assert_false(manifest_access_is_genuine(longest, manifest, &world->ann.account));
}

static bool is_bobs(const struct world *world, const dfs_content *content)
{
	char name[sizeof path];
	const dfs_path at = {sizeof path - 1, memcpy(name, path, sizeof path)};
	const dfs_key *key = statement_key(&world->bob.account, content->signature.key);
	dfs_key statement;

	assert_non_null(key);
	return statement_of_content(&at, &world->manifest.owner, content, &statement) &&
	       statement_is_signed(&statement, &content->signature, key);
}

/*
 * Whoever knows public keys can make a manifest that opens: 2.3.  What he cannot make is
 * the writer's signature, of which one covers a batch.
 */
static void test_contents_are_signed_in_batches(void **state)
{
	struct world *world = *state;
	dfs_content *content = &world->manifest.content;
	dfs_content others[2] = {*content, *content};
	struct manifest_stated stated[3] = {
		{.path = "/ann/first", .owner = "ann", .content = &others[0]},
		{.path = path, .owner = "ann", .content = content},
		{.path = "/ann/last", .owner = "ann", .content = &others[1]},
	};

	assert_true(is_bobs(world, content));
	free(content->signature.path.path_val);
	assert_true(manifest_sign_contents(&world->bob, stated, 3));
	assert_int_equal(content->signature.leaves, 3);
	assert_int_equal(content->signature.key, world->bob.account.key);
	assert_true(is_bobs(world, content));
	/* The same at another path is another statement. */
	assert_false(is_bobs(world, &others[0]));
	content->stored++;
	assert_false(is_bobs(world, content));
	content->stored--;
	free(content->signature.path.path_val);
	/* cem signs and says that it was bob. */
	assert_true(manifest_sign_contents(&world->cem, &stated[1], 1));
	assert_false(is_bobs(world, content));
	free(others[0].signature.path.path_val);
	free(others[1].signature.path.path_val);
}

/* Of the same operation and secret the same, and of others another. */
static void test_tokens_can_be_derived_again(void **state)
{
	struct world *world = *state;
	struct identity changed;
	dfs_id operation;
	dfs_key token, again;

	assert_true(id_random(&operation));
	assert_true(manifest_token(&world->ann, &operation, &token));
	assert_true(manifest_token(&world->ann, &operation, &again));
	assert_memory_equal(&token, &again, sizeof token);
	assert_true(manifest_token(&world->bob, &operation, &again));
	assert_memory_not_equal(&token, &again, sizeof token);
	operation.bytes[15] ^= 1;
	assert_true(manifest_token(&world->ann, &operation, &again));
	assert_memory_not_equal(&token, &again, sizeof token);
	operation.bytes[15] ^= 1;
	/* The first secret counts, not those behind it. */
	become(world, "ann", &changed);
	remember(&changed, &world->ann);
	assert_true(manifest_token(&changed, &operation, &again));
	assert_memory_not_equal(&token, &again, sizeof token);
	identity_wipe(&changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_contents_are_signed_in_batches),
		TEST(test_tokens_can_be_derived_again),
		TEST(test_owner_and_readers_open_it),
		TEST(test_names_open_nothing),
		TEST(test_older_secrets_open_older_files),
		TEST(test_shared_opens_for_everyone),
		TEST(test_edited_manifests_do_not_open),
		TEST(test_list_of_readers_is_the_owners),
		TEST(test_former_keys_prove_older_lists),
		TEST(test_8_9_an_owners_put_signs_her_list_with_the_key_that_she_has),
		TEST(test_no_readers_need_no_signature),
		TEST(test_sixteen_readers_at_the_longest_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
