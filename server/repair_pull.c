/*
 * Pulling: several threads fetch what is missing and store it.
 *
 * They share one walk over what the store says is owed.  Small contents go together, as many as a
 * load holds, and into one commit; while one thread waits for the disk the others fetch.
 */
#include "repair_internal.h"

#include "log.h"
#include "placement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct pulling {
	struct repair *repair;
	pthread_mutex_t lock; /* of what follows */
	struct store_owed owed;
	size_t next; /* of its contents */
	bool begun, end;
	struct repair_piece held; /* given back; path NULL: none */
	struct repair_outcome outcome;
	unsigned away;
};

/* A thread that pulls. */
struct puller {
	struct repair_lane lane; /* first */
	struct pulling *pulling;
	struct repair_load *load;
	struct repair_piece pieces[REPAIR_PIECES];
	size_t count;
	pthread_t thread;
	bool runs;
};

/* ---- what is owed -------------------------------------------------------------- */

/* Holders of a content as the manifest of the path names them; 0 where that is not known from memory. */
static uint32_t holders_of(struct repair *repair, const struct store_owed *owed,
			   const dfs_id *object)
{
	struct store_register reg;

	if (store_register(repair->store, owed->path, owed->path_len, &reg) != 0 ||
	    memcmp(&reg.object, object, sizeof *object) != 0)
		return 0;
	return reg.holders;
}

static bool make_piece(struct pulling *pulling, const struct store_owed_content *content,
		       struct repair_piece *ret)
{
	const struct store_owed *owed = &pulling->owed;
	char *path = malloc(owed->path_len + 1);

	if (!path)
		return false;
	memcpy(path, owed->path, owed->path_len);
	*ret = (struct repair_piece){
		.content = {.object = content->object,
			    .size = content->size,
			    .holders =
				    holders_of(pulling->repair, owed, &content->object)},
		.missing = content->missing,
		.path_len = owed->path_len,
		.path = path};
	return true;
}

/* The next content; false at the end.  With the lock held. */
static bool next_piece(struct pulling *pulling, struct repair_piece *ret)
{
	struct store_owed *owed = &pulling->owed;

	if (pulling->held.path) {
		*ret = pulling->held;
		pulling->held.path = NULL;
		return true;
	}
	while (!pulling->end && pulling->next == owed->count) {
		pulling->next = 0;
		pulling->end =
			store_next_owed(pulling->repair->store,
					pulling->begun ? owed->path : NULL,
					pulling->begun ? owed->path_len : 0, owed) != 0;
		pulling->begun = true;
	}
	if (pulling->end || !make_piece(pulling, &owed->contents[pulling->next], ret))
		return false;
	pulling->next++;
	return true;
}

/* ---- counting ------------------------------------------------------------------ */

void repair_lane_stored(struct repair_lane *lane, uint64_t bytes)
{
	lane->outcome.files++;
	lane->outcome.bytes += bytes;
	pthread_mutex_lock(&lane->repair->lock);
	lane->repair->files++;
	pthread_mutex_unlock(&lane->repair->lock);
}

/* Each content is logged once, of the last ones that were. */
static bool is_news(struct repair *repair, const struct repair_piece *piece)
{
	uint64_t hash = XXH3_64bits_withSeed(
		piece->path, piece->path_len,
		XXH3_64bits(&piece->content.object, sizeof piece->content.object));
	bool news = true;

	pthread_mutex_lock(&repair->lock);
	for (size_t i = 0; i < REPAIR_LOGGED && news; i++)
		news = repair->logged[i] != hash;
	if (news)
		repair->logged[repair->logged_count++ % REPAIR_LOGGED] = hash;
	pthread_mutex_unlock(&repair->lock);
	return news;
}

/* By name once all peers have been asked: until then one that is away may have it. */
void repair_lane_lost(struct repair_lane *lane, const struct repair_piece *piece,
		      unsigned chunks)
{
	char quoted[512], list[8] = "";
	size_t len = 0;

	lane->outcome.lost++;
	if (lane->away != 0 || !is_news(lane->repair, piece))
		return;
	for (unsigned c = 1; c <= DFS_SERVERS; c++)
		if (chunks & 1U << (c - 1)) {
			if (len > 0)
				list[len++] = ',';
			list[len++] = (char)('0' + c);
			list[len] = '\0';
		}
	log_event(LOG_WARN, "lost", "path=%s chunks=%s",
		  log_quote(piece->path, piece->path_len, quoted, sizeof quoted), list);
}

/* ---- storing small ones -------------------------------------------------------- */

/* The units of a piece are a run of the load's: of these the chunks that are whole. */
static unsigned whole_chunks(const struct repair_piece *piece,
			     const struct repair_unit *units, size_t count)
{
	unsigned chunks = piece->missing;

	for (size_t i = 0; i < count; i++)
		if (!units[i].bytes)
			chunks &= ~(1U << (placement_chunk(units[i].number) - 1));
	return chunks;
}

static int add_piece(struct store_batch *batch, const struct repair_piece *piece,
		     const struct repair_unit *units, size_t count, unsigned chunks)
{
	const uint64_t size = piece->content.size;
	const dfs_share share = {.object = piece->content.object,
				 .units =
					 placement_units(size, placement_unit_size(size)),
				 .chunks = chunks};
	dfs_unit *given = calloc(count, sizeof *given);
	size_t used = 0;
	int rc;

	if (!given)
		return ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (chunks & 1U << (placement_chunk(units[i].number) - 1))
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

static size_t units_of(const struct puller *puller, size_t piece)
{
	const struct repair_content *content = &puller->pieces[piece].content;
	uint64_t units =
		placement_units(content->size, placement_unit_size(content->size));

	return placement_units_of(units, puller->pieces[piece].missing);
}

/* Everything that came goes into one commit.  stored: the chunks of each piece. */
static int commit_pieces(struct puller *puller, unsigned stored[REPAIR_PIECES])
{
	struct store_batch *batch = store_batch_new(puller->lane.repair->store);
	const struct repair_unit *units = puller->load->units;
	int rc = batch ? 0 : ENOMEM;
	bool some = false;

	for (size_t i = 0; i < puller->count && rc == 0; i++) {
		const struct repair_piece *piece = &puller->pieces[i];
		size_t count = units_of(puller, i);

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
	store_batch_may_use_reserve(batch);
	return store_commit(batch);
}

void repair_verify(struct repair *repair, const struct repair_content *content,
		   unsigned chunks)
{
	uint64_t units =
		placement_units(content->size, placement_unit_size(content->size));
	dfs_bytes data;
	void *record;

	for (uint64_t u = 0; u < units && !atomic_load(&repair->stopping); u++)
		if (chunks & 1U << (placement_chunk(u) - 1) &&
		    store_unit(repair->store, &content->object, u, &record, &data) == 0)
			free(record);
}

static int pull_small(struct puller *puller)
{
	struct repair_lane *lane = &puller->lane;
	const struct repair_unit *units = puller->load->units;
	unsigned stored[REPAIR_PIECES] = {0};
	int rc;

	repair_load_begin(puller->load);
	repair_load_await(puller->load);
	lane->away |= puller->load->away;
	rc = commit_pieces(puller, stored);
	for (size_t i = 0; i < puller->count && rc == 0; i++) {
		const struct repair_piece *piece = &puller->pieces[i];
		size_t count = units_of(puller, i);

		if (stored[i] != 0) {
			repair_verify(lane->repair, &piece->content, stored[i]);
			repair_lane_stored(lane, bytes_of(units, count));
		}
		if (piece->missing & ~stored[i])
			repair_lane_lost(lane, piece, piece->missing & ~stored[i]);
		units += count;
	}
	return rc;
}

/* ---- the threads --------------------------------------------------------------- */

static bool is_small(const struct repair *repair, const struct repair_piece *piece)
{
	uint64_t units = placement_units(piece->content.size,
					 placement_unit_size(piece->content.size));

	return placement_units_of(units, piece->missing) <= DFS_UNITS_MAX &&
	       placement_bytes_of(piece->content.size, piece->missing) <=
		       repair->rules.load_bytes / 2;
}

static bool has_object(const struct puller *puller, const dfs_id *object)
{
	for (size_t i = 0; i < puller->count; i++)
		if (memcmp(&puller->pieces[i].content.object, object, sizeof *object) ==
		    0)
			return true;
	return false;
}

/* false: there is no room for it. */
static bool take_piece(struct puller *puller, const struct repair_piece *piece)
{
	struct repair_load *load = puller->load;
	size_t before = load->count;
	uint64_t bytes = load->bytes;
	uint64_t units = placement_units(piece->content.size,
					 placement_unit_size(piece->content.size));

	if (puller->count == REPAIR_PIECES)
		return false;
	if (repair_load_add(load, &piece->content, piece->missing, 0) < units) {
		load->count = before;
		load->bytes = bytes;
		return false;
	}
	puller->pieces[puller->count++] = *piece;
	return true;
}

/*
 * Small ones, as many as fit; or a large one by itself, which is then in *ret_large.  false when there
 * is nothing more.
 */
static bool gather(struct puller *puller, struct repair_piece *ret_large)
{
	struct pulling *pulling = puller->pulling;
	struct repair_piece piece;

	ret_large->path = NULL;
	pthread_mutex_lock(&pulling->lock);
	while (!atomic_load(&pulling->repair->stopping) && next_piece(pulling, &piece)) {
		if (has_object(puller, &piece.content.object)) {
			free(piece.path); /* of another path, which has the same */
			continue;
		}
		if (is_small(pulling->repair, &piece) && take_piece(puller, &piece))
			continue;
		if (puller->count > 0)
			pulling->held = piece;
		else
			*ret_large = piece;
		break;
	}
	pthread_mutex_unlock(&pulling->lock);
	return puller->count > 0 || ret_large->path;
}

static void drop_pieces(struct puller *puller)
{
	for (size_t i = 0; i < puller->count; i++)
		free(puller->pieces[i].path);
	puller->count = 0;
	repair_load_clear(puller->load);
}

/* Nothing more is begun after an error of the store. */
static void break_off(struct pulling *pulling, int rc)
{
	pthread_mutex_lock(&pulling->lock);
	pulling->end = true;
	pulling->outcome.failed = true;
	pthread_mutex_unlock(&pulling->lock);
	log_event(LOG_WARN, "not-healed", "why=%s",
		  rc == ENOSPC ? "no-space-left" : strerrorname_np(rc));
}

static void *pull_main(void *argument)
{
	struct puller *puller = argument;
	struct repair *repair = puller->lane.repair;
	struct repair_piece large;
	int rc = 0;

	while (rc == 0 && repair->calls.yield(repair->calls.context) &&
	       gather(puller, &large)) {
		rc = large.path ? repair_pull_large(&puller->lane, &large)
				: pull_small(puller);
		free(large.path);
		drop_pieces(puller);
	}
	if (rc != 0)
		break_off(puller->pulling, rc);
	return NULL;
}

static struct puller *start_puller(struct pulling *pulling, bool own_thread)
{
	struct puller *puller = calloc(1, sizeof *puller);

	if (puller)
		puller->load = repair_load_new(pulling->repair);
	if (!puller || !puller->load) {
		free(puller);
		return NULL;
	}
	puller->lane.repair = pulling->repair;
	puller->pulling = pulling;
	if (own_thread)
		puller->runs =
			pthread_create(&puller->thread, NULL, pull_main, puller) == 0;
	return puller;
}

static void end_puller(struct puller *puller)
{
	struct repair_outcome *sum = &puller->pulling->outcome;

	if (puller->runs)
		pthread_join(puller->thread, NULL);
	sum->files += puller->lane.outcome.files;
	sum->bytes += puller->lane.outcome.bytes;
	sum->lost += puller->lane.outcome.lost;
	puller->pulling->away |= puller->lane.away;
	repair_load_free(puller->load);
	free(puller);
}

static void run_pullers(struct pulling *pulling)
{
	struct puller *pullers[REPAIR_LANES] = {NULL};
	unsigned lanes = pulling->repair->rules.lanes;

	for (unsigned i = 1; i < lanes; i++)
		pullers[i] = start_puller(pulling, true);
	pullers[0] = start_puller(pulling, false);
	if (pullers[0])
		pull_main(pullers[0]);
	else
		pulling->outcome.failed = true;
	for (unsigned i = 0; i < lanes; i++)
		if (pullers[i])
			end_puller(pullers[i]);
}

void repair_pull(struct repair *repair, struct repair_outcome *outcome)
{
	struct pulling *pulling = calloc(1, sizeof *pulling);
	struct repair_piece piece;

	if (!pulling) {
		outcome->failed = true;
		return;
	}
	pulling->repair = repair;
	pthread_mutex_init(&pulling->lock, NULL);
	/* Threads only where there is something to do. */
	if (next_piece(pulling, &piece)) {
		pulling->held = piece;
		run_pullers(pulling);
	}
	free(pulling->held.path);
	outcome->files = pulling->outcome.files;
	outcome->bytes = pulling->outcome.bytes;
	outcome->lost = pulling->outcome.lost;
	outcome->failed = pulling->outcome.failed || atomic_load(&repair->stopping);
	if (pulling->outcome.lost > 0 && pulling->away != 0)
		log_event(LOG_INFO, "waiting-for-peers", "files=%" PRIu64,
			  pulling->outcome.lost);
	pthread_mutex_destroy(&pulling->lock);
	free(pulling);
}
