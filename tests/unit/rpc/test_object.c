/* The ids of objects: of all that says what a content is. */
#include "object.h"

#include "ballot.h"
#include "tree.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static dfs_id id_of(const void *bytes, size_t len)
{
	unsigned char digest[32];
	dfs_id id;

	assert_int_equal(EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL), 1);
	memcpy(id.bytes, digest, sizeof id.bytes);
	return id;
}

static void test_maker_of_a_token(void **state)
{
	uint8_t bytes[9 + 32] = "dfs maker";
	dfs_key token;
	dfs_id maker, wanted;

	(void)state;
	memset(token.bytes, 0x5a, sizeof token.bytes);
	memset(bytes + 9, 0x5a, 32);
	wanted = id_of(bytes, sizeof bytes);
	assert_true(object_maker(&token, &maker));
	assert_true(id_equal(&maker, &wanted));
	token.bytes[31] ^= 1;
	assert_true(object_maker(&token, &maker));
	assert_false(id_equal(&maker, &wanted));
}

static void test_object_of_a_content(void **state)
{
	/* "dfs object", maker, size, root; of one unit the root is its leaf */
	uint8_t bytes[10 + 16 + 8 + 32] = "dfs object";
	dfs_key leaf;
	dfs_content content = {.size = 3, .unit_size = 1};
	dfs_id object, wanted;

	(void)state;
	memset(content.maker.bytes, 0x11, sizeof content.maker.bytes);
	memset(bytes + 10, 0x11, 16);
	memset(leaf.bytes, 0x22, sizeof leaf.bytes);
	content.tree.tree_len = 3;
	dfs_key tree[3] = {leaf, leaf, leaf}, root;

	content.tree.tree_val = tree;
	assert_true(tree_root(3, tree, 3, &root));
	bytes[10 + 16 + 7] = 3;
	memcpy(bytes + 10 + 16 + 8, root.bytes, 32);
	wanted = id_of(bytes, sizeof bytes);
	assert_true(object_of_content(&content, &object));
	assert_true(id_equal(&object, &wanted));
	/* Who states it, and when, makes no other object of it. */
	content.modified = content.stored = 7;
	content.holders = 0xff;
	assert_true(object_of_content(&content, &object));
	assert_true(id_equal(&object, &wanted));
}

static void test_each_part_makes_another_object(void **state)
{
	dfs_key tree[4] = {
		{.bytes = {1}}, {.bytes = {2}}, {.bytes = {3}}, {.bytes = {4}}};
	dfs_content content = {.size = 4000, .unit_size = 1000, .tree = {4, tree}};
	dfs_id first, object;

	(void)state;
	content.maker.bytes[0] = 9;
	assert_true(object_of_content(&content, &first));
	content.maker.bytes[15] ^= 1;
	assert_true(object_of_content(&content, &object));
	assert_false(id_equal(&object, &first));
	content.maker.bytes[15] ^= 1;
	content.size = 3999;
	assert_true(object_of_content(&content, &object));
	assert_false(id_equal(&object, &first));
	content.size = 4000;
	tree[2].bytes[5] ^= 1;
	assert_true(object_of_content(&content, &object));
	assert_false(id_equal(&object, &first));
	tree[2].bytes[5] ^= 1;
	assert_true(object_of_content(&content, &object));
	assert_true(id_equal(&object, &first));
	/* A tree that does not fit the size names nothing. */
	content.tree.tree_len = 3;
	assert_false(object_of_content(&content, &object));
	assert_true(id_is_zero(&object));
}

static void test_share_names_the_same(void **state)
{
	dfs_key tree[1] = {{.bytes = {7}}};
	dfs_content content = {.size = UINT64_C(1) << 40,
			       .unit_size = DFS_UNIT_SIZE,
			       .row = 2,
			       .tree = {1, tree}};
	dfs_share share = object_share(&content, 5);
	dfs_id object, other;

	(void)state;
	assert_int_equal(share.chunks, 5);
	assert_true(object_of_content(&content, &object));
	assert_true(object_of_share(&share, &other));
	assert_true(id_equal(&object, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maker_of_a_token),
		cmocka_unit_test(test_object_of_a_content),
		cmocka_unit_test(test_each_part_makes_another_object),
		cmocka_unit_test(test_share_names_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
