/* Names of files, local ones and remote ones, as people type them. */
#ifndef DFS_NAME_H
#define DFS_NAME_H

#include <stdbool.h>

/* Does it end in '/'? */
bool name_is_folder(const char *name);

/*
 * The last part of a name, without slashes behind it: what a copy of it is called.  Empty
 * for ".", ".." and "/", whose content is meant.  The caller frees it; NULL when out of
 * memory.
 */
char *name_base(const char *name);

/*
 * folder/name, with one slash between; just name where folder is empty.  The caller frees
 * it.
 */
char *name_join(const char *folder, const char *name);

/*
 * The whole name of what was typed below folder, which ends in '/', or of one that begins
 * with '/'.  Parts "." and ".." mean this folder and the one above, which "/" has not;
 * nothing else is changed.  The caller frees it; NULL when out of memory.
 */
char *name_resolve(const char *folder, const char *typed);

#endif
