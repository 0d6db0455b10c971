/*
 * One large content: fetched load by load into an upload, the next load while one is
 * stored.
 */
#include "repair_internal.h"

#include "pieces.h"
#include "placement.h"
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct repair_large {
	struct repair_lane *lane;
	const struct repair_piece *piece;
	struct store_uploads *uploads;
	struct repair_load *loads[2];
	uint64_t units, next;             /* of the content; not yet in a load */
	dfs_key root;                     /* of its tree */
	dfs_key leaves[DFS_PIECE_LEAVES]; /* of the piece that next is in, */
	uint64_t pieces;                  /* which is the last of so many */
	uint64_t bytes;                   /* stored */
	chunk_set chunks;                 /* whose units have all come so far */
	struct repair_said said;          /* of the others */
};

/* ---- leaves -------------------------------------------------------------------- */

struct asking_leaves {
	struct repair_leaves_ask ask; /* first */
	struct repair_large *large;
};

static bool take_leaves(struct repair_leaves_ask *ask, const dfs_piece *piece)
{
	struct repair_large *large = ((struct asking_leaves *)ask)->large;

	if (!tree_proves_piece(&large->root, large->units, ask->args.piece, piece))
		return false;
	memcpy(large->leaves, piece->leaves.data, piece->leaves.len);
	return true;
}

/* The piece of the tree that next is in, from whoever has it; false: nobody has. */
static bool fetch_leaves(struct repair_large *large)
{
	struct repair *repair = large->lane->repair;
	const struct repair_calls *calls = &repair->calls;
	server_set others = set_without(SERVERS_ALL, repair->server);
	server_set reach = calls->reach(calls->context) & others;
	struct asking_leaves asking = {
		.ask = {.args = {.object = large->piece->content.object,
				 .piece = (uint32_t)large->pieces},
			.take = take_leaves},
		.large = large};
	server_set unbrought = 0, had = 0;

	large->lane->away |= others & ~reach;
	for (unsigned s = 1; s <= DFS_SERVERS && !asking.ask.taken; s++) {
		if (!set_has(reach, s))
			continue;
		asking.ask.server = s;
		calls->leaves(calls->context, &asking.ask);
		if (!asking.ask.answered)
			large->lane->away = set_with(large->lane->away, s);
		else if (asking.ask.status == DFS_UNBROUGHT)
			unbrought = set_with(unbrought, s);
		else if (asking.ask.status == DFS_DAMAGED ||
			 asking.ask.status == DFS_NODATA)
			had = set_with(had, s);
	}
	/* Who has not even the tree has none of the chunks. */
	for (unsigned i = 0; i < DFS_SERVERS && !asking.ask.taken; i++) {
		large->said.unbrought[i] |= unbrought;
		large->said.had[i] |= had;
	}
	return asking.ask.taken;
}

/* Of up to four units all leaves are in the manifest, in place of pieces. */
static bool has_pieces(const struct repair_large *large)
{
	return large->units > DFS_SERVERS;
}

/* The leaves for next, and in the upload too; 0, ENOENT: nobody has them, or an errno. */
static int next_leaves(struct repair_large *large)
{
	uint64_t piece = large->next / DFS_PIECE_LEAVES;
	dfs_unit unit;

	if (!has_pieces(large) || piece < large->pieces)
		return 0;
	if (!fetch_leaves(large))
		return ENOENT;
	unit = (dfs_unit){.number = PIECES_FIRST + large->pieces,
			  .data = {.len = (uint32_t)(tree_piece_leaves(large->units,
								       large->pieces) *
						     sizeof(dfs_key)),
				   .data = (uint8_t *)large->leaves}};
	large->pieces++;
	return store_upload(large->uploads, &large->piece->content.maker, &unit);
}

static struct repair_leaves leaves_of_next(const struct repair_large *large)
{
	uint64_t from = (large->pieces - 1) * DFS_PIECE_LEAVES;

	if (!has_pieces(large))
		return (struct repair_leaves){large->piece->content.tree, 0,
					      large->units};
	return (struct repair_leaves){
		large->leaves, from,
		from + tree_piece_leaves(large->units, large->pieces - 1)};
}

/* ---- units --------------------------------------------------------------------- */

/* The next units, of one piece; *ret_more: there are some. */
static int begin_load(struct repair_large *large, struct repair_load *load,
		      bool *ret_more)
{
	int rc = 0;

	repair_load_clear(load);
	while (rc == 0 && load->count == 0 && large->next < large->units &&
	       large->chunks != 0) {
		rc = next_leaves(large);
		if (rc == 0) {
			struct repair_leaves leaves = leaves_of_next(large);

			large->next =
				repair_load_add(load, &large->piece->content,
						large->chunks, &leaves, large->next);
		}
	}
	/* Without its leaves nothing of it can be taken. */
	if (rc == ENOENT) {
		large->chunks = 0;
		rc = 0;
	}
	*ret_more = rc == 0 && load->count > 0;
	if (*ret_more)
		repair_load_begin(load);
	return rc;
}

static int store_load(struct repair_large *large, struct repair_load *load)
{
	int rc = 0;

	repair_load_await(load);
	large->lane->away |= load->away;
	for (size_t i = 0; i < load->count && rc == 0; i++) {
		const struct repair_unit *unit = &load->units[i];
		const dfs_unit given = {.number = unit->number,
					.data = {.len = unit->len, .data = unit->bytes}};

		if (unit->bytes) {
			rc = store_upload(large->uploads, &unit->maker, &given);
			large->bytes += unit->len;
		} else {
			large->chunks =
				set_without(large->chunks, placement_chunk(unit->number));
			repair_said_note(&large->said, unit);
		}
	}
	return rc;
}

static int fetch_all(struct repair_large *large)
{
	struct repair *repair = large->lane->repair;
	unsigned turn = 0;
	bool more;
	int rc = begin_load(large, large->loads[0], &more);

	while (more && rc == 0) {
		struct repair_load *load = large->loads[turn];
		int stored;

		turn ^= 1;
		rc = begin_load(large, large->loads[turn], &more);
		stored = store_load(large, load);
		if (rc == 0)
			rc = stored;
		if (rc == 0 && !repair_goes_on(repair))
			rc = ECANCELED;
	}
	/* Nothing may be under way when the loads are freed. */
	if (more)
		repair_load_await(large->loads[turn]);
	return rc;
}

/* Pieces of the tree behind the last unit of these chunks are needed all the same. */
static int fetch_rest_of_tree(struct repair_large *large)
{
	int rc = 0;

	while (rc == 0 && has_pieces(large) &&
	       large->pieces < tree_pieces(large->units)) {
		large->next = large->pieces * DFS_PIECE_LEAVES;
		rc = next_leaves(large);
	}
	return rc;
}

static int commit_upload(struct repair_large *large)
{
	struct store *store = large->lane->repair->store;
	const struct repair_content *content = &large->piece->content;
	dfs_key tree[DFS_SERVERS];
	const dfs_share share = {.maker = content->maker,
				 .size = content->size,
				 .tree = {content->tree_len, tree},
				 .chunks = large->chunks};
	struct store_batch *batch = store_batch_new(store);
	int rc = ENOMEM;

	memcpy(tree, content->tree, sizeof tree);
	if (batch)
		rc = store_batch_upload(batch, large->uploads, &share);
	if (rc != 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_is_repair(batch);
	return store_commit(batch);
}

static int pull(struct repair_large *large)
{
	const struct repair_piece *piece = large->piece;
	int rc = fetch_all(large);

	if (rc == 0 && large->chunks != 0)
		rc = fetch_rest_of_tree(large);
	if (rc == 0 && large->chunks != 0)
		rc = commit_upload(large);
	/* It is not what the manifest says; or nobody has its tree. */
	if (rc == EINVAL || rc == ENOENT) {
		large->chunks = 0;
		rc = 0;
	}
	if (rc != 0)
		return rc == ECANCELED ? 0 : rc;
	if (large->chunks != 0) {
		repair_verify(large->lane->repair, &piece->content, large->chunks);
		repair_lane_stored(large->lane, large->bytes);
	}
	if (piece->missing & ~large->chunks)
		repair_lane_lost(large->lane, piece, piece->missing & ~large->chunks,
				 &large->said);
	return 0;
}

int repair_pull_large(struct repair_lane *lane, const struct repair_piece *piece)
{
	struct repair_large large = {
		.lane = lane,
		.piece = piece,
		.uploads = store_uploads_new(lane->repair->store),
		.loads = {repair_load_new(lane->repair), repair_load_new(lane->repair)},
		.units = placement_units(piece->content.size,
					 placement_unit_size(piece->content.size)),
		.chunks = piece->missing};
	int rc = ENOMEM;

	if (large.uploads && large.loads[0] && large.loads[1] &&
	    tree_root(large.units, piece->content.tree, piece->content.tree_len,
		      &large.root)) {
		store_uploads_are_repairs(large.uploads);
		rc = pull(&large);
	}
	for (unsigned i = 0; i < 2; i++)
		repair_load_free(large.loads[i]);
	store_uploads_free(large.uploads);
	return rc;
}
