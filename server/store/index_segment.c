/* The segments that the index counts in: making one, and freeing it. */
#include "index.h"

#include "segment.h"

#include <stdlib.h>

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

void index_segments_append(struct index_segments *segments, struct index_segment *segment)
{
	TAILQ_INSERT_TAIL(&segments->list, segment, order);
	segments->count++;
	segments->bytes += segment_bytes(segment->file);
}

void index_segments_put_before(struct index_segments *segments,
			       struct index_segment *next, struct index_segment *segment)
{
	TAILQ_INSERT_BEFORE(next, segment, order);
	segments->count++;
	segments->bytes += segment_bytes(segment->file);
}

void index_segments_remove(struct index_segments *segments, struct index_segment *segment)
{
	TAILQ_REMOVE(&segments->list, segment, order);
	segments->count--;
	segments->bytes -= segment_bytes(segment->file);
}

void index_segments_free(struct index_segments *segments)
{
	struct index_segment *segment;

	while ((segment = TAILQ_FIRST(&segments->list))) {
		index_segments_remove(segments, segment);
		index_segment_free(segment);
	}
}
