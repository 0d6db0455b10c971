/*
 * Storing local files, trees and pipes.
 *
 * Files are gathered and handed to the library many at a time: a thousand small ones
 * should not cost a thousand round trips.
 */
#ifndef DFS_PUT_FILES_H
#define DFS_PUT_FILES_H

#include <stdbool.h>
#include <stdint.h>

struct put_files;
struct run;

/* What is demanded of every file; see struct dfs_put. */
struct put_files_demands {
	bool snapshot, expects_size, expects_sha256;
	uint64_t size;
	uint8_t sha256[32];
};

/*
 * many: more than one file is meant.  demands is kept, not copied.  After run_user.  NULL
 * when out of memory.
 */
struct put_files *put_files_new(struct run *run, bool many,
				const struct put_files_demands *demands);
void put_files_free(struct put_files *put);

/*
 * A local file or named pipe, with -r a folder, or "-" for standard input, to be stored
 * as (a folder: below) remote, as a person would type it.  What cannot be is reported.
 */
void put_files_add(struct put_files *put, const char *source, const char *remote);

/* Stores what is left, and reports. */
void put_files_finish(struct put_files *put);

#endif
