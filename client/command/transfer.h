/* Which arguments of put and get are sources, and what is the target. */
#ifndef DFS_TRANSFER_H
#define DFS_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

struct options;

struct arguments {
	const char *const *sources;
	size_t count;
	const char *target; /* NULL: none is given */
};

/*
 * With --to all arguments are sources, and if they are several, the target is a folder.
 * Without it the second of two is the target; of more, the last if it ends in '/', or,
 * with dash (for get), if it is "-".
 */
void arguments_split(const struct options *options, bool dash, struct arguments *ret);

/* Does it end in '/'? */
bool arguments_is_folder(const char *name);

/*
 * The last part of a name, without slashes behind it: what a copy of it is called.  Empty
 * for ".", ".." and "/", whose content is meant.  The caller frees it; NULL when out of
 * memory.
 */
char *arguments_base(const char *name);

/*
 * folder/name, with one slash between; just name where folder is empty.  The caller frees
 * it.
 */
char *arguments_join(const char *folder, const char *name);

/*
 * What each source is called at its destination: all of them name, if that is not NULL,
 * else their base names below folder.  NULL when two would be called alike (*ret_twice is
 * the source of the second) or when out of memory (*ret_twice is NULL).  End with
 * arguments_free_names.
 */
char **arguments_name(const struct arguments *arguments, const char *name,
		      const char *folder, const char **ret_twice);
void arguments_free_names(char **names, size_t count);

#endif
