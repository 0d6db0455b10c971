/*
 * Storing local files, trees and pipes.
 *
 * Files are gathered and handed to the library many at a time: a thousand small ones
 * should not cost a thousand round trips.
 */
#ifndef DFS_PUT_FILES_H
#define DFS_PUT_FILES_H

#include <stdbool.h>

struct putting;
struct run;

/* many: more than one file is meant.  After run_user.  NULL when out of memory. */
struct putting *putting_new(struct run *run, bool many);
void putting_free(struct putting *putting);

/*
 * A local file or named pipe, with -r a folder, or "-" for standard input, to be stored
 * as (a folder: below) remote, as a person would type it.  What cannot be is reported.
 */
void putting_add(struct putting *putting, const char *source, const char *remote);

/* Stores what is left, and reports. */
void putting_finish(struct putting *putting);

#endif
