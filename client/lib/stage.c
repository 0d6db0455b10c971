/* Bringing a large content to the servers. */
#include "stage.h"

#include "attempt.h"
#include "placement.h"
#include "stage_window.h"
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- reading ------------------------------------------------------------------- */

static bool read_unit(const struct stage *stage, uint64_t unit, struct stage_slot *slot)
{
	off_t at = (off_t)(unit * stage->content.unit_size);
	uint32_t len =
		placement_unit_len(stage->content.size, stage->content.unit_size, unit);

	slot->len = 0;
	while (slot->len < len) {
		ssize_t got = pread(stage->fd, slot->room + CIPHER_BEFORE + slot->len,
				    len - slot->len, at + slot->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		slot->len += (uint32_t)got;
	}
	return true;
}

/* With the lock held: is there room for a unit, and for its leaf? */
static bool has_room(struct stage_window *window, uint64_t unit)
{
	const struct stage_slot *slot = &window->slots[unit % STAGE_WINDOW];
	server_set pieces = 0;

	if (slot->needed != 0 || slot->state == SLOT_READ || slot->state == SLOT_SEALING)
		return false;
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (window->senders[s - 1].next_piece < tree_pieces(window->units) &&
		    !set_has(window->failed, s))
			pieces = set_with(pieces, s);
	return !window->whole || leaves_make_room(&window->stage->leaves, unit, pieces);
}

/*
 * Waits until the unit's slot is free; the servers that will need it.  false: the pass is
 * to stop.
 */
static bool await_slot(struct stage_window *window, uint64_t unit, server_set *ret_needed)
{
	server_set needed = 0;
	bool good;

	pthread_mutex_lock(&window->lock);
	while (window->stop == STOP_NOT && !has_room(window, unit))
		pthread_cond_wait(&window->changed, &window->lock);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (stage_window_wants(&window->senders[s - 1], unit) &&
		    !set_has(window->failed, s))
			needed = set_with(needed, s);
	good = window->stop == STOP_NOT;
	pthread_mutex_unlock(&window->lock);
	*ret_needed = needed;
	return good;
}

/* A unit that was read; or one that was not, because nobody needs it. */
static void publish(struct stage_window *window, uint64_t unit, unsigned needed,
		    bool was_read)
{
	pthread_mutex_lock(&window->lock);
	window->slots[unit % STAGE_WINDOW].needed = needed & ~window->failed;
	window->slots[unit % STAGE_WINDOW].state = was_read ? SLOT_READ : SLOT_FREE;
	window->filled = unit + 1;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/*
 * Fills the window to the end of the file.  The first whole pass hashes what goes by; in
 * later ones each unit is compared with what it was.
 */
static bool fill(struct stage_window *window, struct content_hash *hash)
{
	const struct stage *stage = window->stage;
	bool good = true;

	for (uint64_t u = 0; good && u < window->units; u++) {
		struct stage_slot *slot = &window->slots[u % STAGE_WINDOW];
		server_set needed;
		bool used;

		if (!await_slot(window, u, &needed))
			return false;
		used = window->whole || needed != 0;
		good = !used ||
		       (read_unit(stage, u, slot) &&
			(!hash ||
			 content_hash_add(hash, slot->room + CIPHER_BEFORE, slot->len)));
		if (!good)
			break;
		/* From now on the slot is a sender's to change. */
		publish(window, u, needed, used);
		if (stage->progress)
			stage->progress(
				stage->progress_context,
				u * stage->content.unit_size +
					placement_unit_len(stage->content.size,
							   stage->content.unit_size, u));
	}
	return good;
}

/* ---- a pass -------------------------------------------------------------------- */

static void window_free(struct stage_window *window)
{
	for (size_t i = 0; i < STAGE_WINDOW; i++)
		free(window->slots[i].room);
	pthread_cond_destroy(&window->changed);
	pthread_mutex_destroy(&window->lock);
	secret_wipe(&window->object, sizeof window->object);
	free(window);
}

static struct stage_window *window_new(struct stage *stage)
{
	struct stage_window *window = calloc(1, sizeof *window);

	if (!window)
		return NULL;
	pthread_mutex_init(&window->lock, NULL);
	pthread_cond_init(&window->changed, NULL);
	window->stage = stage;
	window->units = placement_units(stage->content.size, stage->content.unit_size);
	for (size_t i = 0; i < STAGE_WINDOW; i++) {
		window->slots[i].room = malloc(stage->content.unit_size + CIPHER_MORE);
		if (!window->slots[i].room) {
			window_free(window);
			return NULL;
		}
	}
	if (!cipher_object_init(&window->object, &stage->content, stage->key)) {
		window_free(window);
		return NULL;
	}
	return window;
}

/* Who got what it missed, and who is not to be tried again. */
static void take_outcome(struct stage *stage, const struct stage_window *window,
			 const chunk_set missing[DFS_SERVERS],
			 chunk_set uploaded[DFS_SERVERS])
{
	refusals_add(&stage->refusals, &window->refusals);
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		chunk_set *has = &uploaded[s - 1], missed = missing[s - 1];

		if (missed == 0)
			continue;
		if (!set_has(window->failed, s)) {
			*has |= missed;
			stage->begun = set_with(stage->begun, s);
			continue;
		}
		if (set_has(window->refusals.full, s) && !set_has(stage->no_spares, s) &&
		    (*has | missed) != placement_pair(stage->content.row, s))
			/* It dropped what it had of this: its pair alone may fit. */
			stage->no_spares = set_with(stage->no_spares, s);
		else
			stage->unfit = set_with(stage->unfit, s);
		stage->begun = set_without(stage->begun, s);
		*has = 0;
	}
}

/* What each server gets in this pass, and whether all units are needed for it. */
static void plan(struct stage_window *window, const chunk_set missing[DFS_SERVERS])
{
	uint64_t pieces = tree_pieces(window->units);

	window->whole = !window->stage->ran;
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct stage_sender *sender = &window->senders[s - 1];

		sender->job.run = stage_window_send;
		sender->window = window;
		sender->chunks = missing[s - 1];
		/* An upload that has chunks has the pieces. */
		sender->next_piece =
			missing[s - 1] != 0 && !set_has(window->stage->begun, s) ? 0
										 : pieces;
		window->whole |= sender->next_piece < pieces;
		window->running += sender->chunks != 0;
	}
}

/* Runs the senders, and reads for them; true when all of the file was read. */
static bool send_all(struct stage_window *window, struct content_hash *hash)
{
	bool good;

	leaves_begin(&window->stage->leaves);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (window->senders[s - 1].chunks != 0)
			links_submit(window->stage->dfs->links, s,
				     &window->senders[s - 1].job);
	good = fill(window, hash);

	pthread_mutex_lock(&window->lock);
	window->ended = true;
	if (!good && window->stop == STOP_NOT)
		window->stop = STOP_CHANGED;
	pthread_cond_broadcast(&window->changed);
	while (window->running > 0)
		pthread_cond_wait(&window->changed, &window->lock);
	pthread_mutex_unlock(&window->lock);
	return window->stop == STOP_NOT;
}

/* After the first whole pass: is the content what it should be, and what is its tree? */
static enum stage_stop complete(struct stage *stage,
				const struct content_digests *digests)
{
	/* Where all servers failed at the very end there may be leaves that are not. */
	if (stage->leaves.ready < stage->leaves.pieces)
		return STOP_ALONE;
	if (memcmp(digests->xxh128, stage->xxh128, sizeof stage->xxh128) != 0)
		return STOP_CHANGED;
	memcpy(stage->sha256, digests->sha256, sizeof stage->sha256);
	if (!leaves_tree(&stage->leaves, stage->tree, &stage->tree_len))
		return STOP_MEMORY;
	stage->ran = true;
	return STOP_NOT;
}

static enum stage_stop run_window(struct stage *stage, struct stage_window *window)
{
	struct content_hash *hash = NULL;
	struct content_digests digests;
	bool good;

	if (!stage->ran) {
		hash = content_hash_new(stage->with_sha256);
		if (!hash)
			return STOP_MEMORY;
	}
	good = send_all(window, hash);
	if (hash && !content_hash_end(hash, &digests))
		return STOP_MEMORY;
	if (!good)
		return window->stop;
	return stage->ran ? STOP_NOT : complete(stage, &digests);
}

/*
 * Sends missing[] (chunks per server); those who got them have them added to uploaded[].
 */
static bool run_pass(struct stage *stage, const chunk_set missing[DFS_SERVERS],
		     chunk_set uploaded[DFS_SERVERS], struct dfs_result *result)
{
	struct stage_window *window;
	enum stage_stop stop = STOP_MEMORY;

	if (!stage->leaves.marks &&
	    !leaves_init(&stage->leaves, placement_units(stage->content.size,
							 stage->content.unit_size))) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	window = window_new(stage);
	if (window) {
		plan(window, missing);
		stop = run_window(stage, window);
		take_outcome(stage, window, missing, uploaded);
		window_free(window);
	}
	stage->changed = stop == STOP_CHANGED;
	if (stop == STOP_MEMORY)
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
	if (stop == STOP_CHANGED)
		result_fail(result, DFS_EXIT_OTHER, CONTENT_CHANGED);
	return stop == STOP_NOT || stop == STOP_ALONE;
}

void stage_free(struct stage *stage)
{
	leaves_free(&stage->leaves);
	secret_wipe(stage->key, sizeof stage->key);
	secret_wipe(&stage->token, sizeof stage->token);
}

bool stage_run(struct stage *stage, server_set servers, chunk_set uploaded[DFS_SERVERS],
	       struct dfs_result *result)
{
	/* What was bound since is no upload any more: the next one needs its pieces. */
	stage->begun = 0;
	for (;;) {
		chunk_set missing[DFS_SERVERS], any = 0;
		server_set fit = servers & ~stage->unfit;

		for (unsigned s = 1; s <= DFS_SERVERS; s++) {
			missing[s - 1] = attempt_plan(stage->content.row, s, fit) &
					 ~uploaded[s - 1];
			if (set_has(stage->no_spares, s))
				missing[s - 1] &= placement_pair(stage->content.row, s);
			any |= missing[s - 1];
		}
		/*
		 * With fewer than three nothing can be stored: the caller finds that out.
		 */
		if (any == 0 || set_count(fit) < 3)
			return true;
		if (!run_pass(stage, missing, uploaded, result))
			return false;
	}
}
