/* Patterns among the names on the command line, and the names that they stand for. */
#ifndef DFS_TYPED_NAMES_H
#define DFS_TYPED_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct run;

struct typed_names {
	char **names; /* a relative one where the pattern was; a folder's ends in '/' */
	size_t count;
	bool expanded; /* there was a pattern */
};

/* Is it a pattern, on the command line of this run? */
bool typed_names_is_pattern(const struct run *run, const char *typed);

/*
 * The names, with those that each pattern stands for in its place: files, and, where
 * folders is set, folders too; of a pattern that ends in '/' folders alone.  Opens the
 * session if there is a pattern; after run_user.  A pattern that stands for nothing is
 * reported.  false when nothing is left to do, because there is no session, or no memory;
 * that is reported too.  End with typed_names_free either way.
 */
bool typed_names_expand(struct run *run, const char *const *typed, size_t count,
			bool folders, struct typed_names *ret);

/* The names as they are: none is a pattern.  false when out of memory, likewise. */
bool typed_names_copy(struct run *run, const char *const *typed, size_t count,
		      struct typed_names *ret);
void typed_names_free(struct typed_names *names);

#endif
