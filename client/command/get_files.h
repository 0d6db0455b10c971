/* Fetching many files to their local names, or to standard output. */
#ifndef DFS_GET_FILES_H
#define DFS_GET_FILES_H

#include <stdbool.h>

struct get_files;
struct run;

/*
 * folder: where the local names are (kept, not copied), made with make if it is missing;
 * NULL: standard output.  NULL when out of memory.
 */
struct get_files *get_files_new(struct run *run, const char *folder, bool make);
void get_files_free(struct get_files *get);

/*
 * One more file: how messages call it, its canonical path, its local name below the
 * folder.  All are copied; false when out of memory.
 */
bool get_files_add(struct get_files *get, const char *shown, const char *path,
		   const char *local);

/* Fetches all that were added, in their order, and reports each. */
void get_files_fetch(struct get_files *get);

#endif
