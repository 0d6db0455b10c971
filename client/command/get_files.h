/* Fetching many files to their local names, or to a stream. */
#ifndef DFS_GET_FILES_H
#define DFS_GET_FILES_H

#include <stdbool.h>
#include <stdint.h>

struct dfs_range;
struct get_files;
struct run;

/* Where everything goes. */
struct get_files_place {
	const char *folder; /* where the local names are; NULL: all goes to a stream */
	bool make;          /* the folder, if it is missing */
	int fd;             /* the stream; -1: stream is opened when there is something */
	const char *stream; /* what it is called */
	/* Of each file, to a stream: */
	const struct dfs_range *range; /* these bytes alone; NULL: all */
	bool headed;                   /* so many lines, at most: */
	uint64_t lines;
	bool titles; /* before each of several a line that says which one it is */
};

/* What place points to is kept, not copied.  NULL when out of memory. */
struct get_files *get_files_new(struct run *run, const struct get_files_place *place);
void get_files_free(struct get_files *get);

/*
 * One more file: how messages call it, its canonical path, its local name below the
 * folder.  All are copied; false when out of memory.
 */
bool get_files_add(struct get_files *get, const char *shown, const char *path,
		   const char *local);

/*
 * A folder that is to be there too, also without anything in it; if it was made, it gets
 * its time.  Needs the session to be open.
 */
bool get_files_add_folder(struct get_files *get, const char *path, const char *local);

/* Fetches all that were added, in their order, and reports each. */
void get_files_fetch(struct get_files *get);

/* All of it, with the files that the command's arguments name, to standard output. */
void get_files_print(struct run *run, const struct get_files_place *place);

#endif
