/* One line on a terminal that says how far a long command is. */
#ifndef DFS_PROGRESS_H
#define DFS_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct output;
struct progress;

/* Shows nothing in the first second, nor where output_progress says no.  NULL when out of
 * memory, which all functions here take for "show nothing". */
struct progress *progress_new(struct output *output);
void progress_free(struct progress *progress);

/* Files to come, as far as known. */
void progress_expect(struct progress *progress, size_t files);

/*
 * The file at work, and how many of its bytes are done.  The line is never longer than
 * the terminal is wide at that moment.
 */
void progress_at(struct progress *progress, const char *name, uint64_t done,
		 uint64_t size);

/* "3 of 10 files mended" */
void progress_count(struct progress *progress, const char *what, uint64_t done,
		    uint64_t all);

/* One more file is finished. */
void progress_finished(struct progress *progress);

#endif
