/* Manifests: they open for their readers, and only as they were made. */
#include "manifest.h"

#include "ballot.h"
#include "status.h"
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
	assert_true(keys_lock_ring(&ring, master, locked, &len));
	answer.keyring.keyring_val = (char *)locked;
	answer.keyring.keyring_len = (u_int)len;
	assert_true(keys_public(world->admin.ring.secrets[0], &seal, &sign));
	memcpy(admin_key, sign.bytes, sizeof admin_key);
	assert_int_equal(identity_fill(ret, name, admin_key, &answer, master).code,
			 DFS_EXIT_DONE);
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

static void seal(struct world *world, const char *at)
{
	assert_true(
		manifest_sign_content(&world->bob, at, &world->manifest, &world->secret));
	assert_true(manifest_seal(&world->ann, at, &world->manifest,
				  &world->ann.account.seal_key, &world->secret));
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
	manifest->writer = user("bob");
	manifest->access.readers.readers_val =
		calloc(DFS_READERS_MAX, sizeof(dfs_reader));
	add_reader(world, &world->bob, true);
	add_reader(world, &world->cem, false);
	assert_true(id_random(&manifest->content.object));
	manifest->content.size = 5;
	manifest->content.modified = 1;
	manifest->content.stored = 2;
	manifest->content.row = 3;
	manifest->content.unit_size = 2;
	assert_true(keys_random(&world->secret, sizeof world->secret));
	seal(world, path);
	assert_true(manifest_sign_access(&world->ann, path, manifest));
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
	become(world, "ann", &new);
	assert_false(manifest_access_is_own(&new, path, &world->manifest));
	remember(&new, &world->ann);
	assert_true(manifest_access_is_own(&new, path, &world->manifest));
	identity_wipe(&new);
}

static void test_shared_opens_for_everyone(void **state)
{
	struct world *world = *state;
	struct manifest_secret secret;
	static const char at[] = "/shared/a file";
	dfs_manifest manifest = world->manifest;

	memset(&manifest.access, 0, sizeof manifest.access);
	assert_true(manifest_seal(&world->ann, at, &manifest, NULL, &world->secret));
	assert_int_equal(manifest.keys.keys_len, 1);
	assert_int_equal(manifest_open(&world->dan, at, &manifest, &secret),
			 MANIFEST_OPEN);
	assert_memory_equal(&secret, &world->secret, sizeof secret);
	/* The same at another path: neither file may pass for the other. */
	assert_int_equal(manifest_open(&world->dan, "/shared/other", &manifest, &secret),
			 MANIFEST_DAMAGED);
	free(manifest.keys.keys_val);
	free(manifest.content.sealed.sealed_val);
}

/* Each field that a reader believes, changed by itself: 2.3. */
static void test_edited_manifests_do_not_open(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	dfs_content *content = &manifest->content;
	dfs_reader *readers = manifest->access.readers.readers_val;
	const struct {
		void *at;
		size_t len;
	} fields[] = {
		{manifest->owner.dfs_user_val, 3},
		{manifest->writer.dfs_user_val, 3},
		{readers[0].user.dfs_user_val, 3},
		{readers[1].user.dfs_user_val, 3},
		{&readers[0].seal_key, KEYS_LEN},
		{&readers[1].seal_key, KEYS_LEN},
		{&content->object, sizeof content->object},
		{&content->size, sizeof content->size},
		{&content->modified, sizeof content->modified},
		{&content->stored, sizeof content->stored},
		{&content->row, sizeof content->row},
		{&content->unit_size, sizeof content->unit_size},
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
	readers[0].writes = !readers[0].writes;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	readers[0].writes = !readers[0].writes;
	content->sealed.sealed_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	content->sealed.sealed_len++;
	manifest->keys.keys_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	manifest->keys.keys_len++;
	manifest->access.readers.readers_len--;
	assert_int_equal(opens(world, &world->ann), MANIFEST_DAMAGED);
	manifest->access.readers.readers_len++;
	/* What is the servers' own may change. */
	content->holders ^= 0xff;
	assert_int_equal(opens(world, &world->ann), MANIFEST_OPEN);
}

static void test_list_of_readers_is_the_owners(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	dfs_reader *readers = manifest->access.readers.readers_val;
	const uint8_t *sign_key = (const uint8_t *)world->ann.account.sign_key.bytes;

	assert_true(manifest_access_is_genuine(path, manifest, sign_key));
	assert_true(manifest_access_is_own(&world->ann, path, manifest));
	assert_false(manifest_access_is_own(&world->bob, path, manifest));
	assert_false(manifest_access_is_genuine(
		path, manifest, (const uint8_t *)world->bob.account.sign_key.bytes));
	/* It is for this path alone. */
	assert_false(manifest_access_is_genuine("/ann/another", manifest, sign_key));
	readers[1].user.dfs_user_val[0] ^= 1;
	assert_false(manifest_access_is_genuine(path, manifest, sign_key));
	readers[1].user.dfs_user_val[0] ^= 1;
	readers[1].writes = true;
	assert_false(manifest_access_is_genuine(path, manifest, sign_key));
	readers[1].writes = false;
	readers[1].seal_key = world->dan.account.seal_key;
	assert_false(manifest_access_is_genuine(path, manifest, sign_key));
	readers[1].seal_key = world->cem.account.seal_key;
	manifest->access.signature.signature_val[0] ^= 1;
	assert_false(manifest_access_is_genuine(path, manifest, sign_key));
	manifest->access.signature.signature_val[0] ^= 1;
	manifest->access.signature.signature_len = 0;
	assert_false(manifest_access_is_genuine(path, manifest, sign_key));
	manifest->access.signature.signature_len = DFS_SIGNATURE_LEN;
	/* The content is none of its business. */
	manifest->content.size++;
	assert_true(manifest_access_is_genuine(path, manifest, sign_key));
}

static void test_no_readers_need_no_signature(void **state)
{
	struct world *world = *state;
	dfs_manifest manifest = {.owner = world->manifest.owner};

	assert_true(manifest_sign_access(&world->ann, path, &manifest));
	assert_int_equal(manifest.access.signature.signature_len, 0);
	assert_true(manifest_access_is_genuine(
		path, &manifest, (const uint8_t *)world->ann.account.sign_key.bytes));
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
	free(manifest->keys.keys_val);
	free(manifest->content.sealed.sealed_val);
	free(manifest->access.signature.signature_val);
	assert_true(manifest_sign_access(&world->ann, longest, manifest));
	seal(world, longest);
	assert_int_equal(manifest->keys.keys_len, DFS_KEYS_MAX);
	assert_int_equal(manifest_open(&world->ann, longest, manifest, &secret),
			 MANIFEST_OPEN);
	assert_int_equal(manifest_open(&world->dan, longest, manifest, &secret),
			 MANIFEST_OPEN);
	longest[DFS_PATH_MAX] = 'x';
	longest[DFS_PATH_MAX + 1] = '\0';
	assert_int_equal(manifest_open(&world->ann, longest, manifest, &secret),
			 MANIFEST_DAMAGED);
}

/*
 * Whoever knows public keys can make a manifest that opens: 2.3.  What he cannot make is
 * the signature, nor can one be taken from another path, content or writer.
 */
static void test_forged_content_is_not_the_writers(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	const uint8_t *bob = (const uint8_t *)world->bob.account.sign_key.bytes;
	struct manifest_secret secret = world->secret;
	struct identity renewed;

	assert_true(manifest_content_is_genuine(path, manifest, &secret, bob));
	assert_true(manifest_content_is_own(&world->bob, path, manifest, &secret));
	assert_false(manifest_content_is_own(&world->ann, path, manifest, &secret));
	assert_false(manifest_content_is_genuine("/ann/other", manifest, &secret, bob));
	/* An older secret of the ring is one's own too. */
	become(world, "bob", &renewed);
	assert_false(manifest_content_is_own(&renewed, path, manifest, &secret));
	remember(&renewed, &world->bob);
	assert_true(manifest_content_is_own(&renewed, path, manifest, &secret));
	identity_wipe(&renewed);
	/* The owner may let others read, which changes nothing of what bob signed. */
	manifest->access.readers.readers_len--;
	assert_true(manifest_content_is_genuine(path, manifest, &secret, bob));
	manifest->access.readers.readers_len++;
	for (size_t i = 0; i < sizeof secret.digests; i++) {
		((uint8_t *)&secret.digests)[i] ^= 1;
		assert_false(manifest_content_is_genuine(path, manifest, &secret, bob));
		((uint8_t *)&secret.digests)[i] ^= 1;
	}
	manifest->content.object.bytes[0] ^= 1;
	assert_false(manifest_content_is_genuine(path, manifest, &secret, bob));
	manifest->content.object.bytes[0] ^= 1;
	/* cem signs and says that it was bob. */
	assert_true(manifest_sign_content(&world->cem, path, manifest, &secret));
	assert_false(manifest_content_is_genuine(path, manifest, &secret, bob));
}

static void test_writers_are_the_owner_and_who_is_listed(void **state)
{
	struct world *world = *state;
	dfs_manifest *manifest = &world->manifest;
	dfs_user was = manifest->writer;

	assert_true(manifest_writer_is_listed(manifest));
	manifest->writer = manifest->owner;
	assert_true(manifest_writer_is_listed(manifest));
	/* cem may only read, dan is nobody here. */
	manifest->writer = manifest->access.readers.readers_val[1].user;
	assert_false(manifest_writer_is_listed(manifest));
	manifest->writer = (dfs_user){3, world->dan.user};
	assert_false(manifest_writer_is_listed(manifest));
	manifest->writer = was;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_forged_content_is_not_the_writers),
		TEST(test_writers_are_the_owner_and_who_is_listed),
		TEST(test_owner_and_readers_open_it),
		TEST(test_names_open_nothing),
		TEST(test_older_secrets_open_older_files),
		TEST(test_shared_opens_for_everyone),
		TEST(test_edited_manifests_do_not_open),
		TEST(test_list_of_readers_is_the_owners),
		TEST(test_no_readers_need_no_signature),
		TEST(test_sixteen_readers_at_the_longest_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
