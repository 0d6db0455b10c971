/* What put and get move, and where to: sources and a target. */
#ifndef DFS_TRANSFER_H
#define DFS_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

struct options;

struct transfer {
	const char *const *sources;
	size_t count;
	const char *target; /* NULL: none is given */
};

/*
 * With --to all arguments are sources, and if they are several, the target is a folder.
 * Without it the second of two is the target; of more, the last if it ends in '/', or,
 * with dash (for get), if it is "-".
 */
void transfer_split(const struct options *options, bool dash, struct transfer *ret);

/*
 * What each source is called at its destination: all of them name, if that is not NULL,
 * else their base names below folder.  NULL when two would be called alike (*ret_twice is
 * the source of the second) or when out of memory (*ret_twice is NULL).  End with
 * transfer_free_names.
 */
char **transfer_names(const struct transfer *transfer, const char *name,
		      const char *folder, const char **ret_twice);
void transfer_free_names(char **names, size_t count);

#endif
