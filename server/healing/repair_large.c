/*
 * One large content: fetched load by load into an upload, the next load while one is
 * stored.
 */
#include "repair_internal.h"

#include "placement.h"

#include <errno.h>
#include <stdlib.h>

struct repair_large {
	struct repair_lane *lane;
	const struct repair_piece *piece;
	struct store_uploads *uploads;
	struct repair_load *loads[2];
	uint64_t units, next; /* of the content; not yet in a load */
	uint64_t bytes;       /* stored */
	chunk_set chunks;     /* whose units have all come so far */
};

/* The next units; false when there are none. */
static bool begin_load(struct repair_large *large, struct repair_load *load)
{
	repair_load_clear(load);
	if (large->next < large->units && large->chunks != 0)
		large->next = repair_load_add(load, &large->piece->content, large->chunks,
					      large->next);
	if (load->count == 0)
		return false;
	repair_load_begin(load);
	return true;
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
			rc = store_upload(large->uploads, &unit->object, &given);
			large->bytes += unit->len;
		} else {
			large->chunks =
				set_without(large->chunks, placement_chunk(unit->number));
		}
	}
	return rc;
}

static int fetch_all(struct repair_large *large)
{
	struct repair *repair = large->lane->repair;
	unsigned turn = 0;
	bool more = begin_load(large, large->loads[0]);
	int rc = 0;

	while (more && rc == 0) {
		struct repair_load *load = large->loads[turn];

		turn ^= 1;
		more = begin_load(large, large->loads[turn]);
		rc = store_load(large, load);
		if (rc == 0 && !repair_goes_on(repair))
			rc = ECANCELED;
	}
	/* Nothing may be under way when the loads are freed. */
	if (more)
		repair_load_await(large->loads[turn]);
	return rc;
}

static int commit_upload(struct repair_large *large)
{
	struct store *store = large->lane->repair->store;
	const dfs_share share = {.object = large->piece->content.object,
				 .units = large->units,
				 .chunks = large->chunks};
	struct store_batch *batch = store_batch_new(store);
	int rc = batch ? store_batch_upload(batch, large->uploads, &share) : ENOMEM;

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
		rc = commit_upload(large);
	/* What is here of it has other units than the manifest says. */
	if (rc == EINVAL) {
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
		repair_lane_lost(large->lane, piece, piece->missing & ~large->chunks);
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

	if (large.uploads && large.loads[0] && large.loads[1]) {
		store_uploads_are_repairs(large.uploads);
		rc = pull(&large);
	}
	for (unsigned i = 0; i < 2; i++)
		repair_load_free(large.loads[i]);
	store_uploads_free(large.uploads);
	return rc;
}
