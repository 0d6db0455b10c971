/* Bringing a large content to the servers. */
#include "stage.h"

#include "attempt.h"
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

struct slot {
	uint8_t *bytes;
	uint32_t len;
	unsigned needed; /* servers that have yet to get it; mask */
};

struct sender {
	struct job job; /* first: its run gets it back */
	struct window *window;
	unsigned chunks; /* to be sent to this server; 0: nothing */
	uint64_t next;   /* unit to look at next */
};

/* One pass over the file. */
struct window {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct slot slots[WINDOW];
	uint64_t filled; /* units below are in their slots, or were */
	uint64_t units;
	bool ended;            /* nothing more will be filled */
	unsigned failed, full; /* servers; masks */
	unsigned running;      /* senders that have not ended */
	const struct stage *stage;
	struct sender senders[DFS_SERVERS];
};

/* ---- sending ------------------------------------------------------------------- */

static bool wants(const struct sender *sender, uint64_t unit)
{
	return sender->chunks & 1U << (placement_chunk(unit) - 1);
}

/*
 * The next units for this server, waiting for at least one; 0 when there are no more.
 * They stay in their slots until they are given back.
 */
static u_int take_units(struct sender *sender, dfs_unit *units)
{
	struct window *window = sender->window;
	u_int count = 0;

	pthread_mutex_lock(&window->lock);
	for (;;) {
		while (sender->next < window->filled && count < UNITS_A_CALL) {
			uint64_t unit = sender->next++;
			const struct slot *slot = &window->slots[unit % WINDOW];

			if (wants(sender, unit))
				units[count++] =
					(dfs_unit){unit, {slot->len, slot->bytes}};
		}
		/* A full call, or the last one, or what there is when more is not ready.
		 */
		if (count > 0 || window->ended)
			break;
		pthread_cond_wait(&window->changed, &window->lock);
	}
	pthread_mutex_unlock(&window->lock);
	return count;
}

static void give_units(struct window *window, unsigned server, const dfs_unit *units,
		       u_int count)
{
	pthread_mutex_lock(&window->lock);
	for (u_int i = 0; i < count; i++)
		window->slots[units[i].number % WINDOW].needed &= ~(1U << (server - 1));
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* The server gets nothing more: what waits for it waits no longer. */
static void end_sender(struct window *window, unsigned server, bool failed, bool full)
{
	unsigned mask = 1U << (server - 1);

	pthread_mutex_lock(&window->lock);
	window->failed |= failed ? mask : 0;
	window->full |= full ? mask : 0;
	for (size_t i = 0; i < WINDOW; i++)
		window->slots[i].needed &= ~mask;
	window->running--;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

static void run_sender(struct job *job, unsigned server, struct call *call,
		       const char *why)
{
	struct sender *sender = (struct sender *)job;
	struct window *window = sender->window;
	dfs_unit units[UNITS_A_CALL];
	dfs_put_args args = {.operation = window->stage->operation,
			     .size = window->stage->content.size,
			     .object = window->stage->content.object};
	bool failed = call == NULL, full = false;
	u_int count;

	(void)why;
	args.path.dfs_path_val = strdup(window->stage->path);
	args.path.dfs_path_len = (u_int)strlen(window->stage->path);
	failed = failed || !args.path.dfs_path_val;
	while (!failed && (count = take_units(sender, units)) > 0) {
		dfs_put_res res;
		char text[LINKS_WHY];

		args.units.units_len = count;
		args.units.units_val = units;
		failed = !call_run(call, DFS_PUT, (xdrproc_t)xdr_dfs_put_args, &args,
				   (xdrproc_t)xdr_dfs_put_res, &res, sizeof res,
				   clock_now_ms() + LINKS_NEED_MS, text, sizeof text);
		if (!failed && res.status != DFS_OK) {
			failed = true;
			full = res.status == DFS_NOSPACE;
		}
		give_units(window, server, units, count);
	}
	free(args.path.dfs_path_val);
	end_sender(window, server, failed, full);
}

/* ---- reading ------------------------------------------------------------------- */

static bool read_unit(const struct stage *stage, uint64_t unit, struct slot *slot)
{
	off_t at = (off_t)(unit * stage->content.unit_size);
	uint32_t len =
		placement_unit_len(stage->content.size, stage->content.unit_size, unit);

	slot->len = 0;
	while (slot->len < len) {
		ssize_t got = pread(stage->fd, slot->bytes + slot->len, len - slot->len,
				    at + slot->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		slot->len += (uint32_t)got;
	}
	return true;
}

/* Waits until the unit's slot is free; the servers that will need it. */
static unsigned await_slot(struct window *window, uint64_t unit)
{
	struct slot *slot = &window->slots[unit % WINDOW];
	unsigned needed = 0;

	pthread_mutex_lock(&window->lock);
	while (slot->needed != 0)
		pthread_cond_wait(&window->changed, &window->lock);
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (wants(&window->senders[i], unit) && !(window->failed & 1U << i))
			needed |= 1U << i;
	pthread_mutex_unlock(&window->lock);
	return needed;
}

static void publish(struct window *window, uint64_t unit, unsigned needed)
{
	pthread_mutex_lock(&window->lock);
	window->slots[unit % WINDOW].needed = needed & ~window->failed;
	window->filled = unit + 1;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* Fills the window to the end of the file, hashing what goes by. */
static bool fill(struct window *window, struct content_digests *ret_digests,
		 bool with_sha256)
{
	const struct stage *stage = window->stage;
	struct content_hash *hash = content_hash_new(with_sha256);
	bool good = hash != NULL;

	for (uint64_t u = 0; good && u < window->units; u++) {
		unsigned needed = await_slot(window, u);
		struct slot *slot = &window->slots[u % WINDOW];

		good = read_unit(stage, u, slot) &&
		       content_hash_add(hash, slot->bytes, slot->len);
		if (!good)
			break;
		publish(window, u, needed);
		if (stage->progress)
			stage->progress(stage->progress_context,
					u * stage->content.unit_size + slot->len);
	}
	if (hash)
		good = content_hash_end(hash, ret_digests) && good;
	return good;
}

/* ---- a pass -------------------------------------------------------------------- */

static void window_free(struct window *window)
{
	for (size_t i = 0; i < WINDOW; i++)
		free(window->slots[i].bytes);
	pthread_cond_destroy(&window->changed);
	pthread_mutex_destroy(&window->lock);
	free(window);
}

static struct window *window_new(const struct stage *stage)
{
	struct window *window = calloc(1, sizeof *window);

	if (!window)
		return NULL;
	pthread_mutex_init(&window->lock, NULL);
	pthread_cond_init(&window->changed, NULL);
	window->stage = stage;
	window->units = placement_units(stage->content.size, stage->content.unit_size);
	for (size_t i = 0; i < WINDOW; i++) {
		window->slots[i].bytes = malloc(stage->content.unit_size);
		if (!window->slots[i].bytes) {
			window_free(window);
			return NULL;
		}
	}
	return window;
}

/* Sends missing[] (chunks per server); those who got them have them added to uploaded[].
 */
static bool run_pass(struct stage *stage, const unsigned missing[DFS_SERVERS],
		     unsigned uploaded[DFS_SERVERS], struct dfs_result *result)
{
	struct window *window = window_new(stage);
	struct content_digests digests;
	bool good;

	if (!window) {
		session_fail(result, DFS_EXIT_OTHER, "out of memory");
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

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		unsigned mask = 1U << i;

		if (missing[i] == 0)
			continue;
		stage->full |= window->full & mask;
		if (!(window->failed & mask)) {
			uploaded[i] |= missing[i];
		} else if (window->full & mask && !(stage->no_spares & mask) &&
			   (uploaded[i] | missing[i]) !=
				   placement_pair(stage->content.row, i + 1)) {
			/* It dropped what it had of this: its pair alone may fit. */
			stage->no_spares |= mask;
			uploaded[i] = 0;
		} else {
			uploaded[i] = 0;
			stage->unfit |= mask;
		}
	}
	if (good && memcmp(digests.xxh128, stage->xxh128, sizeof stage->xxh128) != 0)
		good = false;
	if (good && !stage->ran)
		memcpy(stage->sha256, digests.sha256, sizeof stage->sha256);
	stage->ran = true;
	if (!good)
		session_fail(result, DFS_EXIT_OTHER, STAGE_CHANGED);
	window_free(window);
	return good;
}

bool stage_run(struct stage *stage, unsigned servers, unsigned uploaded[DFS_SERVERS],
	       struct dfs_result *result)
{
	for (;;) {
		unsigned missing[DFS_SERVERS], fit = servers & ~stage->unfit, any = 0;

		for (unsigned s = 1; s <= DFS_SERVERS; s++) {
			missing[s - 1] = attempt_plan(stage->content.row, s, fit) &
					 ~uploaded[s - 1];
			if (stage->no_spares & 1U << (s - 1))
				missing[s - 1] &= placement_pair(stage->content.row, s);
			any |= missing[s - 1];
		}
		/* With fewer than three nothing can be stored: the caller finds that out.
		 */
		if (any == 0 || __builtin_popcount(fit) < 3)
			return true;
		if (!run_pass(stage, missing, uploaded, result))
			return false;
	}
}
