/* Moves that were begun, and what is left of them to do. */
#include "moves.h"

#include "ballot.h"
#include "change.h"
#include "finishing.h"
#include "path.h"
#include "proposer.h"
#include "value.h"

#include <stdlib.h>
#include <string.h>

/* ---- the old path -------------------------------------------------------------- */

/* Everybody who takes this step does it as the same operation. */
static bool begin_leaving(const struct moves_step *step, struct proposal *proposal)
{
	const dfs_path *path = &step->note->old_path;

	proposal->path = strndup(path->dfs_path_val, path->dfs_path_len);
	proposal->kind = PROPOSAL_TOMBSTONE;
	proposal->operation = step->note->operation;
	proposal->conditional = true;
	proposal->if_version = step->note->old_version;
	return proposal->path;
}

/*
 * The condition failed.  Is it sure that this operation has not happened?  Only if all
 * that has, since the mover looked, is still remembered there.
 */
static bool is_certain(const struct moves_step *step, const struct proposal *proposal)
{
	return !step->old ||
	       (proposal->known &&
		value_has_operation(&proposal->value, &step->old->operation));
}

static void take_left(struct moves_step *step, const struct proposal *proposal)
{
	step->result = proposal->result;
	switch (step->result.code) {
	case DFS_EXIT_USAGE: /* a folder is there by now */
		step->result.code = DFS_EXIT_CONFLICT;
		break;
	case DFS_EXIT_MISSING:
	case DFS_EXIT_CONFLICT:
		break;
	default:
		return;
	}
	if (!is_certain(step, proposal))
		result_fail(&step->result, DFS_EXIT_OPEN,
			    "so much has happened since that nobody can tell whether it "
			    "was moved");
}

void moves_leave(struct dfs *dfs, struct moves_step *steps, size_t count)
{
	struct proposal *proposals = calloc(count + 1, sizeof *proposals);
	bool good = proposals;

	for (size_t i = 0; good && i < count; i++)
		good = begin_leaving(&steps[i], &proposals[i]);
	if (good)
		proposer_run(dfs, proposals, count);
	for (size_t i = 0; i < count; i++) {
		steps[i].result = (struct dfs_result){.code = DFS_EXIT_DONE};
		if (good)
			take_left(&steps[i], &proposals[i]);
		else
			result_fail(&steps[i].result, DFS_EXIT_OPEN, "out of memory");
	}
	for (size_t i = 0; proposals && i < count; i++) {
		union {
			const char *borrow;
			char *own;
		} path = {.borrow = proposals[i].path};

		proposer_free(&proposals[i]);
		free(path.own);
	}
	free(proposals);
}

bool moves_is_off(const struct moves_step *step)
{
	return step->result.code == DFS_EXIT_MISSING ||
	       step->result.code == DFS_EXIT_CONFLICT ||
	       (step->old && step->result.code == DFS_EXIT_DENIED);
}

/* ---- the note ------------------------------------------------------------------ */

/* What is there stays, but for the note, if it is still there. */
static bool keep(struct proposal *proposal, const dfs_value *best, dfs_body *ret_body)
{
	if (!best || !best->note ||
	    !id_equal(&best->note->operation, &proposal->clears->operation))
		return false; /* nothing is left to do, and the result says so */
	if (change_copy_body(&best->body, ret_body))
		return true;
	result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
	return false;
}

/* With the content that is there, so that it is bound by the first PREPARE. */
static bool begin_clearing(const struct moves_step *step, struct proposal *proposal)
{
	proposal->path = step->path;
	proposal->kind = PROPOSAL_CHANGE;
	proposal->change = keep;
	proposal->clears = step->note;
	if (value_has_content(step->value)) {
		const dfs_content *content =
			&step->value->body.dfs_body_u.manifest.content;

		proposal->content = *content;
		proposal->ticket = *step->ticket;
	}
	return id_random(&proposal->operation);
}

void moves_clear(struct dfs *dfs, const struct moves_step *steps, size_t count)
{
	struct proposal *proposals = calloc(count + 1, sizeof *proposals);
	size_t filled = 0;

	for (size_t i = 0; proposals && i < count; i++)
		if (!steps[i].undone &&
		    (steps[i].result.code == DFS_EXIT_DONE || moves_is_off(&steps[i])))
			filled += begin_clearing(&steps[i], &proposals[filled]);
	if (filled > 0)
		proposer_run(dfs, proposals, filled);
	for (size_t i = 0; i < filled; i++)
		proposer_free(&proposals[i]);
	free(proposals);
}

/* ---- others' moves ------------------------------------------------------------- */

bool moves_may_write(const struct dfs *dfs, const struct lookup *lookup)
{
	const dfs_access *access = value_access(&lookup->value);

	if (!dfs->identity)
		return false;
	if (finishing_is_own(dfs, lookup->path) ||
	    path_is_shared(lookup->path, strlen(lookup->path)))
		return true;
	for (u_int i = 0; access && i < access->readers.readers_len; i++) {
		const dfs_reader *reader = &access->readers.readers_val[i];

		if (reader->writes && reader->user.dfs_user_len == strlen(dfs->user) &&
		    memcmp(reader->user.dfs_user_val, dfs->user, strlen(dfs->user)) == 0)
			return true;
	}
	return false;
}

/*
 * May he take the note away?  Below /shared/ nobody states another's file anew.
 */
static bool may_clear(const struct dfs *dfs, const struct lookup *lookup)
{
	const dfs_manifest *manifest = lookup_file(lookup);

	if (!moves_may_write(dfs, lookup))
		return false;
	return !path_is_shared(lookup->path, strlen(lookup->path)) ||
	       (manifest && manifest->owner.dfs_user_len == strlen(dfs->user) &&
		memcmp(manifest->owner.dfs_user_val, dfs->user, strlen(dfs->user)) == 0);
}

/* The note of a tree, which has no old version, is for who moves it. */
static bool is_begun(const struct dfs *dfs, const struct lookup *lookup)
{
	return lookup->result.code == DFS_EXIT_DONE && lookup->known && !lookup->unsure &&
	       !lookup->leaves_note && lookup->value.note &&
	       lookup->value.note->old_version.number != 0 && may_clear(dfs, lookup);
}

void moves_finish(struct dfs *dfs, struct lookup *lookups, size_t count)
{
	struct moves_step *steps = NULL;
	size_t filled = 0, met = 0;

	for (size_t i = 0; i < count; i++)
		met += is_begun(dfs, &lookups[i]);
	if (met > 0)
		steps = calloc(met, sizeof *steps);
	for (size_t i = 0; steps && i < count; i++)
		if (is_begun(dfs, &lookups[i]))
			steps[filled++] =
				(struct moves_step){.path = lookups[i].path,
						    .value = &lookups[i].value,
						    .ticket = &lookups[i].ticket,
						    .note = lookups[i].value.note};
	if (filled > 0) {
		moves_leave(dfs, steps, filled);
		moves_clear(dfs, steps, filled);
	}
	free(steps);
}
