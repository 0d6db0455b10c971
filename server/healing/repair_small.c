/*
 * Small contents: fetched together, as many as a load holds, and stored with one commit.
 */
#include "repair_internal.h"

#include "placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what goes together -------------------------------------------------------- */

bool repair_small_begin(struct repair_small *small, struct repair *repair)
{
	small->repair = repair;
	small->count = 0;
	small->load = repair_load_new(repair);
	return small->load;
}

void repair_small_end(struct repair_small *small)
{
	repair_small_clear(small);
	repair_load_free(small->load);
}

void repair_small_clear(struct repair_small *small)
{
	for (size_t i = 0; i < small->count; i++)
		free(small->pieces[i].path);
	small->count = 0;
	repair_load_clear(small->load);
}

static uint64_t all_units(const struct repair_piece *piece)
{
	return placement_units(piece->content.size,
			       placement_unit_size(piece->content.size));
}

/* Its leaves are known with it. */
static bool is_small(const struct repair *repair, const struct repair_piece *piece)
{
	uint64_t units = all_units(piece);

	return units <= DFS_SERVERS && piece->content.tree_len == units &&
	       placement_units_of(units, piece->missing) <= DFS_UNITS_MAX &&
	       placement_bytes_of(piece->content.size, piece->missing) <=
		       repair->rules.load_bytes / 2;
}

bool repair_small_has(const struct repair_small *small, const dfs_id *object)
{
	for (size_t i = 0; i < small->count; i++)
		if (memcmp(&small->pieces[i].content.object, object, sizeof *object) == 0)
			return true;
	return false;
}

bool repair_small_add(struct repair_small *small, const struct repair_piece *piece)
{
	struct repair_load *load = small->load;
	size_t before = load->count;
	uint64_t bytes = load->bytes, units = all_units(piece);
	const struct repair_leaves leaves = {piece->content.tree, 0, units};

	if (small->count == REPAIR_PIECES || !is_small(small->repair, piece))
		return false;
	if (repair_load_add(load, &piece->content, piece->missing, &leaves, 0) < units) {
		load->count = before;
		load->bytes = bytes;
		return false;
	}
	small->pieces[small->count++] = *piece;
	return true;
}

/* ---- storing ------------------------------------------------------------------- */

/* The units of a piece are a run of the load's: of these the chunks that are whole. */
static chunk_set whole_chunks(const struct repair_piece *piece,
			      const struct repair_unit *units, size_t count)
{
	chunk_set chunks = piece->missing;

	for (size_t i = 0; i < count; i++)
		if (!units[i].bytes)
			chunks = set_without(chunks, placement_chunk(units[i].number));
	return chunks;
}

static int add_piece(struct store_batch *batch, struct repair_piece *piece,
		     const struct repair_unit *units, size_t count, chunk_set chunks)
{
	const dfs_share share = {.maker = piece->content.maker,
				 .size = piece->content.size,
				 .tree = {piece->content.tree_len, piece->content.tree},
				 .chunks = chunks};
	dfs_unit *given = calloc(count, sizeof *given);
	size_t used = 0;
	int rc;

	if (!given)
		return ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (set_has(chunks, placement_chunk(units[i].number)))
			given[used++] = (dfs_unit){
				.number = units[i].number,
				.data = {.len = units[i].len, .data = units[i].bytes}};
	rc = store_batch_content(batch, &share, given, used);
	free(given);
	return rc;
}

static uint64_t bytes_of(const struct repair_unit *units, size_t count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += units[i].bytes ? units[i].len : 0;
	return bytes;
}

static size_t units_of(const struct repair_small *small, size_t piece)
{
	return placement_units_of(all_units(&small->pieces[piece]),
				  small->pieces[piece].missing);
}

/* Everything that came goes into one commit.  stored: the chunks of each piece. */
static int commit_pieces(struct repair_small *small, chunk_set stored[REPAIR_PIECES])
{
	struct store_batch *batch = store_batch_new(small->repair->store);
	const struct repair_unit *units = small->load->units;
	int rc = batch ? 0 : ENOMEM;
	bool some = false;

	for (size_t i = 0; i < small->count && rc == 0; i++) {
		struct repair_piece *piece = &small->pieces[i];
		size_t count = units_of(small, i);

		stored[i] = whole_chunks(piece, units, count);
		if (stored[i] != 0)
			rc = add_piece(batch, piece, units, count, stored[i]);
		/* What is here of it has other units than the manifest says. */
		if (rc == EINVAL) {
			stored[i] = 0;
			rc = 0;
		}
		some |= stored[i] != 0;
		units += count;
	}
	if (rc != 0 || !some) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_is_repair(batch);
	return store_commit(batch);
}

/* What is missing but for the stored chunks could not be had. */
static void tell_lost(struct repair_lane *lane, const struct repair_piece *piece,
		      const struct repair_unit *units, chunk_set stored)
{
	size_t count = placement_units_of(all_units(piece), piece->missing);
	struct repair_said said = {{0}, {0}};

	for (size_t i = 0; i < count; i++)
		if (!units[i].bytes)
			repair_said_note(&said, &units[i]);
	repair_lane_lost(lane, piece, piece->missing & ~stored, &said);
}

int repair_small_pull(struct repair_small *small, struct repair_lane *lane)
{
	const struct repair_unit *units = small->load->units;
	chunk_set stored[REPAIR_PIECES] = {0};
	int rc;

	repair_load_begin(small->load);
	repair_load_await(small->load);
	lane->away |= small->load->away;
	rc = commit_pieces(small, stored);
	for (size_t i = 0; i < small->count && rc == 0; i++) {
		const struct repair_piece *piece = &small->pieces[i];
		size_t count = units_of(small, i);

		if (stored[i] != 0) {
			repair_verify(lane->repair, &piece->content, stored[i]);
			repair_lane_stored(lane, bytes_of(units, count));
		}
		if (piece->missing & ~stored[i])
			tell_lost(lane, piece, units, stored[i]);
		units += count;
	}
	return rc;
}
