/* The index of objects: where their content is, and which of it nothing refers to. */
#include "index_internal.h"

#include "clock.h"
#include "placement.h"
#include "segment.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What 49 bits hold: far more than any segment has. */
#define BYTES_MASK ((UINT64_C(1) << 49) - 1)
/* Just what malloc has in 112: there may be millions. */
_Static_assert(sizeof(struct index_object) == 104, "an object in memory");

static int compare_ids(const dfs_id *a, const dfs_id *b)
{
	return memcmp(a->bytes, b->bytes, DFS_ID_LEN);
}

static int compare_objects(const struct index_object *a, const struct index_object *b)
{
	return compare_ids(&a->id, &b->id);
}

INDEX_TREE(index_objects, index_object, compare_objects)

struct index_object *index_find_object(const struct index *index, const dfs_id *id)
{
	struct index_object *object = RB_ROOT(&index->objects);

	while (object) {
		int order = compare_ids(id, &object->id);

		if (order == 0)
			return object;
		object = order < 0 ? RB_LEFT(object, entry) : RB_RIGHT(object, entry);
	}
	return NULL;
}

struct index_object *index_hold(struct index *index, const dfs_id *id)
{
	struct index_object *object = index_find_object(index, id);

	if (!object) {
		object = calloc(1, sizeof *object);
		if (!object)
			return NULL;
		object->id = *id;
		RB_INSERT(index_objects, &index->objects, object);
	}
	object->refs++;
	return object;
}

static void free_parts(struct index_object *object)
{
	struct index_part *part, *next;

	for (part = object->part.more; part; part = next) {
		next = part->more;
		free(part);
	}
}

static void free_object(struct index *index, struct index_object *object)
{
	RB_REMOVE(index_objects, &index->objects, object);
	free_parts(object);
	free(object);
}

void index_objects_free(struct index *index)
{
	while (!RB_EMPTY(&index->objects))
		free_object(index, RB_ROOT(&index->objects));
}

static void put_last(struct index *index, struct index_object *object)
{
	object->queued = true;
	object->queued_next = NULL;
	*index->queue_end = object;
	index->queue_end = &object->queued_next;
}

static void enqueue(struct index *index, struct index_object *object)
{
	atomic_store(&object->due_ms, clock_now_ms() + index->grace_ms);
	if (!object->queued)
		put_last(index, object);
}

/* Nothing refers to its content any more, or not yet. */
static void become_unused(struct index *index, struct index_object *object)
{
	object->last_ms = (uint32_t)(clock_now_ms() + INDEX_GRACES * index->grace_ms);
	enqueue(index, object);
}

static struct index_object *dequeue(struct index *index)
{
	struct index_object *object = index->queue;

	index->queue = object->queued_next;
	if (!index->queue)
		index->queue_end = &index->queue;
	object->queued = false;
	return object;
}

void index_release(struct index *index, struct index_object *object)
{
	assert(object->refs > 0);
	if (--object->refs > 0)
		return;
	if (object->part.chunks != 0)
		become_unused(index, object);
	else if (!object->queued)
		free_object(index, object);
}

/* Undamaged ones, of one that is not dropped. */
static unsigned good_chunks(const struct index_object *object)
{
	unsigned chunks = 0;

	for (const struct index_part *part = &object->part; part; part = part->more)
		chunks |= part->chunks & ~(unsigned)part->damaged;
	return chunks;
}

chunk_set index_chunks(const struct index_object *object)
{
	return object->dropping ? 0 : good_chunks(object);
}

chunk_set index_damaged(const struct index_object *object)
{
	unsigned damaged = 0;

	if (object->dropping)
		return 0;
	for (const struct index_part *part = &object->part; part; part = part->more)
		damaged |= part->damaged;
	return damaged & ~good_chunks(object);
}

struct index_part *index_part(struct index_object *object, unsigned chunk)
{
	struct index_part *damaged = NULL;

	for (struct index_part *part = &object->part; part; part = part->more) {
		if (!set_has(part->chunks, chunk))
			continue;
		if (!set_has(part->damaged, chunk))
			return part;
		damaged = part;
	}
	return damaged;
}

chunk_set index_proved(const struct index_object *object)
{
	unsigned chunks = 0;

	if (object->dropping)
		return 0;
	for (const struct index_part *part = &object->part; part; part = part->more)
		if (part->proved)
			chunks |= part->chunks & ~(unsigned)part->damaged;
	return chunks;
}

static void become_proved(struct index *index, struct index_part *part)
{
	if (part->proved)
		return;
	part->proved = 1;
	part->segment->unproved--;
	index->counts.unproved--;
}

void index_prove(struct index *index, struct index_object *object,
		 const struct index_segment *segment, chunk_set chunks)
{
	for (struct index_part *part = &object->part; part; part = part->more)
		if (part->segment == segment && (part->chunks & ~chunks) == 0)
			become_proved(index, part);
}

const dfs_id *index_record_id(const struct index_object *object,
			      const struct index_part *part)
{
	return part->by_maker ? &part->segment->maker : &object->id;
}

void index_put_content(struct index *index, struct index_object *object,
		       const struct seal_entry *entry, struct index_segment *segment,
		       struct index_part *take_spare)
{
	struct index_part *part = &object->part;

	if ((entry->chunks & ~index_chunks(object)) == 0) {
		free(take_spare);
		return;
	}
	if (part->chunks == 0) {
		free(take_spare);
		index->counts.objects++;
		object->units = (uint32_t)entry->units & 0xffffff;
	} else {
		part = take_spare;
		part->more = object->part.more;
		object->part.more = part;
	}
	part->segment = segment;
	part->chunks = entry->chunks & CHUNKS_ALL;
	part->damaged = part->unbrought = 0;
	/* Others may have more of it by now, too, and can be asked. */
	if (object->unbrought == INDEX_UNBROUGHT_EVER)
		object->unbrought = INDEX_UNBROUGHT;
	part->bytes = entry->bytes & BYTES_MASK;
	part->estimated = 0;
	part->proved = entry->proved;
	segment->unproved += !entry->proved;
	index->counts.unproved += !entry->proved;
	part->by_maker = entry->by_maker;
	if (entry->by_maker)
		segment->maker = entry->objects[1];
	segment->live += entry->bytes;
	if (object->refs == 0)
		become_unused(index, object);
}

void index_damage_part(struct index *index, struct index_part *part)
{
	part->damaged = part->chunks;
	if (part->segment)
		become_proved(index, part);
}

/* The first one strictly after this id. */
static struct index_object *next_object(const struct index *index, const dfs_id *after)
{
	struct index_object *object = RB_ROOT(&index->objects), *best = NULL;

	while (object) {
		if (compare_ids(after, &object->id) < 0) {
			best = object;
			object = RB_LEFT(object, entry);
		} else {
			object = RB_RIGHT(object, entry);
		}
	}
	return best;
}

bool index_damage_segment(struct index *index, const struct index_segment *segment,
			  dfs_id *cursor, unsigned most)
{
	struct index_object *object = next_object(index, cursor);

	for (; object && most > 0; most--) {
		for (struct index_part *part = &object->part; part; part = part->more)
			if (part->segment == segment)
				index_damage_part(index, part);
		*cursor = object->id;
		object = RB_NEXT(index_objects, &index->objects, object);
	}
	return object;
}

/* Its last content went. */
static void become_empty(struct index *index, struct index_object *object)
{
	index->counts.objects--;
	if (object->refs == 0 && !object->queued)
		free_object(index, object);
}

void index_drop_content(struct index *index, struct index_object *object)
{
	bool was_here = object->part.chunks != 0;

	for (struct index_part *part = &object->part; part; part = part->more)
		if (part->segment) {
			index_segment_lose(part->segment, part->bytes);
			become_proved(index, part);
		}
	free_parts(object);
	memset(&object->part, 0, sizeof object->part);
	object->dropping = false;
	if (was_here)
		become_empty(index, object);
	else if (object->refs == 0 && !object->queued)
		free_object(index, object);
}

/* Of the bytes of a part the share of these chunks, by their units. */
static uint64_t share_of(const struct index_object *object, const struct index_part *part,
			 unsigned chunks)
{
	uint64_t all = placement_units_of(object->units, part->chunks);
	uint64_t units = placement_units_of(object->units, part->chunks & chunks);

	if (all == 0)
		return 0;
	return part->bytes / all * units + part->bytes % all * units / all;
}

/*
 * The part keeps these chunks; what is still good beside damaged ones may be copied then.
 */
static void trim_part(struct index *index, struct index_object *object,
		      struct index_part *part, unsigned chunks)
{
	uint64_t left = share_of(object, part, chunks);

	if ((part->chunks & ~chunks) == 0)
		return;
	if (part->damaged & ~chunks)
		part->segment->damaged = false;
	index_segment_lose(part->segment, part->bytes - left);
	part->segment->trimmed += part->bytes - left;
	part->bytes = left & BYTES_MASK;
	part->estimated = 1;
	part->chunks &= chunks & CHUNKS_ALL;
	part->damaged &= chunks & CHUNKS_ALL;
	part->unbrought &= chunks & CHUNKS_ALL;
	if (part->chunks == 0)
		become_proved(index, part);
}

static void remove_empty_parts(struct index_object *object)
{
	struct index_part **at = &object->part.more, *part;

	while ((part = *at)) {
		if (part->chunks != 0) {
			at = &part->more;
			continue;
		}
		*at = part->more;
		free(part);
	}
	part = object->part.more;
	if (object->part.chunks != 0)
		return;
	if (part)
		object->part = *part;
	else
		memset(&object->part, 0, sizeof object->part);
	free(part);
}

void index_trim(struct index *index, struct index_object *object, chunk_set chunks)
{
	if (object->part.chunks == 0)
		return;
	for (struct index_part *part = &object->part; part; part = part->more)
		trim_part(index, object, part, chunks);
	remove_empty_parts(object);
	if (object->part.chunks == 0)
		become_empty(index, object);
}

static bool object_leave_segment(struct index *index, struct index_object *object,
				 const struct index_segment *segment)
{
	bool left = false;

	for (struct index_part *part = &object->part; part; part = part->more)
		if (part->segment == segment) {
			index_segment_lose(part->segment, part->bytes);
			become_proved(index, part);
			part->chunks = 0;
			left = true;
		}
	if (left)
		remove_empty_parts(object);
	return left;
}

bool index_leave_segment(struct index *index, const struct index_segment *segment,
			 dfs_id *cursor, unsigned most)
{
	struct index_object *object = next_object(index, cursor), *next;

	for (; object && most > 0; object = next, most--) {
		next = RB_NEXT(index_objects, &index->objects, object);
		*cursor = object->id;
		if (object_leave_segment(index, object, segment) &&
		    object->part.chunks == 0)
			become_empty(index, object);
	}
	return object;
}

void index_move_content(struct index *index, const struct seal_entry *entry, uint64_t lo,
			uint64_t hi, struct index_segment *to)
{
	struct index_object *object = index_find_object(index, &entry->objects[0]);
	struct index_part *part = object && !object->dropping ? &object->part : NULL;

	for (; part; part = part->more) {
		if (!index_is_within(part->segment, lo, hi) || part->segment == to ||
		    (part->chunks & ~entry->chunks) != 0)
			continue;
		index_segment_lose(part->segment, part->bytes);
		part->segment->unproved -= !part->proved;
		to->unproved += !part->proved;
		part->segment = to;
		part->by_maker = entry->by_maker;
		/* Some may have been trimmed since they were copied. */
		if (part->chunks == entry->chunks) {
			part->bytes = entry->bytes & BYTES_MASK;
			part->estimated = 0;
		}
		to->live += part->bytes;
	}
}

/* The first in the queue that nothing refers to; the others before it leave the queue. */
static struct index_object *first_unused(struct index *index)
{
	while (index->queue) {
		struct index_object *object = index->queue;

		if (object->refs == 0 && object->part.chunks != 0)
			return object;
		dequeue(index);
		if (object->refs == 0)
			free_object(index, object);
	}
	return NULL;
}

struct index_object *index_due(struct index *index, int64_t now_ms)
{
	struct index_object *object;

	while ((object = first_unused(index))) {
		if (object->due_ms <= now_ms)
			return dequeue(index);
		/*
		 * One that was used again since it was queued may stand before older
		 * ones.
		 */
		if (!object->queued_next || object->queued_next->due_ms >= object->due_ms)
			return NULL;
		put_last(index, dequeue(index));
	}
	return NULL;
}

void index_objects_prune(struct index *index)
{
	struct index_object *object, *last = NULL;

	while ((object = first_unused(index)) && object != last) {
		dequeue(index);
		put_last(index, object);
		if (!last)
			last = object;
	}
}

void index_again(struct index *index, struct index_object *object)
{
	object->dropping = false;
	if (object->refs == 0)
		enqueue(index, object);
}

int64_t index_due_ms(const struct index *index)
{
	return index->queue ? atomic_load(&index->queue->due_ms) : INT64_MAX;
}

/* The lock is shared: other readers do the same, and any of their times will do. */
void index_read(const struct index *index, struct index_object *object)
{
	int64_t now = clock_now_ms(), due = now + index->grace_ms;
	int64_t left = (int32_t)(object->last_ms - (uint32_t)now);

	if (object->refs > 0)
		return;
	if (due > now + left)
		due = now + left;
	if (due > atomic_load(&object->due_ms))
		atomic_store(&object->due_ms, due);
}
