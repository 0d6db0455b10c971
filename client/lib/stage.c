/* Bringing a large content to the servers. */
#include "stage.h"

#include "attempt.h"
#include "cipher.h"
#include "clock.h"
#include "placement.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WINDOW = 48, /* units in memory */
	UNITS_A_CALL = DFS_CONTENT_MAX / DFS_UNIT_MAX,
};

enum slot_state { SLOT_READ, SLOT_SEALING, SLOT_SEALED };

/* A slot that is being sealed is its sealer's alone. */
struct stage_slot {
	enum slot_state state;
	uint8_t *room;     /* the unit at CIPHER_BEFORE, then its stored form */
	uint32_t len;      /* of the unit, then of what is stored */
	server_set needed; /* that have yet to get it */
};

struct sender {
	struct job job; /* first: its run gets it back */
	struct stage_window *window;
	struct cipher *cipher; /* its thread's */
	chunk_set chunks;      /* to be sent to this server; 0: nothing */
	uint64_t next;         /* unit to look at next */
};

/* One pass over the file. */
struct stage_window {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct stage_slot slots[WINDOW];
	uint64_t filled; /* units below are in their slots, or were */
	uint64_t units;
	bool ended;               /* nothing more will be filled */
	bool broken;              /* a unit could not be encrypted */
	server_set failed;        /* to take their units, */
	struct refusals refusals; /* and why: full or over */
	unsigned running;         /* senders that have not ended */
	const struct stage *stage;
	struct cipher_object object;
	struct sender senders[DFS_SERVERS];
};

/* ---- sending ------------------------------------------------------------------- */

static bool wants(const struct sender *sender, uint64_t unit)
{
	return set_has(sender->chunks, placement_chunk(unit));
}

/*
 * Seals the next unit for this server that nobody has sealed yet; false when there is
 * none.  With the lock held, which is released meanwhile.
 */
static bool seal_one(struct sender *sender)
{
	struct stage_window *window = sender->window;
	uint64_t unit = sender->next;
	struct stage_slot *slot;
	uint32_t len;

	while (unit < window->filled &&
	       !(wants(sender, unit) && window->slots[unit % WINDOW].state == SLOT_READ))
		unit++;
	if (unit == window->filled || window->broken)
		return false;
	slot = &window->slots[unit % WINDOW];
	slot->state = SLOT_SEALING;
	pthread_mutex_unlock(&window->lock);
	len = sender->cipher ? cipher_seal(sender->cipher, &window->object, unit,
					   slot->room, slot->len)
			     : 0;
	pthread_mutex_lock(&window->lock);
	slot->len = len;
	slot->state = SLOT_SEALED;
	window->broken |= len == 0;
	pthread_cond_broadcast(&window->changed);
	return true;
}

/* Adds what is ready for this server, in order.  With the lock held. */
static u_int add_units(struct sender *sender, dfs_unit *units, u_int count)
{
	struct stage_window *window = sender->window;

	for (; sender->next < window->filled && count < UNITS_A_CALL; sender->next++) {
		const struct stage_slot *slot = &window->slots[sender->next % WINDOW];

		if (!wants(sender, sender->next))
			continue;
		if (slot->state != SLOT_SEALED)
			break;
		units[count++] = (dfs_unit){sender->next, {slot->len, slot->room}};
	}
	return count;
}

/*
 * The next units for this server, waiting for at least one; 0 when there are no more.
 * They stay in their slots until they are given back.
 */
static u_int take_units(struct sender *sender, dfs_unit *units)
{
	struct stage_window *window = sender->window;
	u_int count = 0;

	pthread_mutex_lock(&window->lock);
	for (;;) {
		count = add_units(sender, units, count);
		/*
		 * A full call, or the last one, or what there is when more is not ready.
		 */
		if (count == UNITS_A_CALL || window->broken)
			break;
		if (seal_one(sender))
			continue;
		if (count > 0 || (window->ended && sender->next == window->filled))
			break;
		pthread_cond_wait(&window->changed, &window->lock);
	}
	if (window->broken)
		count = 0;
	pthread_mutex_unlock(&window->lock);
	return count;
}

static void give_units(struct stage_window *window, unsigned server,
		       const dfs_unit *units, u_int count)
{
	pthread_mutex_lock(&window->lock);
	for (u_int i = 0; i < count; i++) {
		struct stage_slot *slot = &window->slots[units[i].number % WINDOW];

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
	for (size_t i = 0; i < WINDOW; i++)
		window->slots[i].needed = set_without(window->slots[i].needed, server);
	window->running--;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

static void run_sender(struct job *job, unsigned server, struct call *call,
		       const char *why)
{
	struct sender *sender = (struct sender *)job;
	struct stage_window *window = sender->window;
	dfs_unit units[UNITS_A_CALL];
	dfs_put_args args = {.operation = window->stage->operation,
			     .size = window->stage->content.size,
			     .object = window->stage->content.object};
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

/* Waits until the unit's slot is free; the servers that will need it.  false: broken. */
static bool await_slot(struct stage_window *window, uint64_t unit, server_set *ret_needed)
{
	struct stage_slot *slot = &window->slots[unit % WINDOW];
	server_set needed = 0;
	bool good;

	pthread_mutex_lock(&window->lock);
	while (slot->needed != 0)
		pthread_cond_wait(&window->changed, &window->lock);
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (wants(&window->senders[s - 1], unit) && !set_has(window->failed, s))
			needed = set_with(needed, s);
	good = !window->broken;
	pthread_mutex_unlock(&window->lock);
	*ret_needed = needed;
	return good;
}

static void publish(struct stage_window *window, uint64_t unit, unsigned needed)
{
	pthread_mutex_lock(&window->lock);
	window->slots[unit % WINDOW].needed = needed & ~window->failed;
	window->slots[unit % WINDOW].state = SLOT_READ;
	window->filled = unit + 1;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* Fills the window to the end of the file, hashing what goes by. */
static bool fill(struct stage_window *window, struct content_digests *ret_digests,
		 bool with_sha256)
{
	const struct stage *stage = window->stage;
	struct content_hash *hash = content_hash_new(with_sha256);
	bool good = hash;

	for (uint64_t u = 0; good && u < window->units; u++) {
		struct stage_slot *slot = &window->slots[u % WINDOW];
		unsigned needed;

		good = await_slot(window, u, &needed) && read_unit(stage, u, slot) &&
		       content_hash_add(hash, slot->room + CIPHER_BEFORE, slot->len);
		if (!good)
			break;
		uint32_t len = slot->len; /* from now on a sender's to change */

		publish(window, u, needed);
		if (stage->progress)
			stage->progress(stage->progress_context,
					u * stage->content.unit_size + len);
	}
	if (hash)
		good = content_hash_end(hash, ret_digests) && good;
	return good;
}

/* ---- a pass -------------------------------------------------------------------- */

static void window_free(struct stage_window *window)
{
	for (size_t i = 0; i < WINDOW; i++)
		free(window->slots[i].room);
	pthread_cond_destroy(&window->changed);
	pthread_mutex_destroy(&window->lock);
	secret_wipe(&window->object, sizeof window->object);
	free(window);
}

static struct stage_window *window_new(const struct stage *stage)
{
	struct stage_window *window = calloc(1, sizeof *window);

	if (!window)
		return NULL;
	pthread_mutex_init(&window->lock, NULL);
	pthread_cond_init(&window->changed, NULL);
	window->stage = stage;
	window->units = placement_units(stage->content.size, stage->content.unit_size);
	for (size_t i = 0; i < WINDOW; i++) {
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
			continue;
		}
		if (set_has(window->refusals.full, s) && !set_has(stage->no_spares, s) &&
		    (*has | missed) != placement_pair(stage->content.row, s))
			/* It dropped what it had of this: its pair alone may fit. */
			stage->no_spares = set_with(stage->no_spares, s);
		else
			stage->unfit = set_with(stage->unfit, s);
		*has = 0;
	}
}

/*
 * Sends missing[] (chunks per server); those who got them have them added to uploaded[].
 */
static bool run_pass(struct stage *stage, const chunk_set missing[DFS_SERVERS],
		     chunk_set uploaded[DFS_SERVERS], struct dfs_result *result)
{
	struct stage_window *window = window_new(stage);
	struct content_digests digests;
	bool good;

	if (!window) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return false;
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		struct sender *sender = &window->senders[s - 1];

		sender->job.run = run_sender;
		sender->window = window;
		sender->chunks = missing[s - 1];
		window->running += sender->chunks != 0;
	}
	for (unsigned s = 1; s <= DFS_SERVERS; s++)
		if (missing[s - 1] != 0)
			links_submit(stage->dfs->links, s, &window->senders[s - 1].job);
	good = fill(window, &digests, !stage->ran);

	pthread_mutex_lock(&window->lock);
	window->ended = true;
	pthread_cond_broadcast(&window->changed);
	while (window->running > 0)
		pthread_cond_wait(&window->changed, &window->lock);
	pthread_mutex_unlock(&window->lock);

	take_outcome(stage, window, missing, uploaded);
	if (window->broken) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		window_free(window);
		return false;
	}
	if (good && memcmp(digests.xxh128, stage->xxh128, sizeof stage->xxh128) != 0)
		good = false;
	if (good && !stage->ran)
		memcpy(stage->sha256, digests.sha256, sizeof stage->sha256);
	stage->ran = true;
	stage->changed = !good;
	if (!good)
		result_fail(result, DFS_EXIT_OTHER, CONTENT_CHANGED);
	window_free(window);
	return good;
}

bool stage_run(struct stage *stage, server_set servers, chunk_set uploaded[DFS_SERVERS],
	       struct dfs_result *result)
{
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
