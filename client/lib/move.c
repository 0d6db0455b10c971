/*
 * dfs_move: files from one path to another.
 *
 * Each file is made at its new path, with a note of the old one; once that is settled, it
 * goes from the old path, if nothing has changed there; then the note goes.  So it is at
 * one of the paths at least, whenever the mover ends (doc/AGREEMENT.md 4.2).
 */
#include "copy_batches.h"
#include "moves.h"

#include "ballot.h"
#include "clock.h"
#include "path.h"
#include "reading.h"
#include "successor.h"

#include <stdlib.h>
#include <string.h>

/* So long whoever began a move is thought to be still at it. */
enum { GIVE_WAY_MS = 2000, LOOK_EVERY_MS = 100 };

/* ---- a move that was begun before ---------------------------------------------- */

/* Is what is at the old path, if anything is, at the new one too? */
static bool has_come(const struct copying *of, const struct lookup *there)
{
	const dfs_manifest *was = lookup_file(of->from_here), *is = lookup_file(there);

	return !was || (is && successor_is_same(&is->content, &was->content));
}

/*
 * Is it this very move that the new path has a note of?  Below /shared/ anybody may note
 * what is there, with other content.
 */
static bool is_same_move(const struct copying *of, const struct lookup *there)
{
	const dfs_note *note = there->value.note;

	return there->result.code == DFS_EXIT_DONE && there->known && !there->unsure &&
	       note && note->old_version.number != 0 &&
	       note->old_path.dfs_path_len == strlen(of->from) &&
	       memcmp(note->old_path.dfs_path_val, of->from, strlen(of->from)) == 0 &&
	       has_come(of, there);
}

/* What the new paths have, notes and all. */
static void look_there(struct copy_batch *batch, struct lookup *there, const bool *wanted)
{
	struct lookup *lookups = calloc(batch->count + 1, sizeof *lookups);
	size_t which[DFS_BATCH_MAX], asked = 0;

	for (size_t i = 0; lookups && i < batch->count; i++) {
		if (!wanted[i])
			continue;
		lookups[asked].path = batch->of[i].to;
		lookups[asked].leaves_note = true;
		which[asked++] = i;
	}
	if (asked > 0)
		reading_run(batch->dfs, lookups, asked);
	for (size_t i = 0; i < asked; i++) {
		lookup_free(&there[which[i]]);
		there[which[i]] = lookups[i];
	}
	free(lookups);
}

/*
 * Which of the moves were begun before?  Whoever began one gets some time to end it
 * himself: then he has moved the file, and not this caller.
 */
static void find_begun(struct copy_batch *batch, struct lookup *there, bool *ret_begun)
{
	const int64_t until = clock_now_ms() + GIVE_WAY_MS;
	bool any = true, waited = false;

	for (size_t i = 0; i < batch->count; i++)
		ret_begun[i] = true;
	while (any) {
		any = false;
		look_there(batch, there, ret_begun);
		for (size_t i = 0; i < batch->count; i++) {
			bool was = ret_begun[i];

			ret_begun[i] = was && is_same_move(&batch->of[i], &there[i]);
			any |= ret_begun[i];
			/* He has ended it: so the old path has changed. */
			if (waited && was && !ret_begun[i]) {
				lookup_free(&batch->from[i]);
				reading_run(batch->dfs, &batch->from[i], 1);
			}
		}
		if (clock_now_ms() >= until)
			break;
		if (any)
			session_pause(LOOK_EVERY_MS);
		waited = true;
	}
}

/* ---- the steps ----------------------------------------------------------------- */

struct moving {
	struct copy_batch *batch;
	bool begun[DFS_BATCH_MAX];          /* before, and is gone on with */
	struct lookup there[DFS_BATCH_MAX]; /* what the new paths had */
	struct moves_step steps[DFS_BATCH_MAX];
	size_t which[DFS_BATCH_MAX]; /* of the batch, each step is of */
	size_t count;
};

/* Makes the files at their new paths, but for those that were there already. */
static void make_copies(struct moving *moving)
{
	struct copy_batch *batch = moving->batch;
	struct copying *of = calloc(batch->count + 1, sizeof *of);
	size_t which[DFS_BATCH_MAX], filled = 0;

	for (size_t i = 0; i < batch->count; i++) {
		if (moving->begun[i])
			continue;
		if (of) {
			of[filled] = batch->of[i];
			which[filled++] = i;
		} else {
			result_fail(&batch->of[i].result, DFS_EXIT_OTHER,
				    "out of memory");
		}
	}
	if (filled > 0)
		copying_run(batch->dfs, of, filled);
	for (size_t i = 0; i < filled; i++) {
		struct copying *one = &batch->of[which[i]];

		*one = of[i];
		if (one->proposal.note)
			one->proposal.note = &one->note;
	}
	free(of);
}

/* Those that are at both paths now. */
static void fill_steps(struct moving *moving)
{
	struct copy_batch *batch = moving->batch;

	for (size_t i = 0; i < batch->count; i++) {
		struct copying *of = &batch->of[i];
		struct moves_step *step = &moving->steps[moving->count];

		if (moving->begun[i]) {
			*step = (struct moves_step){.path = of->to,
						    .value = &moving->there[i].value,
						    .ticket = &moving->there[i].ticket,
						    .note = moving->there[i].value.note};
		} else if (of->result.code == DFS_EXIT_DONE && of->proposal.known) {
			*step = (struct moves_step){.path = of->to,
						    .value = &of->proposal.value,
						    .ticket = &of->from_here->ticket,
						    .note = &of->note,
						    .undone = !of->proposal.note,
						    .old = &of->from_here->value};
		} else {
			continue;
		}
		moving->which[moving->count++] = i;
	}
}

/* Files that somebody else has moved or changed do not stay at their new paths. */
static void undo(struct moving *moving)
{
	struct copy_batch *batch = moving->batch;
	struct proposal *proposals = calloc(moving->count + 1, sizeof *proposals);
	size_t filled = 0;

	for (size_t i = 0; proposals && i < moving->count; i++) {
		struct moves_step *step = &moving->steps[i];
		const struct copying *of = &batch->of[moving->which[i]];
		struct proposal *proposal = &proposals[filled];

		if (!moves_is_off(step) || !step->old || of->proposal.replaces)
			continue;
		proposal->path = of->to;
		proposal->kind = PROPOSAL_TOMBSTONE;
		proposal->conditional = true;
		proposal->if_version = of->proposal.made;
		step->undone = id_random(&proposal->operation);
		filled += step->undone;
	}
	if (filled > 0)
		proposer_run(batch->dfs, proposals, filled);
	for (size_t i = 0; i < filled; i++)
		proposer_free(&proposals[i]);
	free(proposals);
}

/* How the move of one ended, once all steps were tried. */
static void conclude(struct copying *of, const struct moves_step *step)
{
	const char *left =
		of->proposal.replaces ? "; a copy of what it was is at the new name" : "";

	switch (step->result.code) {
	case DFS_EXIT_DONE:
		return;
	case DFS_EXIT_MISSING:
		result_fail(&of->result, DFS_EXIT_MISSING,
			    "somebody else has moved or deleted it meanwhile%s", left);
		return;
	case DFS_EXIT_CONFLICT:
		result_fail(&of->result, DFS_EXIT_CONFLICT,
			    "somebody else has changed it meanwhile: it was not moved%s",
			    left);
		return;
	case DFS_EXIT_DENIED:
		result_fail(&of->result, DFS_EXIT_DENIED, "%.700s%s", step->result.why,
			    left);
		return;
	case DFS_EXIT_OPEN:
		result_fail(&of->result, DFS_EXIT_OPEN,
			    "it is at the new name, and may still be at the old one: the "
			    "same command again goes on");
		return;
	default:
		result_fail(&of->result, step->result.code,
			    "it is at the new name, and still at the old one (%.700s): "
			    "the same command again goes on",
			    step->result.why);
	}
}

static void move(struct copy_batch *batch)
{
	struct moving *moving = calloc(1, sizeof *moving);

	if (!moving) {
		for (size_t i = 0; i < batch->count; i++)
			result_fail(&batch->of[i].result, DFS_EXIT_OTHER,
				    "out of memory");
		return;
	}
	moving->batch = batch;
	/* Of a tree's files none has a note. */
	if (!batch->tree)
		find_begun(batch, moving->there, moving->begun);
	make_copies(moving);
	fill_steps(moving);
	if (moving->count > 0) {
		moves_leave(batch->dfs, moving->steps, moving->count);
		undo(moving);
		if (!batch->tree)
			moves_clear(batch->dfs, moving->steps, moving->count);
	}
	for (size_t i = 0; i < moving->count; i++)
		conclude(&batch->of[moving->which[i]], &moving->steps[i]);
	for (size_t i = 0; i < batch->count; i++)
		lookup_free(&moving->there[i]);
	free(moving);
}

void copy_batches_move(struct copy_batches *batches, struct dfs_copy *items, size_t count)
{
	batches->moves = true;
	batches->run = move;
	copy_batches_run(batches, items, count);
}

void dfs_move(struct dfs *dfs, struct dfs_copy *items, size_t count,
	      void (*finished)(void *context, size_t item), void *context)
{
	struct copy_batches batches = {
		.dfs = dfs, .finished = finished, .context = context};

	copy_batches_move(&batches, items, count);
}
