/* Proving what is stored, by its tree and the id of its object. */
#include "prove.h"

#include "ballot.h"
#include "pieces.h"
#include "segment.h"
#include "store_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is the content with this tree the object? */
static bool is_object(const struct prove *prove, const dfs_key *tree, size_t tree_len)
{
	dfs_key copy[DFS_SERVERS];
	const dfs_share share = {.maker = prove->maker,
				 .size = prove->size,
				 .tree = {(u_int)tree_len, copy}};
	dfs_id object;

	if (tree_len > 0)
		memcpy(copy, tree, tree_len * sizeof *tree);
	return object_of_share(&share, &object) && id_equal(&object, &prove->object);
}

/* Reads a record of so many hashes; EBADMSG: it is not that. */
static int read_hashes(const struct prove *prove, uint64_t number, dfs_key *ret,
		       size_t count)
{
	struct frame_key key;
	dfs_bytes data;
	void *record;
	int rc;

	frame_key_unit(&key, &prove->record_id, number);
	rc = store_record_fetch(prove->file, FRAME_UNIT, &key, &record, &data);
	if (rc != 0)
		return rc;
	if (data.len == count * sizeof *ret)
		memcpy(ret, data.data, data.len);
	else
		rc = EBADMSG;
	free(record);
	return rc;
}

/* ---- the upper part of the tree ------------------------------------------------ */

/* The tops as they are stored; where there is one piece, that over its leaves. */
static int read_tops(struct prove *prove, uint64_t pieces)
{
	int rc = 0;

	if (pieces == 1) {
		size_t count = tree_piece_leaves(prove->units, 0);

		rc = read_hashes(prove, PIECES_FIRST, prove->leaves, count);
		if (rc == 0 && !tree_top(prove->leaves, count, &prove->tops[0]))
			rc = ENOMEM;
		return rc;
	}
	for (uint64_t i = 0; i < pieces_tops(prove->units) && rc == 0; i++) {
		uint64_t from = i * DFS_PIECE_LEAVES, count = pieces - from;

		if (count > DFS_PIECE_LEAVES)
			count = DFS_PIECE_LEAVES;
		rc = read_hashes(prove, PIECES_TOPS + i, &prove->tops[from], count);
	}
	return rc;
}

/* Do the tops lead to the object? */
static int prove_tops(const struct prove *prove, uint64_t pieces)
{
	dfs_key *nodes = malloc(pieces * sizeof *nodes), root;
	int rc = 0;

	if (!nodes)
		return ENOMEM;
	memcpy(nodes, prove->tops, pieces * sizeof *nodes);
	if (!tree_top(nodes, pieces, &root))
		rc = ENOMEM;
	else if (!is_object(prove, &root, 1))
		rc = EBADMSG;
	free(nodes);
	return rc;
}

int prove_begin(struct prove *prove, struct segment *file, const struct seal_entry *entry)
{
	uint64_t pieces = tree_pieces(entry->units);
	int rc;

	prove->file = file;
	prove->object = entry->objects[0];
	prove->maker = entry->objects[1];
	prove->record_id = entry->objects[entry->by_maker];
	prove->size = entry->size;
	prove->units = entry->units;
	prove->tree_len = entry->tree ? (u_int)entry->units : 0;
	if (entry->tree)
		memcpy(prove->tree, entry->tree, entry->units * sizeof *entry->tree);
	prove->tops = NULL;
	prove->piece = UINT64_MAX;
	if (pieces == 0)
		return is_object(prove, prove->tree, prove->tree_len) ? 0 : EBADMSG;
	prove->tops = calloc(pieces, sizeof *prove->tops);
	rc = prove->tops ? read_tops(prove, pieces) : ENOMEM;
	if (rc == 0)
		rc = prove_tops(prove, pieces);
	if (rc != 0)
		prove_end(prove);
	return rc;
}

void prove_end(struct prove *prove)
{
	free(prove->tops);
	prove->tops = NULL;
}

/* ---- records ------------------------------------------------------------------- */

/* Do these leaves, which it overwrites, lead to the top of their piece? */
static int prove_leaves(const struct prove *prove, uint64_t piece, dfs_key *leaves)
{
	dfs_key top;

	if (!tree_top(leaves, tree_piece_leaves(prove->units, piece), &top))
		return ENOMEM;
	return memcmp(&top, &prove->tops[piece], sizeof top) == 0 ? 0 : EBADMSG;
}

static int prove_piece(const struct prove *prove, uint64_t piece, const dfs_bytes *data)
{
	dfs_key leaves[DFS_PIECE_LEAVES];

	if (data->len != tree_piece_leaves(prove->units, piece) * sizeof leaves[0])
		return EBADMSG;
	memcpy(leaves, data->data, data->len);
	return prove_leaves(prove, piece, leaves);
}

/* Reads the leaves of a piece, unless they are here. */
static int need_piece(struct prove *prove, uint64_t piece)
{
	dfs_key leaves[DFS_PIECE_LEAVES];
	size_t count = tree_piece_leaves(prove->units, piece);
	int rc;

	if (prove->piece == piece)
		return 0;
	prove->piece = UINT64_MAX;
	rc = read_hashes(prove, PIECES_FIRST + piece, prove->leaves, count);
	if (rc != 0)
		return rc;
	memcpy(leaves, prove->leaves, count * sizeof leaves[0]);
	rc = prove_leaves(prove, piece, leaves);
	if (rc == 0)
		prove->piece = piece;
	return rc;
}

static int prove_unit(struct prove *prove, uint64_t number, const dfs_bytes *data,
		      uint64_t *ret_bad)
{
	const dfs_key *leaves = prove->tree;
	uint64_t piece = number / DFS_PIECE_LEAVES;
	dfs_key leaf;
	int rc;

	if (!tree_leaf(&prove->maker, number, data->data, data->len, &leaf))
		return ENOMEM;
	if (prove->tops) {
		rc = need_piece(prove, piece);
		if (rc != 0) {
			*ret_bad = PIECES_FIRST + piece;
			return rc;
		}
		leaves = prove->leaves;
		number %= DFS_PIECE_LEAVES;
	}
	return memcmp(&leaf, &leaves[number], sizeof leaf) == 0 ? 0 : EBADMSG;
}

/* A record of tops, which were proved when they were read. */
static bool is_tops(const struct prove *prove, uint64_t number, const dfs_bytes *data)
{
	uint64_t from = number * DFS_PIECE_LEAVES;
	uint64_t count = tree_pieces(prove->units) - from;

	if (count > DFS_PIECE_LEAVES)
		count = DFS_PIECE_LEAVES;
	return data->len == count * sizeof prove->tops[0] &&
	       memcmp(data->data, &prove->tops[from], data->len) == 0;
}

int prove_record(struct prove *prove, uint64_t number, const dfs_bytes *data,
		 uint64_t *ret_bad)
{
	*ret_bad = number;
	if (number >= PIECES_TOPS)
		return is_tops(prove, number - PIECES_TOPS, data) ? 0 : EBADMSG;
	if (number >= PIECES_FIRST)
		return prove_piece(prove, number - PIECES_FIRST, data);
	return prove_unit(prove, number, data, ret_bad);
}
