/* Fetching a content, unit by unit, through a window. */
#include "fetch.h"

#include "cipher.h"
#include "clock.h"
#include "leaves.h"
#include "object.h"
#include "placement.h"
#include "tree.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WINDOW = 32, /* units in memory */
	BRIEF = 4,   /* with how many it begins where not all may be wanted */
	UNITS_A_CALL = DFS_CONTENT_MAX / DFS_UNIT_MAX,
	PIECES = 2,  /* that of the unit at the base, and the one after it */
	AHEAD = 128, /* units before the first of it a piece is asked for */
};

enum slot_state { SLOT_WANTED, SLOT_ASKED, SLOT_READY };

/* What has been tried to get a unit or a piece. */
struct fetch_search {
	enum slot_state state;
	server_set tried; /* servers that could not give it */
	bool unknown;     /* one of them because it has no such object */
	bool damaged;     /* one of them because it is damaged there, or does not prove */
	bool unbrought;   /* one of them because its writer never brought it */
	bool denied;      /* one of them because it does not take the ticket */
};

struct fetch_slot {
	struct fetch_search search;
	uint32_t len;
	uint8_t *bytes;
};

struct fetch_piece {
	struct fetch_search search;
	dfs_key leaves[DFS_PIECE_LEAVES];
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
	dfs_id id; /* of the object */
	struct cipher_object object;
	struct range_units units; /* that are wanted */
	uint64_t span; /* so many are asked for at a time, of those in the window */
	uint64_t base; /* the unit that the caller waits for; in its slot */
	struct fetch_slot slots[WINDOW];
	uint64_t pieces; /* 0: all leaves are in the manifest */
	struct fetch_piece leaves[PIECES];
	server_set lost; /* servers that cannot be reached */
	bool ended;
	unsigned running;
	struct fetcher fetchers[DFS_SERVERS];
};

/* ---- who is asked -------------------------------------------------------------- */

/* With the lock held. */
static unsigned source(const struct fetch_window *window, uint64_t unit)
{
	return fetch_source(window->content, unit,
			    ~(window->lost | window->slots[unit % WINDOW].search.tried));
}

static struct fetch_piece *piece_of(struct fetch_window *window, uint64_t number)
{
	return &window->leaves[number % PIECES];
}

/*
 * With the lock held: who is to give this piece, which each has that holds anything; they
 * take turns.  0 when there is nobody.
 */
static unsigned piece_source(struct fetch_window *window, uint64_t number)
{
	server_set not = window->lost | piece_of(window, number)->search.tried;

	for (unsigned i = 0; i < DFS_SERVERS; i++) {
		unsigned s = (unsigned)(number + i) % DFS_SERVERS + 1;

		if (!set_has(not, s) && placement_held(window->content->holders, s) != 0)
			return s;
	}
	return 0;
}

/* With the lock held: a piece that this server is to give; false when there is none. */
static bool choose_piece(struct fetch_window *window, unsigned server,
			 uint64_t *ret_number)
{
	uint64_t first = window->base / DFS_PIECE_LEAVES;
	uint64_t last = (window->base + window->span + AHEAD) / DFS_PIECE_LEAVES;

	for (uint64_t number = first;
	     number <= last && number * DFS_PIECE_LEAVES < window->units.end; number++) {
		struct fetch_piece *piece = piece_of(window, number);

		if (piece->search.state == SLOT_WANTED &&
		    piece_source(window, number) == server) {
			piece->search.state = SLOT_ASKED;
			*ret_number = number;
			return true;
		}
	}
	return false;
}

/* With the lock held: is the unit's leaf here? */
static bool has_leaf(struct fetch_window *window, uint64_t unit)
{
	return window->pieces == 0 ||
	       piece_of(window, unit / DFS_PIECE_LEAVES)->search.state == SLOT_READY;
}

/* With the lock held: the first units in the window that this server is to give. */
static u_int choose(struct fetch_window *window, unsigned server, dfs_want *wants)
{
	u_int count = 0;

	for (uint64_t u = window->base;
	     u < window->units.end && u < window->base + window->span &&
	     count < UNITS_A_CALL;
	     u++) {
		struct fetch_slot *slot = &window->slots[u % WINDOW];

		if (slot->search.state == SLOT_WANTED && has_leaf(window, u) &&
		    source(window, u) == server) {
			slot->search.state = SLOT_ASKED;
			wants[count++] = (dfs_want){window->id, u};
		}
	}
	return count;
}

/* ---- a server's thread --------------------------------------------------------- */

/* With the lock held: a server could not give it, for a reason that status tells. */
static void note_failure(struct fetch_search *search, unsigned server, dfs_status status)
{
	search->tried = set_with(search->tried, server);
	search->damaged |= status == DFS_DAMAGED || status == DFS_OK;
	search->denied |= status == DFS_DENIED;
	search->unknown |= status == DFS_UNKNOWN || status == DFS_NODATA;
	search->unbrought |= status == DFS_UNBROUGHT;
}

/* The leaf of a unit in the window, which stays there while the unit is asked for. */
static const dfs_key *leaf_of(struct fetch_window *window, uint64_t unit)
{
	if (window->pieces == 0)
		return &window->content->tree.tree_val[unit];
	return &piece_of(window, unit / DFS_PIECE_LEAVES)
			->leaves[unit % DFS_PIECE_LEAVES];
}

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
	bool good =
		got->status == DFS_OK &&
		leaves_prove(&window->object.maker, unit, data, leaf_of(window, unit)) &&
		cipher_open(fetcher->cipher, &window->object, unit, data, slot->bytes);

	if (good)
		slot->len = len;
	pthread_mutex_lock(&window->lock);
	if (!good)
		note_failure(&slot->search, server, got->status);
	slot->search.state = good ? SLOT_READY : SLOT_WANTED;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* What was asked for and not answered is wanted again. */
static void put_back(struct fetch_window *window, const dfs_want *wants, u_int from,
		     u_int count)
{
	pthread_mutex_lock(&window->lock);
	for (u_int i = from; i < count; i++)
		window->slots[wants[i].unit % WINDOW].search.state = SLOT_WANTED;
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

/* Likewise of a piece. */
static bool fetch_piece(struct fetch_window *window, unsigned server, struct call *call,
			uint64_t number)
{
	const struct leaves_source source = {window->content, window->ticket};
	struct fetch_piece *piece = piece_of(window, number);
	dfs_status status;
	/* It is ours while it is asked for. */
	enum leaves_end end = leaves_ask(call, &source, number, piece->leaves, &status);

	pthread_mutex_lock(&window->lock);
	if (end == LEAVES_WRONG || end == LEAVES_REFUSED)
		note_failure(&piece->search, server, status);
	piece->search.state = end == LEAVES_PROVED ? SLOT_READY : SLOT_WANTED;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
	return end != LEAVES_LOST;
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
		uint64_t number;
		bool piece = choose_piece(window, server, &number);
		u_int count = piece ? 0 : choose(window, server, wants);

		if (!piece && count == 0) {
			pthread_cond_wait(&window->changed, &window->lock);
			continue;
		}
		pthread_mutex_unlock(&window->lock);
		lost = piece ? !fetch_piece(window, server, call, number)
			     : !fetch_some(fetcher, server, call, wants, count);
		pthread_mutex_lock(&window->lock);
	}
	cipher_free(fetcher->cipher);
	window->lost |= lost ? set_of(server) : 0;
	window->running--;
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* ---- the caller's thread ------------------------------------------------------- */

/* With the lock held: can the leaf of the unit at the base still come? */
static bool awaits_leaf(struct fetch_window *window)
{
	uint64_t number = window->base / DFS_PIECE_LEAVES;

	return has_leaf(window, window->base) ||
	       piece_of(window, number)->search.state == SLOT_ASKED ||
	       piece_source(window, number) != 0;
}

/* Waits for the unit the caller needs; NULL when nobody can give it. */
static struct fetch_slot *await_unit(struct fetch_window *window)
{
	struct fetch_slot *slot = &window->slots[window->base % WINDOW];

	pthread_mutex_lock(&window->lock);
	while (slot->search.state != SLOT_READY &&
	       (slot->search.state == SLOT_ASKED ||
		(awaits_leaf(window) && source(window, window->base) != 0)))
		pthread_cond_wait(&window->changed, &window->lock);
	if (slot->search.state != SLOT_READY)
		slot = NULL;
	pthread_mutex_unlock(&window->lock);
	return slot;
}

static void next_unit(struct fetch_window *window)
{
	struct fetch_slot *slot = &window->slots[window->base % WINDOW];

	pthread_mutex_lock(&window->lock);
	slot->search = (struct fetch_search){.state = SLOT_WANTED};
	window->base++;
	window->span += window->span < WINDOW ? 1 : 0;
	/* The piece that is done makes room for the next one but one. */
	if (window->base % DFS_PIECE_LEAVES == 0)
		piece_of(window, window->base / DFS_PIECE_LEAVES - 1)->search =
			(struct fetch_search){.state = SLOT_WANTED};
	pthread_cond_broadcast(&window->changed);
	pthread_mutex_unlock(&window->lock);
}

/* What keeps the unit at the base from the caller: that unit, or its leaf. */
static const struct fetch_search *missing(struct fetch_window *window, char what[64])
{
	const struct fetch_search *search = &window->slots[window->base % WINDOW].search;

	(void)snprintf(what, 64, "chunk %u", placement_chunk(window->base));
	pthread_mutex_lock(&window->lock);
	if (source(window, window->base) != 0) {
		(void)snprintf(what, 64, "what proves its units");
		search = &piece_of(window, window->base / DFS_PIECE_LEAVES)->search;
	}
	pthread_mutex_unlock(&window->lock);
	return search;
}

/* Why the unit at the base cannot be had. */
static enum fetch_end explain(const struct fetch *fetch, struct fetch_window *window,
			      struct dfs_result *result)
{
	char text[DFS_WHY], what[64];
	const struct fetch_search *search = missing(window, what);

	if (search->damaged || search->unbrought)
		result_fail(
			result, DFS_EXIT_DAMAGED, "transfer failed: %s %s", what,
			search->damaged
				? "is damaged on every server within reach that has it"
				: "was not brought by its writer");
	else if (search->denied)
		result_fail(result, DFS_EXIT_DENIED,
			    "transfer failed: its content is not yours to read");
	else if (fetch_out_of_reach(fetch,
				    links_up(fetch->dfs->links) & ~window->lost &
					    ~search->tried,
				    text))
		result_fail(result, DFS_EXIT_FEW, "%s", text);
	else
		result_fail(result, DFS_EXIT_FEW,
			    "transfer failed: no server within reach could give %s: "
			    "try again, or start the others",
			    what);
	/* Replaced or deleted meanwhile, perhaps: the caller looks. */
	return (search->unknown || search->denied) && !search->damaged ? FETCH_GONE
								       : FETCH_FAILED;
}

/* Hands what is wanted of all units, which are proved, to the caller, in order. */
static enum fetch_end hand_over(const struct fetch *fetch, struct fetch_window *window,
				struct dfs_result *result)
{
	while (window->base < window->units.end) {
		struct fetch_slot *slot = await_unit(window);
		size_t skip, len;

		if (!slot)
			return explain(fetch, window, result);
		len = range_cut(&fetch->range, window->base, window->object.unit_size,
				slot->len, &skip);
		result->code = fetch->write(fetch->context, slot->bytes + skip, len,
					    result->why);
		if (result->code != DFS_EXIT_DONE)
			return FETCH_FAILED;
		next_unit(window);
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
	if (!object_of_content(content, &window->id) ||
	    !cipher_object_init(&window->object, content, fetch->opening->key))
		goto failed;
	window->units = range_units(&fetch->range, placement_unit_size(content->size));
	window->base = window->units.first;
	window->span = fetch->briefly ? BRIEF : WINDOW;
	for (uint64_t u = window->base;
	     u < window->units.end && u < window->base + WINDOW; u++) {
		struct fetch_slot *slot = &window->slots[u % WINDOW];

		slot->bytes = malloc(window->object.unit_size);
		if (!slot->bytes)
			goto failed;
	}
	window->pieces =
		tree_pieces(placement_units(content->size, window->object.unit_size));
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
