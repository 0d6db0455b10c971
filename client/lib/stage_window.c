/* Sealing and sending what is in the window. */
#include "stage_window.h"

#include "clock.h"
#include "placement.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

enum { UNITS_A_CALL = DFS_CONTENT_MAX / DFS_UNIT_MAX };

bool stage_window_wants(const struct stage_sender *sender, uint64_t unit)
{
	return set_has(sender->chunks, placement_chunk(unit));
}

/* ---- sealing ------------------------------------------------------------------- */

/*
 * The unit to be sealed next: of those that nobody has sealed yet the first for this
 * server, else the first for anybody; window->filled when there is none.  With the lock
 * held.
 */
static uint64_t choose(const struct stage_sender *sender)
{
	const struct stage_window *window = sender->window;
	uint64_t unit = window->filled > STAGE_WINDOW ? window->filled - STAGE_WINDOW : 0;
	uint64_t chosen = window->filled;

	for (; unit < window->filled; unit++) {
		if (window->slots[unit % STAGE_WINDOW].state != SLOT_READ)
			continue;
		if (stage_window_wants(sender, unit))
			return unit;
		if (chosen == window->filled)
			chosen = unit;
	}
	return chosen;
}

/* What the slot holds, as it is stored, and its leaf.  Without the lock. */
static enum stage_stop seal(struct stage_sender *sender, uint64_t unit,
			    struct stage_slot *slot, dfs_key *ret_leaf)
{
	struct stage_window *window = sender->window;
	struct leaves *leaves = &window->stage->leaves;

	slot->room[0] = leaves_format(leaves, unit);
	slot->len = sender->cipher ? cipher_seal(sender->cipher, &window->object, unit,
						 slot->room, slot->len)
				   : 0;
	if (slot->len == 0 ||
	    !tree_leaf(&window->object.maker, unit, slot->room, slot->len, ret_leaf))
		return STOP_MEMORY;
	return leaves_is_same(leaves, unit, slot->room[0], ret_leaf) ? STOP_NOT
								     : STOP_CHANGED;
}

/* Of a piece that has all leaves.  With the lock held, which is released meanwhile. */
static enum stage_stop end_piece(struct stage_window *window, struct leaves_piece *piece)
{
	struct leaves *leaves = &window->stage->leaves;
	dfs_key top;
	bool good;

	pthread_mutex_unlock(&window->lock);
	good = leaves_top(leaves, piece, &top);
	pthread_mutex_lock(&window->lock);
	if (!good)
		return STOP_MEMORY;
	return leaves_note_top(leaves, piece, &top) ? STOP_NOT : STOP_CHANGED;
}

/*
 * Seals a unit that nobody has sealed yet; false when there is none.  With the lock held,
 * which is released meanwhile.
 */
static bool seal_one(struct stage_sender *sender)
{
	struct stage_window *window = sender->window;
	uint64_t unit = choose(sender);
	struct leaves_piece *piece = NULL;
	struct stage_slot *slot;
	enum stage_stop stop;
	dfs_key leaf;

	if (unit == window->filled || window->stop != STOP_NOT)
		return false;
	slot = &window->slots[unit % STAGE_WINDOW];
	slot->state = SLOT_SEALING;
	pthread_mutex_unlock(&window->lock);
	stop = seal(sender, unit, slot, &leaf);
	pthread_mutex_lock(&window->lock);
	if (stop == STOP_NOT && window->whole)
		piece = leaves_add(&window->stage->leaves, unit, &leaf);
	if (piece)
		stop = end_piece(window, piece);
	slot->state = SLOT_SEALED;
	if (stop != STOP_NOT)
		window->stop = stop;
	pthread_cond_broadcast(&window->changed);
	return true;
}

/* ---- sending ------------------------------------------------------------------- */

/* Pieces travel as units behind the last one that there can be. */
static dfs_unit unit_of(const struct stage_window *window,
			const struct leaves_piece *piece)
{
	size_t count = tree_piece_leaves(window->units, piece->number);

	return (dfs_unit){DFS_FILE_UNITS_MAX + piece->number,
			  {(uint32_t)(count * sizeof piece->leaves[0]),
			   (const uint8_t *)piece->leaves}};
}

/* Adds what is ready for this server, in order.  With the lock held. */
static u_int add_units(struct stage_sender *sender, dfs_unit *units, u_int count)
{
	struct stage_window *window = sender->window;
	unsigned server = (unsigned)(sender - window->senders) + 1;
	const struct leaves_piece *piece;

	while (count < UNITS_A_CALL &&
	       (piece = leaves_piece_for(&window->stage->leaves, sender->next_piece,
					 server))) {
		units[count++] = unit_of(window, piece);
		sender->next_piece++;
	}
	for (; sender->next < window->filled && count < UNITS_A_CALL; sender->next++) {
		const struct stage_slot *slot =
			&window->slots[sender->next % STAGE_WINDOW];

		if (!stage_window_wants(sender, sender->next))
			continue;
		if (slot->state != SLOT_SEALED)
			break;
		units[count++] = (dfs_unit){sender->next, {slot->len, slot->room}};
	}
	return count;
}

/* Has this server got all that it is to have, and the content all its leaves? */
static bool is_done(const struct stage_sender *sender)
{
	const struct stage_window *window = sender->window;
	const struct leaves *leaves = &window->stage->leaves;

	return window->ended && sender->next == window->filled &&
	       (!window->whole || leaves->ready == leaves->pieces) &&
	       sender->next_piece >= tree_pieces(window->units);
}

/*
 * The next units for this server, waiting for at least one; 0 when there are no more.
 * They stay in their slots until they are given back.
 */
static u_int take_units(struct stage_sender *sender, dfs_unit *units)
{
	struct stage_window *window = sender->window;
	u_int count = 0;

	pthread_mutex_lock(&window->lock);
	for (;;) {
		count = add_units(sender, units, count);
		/*
		 * A full call, or the last one, or what there is when more is not ready.
		 */
		if (count == UNITS_A_CALL || window->stop != STOP_NOT)
			break;
		if (seal_one(sender))
			continue;
		if (count > 0 || is_done(sender))
			break;
		pthread_cond_wait(&window->changed, &window->lock);
	}
	if (window->stop != STOP_NOT)
		count = 0;
	pthread_mutex_unlock(&window->lock);
	return count;
}

static void give_units(struct stage_window *window, unsigned server,
		       const dfs_unit *units, u_int count)
{
	pthread_mutex_lock(&window->lock);
	for (u_int i = 0; i < count; i++) {
		uint64_t number = units[i].number;
		struct stage_slot *slot = &window->slots[number % STAGE_WINDOW];

		if (number >= DFS_FILE_UNITS_MAX)
			leaves_give(&window->stage->leaves, number - DFS_FILE_UNITS_MAX,
				    server);
		else
			slot->needed = set_without(slot->needed, server);
	}
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* The server gets nothing more: what waits for it waits no longer. */
static void end_sender(struct stage_window *window, unsigned server, dfs_status status)
{
	pthread_mutex_lock(&window->lock);
	if (status != DFS_OK)
		window->failed = set_with(window->failed, server);
	if (status == DFS_NOSPACE || status == DFS_OVER_QUOTA || status == DFS_BUSY)
		refusals_note_content(&window->refusals, server, status);
	for (size_t i = 0; i < STAGE_WINDOW; i++)
		window->slots[i].needed = set_without(window->slots[i].needed, server);
	leaves_give_up(&window->stage->leaves, server);
	window->running--;
	if (window->running == 0 && !window->ended && window->stop == STOP_NOT)
		window->stop = STOP_ALONE;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

void stage_window_send(struct job *job, unsigned server, struct call *call,
		       const char *why)
{
	struct stage_sender *sender = (struct stage_sender *)job;
	struct stage_window *window = sender->window;
	dfs_unit units[UNITS_A_CALL];
	dfs_put_args args = {.operation = window->stage->operation,
			     .size = window->stage->content.size,
			     .token = window->stage->token};
	dfs_status status = call ? DFS_OK : DFS_IO;
	u_int count;

	(void)why;
	sender->cipher = cipher_new();
	args.path.dfs_path_val = strdup(window->stage->path);
	args.path.dfs_path_len = (u_int)strlen(window->stage->path);
	if (!args.path.dfs_path_val)
		status = DFS_IO;
	while (status == DFS_OK && (count = take_units(sender, units)) > 0) {
		dfs_put_res res;
		char text[LINKS_WHY];

		args.units.units_len = count;
		args.units.units_val = units;
		status = call_run(call, DFS_PUT, &args, &res,
				  &(struct one_try){clock_now_ms() + LINKS_NEED_MS, text,
						    sizeof text})
				 ? res.status
				 : DFS_IO;
		give_units(window, server, units, count);
	}
	free(args.path.dfs_path_val);
	cipher_free(sender->cipher);
	end_sender(window, server, status);
}
