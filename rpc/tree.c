/* The hash tree over stored units (RFC 6962). */
#include "tree.h"

#include <openssl/evp.h>
#include <string.h>

enum { LEAF = 0, NODE = 1 };

_Static_assert(sizeof(dfs_key) == DFS_KEY_LEN, "hashes lie one after the other");

static bool hash(const void *bytes, size_t len, dfs_key *ret)
{
	return EVP_Digest(bytes, len, (unsigned char *)ret->bytes, NULL, EVP_sha256(),
			  NULL) == 1;
}

bool tree_leaf(const dfs_id *maker, uint64_t unit, const void *stored, size_t len,
	       dfs_key *ret)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t head[1 + DFS_ID_LEN + 8] = {LEAF};
	bool good;

	memcpy(head + 1, maker->bytes, DFS_ID_LEN);
	for (int i = 0; i < 8; i++)
		head[1 + DFS_ID_LEN + i] = (uint8_t)(unit >> (56 - 8 * i));
	good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	       EVP_DigestUpdate(context, head, sizeof head) == 1 &&
	       EVP_DigestUpdate(context, stored, len) == 1 &&
	       EVP_DigestFinal_ex(context, (unsigned char *)ret->bytes, NULL) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

static bool join(const dfs_key *left, const dfs_key *right, dfs_key *ret)
{
	uint8_t both[1 + 2 * DFS_KEY_LEN] = {NODE};

	memcpy(both + 1, left->bytes, DFS_KEY_LEN);
	memcpy(both + 1 + DFS_KEY_LEN, right->bytes, DFS_KEY_LEN);
	return hash(both, sizeof both, ret);
}

/* A node without a neighbour goes up as it is, which makes it the tree of RFC 6962. */
bool tree_rise(dfs_key *nodes, size_t count)
{
	bool good = true;

	for (size_t i = 0; good && i + 1 < count; i += 2)
		good = join(&nodes[i], &nodes[i + 1], &nodes[i / 2]);
	if (count % 2 == 1)
		nodes[count / 2] = nodes[count - 1];
	return good;
}

bool tree_top(dfs_key *nodes, size_t count, dfs_key *ret)
{
	bool good = true;

	if (count == 0)
		return hash("", 0, ret);
	for (; good && count > 1; count = (count + 1) / 2)
		good = tree_rise(nodes, count);
	*ret = nodes[0];
	return good;
}

bool tree_path(dfs_key *nodes, size_t count, size_t leaf, dfs_key *ret_path,
	       size_t *ret_len)
{
	bool good = leaf < count;

	*ret_len = 0;
	for (; good && count > 1; count = (count + 1) / 2, leaf /= 2) {
		if ((leaf ^ 1) < count)
			ret_path[(*ret_len)++] = nodes[leaf ^ 1];
		good = tree_rise(nodes, count);
	}
	return good;
}

bool tree_climb(const dfs_key *node, size_t count, size_t leaf, const dfs_key *path,
		size_t path_len, dfs_key *ret)
{
	dfs_key at = *node;
	size_t used = 0;

	if (leaf >= count)
		return false;
	for (; count > 1; count = (count + 1) / 2, leaf /= 2) {
		if ((leaf ^ 1) == count)
			continue; /* without a neighbour */
		if (used == path_len)
			return false;
		if (!(leaf % 2 == 0 ? join(&at, &path[used], &at)
				    : join(&path[used], &at, &at)))
			return false;
		used++;
	}
	*ret = at;
	return used == path_len;
}

uint64_t tree_pieces(uint64_t units)
{
	if (units <= DFS_SERVERS)
		return 0;
	return (units + DFS_PIECE_LEAVES - 1) / DFS_PIECE_LEAVES;
}

size_t tree_piece_leaves(uint64_t units, uint64_t piece)
{
	uint64_t before = piece * DFS_PIECE_LEAVES;

	return units - before < DFS_PIECE_LEAVES ? (size_t)(units - before)
						 : DFS_PIECE_LEAVES;
}

bool tree_fits(uint64_t units, size_t tree_len)
{
	return tree_len == (units <= DFS_SERVERS ? units : 1);
}

bool tree_root(uint64_t units, const dfs_key *tree, size_t tree_len, dfs_key *ret)
{
	dfs_key leaves[DFS_SERVERS];

	if (!tree_fits(units, tree_len))
		return false;
	if (tree_len > 0)
		memcpy(leaves, tree, tree_len * sizeof leaves[0]);
	return tree_top(leaves, tree_len, ret);
}

bool tree_proves_piece(const dfs_key *root, uint64_t units, uint64_t piece,
		       const dfs_piece *given)
{
	dfs_key nodes[DFS_PIECE_LEAVES], top;
	size_t count;

	if (piece >= tree_pieces(units))
		return false;
	count = tree_piece_leaves(units, piece);
	if (given->leaves.len != count * sizeof nodes[0])
		return false;
	memcpy(nodes, given->leaves.data, given->leaves.len);
	return tree_top(nodes, count, &top) &&
	       tree_climb(&top, (size_t)tree_pieces(units), (size_t)piece,
			  given->path.path_val, given->path.path_len, &top) &&
	       memcmp(top.bytes, root->bytes, DFS_KEY_LEN) == 0;
}
