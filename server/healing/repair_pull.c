/*
 * Pulling: several threads fetch what is missing and store it.
 *
 * They share one walk over what the store says is owed.  Small contents go together
 * (repair_small.c), large ones by themselves (repair_large.c); while one thread waits for
 * the disk the others fetch.
 */
#include "repair_internal.h"

#include "log.h"
#include "placement.h"
#include "store_survey.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct pulling {
	struct repair *repair;
	pthread_mutex_t lock; /* of what follows */
	struct store_owed owed;
	size_t next; /* of its contents */
	bool begun, end;
	struct repair_piece held; /* given back; path NULL: none */
	struct repair_outcome outcome;
	server_set away;
};

/* A thread that pulls. */
struct puller {
	struct repair_lane lane;
	struct repair_small small;
	struct pulling *pulling;
	pthread_t thread;
	bool runs;
};

/* ---- what is owed -------------------------------------------------------------- */

static bool make_piece(struct pulling *pulling, const struct store_owed_content *content,
		       struct repair_piece *ret)
{
	const struct store_owed *owed = &pulling->owed;
	char *path = malloc(owed->path_len + 1);

	if (!path)
		return false;
	memcpy(path, owed->path, owed->path_len);
	*ret = (struct repair_piece){.content = {.object = content->object,
						 .maker = content->maker,
						 .size = content->size,
						 .holders = content->holders,
						 .tree_len = content->tree_len},
				     .given = content->given,
				     .missing = content->missing,
				     .unbrought = content->unbrought,
				     .path_len = owed->path_len,
				     .path = path};
	memcpy(ret->content.tree, content->tree, sizeof ret->content.tree);
	return true;
}

/*
 * What this server was never given is fetched where there is room for it: others have it
 * twice.
 */
static bool has_room(struct pulling *pulling, const struct store_owed_content *content)
{
	return content->given != 0 ||
	       store_has_room(pulling->repair->store,
			      placement_bytes_of(content->size, content->missing));
}

/* Goes on to a content for which there is room; false at the end. */
static bool find_next(struct pulling *pulling)
{
	struct store_owed *owed = &pulling->owed;

	for (;;) {
		while (!pulling->end && pulling->next == owed->count) {
			pulling->next = 0;
			pulling->end =
				store_next_owed(pulling->repair->store,
						pulling->begun ? owed->path : NULL,
						pulling->begun ? owed->path_len : 0,
						owed) != 0;
			pulling->begun = true;
		}
		if (pulling->end || has_room(pulling, &owed->contents[pulling->next]))
			return !pulling->end;
		pulling->next++;
		pulling->outcome.refused++;
	}
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
	if (!find_next(pulling) ||
	    !make_piece(pulling, &owed->contents[pulling->next], ret))
		return false;
	pulling->next++;
	return true;
}

/* ---- the threads --------------------------------------------------------------- */

/*
 * Small ones, as many as fit; or a large one by itself, which is then in *ret_large.
 * false when there is nothing more.
 */
static bool gather(struct puller *puller, struct repair_piece *ret_large)
{
	struct pulling *pulling = puller->pulling;
	struct repair_piece piece;

	ret_large->path = NULL;
	pthread_mutex_lock(&pulling->lock);
	while (!atomic_load(&pulling->repair->stopping) && next_piece(pulling, &piece)) {
		if (repair_small_has(&puller->small, &piece.content.object)) {
			free(piece.path); /* of another path, which has the same */
			continue;
		}
		if (repair_small_add(&puller->small, &piece))
			continue;
		if (puller->small.count > 0)
			pulling->held = piece;
		else
			*ret_large = piece;
		break;
	}
	pthread_mutex_unlock(&pulling->lock);
	return puller->small.count > 0 || ret_large->path;
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

	while (rc == 0 && repair_goes_on(repair) && gather(puller, &large)) {
		rc = large.path ? repair_pull_large(&puller->lane, &large)
				: repair_small_pull(&puller->small, &puller->lane);
		free(large.path);
		repair_small_clear(&puller->small);
	}
	if (rc != 0)
		break_off(puller->pulling, rc);
	return NULL;
}

static struct puller *start_puller(struct pulling *pulling, bool own_thread)
{
	struct puller *puller = calloc(1, sizeof *puller);

	if (!puller || !repair_small_begin(&puller->small, pulling->repair)) {
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
	sum->unbrought += puller->lane.outcome.unbrought;
	sum->open += puller->lane.outcome.open;
	puller->pulling->away |= puller->lane.away;
	repair_small_end(&puller->small);
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
		repair->calls.meet(repair->calls.context);
		pulling->held = piece;
		run_pullers(pulling);
	}
	free(pulling->held.path);
	outcome->files = pulling->outcome.files;
	outcome->bytes = pulling->outcome.bytes;
	outcome->lost = pulling->outcome.lost;
	outcome->unbrought = pulling->outcome.unbrought;
	outcome->open = pulling->outcome.open;
	outcome->refused += pulling->outcome.refused;
	outcome->failed = pulling->outcome.failed || atomic_load(&repair->stopping);
	/* Said again only where it has changed since the last pass. */
	if (pulling->outcome.lost != repair->lost && pulling->away != 0)
		log_event(LOG_INFO, "waiting-for-peers", "files=%" PRIu64,
			  pulling->outcome.lost);
	pthread_mutex_destroy(&pulling->lock);
	free(pulling);
}
