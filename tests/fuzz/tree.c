/*
 * Pieces of hash trees: the tree against a second reading of RFC 6962, 2.1, and a piece
 * that was changed proves nothing.
 *
 * The input is how many units there are and which piece is given (two bytes each), then
 * changes, of four bytes: what is changed (1 a leaf, 2 the path, 3 how much there is, 4
 * which piece it is said to be, 5 of how many units), where or by how much (two bytes),
 * and bits.
 */
#include "fuzz.h"

#include "tree.h"

#include <openssl/sha.h>

enum { UNITS_MAX = 2200, PIECES_MAX = UNITS_MAX / DFS_PIECE_LEAVES + 1 };

struct content {
	uint64_t units, pieces;
	dfs_key leaves[UNITS_MAX];
	dfs_key tops[PIECES_MAX];
	dfs_key root;
};

/* As the RFC has it. */
static dfs_key top_of(const dfs_key *nodes, size_t count)
{
	uint8_t both[1 + 2 * DFS_KEY_LEN] = {1};
	size_t left = 1;
	dfs_key top;

	if (count == 0) {
		(void)SHA256(both, 0, (uint8_t *)top.bytes);
		return top;
	}
	if (count == 1)
		return nodes[0];
	while (2 * left < count)
		left *= 2;
	top = top_of(nodes, left);
	memcpy(both + 1, &top, sizeof top);
	top = top_of(nodes + left, count - left);
	memcpy(both + 1 + DFS_KEY_LEN, &top, sizeof top);
	(void)SHA256(both, sizeof both, (uint8_t *)top.bytes);
	return top;
}

static void grow(struct content *content, uint64_t units)
{
	static const dfs_id maker = {"a content made."};
	static dfs_key copy[UNITS_MAX];

	content->units = units;
	content->pieces = tree_pieces(units);
	for (uint64_t i = 0; i < units; i++)
		FUZZ_MUST(tree_leaf(&maker, i, &i, sizeof i, &content->leaves[i]));
	memcpy(copy, content->leaves, units * sizeof copy[0]);
	FUZZ_MUST(tree_top(copy, units, &content->root));
	const dfs_key again = top_of(content->leaves, units);
	FUZZ_MUST(memcmp(&again, &content->root, sizeof again) == 0);
	FUZZ_MUST(content->pieces <= PIECES_MAX);
	for (uint64_t p = 0; p < content->pieces; p++) {
		size_t count = tree_piece_leaves(units, p);

		memcpy(copy, content->leaves + p * DFS_PIECE_LEAVES,
		       count * sizeof copy[0]);
		FUZZ_MUST(tree_top(copy, count, &content->tops[p]));
	}
}

/* Of up to four units the leaves stand for the root. */
static void check_root(struct content *content)
{
	bool small = content->pieces == 0;
	const dfs_key *tree = small ? content->leaves : &content->root;
	size_t len = small ? content->units : 1;
	dfs_key root;

	FUZZ_MUST(tree_fits(content->units, len) && !tree_fits(content->units, len + 1));
	FUZZ_MUST(tree_root(content->units, tree, len, &root));
	FUZZ_MUST(memcmp(&root, &content->root, sizeof root) == 0);
}

/* What is said of the piece, as it may be changed. */
struct said {
	uint64_t units, piece;
	size_t leaves, path;
	uint8_t bytes[DFS_PIECE_LEAVES * DFS_KEY_LEN];
	dfs_key nodes[DFS_PIECE_PATH_MAX];
};

static void change(struct said *said, uint8_t what, uint16_t where, uint8_t bits)
{
	switch (what) {
	case 1:
		said->bytes[where % sizeof said->bytes] ^= bits;
		break;
	case 2:
		((uint8_t *)said->nodes)[where % sizeof said->nodes] ^= bits;
		break;
	case 3:
		said->path = (said->path + where) % (DFS_PIECE_PATH_MAX + 1);
		said->leaves = (said->leaves + bits) % (sizeof said->bytes + 1);
		break;
	case 4:
		said->piece += where;
		break;
	case 5:
		said->units += where;
		break;
	default:
		break;
	}
}

static bool is_same(const struct said *a, const struct said *b)
{
	return a->units == b->units && a->piece == b->piece && a->leaves == b->leaves &&
	       a->path == b->path && memcmp(a->bytes, b->bytes, a->leaves) == 0 &&
	       memcmp(a->nodes, b->nodes, a->path * sizeof a->nodes[0]) == 0;
}

/*
 * The number of units is not proved by a piece that keeps its place in a larger tree: it
 * is stated with the root.
 */
static void check_piece(const struct content *content, uint64_t piece,
			struct fuzz_input *changes)
{
	static struct said said, honest;
	dfs_key copy[PIECES_MAX];
	dfs_piece given;
	bool proves;

	memset(&honest, 0, sizeof honest);
	honest.units = content->units;
	honest.piece = piece;
	honest.leaves = tree_piece_leaves(content->units, piece) * DFS_KEY_LEN;
	memcpy(honest.bytes, content->leaves + piece * DFS_PIECE_LEAVES, honest.leaves);
	memcpy(copy, content->tops, sizeof copy);
	FUZZ_MUST(tree_path(copy, content->pieces, piece, honest.nodes, &honest.path));
	said = honest;
	while (changes->left >= 4) {
		uint8_t what = fuzz_byte(changes);
		uint16_t where = fuzz_short(changes);

		change(&said, what, where, fuzz_byte(changes));
	}
	given.leaves = (dfs_bytes){(uint32_t)said.leaves, said.bytes};
	given.path.path_len = (u_int)said.path;
	given.path.path_val = said.nodes;
	proves = tree_proves_piece(&content->root, said.units, said.piece, &given);
	if (is_same(&said, &honest)) {
		FUZZ_MUST(proves);
		fuzz_took();
	} else if (said.units == honest.units) {
		FUZZ_MUST(!proves);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct content content;
	struct fuzz_input input = {bytes, len};
	uint64_t units = fuzz_short(&input) % (UNITS_MAX + 1), piece = fuzz_short(&input);

	if (content.units != units || units == 0)
		grow(&content, units);
	check_root(&content);
	if (content.pieces > 0)
		check_piece(&content, piece % content.pieces, &input);
	return 0;
}
