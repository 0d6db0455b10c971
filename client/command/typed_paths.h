/* The remote files that were named on the command line. */
#ifndef DFS_TYPED_PATHS_H
#define DFS_TYPED_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct run;

struct remote {
	const char *typed; /* borrowed from the command line */
	char *path;        /* canonical */
};

struct remotes {
	struct remote *items;
	size_t count; /* of those that are well formed */
};

/*
 * Makes the names canonical and opens the session.  Names that are not well formed are
 * reported.  false when nothing is left to do, because there are none or there is no
 * session; that is reported too.  End with remotes_free either way.
 */
bool remotes_prepare(struct run *run, const char *const *typed, size_t count,
		     struct remotes *ret);
void remotes_free(struct remotes *remotes);

#endif
