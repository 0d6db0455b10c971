/* The hash tree: that of RFC 6962, in pieces that prove themselves. */
#include "tree.h"

#include "text.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZES = 200, PATH_MAX_LEN = 32 };

static dfs_key hash(const void *bytes, size_t len)
{
	dfs_key key;

	assert_int_equal(EVP_Digest(bytes, len, (unsigned char *)key.bytes, NULL,
				    EVP_sha256(), NULL),
			 1);
	return key;
}

static dfs_key join(const dfs_key *left, const dfs_key *right)
{
	uint8_t both[1 + 2 * DFS_KEY_LEN] = {1};

	memcpy(both + 1, left, DFS_KEY_LEN);
	memcpy(both + 1 + DFS_KEY_LEN, right, DFS_KEY_LEN);
	return hash(both, sizeof both);
}

/* The largest power of two below count. */
static size_t split(size_t count)
{
	size_t k = 1;

	while (2 * k < count)
		k *= 2;
	return k;
}

/* MTH and PATH as RFC 6962, 2.1 and 2.1.1, define them. */
static dfs_key top_of(const dfs_key *leaves, size_t count)
{
	size_t k;
	dfs_key left, right;

	if (count == 1)
		return leaves[0];
	k = split(count);
	left = top_of(leaves, k);
	right = top_of(leaves + k, count - k);
	return join(&left, &right);
}

static size_t path_of(const dfs_key *leaves, size_t count, size_t leaf, dfs_key *ret)
{
	size_t k, len;

	if (count == 1)
		return 0;
	k = split(count);
	if (leaf < k) {
		len = path_of(leaves, k, leaf, ret);
		ret[len] = top_of(leaves + k, count - k);
	} else {
		len = path_of(leaves + k, count - k, leaf - k, ret);
		ret[len] = top_of(leaves, k);
	}
	return len + 1;
}

static dfs_key *make_leaves(size_t count)
{
	dfs_key *leaves = malloc(count * sizeof *leaves);

	assert_non_null(leaves);
	for (size_t i = 0; i < count; i++)
		leaves[i] = hash(&i, sizeof i);
	return leaves;
}

static dfs_key *copy_of(const dfs_key *leaves, size_t count)
{
	dfs_key *copy = malloc(count * sizeof *copy);

	assert_non_null(copy);
	memcpy(copy, leaves, count * sizeof *copy);
	return copy;
}

/* The test data of the implementations of RFC 6962. */
static void test_known_trees(void **state)
{
	static const struct {
		const char *entry, *root;
	} known[] = {
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00",
		 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10",
		 "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021",
		 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031",
		 "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243",
		 "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657",
		 "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f",
		 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	};
	dfs_key leaves[8], nodes[8], top;
	char text[2 * DFS_KEY_LEN + 1];

	(void)state;
	assert_true(tree_top(NULL, 0, &top));
	assert_string_equal(
		text_hex((const uint8_t *)top.bytes, DFS_KEY_LEN, text),
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < 8; i++) {
		uint8_t entry[1 + 16] = {0};
		size_t len = strlen(known[i].entry) / 2;

		assert_true(text_unhex(known[i].entry, entry + 1, len));
		leaves[i] = hash(entry, 1 + len);
		memcpy(nodes, leaves, sizeof nodes);
		assert_true(tree_top(nodes, i + 1, &top));
		assert_string_equal(
			text_hex((const uint8_t *)top.bytes, DFS_KEY_LEN, text),
			known[i].root);
	}
}

static void test_paths_lead_to_the_top(void **state)
{
	dfs_key *leaves = make_leaves(SIZES);

	(void)state;
	for (size_t count = 1; count <= SIZES; count++) {
		dfs_key *nodes = copy_of(leaves, count), wanted, top;

		wanted = top_of(leaves, count);
		assert_true(tree_top(nodes, count, &top));
		assert_memory_equal(&top, &wanted, sizeof top);
		for (size_t leaf = 0; leaf < count; leaf++) {
			dfs_key path[PATH_MAX_LEN], right[PATH_MAX_LEN];
			size_t len, right_len;

			memcpy(nodes, leaves, count * sizeof *nodes);
			assert_true(tree_path(nodes, count, leaf, path, &len));
			right_len = path_of(leaves, count, leaf, right);
			assert_int_equal(len, right_len);
			assert_memory_equal(path, right, len * sizeof path[0]);
			assert_true(
				tree_climb(&leaves[leaf], count, leaf, path, len, &top));
			assert_memory_equal(&top, &wanted, sizeof top);
		}
		free(nodes);
	}
	free(leaves);
}

static bool leads(const dfs_key *leaf, size_t count, size_t at, const dfs_key *path,
		  size_t len, const dfs_key *wanted)
{
	dfs_key top;

	return tree_climb(leaf, count, at, path, len, &top) &&
	       memcmp(&top, wanted, sizeof top) == 0;
}

static void test_wrong_paths_lead_nowhere(void **state)
{
	dfs_key *leaves = make_leaves(SIZES);

	(void)state;
	for (size_t count = 2; count <= 40; count++) {
		dfs_key wanted = top_of(leaves, count);

		for (size_t leaf = 0; leaf < count; leaf++) {
			dfs_key path[PATH_MAX_LEN];
			size_t len = path_of(leaves, count, leaf, path);

			assert_true(
				leads(&leaves[leaf], count, leaf, path, len, &wanted));
			for (size_t other = 0; other < count + 2; other++)
				if (other != leaf)
					assert_false(leads(&leaves[leaf], count, other,
							   path, len, &wanted));
			assert_false(leads(&leaves[leaf], count, leaf, path, len - 1,
					   &wanted));
			path[len] = path[len - 1];
			assert_false(leads(&leaves[leaf], count, leaf, path, len + 1,
					   &wanted));
			path[len / 2].bytes[3] ^= 1;
			assert_false(
				leads(&leaves[leaf], count, leaf, path, len, &wanted));
		}
	}
	free(leaves);
}

/* SHA-256 of 0, maker, number and the unit, made by hand. */
static void test_leaf(void **state)
{
	uint8_t bytes[1 + DFS_ID_LEN + 8 + 5] = {0};
	dfs_key leaf, wanted;
	dfs_id maker;

	(void)state;
	for (size_t i = 0; i < DFS_ID_LEN; i++)
		bytes[1 + i] = (uint8_t)(0x80 + i);
	memcpy(maker.bytes, bytes + 1, DFS_ID_LEN);
	memcpy(bytes + 1 + DFS_ID_LEN, "\0\0\0\0\0\1\2\3hello", 8 + 5);
	wanted = hash(bytes, sizeof bytes);
	assert_true(tree_leaf(&maker, 0x10203, "hello", 5, &leaf));
	assert_memory_equal(&leaf, &wanted, sizeof leaf);
	assert_true(tree_leaf(&maker, 0x10204, "hello", 5, &leaf));
	assert_memory_not_equal(&leaf, &wanted, sizeof leaf);
	maker.bytes[0] ^= 1;
	assert_true(tree_leaf(&maker, 0x10203, "hello", 5, &leaf));
	assert_memory_not_equal(&leaf, &wanted, sizeof leaf);
}

/* The piece as a server would give it. */
static dfs_piece piece_of(const dfs_key *leaves, uint64_t units, uint64_t piece,
			  dfs_key *path)
{
	uint64_t pieces = tree_pieces(units);
	dfs_key *tops = malloc(pieces * sizeof *tops);
	size_t len;

	assert_non_null(tops);
	for (uint64_t p = 0; p < pieces; p++)
		tops[p] = top_of(leaves + p * DFS_PIECE_LEAVES,
				 tree_piece_leaves(units, p));
	assert_true(tree_path(tops, pieces, piece, path, &len));
	free(tops);
	return (dfs_piece){
		{(uint32_t)(tree_piece_leaves(units, piece) * sizeof leaves[0]),
		 (const uint8_t *)(leaves + piece * DFS_PIECE_LEAVES)},
		{(u_int)len, path}};
}

static void test_pieces_prove_themselves(void **state)
{
	static const uint64_t sizes[] = {5,    6,    1023, 1024, 1025,
					 2047, 2048, 2049, 3072, 5000};
	dfs_key *leaves = make_leaves(5000);

	(void)state;
	assert_int_equal(tree_pieces(4), 0);
	assert_int_equal(tree_pieces(DFS_FILE_UNITS_MAX), DFS_PIECES_MAX);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint64_t units = sizes[i], pieces = tree_pieces(units), sum = 0;
		dfs_key root = top_of(leaves, units);

		for (uint64_t p = 0; p < pieces; p++) {
			dfs_key path[DFS_PIECE_PATH_MAX];
			dfs_piece piece = piece_of(leaves, units, p, path);
			dfs_piece shorter = piece;

			sum += tree_piece_leaves(units, p);
			assert_true(tree_proves_piece(&root, units, p, &piece));
			assert_false(tree_proves_piece(&root, units, p + 1, &piece));
			shorter.leaves.len -= DFS_KEY_LEN;
			assert_false(tree_proves_piece(&root, units, p, &shorter));
			leaves[p * DFS_PIECE_LEAVES].bytes[31] ^= 1;
			assert_false(tree_proves_piece(&root, units, p, &piece));
			leaves[p * DFS_PIECE_LEAVES].bytes[31] ^= 1;
			root.bytes[0] ^= 1;
			assert_false(tree_proves_piece(&root, units, p, &piece));
			root.bytes[0] ^= 1;
		}
		assert_int_equal(sum, units);
	}
	free(leaves);
}

/* On the wire: a path of so many hashes. */
static bool fits_the_wire(u_int len)
{
	static char bytes[1 << 16];
	dfs_key path[DFS_PIECE_PATH_MAX + 1] = {{{0}}};
	dfs_piece piece = {{0, NULL}, {len, path}};
	XDR xdrs;
	bool fits;

	memset(&xdrs, 0, sizeof xdrs);
	xdrmem_create(&xdrs, bytes, sizeof bytes, XDR_ENCODE);
	fits = xdr_dfs_piece(&xdrs, &piece);
	xdr_destroy(&xdrs);
	return fits;
}

/* The largest file that can be: its pieces' paths are as long as a path may be. */
static void test_the_longest_path_of_a_piece(void **state)
{
	const uint64_t units = DFS_FILE_UNITS_MAX, last = DFS_PIECES_MAX - 1;
	dfs_key *leaves = make_leaves(DFS_PIECE_LEAVES);
	dfs_key *tops = make_leaves(DFS_PIECES_MAX), *copy = make_leaves(DFS_PIECES_MAX);
	dfs_key path[DFS_PIECE_PATH_MAX + 1] = {{{0}}}, root;
	dfs_piece piece = {{DFS_PIECE_LEAVES * sizeof *leaves, (const uint8_t *)leaves},
			   {0, path}};
	size_t len;

	(void)state;
	tops[last] = copy[last] = top_of(leaves, DFS_PIECE_LEAVES);
	assert_true(tree_top(copy, DFS_PIECES_MAX, &root));
	assert_true(tree_path(tops, DFS_PIECES_MAX, last, path, &len));
	assert_int_equal(len, DFS_PIECE_PATH_MAX);
	piece.path.path_len = (u_int)len;
	assert_true(tree_proves_piece(&root, units, last, &piece));
	assert_false(tree_proves_piece(&root, units, last + 1, &piece));
	piece.path.path_len++;
	assert_false(tree_proves_piece(&root, units, last, &piece));
	assert_true(fits_the_wire(DFS_PIECE_PATH_MAX));
	assert_false(fits_the_wire(DFS_PIECE_PATH_MAX + 1));
	free(leaves);
	free(tops);
	free(copy);
}

static void test_roots_of_what_a_manifest_has(void **state)
{
	dfs_key *leaves = make_leaves(5), root, wanted;

	(void)state;
	for (uint64_t units = 0; units <= 6; units++)
		for (size_t len = 0; len <= 5; len++)
			assert_int_equal(tree_fits(units, len),
					 units <= 4 ? len == units : len == 1);
	for (uint64_t units = 1; units <= 4; units++) {
		wanted = top_of(leaves, units);
		assert_true(tree_root(units, leaves, units, &root));
		assert_memory_equal(&root, &wanted, sizeof root);
		assert_false(tree_root(units, leaves, units + 1, &root));
	}
	assert_true(tree_root(5, leaves, 1, &root));
	assert_memory_equal(&root, leaves, sizeof root);
	assert_false(tree_root(5, leaves, 5, &root));
	assert_true(tree_root(0, NULL, 0, &root));
	wanted = hash("", 0);
	assert_memory_equal(&root, &wanted, sizeof root);
	free(leaves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_trees),
		cmocka_unit_test(test_paths_lead_to_the_top),
		cmocka_unit_test(test_wrong_paths_lead_nowhere),
		cmocka_unit_test(test_leaf),
		cmocka_unit_test(test_pieces_prove_themselves),
		cmocka_unit_test(test_the_longest_path_of_a_piece),
		cmocka_unit_test(test_roots_of_what_a_manifest_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
