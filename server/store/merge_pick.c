/*
 * What to merge: a choice from sizes alone.
 *
 * Segments are in tiers by their weight, each merge_fan times the one before.  Around a
 * segment that has changed, and for each tier from its own on, there is one run of
 * neighbours of which none is above the tier.  It is merged
 *
 * - when it reaches the next tier and is several times its largest: a record is copied
 *   once for each tier that it rises, and those of merge_enough bytes rise no more;
 * - when no more fits into a merged segment, which then is merged no more;
 * - when merge_fan of them (two, where a store has many segments) lie before a segment
 *   that is above the tier.  No commit adds to such a run, so that a store of large
 *   segments would keep many small ones; what it costs is at most a few times what that
 *   segment has cost, once.
 *
 * The entries that undo something go only from a run that begins at the first segment.
 * That is merged, as far as it goes, when they are a part of it that is worth it.
 *
 * A segment that is large is left alone until half of it is dead, or much of it was
 * trimmed; one that is damaged while anything in it is alive.  One from before a recovery
 * goes when nothing in it is, also when it cannot be read.
 */
#include "merge.h"

#include "segment.h"
#include "store.h"

enum {
	SMALLEST_TIER = 64 << 10,
	RUN_MAX = 4096,
	SEAL_RUN = SEAL_MAX / 2, /* of all inputs' @seal */
	WORTH_REWRITING = 1 << 20,
	MANY_SEGMENTS = 4096,
	FEW = 2,
	UNDO_SHARE = 8,       /* of a run from the first segment on, to be worth it */
	UNDO_MORE = 64 << 10, /* bytes, before that is asked, and once more */
	LOOK_AT_ONCE = 64     /* changed segments, before others have the lock again */
};

struct picking {
	struct index_segments *segments;
	const struct store_rules *rules;
	uint64_t begun;
};

/* Neighbours, and what they are together. */
struct window {
	struct index_segment *first, *last;
	size_t count;
	uint64_t live, seal;
	uint64_t weight, largest;
	bool full; /* a neighbour that would belong to it does not fit */
};

/* ---- one segment --------------------------------------------------------------- */

/* What copying it costs; an empty one is a file, too. */
static uint64_t weight_of(const struct picking *picking,
			  const struct index_segment *segment)
{
	uint64_t weight = segment->live + segment->seal_bytes;
	uint64_t least = SMALLEST_TIER / picking->rules->merge_fan;

	return weight > least ? weight : least;
}

/* The least weight that is above the tier of this one. */
static uint64_t limit_above(const struct picking *picking, uint64_t weight)
{
	uint64_t limit = SMALLEST_TIER;

	while (limit <= weight && limit <= UINT64_MAX / picking->rules->merge_fan)
		limit *= picking->rules->merge_fan;
	return limit;
}

static bool is_half_dead(const struct index_segment *segment)
{
	return segment->full >= WORTH_REWRITING && (segment->live < segment->full / 2 ||
						    segment->trimmed > segment->full / 4);
}

static bool is_old(const struct picking *picking, const struct index_segment *segment)
{
	return segment_hi(segment->file) < picking->begun;
}

static bool may_copy(const struct index_segment *segment)
{
	return !segment->unreadable && !(segment->damaged && segment->live > 0);
}

/* May it be one of several? */
static bool may_merge(const struct picking *picking, const struct index_segment *segment)
{
	const struct store_rules *rules = picking->rules;

	return may_copy(segment) && weight_of(picking, segment) < rules->merge_enough &&
	       segment->live <= rules->merge_bytes / rules->merge_fan &&
	       segment->seal_bytes <= SEAL_RUN / FEW;
}

/* Is there anything to be gained by merging it alone? */
static bool is_worth_rewriting(const struct picking *picking,
			       const struct index_segment *segment)
{
	bool is_first = segment == TAILQ_FIRST(&picking->segments->list);

	if (is_half_dead(segment) && may_copy(segment))
		return true;
	return is_old(picking, segment) && segment->live == 0 &&
	       (segment->unreadable ||
		segment->swept < (is_first ? SWEPT_AS_FIRST : SWEPT));
}

/* ---- several ------------------------------------------------------------------- */

static bool are_neighbours(const struct picking *picking,
			   const struct index_segment *left,
			   const struct index_segment *right)
{
	return is_old(picking, left) == is_old(picking, right) &&
	       segment_hi(left->file) + 1 == segment_lo(right->file);
}

/* May the two be in one run?  The second follows the first; either may be missing. */
static bool may_join(const struct picking *picking, const struct index_segment *left,
		     const struct index_segment *right)
{
	picking->segments->steps++;
	return left && right && may_merge(picking, left) && may_merge(picking, right) &&
	       are_neighbours(picking, left, right);
}

static struct index_segment *left_of(const struct picking *picking,
				     const struct window *window)
{
	struct index_segment *left = TAILQ_PREV(window->first, index_segment_list, order);

	return may_join(picking, left, window->first) ? left : NULL;
}

static struct index_segment *right_of(const struct picking *picking,
				      const struct window *window)
{
	struct index_segment *right = TAILQ_NEXT(window->last, order);

	return may_join(picking, window->last, right) ? right : NULL;
}

/* false: it is full, or the segment is none or above the limit. */
static bool take(const struct picking *picking, struct window *window,
		 const struct index_segment *segment, uint64_t limit)
{
	uint64_t weight = segment ? weight_of(picking, segment) : limit;

	if (weight >= limit)
		return false;
	if (window->count == RUN_MAX ||
	    window->live + segment->live > picking->rules->merge_bytes ||
	    window->seal + segment->seal_bytes > SEAL_RUN) {
		window->full = true;
		return false;
	}
	window->count++;
	window->live += segment->live;
	window->seal += segment->seal_bytes;
	window->weight += weight;
	if (weight > window->largest)
		window->largest = weight;
	return true;
}

/* By all neighbours below the limit. */
static void widen(const struct picking *picking, struct window *window, uint64_t limit)
{
	struct index_segment *left, *right;

	while ((left = left_of(picking, window)) && take(picking, window, left, limit))
		window->first = left;
	while ((right = right_of(picking, window)) && take(picking, window, right, limit))
		window->last = right;
}

static bool is_worth_merging(const struct picking *picking, const struct window *window,
			     uint64_t limit)
{
	size_t fan = picking->rules->merge_fan;
	uint64_t times = fan / 2 > FEW ? fan / 2 : FEW;
	bool many = picking->segments->count > MANY_SEGMENTS;
	bool closed = TAILQ_NEXT(window->last, order);

	if (window->count < FEW)
		return false;
	if (window->full ||
	    (window->weight >= limit && window->weight / times >= window->largest))
		return true;
	return closed && window->count >= (many ? FEW : fan);
}

/* The smallest run with this segment in it that is worth it. */
static struct merge_run pick_around(const struct picking *picking,
				    struct index_segment *segment)
{
	struct window window = {.first = segment, .last = segment};
	uint64_t least = weight_of(picking, segment);
	struct index_segment *left, *right;

	if (!may_merge(picking, segment))
		return (struct merge_run){0};
	(void)take(picking, &window, segment, UINT64_MAX);
	while (!window.full && least < UINT64_MAX) {
		uint64_t limit = limit_above(picking, least);

		widen(picking, &window, limit);
		if (is_worth_merging(picking, &window, limit))
			return (struct merge_run){.first = window.first,
						  .count = window.count};
		left = left_of(picking, &window);
		right = right_of(picking, &window);
		least = left ? weight_of(picking, left) : UINT64_MAX;
		if (right && weight_of(picking, right) < least)
			least = weight_of(picking, right);
	}
	return (struct merge_run){0};
}

/* What the change of a segment may have made worth it: it may close the run before it. */
static struct merge_run pick_near(const struct picking *picking,
				  struct index_segment *segment)
{
	struct index_segment *before = TAILQ_PREV(segment, index_segment_list, order);
	struct merge_run run = pick_around(picking, segment);

	picking->segments->steps++;
	if (run.count == 0 && is_worth_rewriting(picking, segment))
		run = (struct merge_run){.first = segment, .count = 1};
	if (run.count == 0 && before)
		run = pick_around(picking, before);
	return run;
}

/* ---- what undoes --------------------------------------------------------------- */

/* From the first segment on: all that belong together, and fit without what goes. */
static struct merge_run pick_undone(const struct picking *picking)
{
	struct index_segment *first = TAILQ_FIRST(&picking->segments->list);
	const struct index_segment *segment = first, *last = NULL;
	uint64_t live = 0, seal = 0, undo = 0;
	struct merge_run run = {0};

	for (size_t count = 1; segment && count <= RUN_MAX; count++) {
		picking->segments->steps++;
		live += segment->live;
		seal += segment->seal_bytes;
		undo += segment->undo;
		if (!may_copy(segment) ||
		    (last && !are_neighbours(picking, last, segment)) ||
		    live > picking->rules->merge_bytes || seal > SEAL_RUN + undo)
			break;
		if (undo >= UNDO_MORE && undo >= (live + seal) / UNDO_SHARE)
			run = (struct merge_run){.first = first, .count = count};
		last = segment;
		segment = TAILQ_NEXT(segment, order);
	}
	return run;
}

/* Asked only when there is more of it than when there was too little. */
static struct merge_run pick_first(const struct picking *picking)
{
	struct index_segments *segments = picking->segments;
	uint64_t more = segments->undo / UNDO_SHARE;
	struct merge_run run = {0};

	if (segments->undo < UNDO_MORE || segments->undo < segments->undo_at)
		return run;
	run = pick_undone(picking);
	if (run.count > 0)
		segments->undo_at = 0;
	else
		segments->undo_at =
			segments->undo + (more > UNDO_MORE ? more : UNDO_MORE);
	return run;
}

struct merge_run merge_pick(struct index_segments *segments,
			    const struct store_rules *rules, uint64_t begun,
			    bool *ret_more)
{
	const struct picking picking = {segments, rules, begun};
	struct index_segment *segment;
	struct merge_run run = {0};

	*ret_more = false;
	if (rules->merge_fan < FEW)
		return run;
	if (segments->count > MANY_SEGMENTS && segments->count > segments->looked_at) {
		/* Where two were few, they may be many now. */
		index_segments_look_again(segments);
		segments->looked_at = 2 * segments->count;
	}
	index_segments_look_on(segments, LOOK_AT_ONCE);
	for (unsigned i = 0; i < LOOK_AT_ONCE && run.count == 0; i++) {
		segment = TAILQ_FIRST(&segments->changed);
		if (!segment)
			break;
		run = pick_near(&picking, segment);
		index_segment_looked_at(segment);
		/* If this fails, others are next, and then it once more. */
		if (run.count > 0)
			index_segment_changed(segment);
	}
	*ret_more = TAILQ_FIRST(&segments->changed) || segments->again;
	if (run.count == 0 && !*ret_more)
		run = pick_first(&picking);
	return run;
}
