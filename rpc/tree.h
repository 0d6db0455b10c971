/*
 * The hash tree over the stored units of a content: by its root each unit is proved
 * alone.
 *
 * The tree is that of RFC 6962, section 2.1, with SHA-256: a leaf is the hash of a zero
 * byte, the content's maker, the number of the unit (8 bytes, the highest first) and the
 * unit as it is stored; an inner node that of a byte 1 and two nodes; no units at all
 * have the hash of nothing.
 *
 * Of up to four units the leaves themselves are in the manifest (dfs_content.tree).  Of
 * more, it has the root, and the leaves lie in pieces of DFS_PIECE_LEAVES, which prove
 * themselves by the path from their top to the root: 1024 leaves are a full subtree, so
 * that the tree over the tops of the pieces is the upper part of the whole one.
 */
#ifndef DFS_TREE_H
#define DFS_TREE_H

#include "dfs.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* false when OpenSSL fails for want of memory, here and below. */
bool tree_leaf(const dfs_id *maker, uint64_t unit, const void *stored, size_t len,
	       dfs_key *ret);

/* The top over these nodes, which it overwrites; count 0: no units. */
bool tree_top(dfs_key *nodes, size_t count, dfs_key *ret);

/* One level up: (count + 1) / 2 nodes in place of count. */
bool tree_rise(dfs_key *nodes, size_t count);

/*
 * The way from node number `leaf` of count to their top, the lowest hash first, into
 * ret_path; *ret_len hashes, at most as many as count - 1 has bits.  Overwrites nodes.
 */
bool tree_path(dfs_key *nodes, size_t count, size_t leaf, dfs_key *ret_path,
	       size_t *ret_len);

/*
 * The top to which a node, number `leaf` of count, leads by this path.  false also where
 * the path has not the length that it has to have.
 */
bool tree_climb(const dfs_key *node, size_t count, size_t leaf, const dfs_key *path,
		size_t path_len, dfs_key *ret);

/* Of so many units: how many pieces; 0 for up to four. */
uint64_t tree_pieces(uint64_t units);
/* The leaves in piece number `piece` of them. */
size_t tree_piece_leaves(uint64_t units, uint64_t piece);

/* Does dfs_content.tree have the length for so many units? */
bool tree_fits(uint64_t units, size_t tree_len);

/* The root of a content; false also where the length of its tree does not fit. */
bool tree_root(uint64_t units, const dfs_key *tree, size_t tree_len, dfs_key *ret);

/* Do these leaves, of piece number `piece`, lead to the root by this path? */
bool tree_proves_piece(const dfs_key *root, uint64_t units, uint64_t piece,
		       const dfs_piece *given);

#endif
