/*
 * What to merge.
 *
 * Segments are in tiers by the size of what is alive in them, each eight times the one
 * before.  A run of merge_fan neighbours, none above a tier, makes one of the next tier,
 * so that a record is copied once for each tier that it rises.  A segment that is large
 * is left alone until half of it is dead, or much of it was trimmed; one that is damaged
 * while anything in it is alive.  One from before a recovery goes when nothing in it is,
 * also when it cannot be read.
 */
#include "merge.h"

#include "store_internal.h"

#include <stdlib.h>

enum {
	SMALLEST_TIER = 32 << 10,
	TIERS = 8,
	RUN_MAX = 4096,
	SEAL_RUN = SEAL_MAX / 2, /* of all inputs' @seal */
	WORTH_REWRITING = 1 << 20,
	MANY_SEGMENTS = 1024, /* from here on small runs between large segments go too */
	FEW = 2
};

static unsigned tier_of(const struct index_segment *segment)
{
	uint64_t limit = SMALLEST_TIER;
	unsigned tier = 0;

	while (tier < TIERS && segment->live > limit) {
		limit *= 8;
		tier++;
	}
	return tier;
}

static bool is_half_dead(const struct index_segment *segment)
{
	return segment->full >= WORTH_REWRITING && (segment->live < segment->full / 2 ||
						    segment->trimmed > segment->full / 4);
}

static bool is_old(const struct store *store, const struct index_segment *segment)
{
	return segment_hi(segment->file) < store->head.begun;
}

static bool may_merge(const struct store *store, const struct index_segment *segment)
{
	if (segment->unreadable || (segment->damaged && segment->live > 0))
		return false;
	return segment->live <= store->rules.merge_bytes / store->rules.merge_fan ||
	       is_half_dead(segment);
}

/* The longest run from this segment on that keeps the limits. */
static size_t run_from(const struct store *store, const struct index_segment *segment,
		       unsigned tier)
{
	const struct index_segment *last = NULL;
	uint64_t live = 0, seal = 0;
	size_t count = 0;

	for (; segment && count < RUN_MAX; segment = TAILQ_NEXT(segment, order)) {
		if (!may_merge(store, segment) || tier_of(segment) > tier)
			break;
		if (last && (is_old(store, last) != is_old(store, segment) ||
			     segment_hi(last->file) + 1 != segment_lo(segment->file)))
			break;
		live += segment->live;
		seal += segment->seal_bytes;
		if (live > store->rules.merge_bytes || seal > SEAL_RUN)
			break;
		last = segment;
		count++;
	}
	return count;
}

static struct merge_run pick_tier(struct store *store, unsigned tier, size_t fan)
{
	struct index_segment *segment = TAILQ_FIRST(&store->segments.list);
	struct merge_run run = {0};

	while (segment) {
		size_t count = run_from(store, segment, tier);

		if (count >= fan)
			return (struct merge_run){.first = segment, .count = count};
		/* A run that was too short is so from its second segment on, too. */
		for (size_t i = 0; i < (count > 0 ? count : 1); i++)
			segment = TAILQ_NEXT(segment, order);
	}
	return run;
}

static struct merge_run pick_half_dead(struct store *store)
{
	struct index_segment *segment = TAILQ_FIRST(&store->segments.list);

	for (; segment; segment = TAILQ_NEXT(segment, order))
		if (is_half_dead(segment) && may_merge(store, segment))
			return (struct merge_run){.first = segment, .count = 1};
	return (struct merge_run){0};
}

static struct merge_run pick_old(struct store *store)
{
	struct index_segment *segment = TAILQ_FIRST(&store->segments.list);
	unsigned swept = SWEPT_AS_FIRST;

	for (; segment && is_old(store, segment); segment = TAILQ_NEXT(segment, order)) {
		if (segment->live == 0 && (segment->unreadable || segment->swept < swept))
			return (struct merge_run){.first = segment, .count = 1};
		swept = SWEPT;
	}
	return (struct merge_run){0};
}

struct merge_run merge_pick(struct store *store)
{
	struct merge_run run = {0};

	if (store->rules.merge_fan < FEW)
		return run;
	for (unsigned tier = 0; tier < TIERS && run.count == 0; tier++)
		run = pick_tier(store, tier, store->rules.merge_fan);
	if (run.count == 0)
		run = pick_half_dead(store);
	if (run.count == 0)
		run = pick_old(store);
	if (run.count == 0 && store->segments.count > MANY_SEGMENTS)
		run = pick_tier(store, 1, FEW);
	return run;
}
