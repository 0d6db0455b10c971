/* Dropping content. */
#include "clean.h"

#include "batch.h"
#include "clock.h"
#include "log.h"
#include "merge.h"

#include <errno.h>
#include <string.h>

/* Content from so much on, alone in its segment, gives its space back at once. */
enum { STEP_OBJECTS = 256, LARGE = 1 << 20 };

static bool is_alone(const struct index_object *object)
{
	const struct index_part *part = &object->part;

	return !part->more && part->bytes >= LARGE &&
	       part->segment->live == part->bytes && !part->segment->damaged;
}

/* With the store's lock held: the next ones due; from now on they are not here for anybody. */
static size_t take_due(struct store *store, struct index_object **objects, bool *alone)
{
	int64_t now = clock_now_ms();
	size_t count = 0;

	while (count < STEP_OBJECTS &&
	       (objects[count] = index_due(store->index, now)) != NULL) {
		objects[count]->dropping = true;
		alone[count] = is_alone(objects[count]);
		count++;
	}
	return count;
}

/* Those that are not dropped wait for another grace. */
static void give_back(struct store *store, struct index_object **objects, size_t count)
{
	pthread_rwlock_wrlock(&store->lock);
	for (size_t i = 0; i < count; i++)
		if (objects[i])
			index_again(store->index, objects[i]);
	pthread_rwlock_unlock(&store->lock);
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

/* Drops what is not alone, in one commit; what is dropped leaves the array. */
static int drop_together(struct store *store, struct index_object **objects,
			 const bool *alone, size_t count)
{
	struct store_batch *batch = store_batch_new(store);
	size_t added = 0;
	int rc = batch ? 0 : ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (alone[i])
			continue;
		rc = add_drop(batch, objects[i]) ? 0 : ENOMEM;
		added += rc == 0;
	}
	if (rc != 0 || added == 0) {
		store_batch_free(batch);
		return rc;
	}
	store_batch_may_use_reserve(batch);
	rc = store_commit(batch);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (!alone[i])
			objects[i] = NULL;
	return rc;
}

static int drop_alone(struct store *store, struct index_object **objects,
		      const bool *alone, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (!objects[i] || !alone[i])
			continue;
		rc = merge_rewrite(store, objects[i]->part.segment, objects[i]);
		if (rc == 0)
			objects[i] = NULL;
	}
	return rc;
}

int clean_step(struct store *store, bool *ret_more)
{
	struct index_object *objects[STEP_OBJECTS];
	bool alone[STEP_OBJECTS];
	size_t count;
	int rc, alone_rc;

	pthread_rwlock_wrlock(&store->lock);
	count = take_due(store, objects, alone);
	pthread_rwlock_unlock(&store->lock);
	if (count == 0)
		return 0;
	rc = drop_together(store, objects, alone, count);
	alone_rc = drop_alone(store, objects, alone, count);
	give_back(store, objects, count);
	pthread_mutex_lock(&store->keeper_lock);
	pthread_cond_broadcast(&store->keeper_dropped);
	pthread_mutex_unlock(&store->keeper_lock);
	log_event(LOG_DEBUG, "dropped", "objects=%zu", count);
	*ret_more |= count == STEP_OBJECTS;
	return rc != 0 ? rc : alone_rc;
}
