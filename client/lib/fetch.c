/* Fetching a content, unit by unit, through a window. */
#include "fetch.h"

#include "cipher.h"
#include "clock.h"
#include "placement.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 32, /* units in memory */
	UNITS_A_CALL = DFS_CONTENT_MAX / DFS_UNIT_MAX,
};

enum slot_state { SLOT_WANTED, SLOT_ASKED, SLOT_READY };

struct fetch_slot {
	enum slot_state state;
	server_set tried; /* servers that could not give it */
	bool unknown;     /* one of them because it has no such object */
	bool damaged;     /* one of them because it is damaged there, or does not open */
	bool denied;      /* one of them because it does not take the ticket */
	uint32_t len;
	uint8_t *bytes;
};

struct fetcher {
	struct job job; /* first: its run gets it back */
	struct fetch_window *window;
	struct cipher *cipher; /* its thread's */
};

struct fetch_window {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	const dfs_content *content;
	const dfs_ticket *ticket;
	struct cipher_object object;
	uint64_t units;
	uint64_t base; /* the unit that the caller waits for; in its slot */
	struct fetch_slot slots[WINDOW];
	server_set lost; /* servers that cannot be reached */
	bool ended;
	unsigned running;
	struct fetcher fetchers[DFS_SERVERS];
};

/* ---- who is asked -------------------------------------------------------------- */

unsigned fetch_source(const dfs_content *content, uint64_t unit, server_set servers)
{
	unsigned chunk = placement_chunk(unit), best = 0;
	chunk_set pair = set_of(chunk) | set_of(chunk % DFS_SERVERS + 1);

	for (unsigned s = 1; s <= DFS_SERVERS; s++) {
		unsigned held = placement_held(content->holders, s);

		if (!set_has(held, chunk) || !set_has(servers, s))
			continue;
		if (best == 0 || placement_pair(content->row, s) == pair)
			best = s;
	}
	return best;
}

/* With the lock held. */
static unsigned source(const struct fetch_window *window, uint64_t unit)
{
	return fetch_source(window->content, unit,
			    ~(window->lost | window->slots[unit % WINDOW].tried));
}

/* With the lock held: the first units in the window that this server is to give. */
static u_int choose(struct fetch_window *window, unsigned server, dfs_want *wants)
{
	u_int count = 0;

	for (uint64_t u = window->base;
	     u < window->units && u < window->base + WINDOW && count < UNITS_A_CALL;
	     u++) {
		struct fetch_slot *slot = &window->slots[u % WINDOW];

		if (slot->state == SLOT_WANTED && source(window, u) == server) {
			slot->state = SLOT_ASKED;
			wants[count++] = (dfs_want){window->content->object, u};
		}
	}
	return count;
}

/* ---- a server's thread --------------------------------------------------------- */

/* Puts one answer into its slot. */
static void take(struct fetcher *fetcher, unsigned server, uint64_t unit,
		 const dfs_got *got)
{
	struct fetch_window *window = fetcher->window;
	struct fetch_slot *slot = &window->slots[unit % WINDOW];
	const dfs_bytes *data = &got->dfs_got_u.data;
	uint32_t len =
		placement_unit_len(window->object.size, window->object.unit_size, unit);
	/* The slot is ours while it is asked for: opening needs no lock. */
	bool good = got->status == DFS_OK && cipher_open(fetcher->cipher, &window->object,
							 unit, data, slot->bytes);

	if (good)
		slot->len = len;
	pthread_mutex_lock(&window->lock);
	if (!good) {
		slot->tried = set_with(slot->tried, server);
		slot->damaged |= got->status == DFS_DAMAGED || got->status == DFS_OK;
		slot->denied |= got->status == DFS_DENIED;
		slot->unknown |= got->status == DFS_UNKNOWN;
	}
	slot->state = good ? SLOT_READY : SLOT_WANTED;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* What was asked for and not answered is wanted again. */
static void put_back(struct fetch_window *window, const dfs_want *wants, u_int from,
		     u_int count)
{
	pthread_mutex_lock(&window->lock);
	for (u_int i = from; i < count; i++)
		window->slots[wants[i].unit % WINDOW].state = SLOT_WANTED;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* One call; false when the server is lost. */
static bool fetch_some(struct fetcher *fetcher, unsigned server, struct call *call,
		       dfs_want *wants, u_int count)
{
	struct fetch_window *window = fetcher->window;
	dfs_ticket ticket = *window->ticket;
	dfs_get_args args = {.wants = {count, wants}, .tickets = {1, &ticket}};
	dfs_get_res res;
	char why[LINKS_WHY];
	u_int answered = 0;
	bool good = call_run(
		call, DFS_GET, &args, &res,
		&(struct one_try){clock_now_ms() + LINKS_NEED_MS, why, sizeof why});

	if (good && res.status == DFS_OK) {
		answered = res.dfs_get_res_u.items.items_len;
		for (u_int i = 0; i < answered && i < count; i++)
			take(fetcher, server, wants[i].unit,
			     &res.dfs_get_res_u.items.items_val[i]);
	}
	put_back(window, wants, answered, count);
	if (good)
		call_free_result((xdrproc_t)xdr_dfs_get_res, &res);
	return good && answered > 0;
}

static void run_fetcher(struct job *job, unsigned server, struct call *call,
			const char *why)
{
	struct fetcher *fetcher = (struct fetcher *)job;
	struct fetch_window *window = fetcher->window;
	dfs_want wants[UNITS_A_CALL];
	bool lost;

	(void)why;
	fetcher->cipher = cipher_new();
	lost = !call || !fetcher->cipher;
	pthread_mutex_lock(&window->lock);
	while (!lost && !window->ended) {
		u_int count = choose(window, server, wants);

		if (count == 0) {
			pthread_cond_wait(&window->changed, &window->lock);
			continue;
		}
		pthread_mutex_unlock(&window->lock);
		lost = !fetch_some(fetcher, server, call, wants, count);
		pthread_mutex_lock(&window->lock);
	}
	cipher_free(fetcher->cipher);
	window->lost |= lost ? set_of(server) : 0;
	window->running--;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* ---- the caller's thread ------------------------------------------------------- */

bool fetch_out_of_reach(struct dfs *dfs, const dfs_content *content, server_set servers,
			char text[DFS_WHY])
{
	unsigned reach = placement_reachable(content->holders, servers);
	char absent[DFS_WHY];

	for (unsigned chunk = 1; chunk <= DFS_SERVERS; chunk++) {
		char names[DFS_WHY];
		unsigned having = 0;
		bool needed = placement_units(content->size, content->unit_size) >= chunk;

		if (set_has(reach, chunk) || !needed)
			continue;
		for (unsigned s = 1; s <= DFS_SERVERS; s++)
			if (set_has(placement_held(content->holders, s), chunk))
				having = set_with(having, s);
		(void)snprintf(
			text, DFS_WHY,
			"transfer failed: chunk %u is on %s, which cannot be reached "
			"(%.600s): start one of them",
			chunk, having ? session_names(having, names) : "no server",
			session_absent(dfs, servers, absent));
		return true;
	}
	return false;
}

bool fetch_can_be_reached(struct dfs *dfs, const dfs_content *content, char text[DFS_WHY])
{
	if (!fetch_out_of_reach(dfs, content, links_up(dfs->links), text))
		return true;
	/* One of them may only be slow to connect: now it is needed. */
	links_retry(dfs->links);
	links_settle(dfs->links, true);
	return !fetch_out_of_reach(dfs, content, links_up(dfs->links), text);
}

/* Waits for the unit the caller needs; NULL when nobody can give it. */
static struct fetch_slot *await_unit(struct fetch_window *window)
{
	struct fetch_slot *slot = &window->slots[window->base % WINDOW];

	pthread_mutex_lock(&window->lock);
	while (slot->state != SLOT_READY &&
	       (slot->state == SLOT_ASKED || source(window, window->base) != 0))
		pthread_cond_wait(&window->changed, &window->lock);
	if (slot->state != SLOT_READY)
		slot = NULL;
	pthread_mutex_unlock(&window->lock);
	return slot;
}

static void next_unit(struct fetch_window *window)
{
	struct fetch_slot *slot = &window->slots[window->base % WINDOW];

	pthread_mutex_lock(&window->lock);
	slot->state = SLOT_WANTED;
	slot->tried = 0;
	slot->damaged = slot->unknown = slot->denied = false;
	window->base++;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* Why the unit at the base cannot be had. */
static enum fetch_end explain(const struct fetch *fetch, struct fetch_window *window,
			      struct dfs_result *result)
{
	const struct fetch_slot *slot = &window->slots[window->base % WINDOW];
	unsigned chunk = placement_chunk(window->base);
	char text[DFS_WHY];

	if (slot->damaged)
		result_fail(result, DFS_EXIT_DAMAGED,
			    "transfer failed: chunk %u is damaged on every server within "
			    "reach that has it",
			    chunk);
	else if (slot->denied)
		result_fail(result, DFS_EXIT_DENIED,
			    "transfer failed: its content is not yours to read");
	else if (fetch_out_of_reach(fetch->dfs, fetch->content,
				    links_up(fetch->dfs->links) & ~window->lost &
					    ~slot->tried,
				    text))
		result_fail(result, DFS_EXIT_FEW, "%s", text);
	else
		result_fail(
			result, DFS_EXIT_FEW,
			"transfer failed: no server within reach could give chunk %u: "
			"try again, or start the others",
			chunk);
	/* Replaced or deleted meanwhile, perhaps: the caller looks. */
	return (slot->unknown || slot->denied) && !slot->damaged ? FETCH_GONE
								 : FETCH_FAILED;
}

/* Hands all units to the caller, in order, and proves them. */
static enum fetch_end hand_over(const struct fetch *fetch, struct fetch_window *window,
				struct dfs_result *result)
{
	struct content_hash *hash = content_hash_new(false);
	struct content_digests got;
	enum fetch_end end = FETCH_DONE;
	bool hashed = hash;

	while (hashed && end == FETCH_DONE && window->base < window->units) {
		struct fetch_slot *slot = await_unit(window);

		if (!slot) {
			end = explain(fetch, window, result);
			break;
		}
		hashed = content_hash_add(hash, slot->bytes, slot->len);
		result->code =
			fetch->write(fetch->context, slot->bytes, slot->len, result->why);
		if (result->code != DFS_EXIT_DONE)
			end = FETCH_FAILED;
		next_unit(window);
	}
	if (hash)
		hashed = content_hash_end(hash, &got) && hashed;
	if (end != FETCH_DONE)
		return end;
	if (!hashed) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return FETCH_FAILED;
	}
	if (memcmp(got.xxh128, fetch->opening->digests.xxh128, sizeof got.xxh128) != 0) {
		result_fail(result, DFS_EXIT_DAMAGED,
			    "transfer failed: the content is not what was put");
		return FETCH_FAILED;
	}
	return FETCH_DONE;
}

static void window_free(struct fetch_window *window)
{
	for (size_t i = 0; i < WINDOW; i++)
		free(window->slots[i].bytes);
	pthread_cond_destroy(&window->changed);
	pthread_mutex_destroy(&window->lock);
	secret_wipe(&window->object, sizeof window->object);
	free(window);
}

static struct fetch_window *window_new(const struct fetch *fetch)
{
	struct fetch_window *window = calloc(1, sizeof *window);
	const dfs_content *content = fetch->content;

	if (!window)
		return NULL;
	pthread_mutex_init(&window->lock, NULL);
	pthread_cond_init(&window->changed, NULL);
	window->content = content;
	window->ticket = fetch->ticket;
	if (!cipher_object_init(&window->object, content, fetch->opening->key))
		goto failed;
	window->units = placement_units(content->size, window->object.unit_size);
	for (size_t i = 0; i < WINDOW && i < window->units; i++) {
		window->slots[i].bytes = malloc(window->object.unit_size);
		if (!window->slots[i].bytes)
			goto failed;
	}
	return window;
failed:
	window_free(window);
	return NULL;
}

enum fetch_end fetch_run(const struct fetch *fetch, struct dfs_result *result)
{
	struct fetch_window *window;
	unsigned up = links_up(fetch->dfs->links);
	enum fetch_end end;

	window = window_new(fetch);
	if (!window) {
		result_fail(result, DFS_EXIT_OTHER, "out of memory");
		return FETCH_FAILED;
	}
	window->lost = SERVERS_ALL & ~up;
	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		window->fetchers[i].job.run = run_fetcher;
		window->fetchers[i].window = window;
		window->running += up >> i & 1;
	}
	for (unsigned i = 0; i < DFS_SERVERS; i++)
		if (set_has(up, i + 1))
			links_submit(fetch->dfs->links, i + 1, &window->fetchers[i].job);
	end = hand_over(fetch, window, result);

	pthread_mutex_lock(&window->lock);
	window->ended = true;
	pthread_cond_broadcast(&window->changed);
	while (window->running > 0)
		pthread_cond_wait(&window->changed, &window->lock);
	pthread_mutex_unlock(&window->lock);
	window_free(window);
	return end;
}
