/* The segments that the index counts in: making one, what has changed, and freeing it. */
#include "index_internal.h"

#include "segment.h"

#include <stdlib.h>
#include <string.h>

struct index_segment *index_segment_new(struct segment_cache *cache, uint64_t lo,
					uint64_t hi, uint64_t bytes)
{
	struct index_segment *segment = calloc(1, sizeof *segment);

	if (!segment)
		return NULL;
	segment->file = segment_new(cache, lo, hi, bytes);
	if (!segment->file) {
		free(segment);
		return NULL;
	}
	return segment;
}

void index_segment_free(struct index_segment *segment)
{
	if (!segment)
		return;
	segment_unref(segment->file);
	free(segment);
}

bool index_is_within(const struct index_segment *segment, uint64_t lo, uint64_t hi)
{
	return segment && segment_lo(segment->file) >= lo &&
	       segment_hi(segment->file) <= hi;
}

void index_segment_changed(struct index_segment *segment)
{
	if (!segment->segments || segment->is_changed)
		return;
	segment->is_changed = true;
	TAILQ_INSERT_TAIL(&segment->segments->changed, segment, change);
}

void index_segment_looked_at(struct index_segment *segment)
{
	if (!segment->is_changed)
		return;
	segment->is_changed = false;
	TAILQ_REMOVE(&segment->segments->changed, segment, change);
}

void index_segment_lose(struct index_segment *segment, uint64_t bytes)
{
	segment->live -= bytes;
	index_segment_changed(segment);
}

void index_segment_add_undo(struct index_segment *segment, uint64_t bytes)
{
	segment->undo += bytes;
	if (segment->segments)
		segment->segments->undo += bytes;
}

void index_segments_init(struct index_segments *segments)
{
	TAILQ_INIT(&segments->list);
	TAILQ_INIT(&segments->changed);
}

void index_segments_look_again(struct index_segments *segments)
{
	segments->again = TAILQ_FIRST(&segments->list);
}

void index_segments_look_on(struct index_segments *segments, unsigned most)
{
	for (; segments->again && most > 0; most--) {
		index_segment_changed(segments->again);
		segments->again = TAILQ_NEXT(segments->again, order);
	}
}

/* It is in the list. */
static void enter(struct index_segments *segments, struct index_segment *segment)
{
	segment->segments = segments;
	segments->count++;
	segments->bytes += segment_bytes(segment->file);
	segments->undo += segment->undo;
	index_segment_changed(segment);
}

void index_segments_append(struct index_segments *segments, struct index_segment *segment)
{
	TAILQ_INSERT_TAIL(&segments->list, segment, order);
	enter(segments, segment);
}

void index_segments_put_before(struct index_segments *segments,
			       struct index_segment *next, struct index_segment *segment)
{
	TAILQ_INSERT_BEFORE(next, segment, order);
	enter(segments, segment);
}

void index_segments_remove(struct index_segments *segments, struct index_segment *segment)
{
	struct index_segment *before = TAILQ_PREV(segment, index_segment_list, order);
	struct index_segment *after = TAILQ_NEXT(segment, order);

	index_segment_looked_at(segment);
	if (segments->again == segment)
		segments->again = after;
	TAILQ_REMOVE(&segments->list, segment, order);
	segment->segments = NULL;
	if (before)
		index_segment_changed(before);
	if (after)
		index_segment_changed(after);
	segments->count--;
	segments->undo -= segment->undo;
	segments->bytes -= segment_bytes(segment->file);
}

void index_segments_free(struct index_segments *segments)
{
	struct index_segment *segment = TAILQ_FIRST(&segments->list), *next;

	for (; segment; segment = next) {
		next = TAILQ_NEXT(segment, order);
		index_segment_free(segment);
	}
	memset(segments, 0, sizeof *segments);
	index_segments_init(segments);
}
