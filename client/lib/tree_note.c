/* Trees on their way to another folder: their notes. */
#include "tree_note.h"

#include "authority.h"
#include "ballot.h"
#include "change.h"
#include "clock.h"
#include "folder.h"
#include "moves.h"
#include "path.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

static struct dfs_result gone(void)
{
	return result_of(DFS_EXIT_MISSING, "no such folder");
}

/* ---- what is there ------------------------------------------------------------- */

/* "/USER" and "/shared" have no register. */
static bool has_register(const char *path)
{
	return !path_check(path, strlen(path));
}

static void look(struct dfs *dfs, const char *path, struct lookup *ret)
{
	*ret = (struct lookup){.path = path, .leaves_note = true};
	if (has_register(path))
		reading_run(dfs, ret, 1);
}

/* The note of a tree, between this path and that one. */
static const dfs_note *note_of(const struct lookup *lookup, const char *other)
{
	const dfs_note *note = lookup_folder(lookup) ? lookup->value.note : NULL;

	return note && note->old_version.number == 0 &&
			       note->old_path.dfs_path_len == strlen(other) &&
			       memcmp(note->old_path.dfs_path_val, other,
				      strlen(other)) == 0
		       ? note
		       : NULL;
}

bool tree_note_goes_on(struct dfs *dfs, const char *from, const char *to)
{
	struct lookup lookup;
	bool goes_on;

	look(dfs, to, &lookup);
	goes_on = note_of(&lookup, from);
	lookup_free(&lookup);
	return goes_on;
}

/* Has a folder a note of a tree that is not there at its other end? */
static bool is_stale(struct dfs *dfs, const char *path, const dfs_note *note)
{
	char *other = strndup(note->old_path.dfs_path_val, note->old_path.dfs_path_len);
	const dfs_note *there;
	struct lookup lookup;
	bool stale;

	if (!other)
		return false;
	look(dfs, other, &lookup);
	there = note_of(&lookup, path);
	stale = lookup.result.code == DFS_EXIT_DONE &&
		!(there && id_equal(&there->operation, &note->operation));
	lookup_free(&lookup);
	free(other);
	return stale;
}

static void undo_there(struct tree_note *note);

/* ---- putting notes ------------------------------------------------------------- */

/* A folder that gets a note. */
struct noting {
	struct tree_note *of;
	const char *path;
	const dfs_version *version; /* of the folder, where it has to be the same */
	dfs_id stale; /* of a note that may be there all the same; or zero */
};

static void make_folder(const struct noting *noting, dfs_folder *ret)
{
	const char *path = noting->path, *whose = noting->of->dfs->user;
	size_t len = strlen(whose);

	if (!path_is_shared(path, strlen(path)))
		whose = path_of_whom(path, strlen(path), &len);
	memset(ret, 0, sizeof *ret);
	ret->owner = (dfs_user){(u_int)len, path_borrow(whose).dfs_path_val};
	ret->attributes.modified = clock_wall_ns();
}

static bool keep_noted(struct proposal *proposal, const dfs_value *best,
		       dfs_body *ret_body)
{
	const struct noting *noting = proposal->change_context;
	const dfs_note *note = best ? best->note : NULL;
	dfs_body body = {.kind = DFS_FOLDER};
	dfs_folder made;

	make_folder(noting, &made);
	if (best)
		body = best->body;
	else
		body.dfs_body_u.folder = made;
	/* Below /shared/ whoever states a folder is its owner. */
	if (body.kind == DFS_FOLDER)
		body.dfs_body_u.folder.owner = made.owner;
	if (body.kind != DFS_FOLDER)
		result_fail(&proposal->result, DFS_EXIT_CONFLICT,
			    "a file and a folder cannot share a name");
	else if (note && !id_equal(&note->operation, &proposal->note->operation) &&
		 !id_equal(&note->operation, &noting->stale))
		result_fail(&proposal->result, DFS_EXIT_CONFLICT,
			    "somebody else moves it at this moment");
	else if (change_copy_body(&body, ret_body))
		return true;
	else
		result_fail(&proposal->result, DFS_EXIT_OTHER, "out of memory");
	return false;
}

/* To a folder, whether or not it has a register. */
static struct dfs_result put_note(struct noting *noting, dfs_note *note)
{
	struct proposal proposal = {.path = noting->path,
				    .kind = PROPOSAL_CHANGE,
				    .change = keep_noted,
				    .change_context = noting,
				    .note = note};
	struct dfs_result result;

	if (noting->version) {
		proposal.conditional = true;
		proposal.if_version = *noting->version;
	}
	if (!id_random(&proposal.operation))
		return result_of(DFS_EXIT_OTHER, "the system has no random bytes");
	proposer_run(noting->of->dfs, &proposal, 1);
	result = proposal.result;
	if (result.code == DFS_EXIT_CONFLICT && noting->version && proposal.known &&
	    proposal.value.body.kind == DFS_TOMBSTONE)
		result = gone();
	proposer_free(&proposal);
	return result;
}

/* The new folder, where nothing was, with its note. */
static struct dfs_result make_target(struct tree_note *note, const struct lookup *from)
{
	const struct noting noting = {.of = note, .path = note->to};
	struct proposal proposal = {.path = note->to,
				    .kind = PROPOSAL_FOLDER,
				    .operation = note->there.operation,
				    .create = true,
				    .note = note->noted ? &note->there : NULL};
	struct dfs_result result;
	dfs_folder folder;

	make_folder(&noting, &folder);
	memcpy(proposal.owner, folder.owner.dfs_user_val, folder.owner.dfs_user_len);
	proposal.attributes =
		lookup_folder(from) ? lookup_folder(from)->attributes : folder.attributes;
	proposer_run(note->dfs, &proposal, 1);
	result = proposal.result;
	if (result.code == DFS_EXIT_DONE)
		note->made = proposal.made;
	proposer_free(&proposal);
	return result;
}

/* ---- the beginning ------------------------------------------------------------- */

/* Goes on with what was begun, if that is so. */
static bool goes_on(struct tree_note *note, const struct lookup *to)
{
	const dfs_note *before = note_of(to, note->from);

	if (before)
		note->there.operation = before->operation;
	note->noted |= before != NULL;
	return before;
}

/* The new folder is to be made; somebody may be faster, even this very operation. */
static struct dfs_result begin_anew(struct tree_note *note, const struct lookup *from)
{
	struct dfs_result result = make_target(note, from);
	struct lookup again;

	if (result.code != DFS_EXIT_CONFLICT)
		return result;
	look(note->dfs, note->to, &again);
	if (goes_on(note, &again))
		result = again.result;
	lookup_free(&again);
	return result;
}

/* A note is of what its maker could take away: others' trees are copied without. */
static bool may_note(const struct tree_note *note)
{
	const dfs_path user = path_borrow(note->dfs->user);
	const dfs_user name = {user.dfs_path_len, user.dfs_path_val};

	return authority_may_note(&name, &note->there.old_path);
}

/* What the new folder is, and what it has to become. */
static struct dfs_result begin_there(struct tree_note *note, const struct lookup *from,
				     const struct lookup *to)
{
	struct noting noting = {.of = note, .path = note->to};
	struct dfs_result result = to->result;
	bool filled;

	if (result.code != DFS_EXIT_DONE || goes_on(note, to))
		return result;
	if (lookup_file(to))
		return result_of(DFS_EXIT_CONFLICT,
				 "a file and a folder cannot share a name");
	if (!id_random(&note->there.operation))
		return result_of(DFS_EXIT_OTHER, "the system has no random bytes");
	filled = folder_has_any(note->dfs, note->to, &result);
	if (result.code != DFS_EXIT_DONE || (!note->moves && (filled || lookup_live(to))))
		return result;
	if (filled)
		return result_of(DFS_EXIT_CONFLICT,
				 "there is a folder of that name, with something in it");
	note->noted = may_note(note);
	if (!lookup_live(to))
		return begin_anew(note, from);
	if (!note->noted)
		return result;
	if (to->value.note && is_stale(note->dfs, note->to, to->value.note))
		noting.stale = to->value.note->operation;
	return put_note(&noting, &note->there);
}

/* Of those who would move it one is first. */
static struct dfs_result begin_here(struct tree_note *note, const struct lookup *from)
{
	struct noting noting = {.of = note, .path = note->from};
	const dfs_note *before = lookup_folder(from) ? from->value.note : NULL;

	note->here.operation = note->there.operation;
	note->here.old_path = path_borrow(note->to);
	if (!note->bare)
		noting.version = &from->value.content_version;
	if (before && !id_equal(&before->operation, &note->here.operation)) {
		if (!is_stale(note->dfs, note->from, before))
			return result_of(DFS_EXIT_CONFLICT,
					 "a move between it and %.*s is not finished: "
					 "the same command again goes on with that one",
					 (int)before->old_path.dfs_path_len,
					 before->old_path.dfs_path_val);
		noting.stale = before->operation;
	}
	return put_note(&noting, &note->here);
}

/* Is there anything to bring?  If all has come before, that is as good. */
static struct dfs_result look_at_source(struct tree_note *note, const struct lookup *from,
					const struct lookup *to)
{
	struct dfs_result result = from->result;

	if (result.code != DFS_EXIT_DONE)
		return result;
	if (lookup_file(from))
		return result_of(DFS_EXIT_USAGE, "is no folder");
	note->bare = !lookup_live(from);
	if (!note->bare || folder_has_any(note->dfs, note->from, &result) ||
	    result.code != DFS_EXIT_DONE)
		return result;
	note->ended = note_of(to, note->from);
	return note->ended ? result : gone();
}

struct dfs_result tree_note_begin(struct tree_note *note)
{
	struct lookup from, to;
	struct dfs_result result;

	note->there.old_path = path_borrow(note->from);
	look(note->dfs, note->from, &from);
	look(note->dfs, note->to, &to);
	result = look_at_source(note, &from, &to);
	if (result.code == DFS_EXIT_DONE) {
		result = begin_there(note, &from, &to);
		note->refused_there = result.code != DFS_EXIT_DONE;
	}
	if (result.code == DFS_EXIT_DONE && note->moves && !note->ended) {
		result = begin_here(note, &from);
		if (result.code == DFS_EXIT_CONFLICT || result.code == DFS_EXIT_MISSING ||
		    result.code == DFS_EXIT_DENIED)
			undo_there(note);
	}
	lookup_free(&from);
	lookup_free(&to);
	return result;
}

/* ---- the end ------------------------------------------------------------------- */

void tree_note_end(struct tree_note *note)
{
	const dfs_value folder = {.body = {.kind = DFS_FOLDER}};
	const dfs_ticket none = {.ends = 0};
	struct moves_step steps[2] = {{.path = note->to,
				       .value = &folder,
				       .ticket = &none,
				       .note = &note->there},
				      {.path = note->from,
				       .value = &folder,
				       .ticket = &none,
				       .note = &note->here}};

	if (note->noted)
		moves_clear(note->dfs, steps, note->moves ? 2 : 1);
}

static void delete_folder(struct dfs *dfs, const char *path, const dfs_version *version)
{
	struct proposal proposal = {.path = path,
				    .kind = PROPOSAL_TOMBSTONE,
				    .folder = true,
				    .conditional = version,
				    .if_version = version ? *version : (dfs_version){0}};

	if (!id_random(&proposal.operation))
		return;
	proposer_run(dfs, &proposal, 1);
	proposer_free(&proposal);
}

/* The new folder goes again, if it was made for this. */
static void undo_there(struct tree_note *note)
{
	const bool moves = note->moves;

	if (note->made.number != 0) {
		delete_folder(note->dfs, note->to, &note->made);
	} else {
		note->moves = false;
		tree_note_end(note);
		note->moves = moves;
	}
}

void tree_note_undo(struct tree_note *note)
{
	undo_there(note);
	if (note->moves && note->bare)
		delete_folder(note->dfs, note->from, NULL);
}
