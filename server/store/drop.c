/* Dropping content. */
#include "drop.h"

#include "batch.h"
#include "clock.h"
#include "log.h"
#include "merge.h"

#include <errno.h>
#include <string.h>

/*
 * Content from so much on, alone in its segment, gives its space back at once.  A round
 * has at most one of those, because who needs an object of the round waits for the whole
 * of it.
 */
enum { ROUND_OBJECTS = 256, ROUNDS = 64, LARGE = 1 << 20 };

struct drop_round {
	struct index_object *objects[ROUND_OBJECTS];
	size_t count;
	struct index_object *alone; /* or NULL */
};

static bool is_alone(const struct index_object *object)
{
	const struct index_part *part = &object->part;

	return !part->more && part->bytes >= LARGE &&
	       part->segment->live == part->bytes && !part->segment->damaged;
}

/*
 * The next ones due, and how many; from now on they are not here for anybody.  An object
 * that is alone is the last one.
 */
static size_t take_due(struct store *store, struct drop_round *round)
{
	int64_t now = clock_now_ms();
	struct index_object *object;

	round->count = 0;
	round->alone = NULL;
	pthread_rwlock_wrlock(&store->lock);
	while (round->count < ROUND_OBJECTS && !round->alone &&
	       (object = index_due(store->index, now))) {
		object->dropping = true;
		if (is_alone(object))
			round->alone = object;
		else
			round->objects[round->count++] = object;
	}
	pthread_rwlock_unlock(&store->lock);
	return round->count + (round->alone ? 1 : 0);
}

/*
 * Those that are not dropped wait for another grace; who waits for one of them goes on.
 * false when the compactor is to end.
 */
static bool end_round(struct store *store, struct drop_round *round)
{
	pthread_rwlock_wrlock(&store->lock);
	for (size_t i = 0; i < round->count; i++)
		index_again(store->index, round->objects[i]);
	if (round->alone)
		index_again(store->index, round->alone);
	pthread_rwlock_unlock(&store->lock);
	return compactor_end_round(&store->compactor);
}

static bool add_drop(struct store_batch *batch, struct index_object *object)
{
	struct seal_entry entry = {.type = SEAL_DROP, .objects[0] = object->id};
	struct store_op *op = batch_add_op(batch, SEAL_DROP);

	if (!op)
		return false;
	op->object = object;
	if (batch_add_entry(batch, &entry))
		return true;
	batch_drop_op(batch);
	return false;
}

/* Drops what is not alone, in one commit. */
static int drop_together(struct store *store, struct drop_round *round)
{
	struct store_batch *batch;
	int rc = 0;

	if (round->count == 0)
		return 0;
	batch = store_batch_new(store);
	if (!batch)
		return ENOMEM;
	for (size_t i = 0; i < round->count && rc == 0; i++)
		rc = add_drop(batch, round->objects[i]) ? 0 : ENOMEM;
	if (rc != 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	if (rc == 0)
		round->count = 0;
	return rc;
}

static int drop_alone(struct store *store, struct drop_round *round)
{
	int rc = 0;

	if (round->alone)
		rc = merge_rewrite(store, round->alone->part.segment, round->alone);
	if (rc == 0)
		round->alone = NULL;
	return rc;
}

int drop_step(struct store *store, bool *ret_more)
{
	struct drop_round round;
	bool goes_on = true;
	int rc = 0, alone_rc;

	for (unsigned i = 0; i < ROUNDS && goes_on && rc == 0; i++) {
		size_t taken = take_due(store, &round);

		if (taken == 0)
			return 0;
		rc = drop_together(store, &round);
		alone_rc = drop_alone(store, &round);
		if (rc == 0)
			rc = alone_rc;
		goes_on = end_round(store, &round);
		log_event(LOG_DEBUG, "dropped", "objects=%zu", taken);
	}
	*ret_more |= rc == 0;
	return rc;
}
