/* What could stand in a place of the command line: words that begin as the typed one. */
#ifndef DFS_CANDIDATES_H
#define DFS_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

struct candidates {
	char **words;
	size_t count, room;
	bool broken; /* out of memory */
};

/* front and word, one behind the other; does nothing when out of memory. */
void candidates_add(struct candidates *candidates, const char *front, const char *word);

/* Likewise, if word begins with typed. */
void candidates_fit(struct candidates *candidates, const char *front, const char *typed,
		    const char *word);

struct candidates_local {
	const char *typed; /* so far; "~/" is the home where home is set */
	bool home;
	bool folders;       /* nothing else */
	const char *ending; /* of files; or NULL */
	bool dash;          /* a name may begin with '-' */
};

/*
 * Local files; folders have a '/' at their end.  Names with a newline are left out, for
 * which there is no line.
 */
void candidates_add_local(struct candidates *candidates, const char *front,
			  const struct candidates_local *local);

/* In byte order, each once. */
void candidates_sort(struct candidates *candidates);

void candidates_free(struct candidates *candidates);

#endif
