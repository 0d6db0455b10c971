/* The remote files that a person named on the command line. */
#ifndef DFS_TYPED_PATHS_H
#define DFS_TYPED_PATHS_H

#include "typed_names.h"
#include <stdbool.h>
#include <stddef.h>

struct run;

struct typed_path {
	const char *typed; /* as it was, or would be; lives as long as all */
	char *path;        /* canonical */
};

struct typed_paths {
	struct typed_path *items;
	size_t count;             /* of those that are well formed */
	struct typed_names names; /* those that were typed, patterns taken apart */
};

/*
 * Puts the files in the place of patterns, makes the names canonical and opens the
 * session.  Names that are not well formed are reported.  false when nothing is left to
 * do, because there are none or there is no session; that is reported too.  End with
 * typed_paths_free either way.
 */
bool typed_paths_prepare(struct run *run, const char *const *typed, size_t count,
			 struct typed_paths *ret);

/*
 * The same of folders, or of files and folders: patterns stand for both, and a '/' at the
 * end is taken away.
 */
bool typed_paths_prepare_any(struct run *run, const char *const *typed, size_t count,
			     struct typed_paths *ret);

/* Likewise of the command's arguments, which are to be made: nothing is a pattern. */
bool typed_paths_prepare_new(struct run *run, struct typed_paths *ret);

/*
 * Likewise of the command's arguments, for what is done with files and with all below
 * folders: patterns stand for folders too, whose paths end in '/', and without arguments
 * it is the user's own folder or the shell's current one.
 */
bool typed_paths_prepare_trees(struct run *run, struct typed_paths *ret);

void typed_paths_free(struct typed_paths *paths);

#endif
