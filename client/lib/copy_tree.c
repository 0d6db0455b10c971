/*
 * dfs_copy_trees and dfs_move_trees: what is below one folder comes below another.
 *
 * The old folder is listed; then come the notes (tree_note.h), the folders, the files in
 * batches, and of a move the end of the old folders, the deeper ones first.
 */
#include "copy_batches.h"
#include "libdfs_folders.h"
#include "tree_note.h"

#include "ballot.h"
#include "lookup.h"
#include "path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* Paths below the old folder, and where they come to. */
struct tree_items {
	struct dfs_copy *of;
	size_t count, room;
};

struct tree {
	struct dfs *dfs;
	struct dfs_copy_tree *item;
	size_t which;
	bool moves;
	const struct dfs_copy_tree_callbacks *callbacks;
	struct tree_items files, folders; /* folders: those that were made */
	bool no_memory;
	bool goes_on; /* what has not come may, if the same is called again */
};

/* ---- what there is ------------------------------------------------------------- */

static char *own(const char *path)
{
	union {
		const char *borrow;
		char *own;
	} both = {.borrow = path};

	return both.own;
}

static void free_items(struct tree_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(own(items->of[i].from));
		free(own(items->of[i].to));
	}
	free(items->of);
}

static bool add(struct tree *tree, struct tree_items *items, const char *path)
{
	const struct dfs_copy_tree *item = tree->item;
	char *from, *to;

	if (items->count == items->room) {
		size_t room = items->room > 0 ? 2 * items->room : FIRST_ROOM;
		struct dfs_copy *more = reallocarray(items->of, room, sizeof *more);

		if (!more)
			return false;
		items->of = more;
		items->room = room;
	}
	from = strdup(path);
	if (asprintf(&to, "%s%s", item->to, path + strlen(item->from)) < 0)
		to = NULL;
	if (!from || !to) {
		free(from);
		free(to);
		return false;
	}
	items->of[items->count++] =
		(struct dfs_copy){.from = from, .to = to, .create = item->create};
	return true;
}

static int take_entry(void *context, const struct dfs_entry *entry)
{
	struct tree *tree = context;

	if (entry->folder && !entry->own)
		return 0;
	tree->no_memory |=
		!add(tree, entry->folder ? &tree->folders : &tree->files, entry->path);
	return tree->no_memory ? DFS_EXIT_OTHER : 0;
}

static struct dfs_result list(struct tree *tree)
{
	struct dfs_result result;
	char *folder;

	if (asprintf(&folder, "%s/", tree->item->from) < 0)
		return result_of(DFS_EXIT_OTHER, "out of memory");
	result = dfs_list(tree->dfs, folder, (struct dfs_list_options){.recursive = true},
			  take_entry, tree);
	free(folder);
	if (tree->no_memory)
		return result_of(DFS_EXIT_OTHER, "out of memory");
	return result;
}

static struct dfs_result check(const struct dfs_copy_tree *item)
{
	const char *wrong = path_check(item->to, strlen(item->to));
	size_t len = strlen(item->from);

	if (wrong)
		return result_of(DFS_EXIT_USAGE, "%s", wrong);
	if (strncmp(item->to, item->from, len) == 0 &&
	    (item->to[len] == '/' || item->to[len] == '\0'))
		return result_of(DFS_EXIT_USAGE, "cannot come into itself");
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

/* ---- folders ------------------------------------------------------------------- */

/* Of one that was tried: what it did not do may be done when it is tried again. */
static void note_end(struct tree *tree, const struct dfs_copy *of, bool folder)
{
	int code = of->result.code;
	struct dfs_result *whole = &tree->item->result;

	if (code == DFS_EXIT_DONE) {
		tree->item->files += !folder;
		tree->item->folders += folder;
	} else {
		if (tree->item->failed++ == 0)
			*whole = result_of(code, "%.300s: %.600s", of->from,
					   of->result.why);
		else if (whole->code != code)
			whole->code = DFS_EXIT_SOME;
		tree->goes_on |= code == DFS_EXIT_FEW || code == DFS_EXIT_ALONE ||
				 code == DFS_EXIT_OPEN || code == DFS_EXIT_OTHER;
	}
	tree->callbacks->one(tree->callbacks->context, tree->which, of, folder);
}

struct tree_folders {
	struct tree *tree;
	struct dfs_mkdir *items;
};

static void folder_made(void *context, size_t item)
{
	struct tree_folders *folders = context;
	struct dfs_copy *of = &folders->tree->folders.of[item];

	of->result = folders->items[item].result;
	of->refused_there = of->result.code != DFS_EXIT_DONE;
	note_end(folders->tree, of, true);
}

/* Those that were made are made there, with their times. */
static struct dfs_result make_folders(struct tree *tree)
{
	struct tree_folders folders = {.tree = tree};
	size_t count = tree->folders.count;
	struct lookup *lookups = calloc(count + 1, sizeof *lookups);

	folders.items = calloc(count + 1, sizeof *folders.items);
	if (!lookups || !folders.items) {
		free(lookups);
		free(folders.items);
		return result_of(DFS_EXIT_OTHER, "out of memory");
	}
	for (size_t i = 0; i < count; i++)
		lookups[i].path = tree->folders.of[i].from;
	if (count > 0)
		lookup_newest(tree->dfs, lookups, count);
	for (size_t i = 0; i < count; i++) {
		const dfs_folder *folder = lookup_folder(&lookups[i]);

		folders.items[i] = (struct dfs_mkdir){
			.path = tree->folders.of[i].to,
			.may_exist = true,
			.modified_ns = folder ? folder->attributes.modified : 0};
		lookup_free(&lookups[i]);
	}
	free(lookups);
	if (count > 0)
		dfs_mkdir(tree->dfs, folders.items, count, folder_made, &folders);
	free(folders.items);
	return (struct dfs_result){.code = DFS_EXIT_DONE};
}

static void folder_gone(void *context, size_t item)
{
	(void)context;
	(void)item;
}

/* From below; what somebody put into one meanwhile keeps it there. */
static void remove_folders(struct tree *tree)
{
	size_t count = tree->folders.count;
	struct dfs_delete *items = calloc(count + 1, sizeof *items);

	if (!items)
		return;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct dfs_delete){
			.path = tree->folders.of[count - 1 - i].from, .folder = true};
	items[count] = (struct dfs_delete){.path = tree->item->from, .folder = true};
	dfs_delete(tree->dfs, items, count + 1, folder_gone, NULL);
	free(items);
}

/* ---- files --------------------------------------------------------------------- */

static void file_ended(void *context, size_t item)
{
	struct tree *tree = context;

	note_end(tree, &tree->files.of[item], false);
}

static void bring_files(struct tree *tree, const struct tree_note *note)
{
	struct copy_batches batches = {.dfs = tree->dfs,
				       .tree = &note->there.operation,
				       .finished = file_ended,
				       .context = tree};

	if (tree->moves)
		copy_batches_move(&batches, tree->files.of, tree->files.count);
	else
		copy_batches_copy(&batches, tree->files.of, tree->files.count);
}

/* ---- a tree -------------------------------------------------------------------- */

/* The notes, and then what there is to bring. */
static struct dfs_result begin(struct tree *tree, struct tree_note *note)
{
	struct dfs_result result = check(tree->item);

	if (result.code == DFS_EXIT_DONE)
		result = tree_note_begin(note);
	if (result.code != DFS_EXIT_DONE || note->ended)
		return result;
	result = list(tree);
	/* Of a folder that was made it is enough that it was there. */
	if (result.code == DFS_EXIT_MISSING && !note->bare)
		result = (struct dfs_result){.code = DFS_EXIT_DONE};
	if (result.code == DFS_EXIT_DONE && note->bare && tree->files.count == 0 &&
	    tree->folders.count == 0)
		result = result_of(DFS_EXIT_MISSING, "no such folder");
	if (result.code == DFS_EXIT_MISSING)
		tree_note_undo(note);
	return result;
}

static void run_tree(struct tree *tree)
{
	struct dfs_copy_tree *item = tree->item;
	struct tree_note note = {.dfs = tree->dfs,
				 .from = item->from,
				 .to = item->to,
				 .moves = tree->moves};
	struct dfs_result result = begin(tree, &note);

	if (result.code == DFS_EXIT_DONE)
		result = make_folders(tree);
	if (result.code != DFS_EXIT_DONE) {
		item->result = result;
		item->refused_there = note.refused_there;
		return;
	}
	bring_files(tree, &note);
	if (tree->moves && item->failed == 0 && !note.ended)
		remove_folders(tree);
	if (!tree->goes_on)
		tree_note_end(&note);
}

static void run(struct tree *all, struct dfs_copy_tree *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct tree tree = *all;

		tree.item = &items[i];
		tree.which = i;
		items[i].result = (struct dfs_result){.code = DFS_EXIT_DONE};
		items[i].refused_there = false;
		items[i].files = items[i].folders = items[i].failed = 0;
		run_tree(&tree);
		free_items(&tree.files);
		free_items(&tree.folders);
		tree.callbacks->finished(tree.callbacks->context, i);
	}
	session_tell(all->dfs);
}

void dfs_copy_trees(struct dfs *dfs, struct dfs_copy_tree *items, size_t count,
		    const struct dfs_copy_tree_callbacks *callbacks)
{
	struct tree all = {.dfs = dfs, .callbacks = callbacks};

	run(&all, items, count);
}

void dfs_move_trees(struct dfs *dfs, struct dfs_copy_tree *items, size_t count,
		    const struct dfs_copy_tree_callbacks *callbacks)
{
	struct tree all = {.dfs = dfs, .callbacks = callbacks, .moves = true};

	run(&all, items, count);
}

bool dfs_copy_goes_on(struct dfs *dfs, const char *from, const char *to)
{
	return tree_note_goes_on(dfs, from, to);
}
